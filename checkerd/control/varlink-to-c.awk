# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes a C file from interface definitions. PART.LAST.varlink becomes the string interface_last, which
# the header declares.
BEGIN {
	print "/* Made from the .varlink files. */"
	printf "#include \"%s\"\n\n", header
}
FNR == 1 {
	if (NR > 1)
		print ";\n"
	n = split(FILENAME, part, /[.]/)
	printf "const char interface_%s[] =", tolower(part[n - 1])
}
{
	gsub(/\\/, "\\\\")
	gsub(/"/, "\\\"")
	printf "\n\t\"%s\\n\"", $0
}
END { print ";" }

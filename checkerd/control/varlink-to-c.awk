# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes a C file from interface definitions. PART.LAST.varlink becomes the string interface_last.
BEGIN {
	print "/* Made from the .varlink files. */"
	print "#include \"checkerd/control/interface.h\"\n"
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

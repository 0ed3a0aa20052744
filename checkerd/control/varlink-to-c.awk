# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes a C file of interface definitions: NAME.varlink becomes the string interface_LAST, where
# LAST is the last part of NAME.
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

# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes a C file from the files of the page. page/NAME.KIND becomes page_kind.
BEGIN {
	print "/* Made from exporter/page. */"
	print "#include \"exporter/page.h\""
}
function finish() {
	print ";"
	printf "const struct page_file page_%s = { text_%s, sizeof(text_%s) - 1 };\n", kind, kind, kind
}
FNR == 1 {
	if (NR > 1)
		finish()
	n = split(FILENAME, part, /[.]/)
	kind = part[n]
	printf "\nstatic const char text_%s[] =", kind
}
{
	gsub(/\\/, "&&")
	gsub(/"/, "\\\"")
	printf "\n\t\"%s\\n\"", $0
}
END { finish() }

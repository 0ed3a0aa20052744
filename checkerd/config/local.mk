# libconfig.la: reads and prints the configuration. Its unit tests are declared here too.
noinst_LTLIBRARIES += libconfig.la
libconfig_la_SOURCES = \
	checkerd/config/config.h \
	checkerd/config/dump.c \
	checkerd/config/filter.c \
	checkerd/config/lexer.c \
	checkerd/config/lexer.h \
	checkerd/config/load.c \
	checkerd/config/load.h \
	checkerd/config/nearest.c \
	checkerd/config/nearest.h \
	checkerd/config/parser.c \
	checkerd/config/pattern.c \
	checkerd/config/problem.c \
	checkerd/config/problem.h \
	checkerd/config/reader.c \
	checkerd/config/reader.h \
	checkerd/config/rules.h \
	checkerd/config/section.c \
	checkerd/config/table.c \
	checkerd/config/table.h \
	checkerd/config/value.c \
	checkerd/config/value.h \
	$(NULL)

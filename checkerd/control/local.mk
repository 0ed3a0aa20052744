# libcontrol.la: the Varlink server. Its unit tests are declared here too.
noinst_LTLIBRARIES += libcontrol.la
libcontrol_la_SOURCES = \
	checkerd/control/control.h \
	checkerd/control/json-writer.c \
	checkerd/control/json-writer.h \
	checkerd/control/limits.h \
	checkerd/control/port.c \
	checkerd/control/port.h \
	checkerd/control/text.c \
	checkerd/control/text.h \
	$(NULL)

if HAVE_CMOCKA
control_tests = \
	test-json-writer \
	$(NULL)
check_PROGRAMS += $(control_tests)
TESTS += $(control_tests)

test_json_writer_SOURCES = tests/unit/test-json-writer.c
test_json_writer_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(JSONC_CFLAGS)
test_json_writer_LDADD = libcontrol.la $(CMOCKA_LIBS) $(JSONC_LIBS)
endif

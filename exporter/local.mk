# SPDX-License-Identifier: LGPL-2.1-or-later
# Everything but main() is a library, for the tests.
EXTRA_DIST += \
	exporter/file-to-c.awk \
	exporter/io.systemd.Metrics.varlink \
	exporter/page/page.css \
	exporter/page/page.html \
	exporter/page/page.js \
	$(NULL)
PAGE_FILES = \
	$(srcdir)/exporter/page/page.css \
	$(srcdir)/exporter/page/page.html \
	$(srcdir)/exporter/page/page.js \
	$(NULL)
if HAVE_MICROHTTPD
noinst_LTLIBRARIES += libexporter.la
libexporter_la_SOURCES = \
	exporter/answers.c \
	exporter/answers.h \
	exporter/ask.c \
	exporter/ask.h \
	exporter/body.c \
	exporter/body.h \
	exporter/classic.c \
	exporter/classic.h \
	exporter/definitions.h \
	exporter/http.c \
	exporter/http.h \
	exporter/listening.c \
	exporter/listening.h \
	exporter/page.h \
	exporter/picture.c \
	exporter/picture.h \
	exporter/report.c \
	exporter/report.h \
	exporter/varlink_service.c \
	exporter/varlink_service.h \
	$(NULL)
nodist_libexporter_la_SOURCES = exporter/definitions.c exporter/page.c
libexporter_la_CPPFLAGS = $(AM_CPPFLAGS) $(JSONC_CFLAGS) $(MICROHTTPD_CFLAGS)
libexporter_la_LIBADD = libclient.la $(JSONC_LIBS) $(MICROHTTPD_LIBS)

bin_PROGRAMS += exporter/checkerd-exporter
exporter_checkerd_exporter_SOURCES = exporter/exporter_main.c
exporter_checkerd_exporter_CPPFLAGS = $(AM_CPPFLAGS) $(SYSTEMD_CFLAGS)
exporter_checkerd_exporter_LDADD = libexporter.la libutil.la $(SYSTEMD_LIBS)

exporter/page.c: $(srcdir)/exporter/file-to-c.awk $(PAGE_FILES) Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
		$(AWK) -f $(srcdir)/exporter/file-to-c.awk $(PAGE_FILES) > $@.tmp && mv $@.tmp $@
BUILT_SOURCES += exporter/page.c
CLEANFILES += exporter/page.c

exporter_interfaces = \
	$(srcdir)/exporter/io.systemd.Metrics.varlink \
	$(srcdir)/checkerd/control/org.varlink.service.varlink \
	$(NULL)
exporter/definitions.c: $(exporter_interfaces) $(srcdir)/checkerd/control/varlink-to-c.awk
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
		$(AWK) -v header=exporter/definitions.h \
		-f $(srcdir)/checkerd/control/varlink-to-c.awk $(exporter_interfaces) > $@.tmp && \
		mv $@.tmp $@
CLEANFILES += exporter/definitions.c

systemdsystemunit_DATA += \
	conf/systemd/checkerd-exporter.service \
	conf/systemd/checkerd-report.socket \
	conf/systemd/checkerd-report@.service \
	$(NULL)
dist_man_MANS += man/checkerd-exporter.8

if HAVE_CMOCKA
EXPORTER_TESTS = tests/unit/exporter/test-exporter
check_PROGRAMS += $(EXPORTER_TESTS)
TESTS += $(EXPORTER_TESTS)
tests_unit_exporter_test_exporter_CPPFLAGS = $(AM_CPPFLAGS) $(JSONC_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_exporter_test_exporter_LDADD = libexporter.la libutil.la $(JSONC_LIBS) $(CMOCKA_LIBS)
endif
else
EXTRA_DIST += man/checkerd-exporter.8
endif

# SPDX-License-Identifier: LGPL-2.1-or-later
# liblog.la: the log thread and what limits its lines.
noinst_LTLIBRARIES += liblog.la
liblog_la_SOURCES = \
	checkerd/log/log.c \
	checkerd/log/log.h \
	checkerd/log/log_target.c \
	checkerd/log/message_id.h \
	checkerd/log/rate.c \
	checkerd/log/rate.h \
	$(NULL)
liblog_la_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS)
liblog_la_LIBADD = $(SYSTEMD_LIBS)

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/log/test-log
TESTS += tests/unit/log/test-log
tests_unit_log_test_log_SOURCES = tests/unit/log/test-log.c
tests_unit_log_test_log_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_log_test_log_LDADD = liblog.la libcore.la libutil.la $(CMOCKA_LIBS)
endif

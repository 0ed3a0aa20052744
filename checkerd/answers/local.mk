# SPDX-License-Identifier: LGPL-2.1-or-later
# What control asks of the loop.
libdaemon_la_SOURCES += \
	checkerd/answers/batch.c \
	checkerd/answers/batch.h \
	checkerd/answers/records_wait.c \
	checkerd/answers/records_wait.h \
	checkerd/answers/requester.h \
	checkerd/answers/reload.c \
	checkerd/answers/reload.h \
	checkerd/answers/requests.c \
	checkerd/answers/requests.h \
	checkerd/answers/snapshot_fill.c \
	checkerd/answers/snapshot_fill.h \
	checkerd/answers/timers_wait.c \
	checkerd/answers/timers_wait.h \
	checkerd/answers/waits.c \
	checkerd/answers/waits.h \
	$(NULL)

if HAVE_CMOCKA
answers_tests = \
	tests/unit/answers/test-batch \
	tests/unit/answers/test-records-wait \
	tests/unit/answers/test-reload \
	tests/unit/answers/test-snapshot \
	tests/unit/answers/test-timers-wait \
	tests/unit/answers/test-waits \
	$(NULL)
check_PROGRAMS += $(answers_tests)
TESTS += $(answers_tests)

# It has an engine, a port and a log of its own.
tests_unit_answers_test_batch_SOURCES = tests/unit/answers/test-batch.c tests/unit/paths/checks-bed.c \
	tests/unit/paths/checks-bed.h
tests_unit_answers_test_batch_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_answers_test_batch_LDADD = libdaemon.la libstore.la libdiscovery.la liblog.la libcore.la \
	libutil.la $(CMOCKA_LIBS)
# It has a store of its own.
tests_unit_answers_test_records_wait_SOURCES = tests/unit/answers/test-records-wait.c
tests_unit_answers_test_records_wait_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_answers_test_records_wait_LDADD = libdaemon.la libcontrol.la libcore.la libutil.la $(CMOCKA_LIBS)
# It has a loader and a discovery of its own.
tests_unit_answers_test_reload_SOURCES = tests/unit/answers/test-reload.c
tests_unit_answers_test_reload_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_answers_test_reload_LDADD = libdaemon.la libstore.la liblog.la libconfig.la libcore.la libutil.la $(CMOCKA_LIBS)
# It has a device-mapper thread and a log of its own, and an engine that says nothing.
tests_unit_answers_test_snapshot_SOURCES = tests/unit/answers/test-snapshot.c tests/unit/disk.h
tests_unit_answers_test_snapshot_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_answers_test_snapshot_LDADD = \
	libdaemon.la \
	libstore.la \
	libcontrol.la \
	libdiscovery.la \
	liblog.la \
	libconfig.la \
	libcore.la \
	libutil.la \
	$(CMOCKA_LIBS) \
	$(NULL)
# It has a discovery of its own.
tests_unit_answers_test_timers_wait_SOURCES = tests/unit/answers/test-timers-wait.c
tests_unit_answers_test_timers_wait_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_answers_test_timers_wait_LDADD = libdaemon.la libcontrol.la libcore.la libutil.la $(CMOCKA_LIBS)
tests_unit_answers_test_waits_SOURCES = tests/unit/answers/test-waits.c
tests_unit_answers_test_waits_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_answers_test_waits_LDADD = libdaemon.la libcontrol.la libstore.la libcore.la libutil.la \
	$(CMOCKA_LIBS)
endif

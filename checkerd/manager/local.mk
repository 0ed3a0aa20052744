# SPDX-License-Identifier: LGPL-2.1-or-later
# The host and its service manager.
libdaemon_la_SOURCES += \
	checkerd/manager/aio_quota.c \
	checkerd/manager/aio_quota.h \
	checkerd/manager/clock_watch.c \
	checkerd/manager/clock_watch.h \
	checkerd/manager/memlock.c \
	checkerd/manager/memlock.h \
	checkerd/manager/notify.c \
	checkerd/manager/notify.h \
	checkerd/manager/privileges.c \
	checkerd/manager/privileges.h \
	checkerd/manager/ready.c \
	checkerd/manager/ready.h \
	checkerd/manager/watchdog.c \
	checkerd/manager/watchdog.h \
	$(NULL)

if HAVE_CMOCKA
manager_tests = \
	tests/unit/manager/test-aio-quota \
	tests/unit/manager/test-ready \
	$(NULL)
check_PROGRAMS += $(manager_tests)
TESTS += $(manager_tests)

# It has an engine, a port and a log of its own.
tests_unit_manager_test_aio_quota_SOURCES = tests/unit/manager/test-aio-quota.c
tests_unit_manager_test_aio_quota_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_manager_test_aio_quota_LDADD = libdaemon.la libstore.la liblog.la libcore.la libutil.la $(CMOCKA_LIBS)
tests_unit_manager_test_ready_SOURCES = tests/unit/manager/test-ready.c
tests_unit_manager_test_ready_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_manager_test_ready_LDADD = \
	libdaemon.la \
	libstore.la \
	libcontrol.la \
	liblog.la \
	libcore.la \
	libpathcheck.la \
	libutil.la \
	$(SYSTEMD_LIBS) \
	$(CMOCKA_LIBS) \
	$(NULL)
endif

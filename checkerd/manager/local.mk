# SPDX-License-Identifier: LGPL-2.1-or-later
# The host and its service manager.
libdaemon_la_SOURCES += \
	checkerd/manager/aio_quota.c \
	checkerd/manager/aio_quota.h \
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
	tests/unit/manager/test-ready \
	$(NULL)
check_PROGRAMS += $(manager_tests)
TESTS += $(manager_tests)

tests_unit_manager_test_ready_SOURCES = tests/unit/manager/test-ready.c
tests_unit_manager_test_ready_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_manager_test_ready_LDADD = \
	libdaemon.la \
	libcontrol.la \
	liblog.la \
	libcore.la \
	libpathcheck.la \
	libutil.la \
	$(SYSTEMD_LIBS) \
	$(CMOCKA_LIBS) \
	$(NULL)
endif

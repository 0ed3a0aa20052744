# SPDX-License-Identifier: LGPL-2.1-or-later
# The daemon: libdaemon.la is all of it but main(), so that tests can have its parts.
noinst_LTLIBRARIES += libdaemon.la
libdaemon_la_SOURCES = \
	checkerd/daemon/bound.c \
	checkerd/daemon/bound.h \
	checkerd/daemon/checks.c \
	checkerd/daemon/checks.h \
	checkerd/daemon/daemon.c \
	checkerd/daemon/daemon.h \
	checkerd/daemon/device_state.c \
	checkerd/daemon/device_state.h \
	checkerd/daemon/dm.c \
	checkerd/daemon/dm.h \
	checkerd/daemon/dm_tell.c \
	checkerd/daemon/dm_tell.h \
	checkerd/daemon/events.c \
	checkerd/daemon/events.h \
	checkerd/daemon/fixed.c \
	checkerd/daemon/fixed.h \
	checkerd/daemon/hint.c \
	checkerd/daemon/hint.h \
	checkerd/daemon/identify.c \
	checkerd/daemon/identify.h \
	checkerd/daemon/inventory.c \
	checkerd/daemon/inventory.h \
	checkerd/daemon/loader.c \
	checkerd/daemon/loader.h \
	checkerd/daemon/notify.c \
	checkerd/daemon/notify.h \
	checkerd/daemon/options.c \
	checkerd/daemon/options.h \
	checkerd/daemon/privileges.c \
	checkerd/daemon/privileges.h \
	checkerd/daemon/answer.c \
	checkerd/daemon/answer.h \
	checkerd/daemon/engine_path.c \
	checkerd/daemon/engine_path.h \
	checkerd/daemon/overdue_watch.c \
	checkerd/daemon/overdue_watch.h \
	checkerd/daemon/prober_end.c \
	checkerd/daemon/prober_end.h \
	checkerd/daemon/ready.c \
	checkerd/daemon/ready.h \
	checkerd/daemon/reload.c \
	checkerd/daemon/reload.h \
	checkerd/daemon/requests.c \
	checkerd/daemon/requests.h \
	checkerd/daemon/snapshot_fill.c \
	checkerd/daemon/snapshot_fill.h \
	checkerd/daemon/sources.c \
	checkerd/daemon/sources.h \
	checkerd/daemon/watchdog.c \
	checkerd/daemon/watchdog.h \
	$(NULL)
libdaemon_la_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS)

sbin_PROGRAMS += checkerd/checkerd
checkerd_checkerd_SOURCES = checkerd/daemon/main.c $(wrap_sources)
checkerd_checkerd_LDFLAGS = $(wrap_ldflags)
checkerd_checkerd_LDADD = \
	libdaemon.la \
	libcontrol.la \
	libdiscovery.la \
	libdevmap.la \
	liblog.la \
	libconfig.la \
	libcore.la \
	libpathcheck.la \
	libutil.la \
	$(SYSTEMD_LIBS) \
	$(UDEV_LIBS) \
	$(NULL)

if HAVE_CMOCKA
daemon_tests = \
	tests/unit/test-bound \
	tests/unit/test-checks \
	tests/unit/test-checks-device \
	tests/unit/test-checks-overdue \
	tests/unit/test-prober-end \
	tests/unit/test-device-state \
	tests/unit/test-dm \
	tests/unit/test-options \
	tests/unit/test-ready \
	tests/unit/test-reload \
	tests/unit/test-snapshot \
	$(NULL)
check_PROGRAMS += $(daemon_tests)
TESTS += $(daemon_tests)

tests_unit_test_bound_SOURCES = tests/unit/test-bound.c
tests_unit_test_bound_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(JSONC_CFLAGS)
tests_unit_test_bound_LDADD = \
	libdaemon.la \
	libcontrol.la \
	libdiscovery.la \
	libdevmap.la \
	liblog.la \
	libconfig.la \
	libcore.la \
	libpathcheck.la \
	libutil.la \
	$(SYSTEMD_LIBS) \
	$(UDEV_LIBS) \
	$(JSONC_LIBS) \
	$(CMOCKA_LIBS) \
	$(NULL)
# It has a loader and a discovery of its own.
tests_unit_test_reload_SOURCES = \
	tests/unit/test-reload.c \
	checkerd/control/text.c \
	checkerd/discovery/config_ref.c \
	$(NULL)
tests_unit_test_reload_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_reload_LDADD = libdaemon.la liblog.la libcore.la libutil.la $(CMOCKA_LIBS)
# It has an engine, a port and a log of its own.
checks_bed = tests/unit/checks-bed.c tests/unit/checks-bed.h tests/unit/disk.h
tests_unit_test_checks_SOURCES = tests/unit/test-checks.c $(checks_bed)
tests_unit_test_checks_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_checks_LDADD = libdaemon.la liblog.la libcore.la libutil.la $(CMOCKA_LIBS)
tests_unit_test_checks_device_SOURCES = tests/unit/test-checks-device.c $(checks_bed)
tests_unit_test_checks_device_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_checks_device_LDADD = libdaemon.la liblog.la libcore.la libutil.la $(CMOCKA_LIBS)
tests_unit_test_checks_overdue_SOURCES = tests/unit/test-checks-overdue.c $(checks_bed)
tests_unit_test_checks_overdue_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_checks_overdue_LDADD = libdaemon.la liblog.la libcore.la libutil.la $(CMOCKA_LIBS)
tests_unit_test_device_state_SOURCES = tests/unit/test-device-state.c
tests_unit_test_device_state_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_device_state_LDADD = libdaemon.la libcore.la libutil.la $(CMOCKA_LIBS)
# It has a device-mapper thread, a port and a log of its own.
tests_unit_test_dm_SOURCES = tests/unit/test-dm.c tests/unit/disk.h
tests_unit_test_dm_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_dm_LDADD = libdaemon.la liblog.la libcore.la libutil.la $(CMOCKA_LIBS)
# It has a device-mapper thread and a log of its own, and an engine that says nothing.
tests_unit_test_snapshot_SOURCES = tests/unit/test-snapshot.c tests/unit/disk.h
tests_unit_test_snapshot_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_snapshot_LDADD = \
	libdaemon.la \
	libcontrol.la \
	liblog.la \
	libconfig.la \
	libcore.la \
	libutil.la \
	$(CMOCKA_LIBS) \
	$(NULL)
tests_unit_test_options_SOURCES = tests/unit/test-options.c
tests_unit_test_options_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_options_LDADD = libdaemon.la liblog.la libcore.la libutil.la $(SYSTEMD_LIBS) $(CMOCKA_LIBS)
tests_unit_test_ready_SOURCES = tests/unit/test-ready.c
tests_unit_test_ready_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_ready_LDADD = \
	libdaemon.la \
	libcontrol.la \
	liblog.la \
	libcore.la \
	libpathcheck.la \
	libutil.la \
	$(SYSTEMD_LIBS) \
	$(CMOCKA_LIBS) \
	$(NULL)
tests_unit_test_prober_end_SOURCES = tests/unit/test-prober-end.c
tests_unit_test_prober_end_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_prober_end_LDADD = \
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

# SPDX-License-Identifier: LGPL-2.1-or-later
# The work: checks, what is found, maps.
libdaemon_la_SOURCES += \
	checkerd/paths/checks.c \
	checkerd/paths/checks.h \
	checkerd/paths/diag_watch.c \
	checkerd/paths/diag_watch.h \
	checkerd/paths/dm.c \
	checkerd/paths/dm.h \
	checkerd/paths/dm_report.c \
	checkerd/paths/dm_report.h \
	checkerd/paths/dm_state.h \
	checkerd/paths/engine_path.c \
	checkerd/paths/engine_path.h \
	checkerd/paths/events.c \
	checkerd/paths/events.h \
	checkerd/paths/holds.c \
	checkerd/paths/holds.h \
	checkerd/paths/identify.c \
	checkerd/paths/identify.h \
	checkerd/paths/inventory.c \
	checkerd/paths/inventory.h \
	checkerd/paths/loss_watch.c \
	checkerd/paths/loss_watch.h \
	checkerd/paths/membership.c \
	checkerd/paths/membership.h \
	checkerd/paths/observe.c \
	checkerd/paths/observe.h \
	checkerd/paths/outcome.c \
	checkerd/paths/outcome.h \
	checkerd/paths/outage.c \
	checkerd/paths/outage.h \
	checkerd/paths/outage_gather.c \
	checkerd/paths/outage_gather.h \
	checkerd/paths/outage_holds.c \
	checkerd/paths/outage_holds.h \
	checkerd/paths/outage_maps.c \
	checkerd/paths/outage_maps.h \
	checkerd/paths/outage_observed.c \
	checkerd/paths/outage_observed.h \
	checkerd/paths/outage_single.c \
	checkerd/paths/outage_single.h \
	checkerd/paths/outage_state.h \
	checkerd/paths/overdue_watch.c \
	checkerd/paths/overdue_watch.h \
	checkerd/paths/persist.c \
	checkerd/paths/persist.h \
	checkerd/paths/port_states.c \
	checkerd/paths/port_states.h \
	checkerd/paths/prober_end.c \
	checkerd/paths/prober_end.h \
	checkerd/paths/purge.c \
	checkerd/paths/purge.h \
	checkerd/paths/results.c \
	checkerd/paths/results.h \
	checkerd/paths/slow_watch.c \
	checkerd/paths/slow_watch.h \
	checkerd/paths/windows.c \
	checkerd/paths/windows.h \
	$(NULL)

if HAVE_CMOCKA
paths_tests = \
	tests/unit/paths/test-checks \
	tests/unit/paths/test-checks-device \
	tests/unit/paths/test-checks-overdue \
	tests/unit/paths/test-diag-watch \
	tests/unit/paths/test-dm \
	tests/unit/paths/test-holds \
	tests/unit/paths/test-native-loss \
	tests/unit/paths/test-observe \
	tests/unit/paths/test-outage \
	tests/unit/paths/test-persist \
	tests/unit/paths/test-prober-end \
	tests/unit/paths/test-purge \
	tests/unit/paths/test-slow-watch \
	tests/unit/paths/test-windows \
	$(NULL)
check_PROGRAMS += $(paths_tests)
TESTS += $(paths_tests)

# It has an engine, a port and a log of its own.
checks_bed = tests/unit/paths/checks-bed.c tests/unit/paths/checks-bed.h tests/unit/disk.h
tests_unit_paths_test_checks_SOURCES = tests/unit/paths/test-checks.c $(checks_bed)
tests_unit_paths_test_checks_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_paths_test_checks_LDADD = libdaemon.la libstore.la libdiscovery.la liblog.la libcore.la \
	libutil.la $(CMOCKA_LIBS)
tests_unit_paths_test_checks_device_SOURCES = tests/unit/paths/test-checks-device.c $(checks_bed)
tests_unit_paths_test_checks_device_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_paths_test_checks_device_LDADD = libdaemon.la libstore.la libdiscovery.la liblog.la libcore.la \
	libutil.la $(CMOCKA_LIBS)
tests_unit_paths_test_checks_overdue_SOURCES = tests/unit/paths/test-checks-overdue.c $(checks_bed)
tests_unit_paths_test_checks_overdue_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_paths_test_checks_overdue_LDADD = libdaemon.la libstore.la libdiscovery.la liblog.la libcore.la \
	libutil.la $(CMOCKA_LIBS)
tests_unit_paths_test_diag_watch_SOURCES = tests/unit/paths/test-diag-watch.c \
	tests/unit/sysfs_tree.h $(checks_bed)
tests_unit_paths_test_diag_watch_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_paths_test_diag_watch_LDADD = libdaemon.la libstore.la libdiscovery.la liblog.la libcore.la \
	libutil.la $(CMOCKA_LIBS)
tests_unit_paths_test_holds_SOURCES = tests/unit/paths/test-holds.c $(checks_bed)
tests_unit_paths_test_holds_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_paths_test_holds_LDADD = libdaemon.la libstore.la libdiscovery.la liblog.la libcore.la \
	libutil.la $(CMOCKA_LIBS)
tests_unit_paths_test_native_loss_SOURCES = tests/unit/paths/test-native-loss.c $(checks_bed)
tests_unit_paths_test_native_loss_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_paths_test_native_loss_LDADD = libdaemon.la libstore.la libdiscovery.la liblog.la libcore.la \
	libutil.la $(CMOCKA_LIBS)
tests_unit_paths_test_observe_SOURCES = tests/unit/paths/test-observe.c $(checks_bed)
tests_unit_paths_test_observe_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_paths_test_observe_LDADD = libdaemon.la libstore.la libdiscovery.la liblog.la libcore.la \
	libutil.la $(CMOCKA_LIBS)
tests_unit_paths_test_persist_SOURCES = tests/unit/paths/test-persist.c $(checks_bed)
tests_unit_paths_test_persist_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_paths_test_persist_LDADD = libdaemon.la libstore.la libdiscovery.la liblog.la \
	libcore.la libutil.la $(CMOCKA_LIBS)
tests_unit_paths_test_outage_SOURCES = tests/unit/paths/test-outage.c $(checks_bed)
tests_unit_paths_test_outage_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_paths_test_outage_LDADD = libdaemon.la libstore.la libdiscovery.la liblog.la libcore.la \
	libutil.la $(CMOCKA_LIBS)
tests_unit_paths_test_slow_watch_SOURCES = tests/unit/paths/test-slow-watch.c $(checks_bed)
tests_unit_paths_test_slow_watch_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_paths_test_slow_watch_LDADD = libdaemon.la libstore.la libdiscovery.la liblog.la libcore.la \
	libutil.la $(CMOCKA_LIBS)
tests_unit_paths_test_windows_SOURCES = tests/unit/paths/test-windows.c $(checks_bed)
tests_unit_paths_test_windows_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) -DTEST_SRCDIR='"$(abs_top_srcdir)"'
tests_unit_paths_test_windows_LDADD = libdaemon.la libstore.la libconfig.la libdiscovery.la liblog.la \
	libcore.la libutil.la $(CMOCKA_LIBS)
tests_unit_paths_test_prober_end_SOURCES = tests/unit/paths/test-prober-end.c
tests_unit_paths_test_prober_end_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_paths_test_prober_end_LDADD = \
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
# It has a purger, a port and a log of its own.
tests_unit_paths_test_purge_SOURCES = tests/unit/paths/test-purge.c
tests_unit_paths_test_purge_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_paths_test_purge_LDADD = libdaemon.la libstore.la liblog.la libcore.la libutil.la $(CMOCKA_LIBS)
# It has a device-mapper thread, a port and a log of its own.
tests_unit_paths_test_dm_SOURCES = tests/unit/paths/test-dm.c tests/unit/paths/dm-bed.c \
	tests/unit/paths/dm-bed.h tests/unit/disk.h
tests_unit_paths_test_dm_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_paths_test_dm_LDADD = libdaemon.la libstore.la libdiscovery.la liblog.la libcore.la \
	libutil.la $(CMOCKA_LIBS)
endif

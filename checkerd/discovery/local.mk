# SPDX-License-Identifier: LGPL-2.1-or-later
# libdiscovery.la: which paths there are.
noinst_LTLIBRARIES += libdiscovery.la
libdiscovery_la_SOURCES = \
	checkerd/discovery/blacklist.c \
	checkerd/discovery/blacklist.h \
	checkerd/discovery/device_state.c \
	checkerd/discovery/device_state.h \
	checkerd/discovery/discovery.c \
	checkerd/discovery/discovery.h \
	checkerd/discovery/explain.c \
	checkerd/discovery/explain.h \
	checkerd/discovery/found.c \
	checkerd/discovery/found.h \
	checkerd/discovery/identity.c \
	checkerd/discovery/identity.h \
	checkerd/discovery/judgement.h \
	checkerd/discovery/known.c \
	checkerd/discovery/known.h \
	checkerd/discovery/native_paths.c \
	checkerd/discovery/native_paths.h \
	checkerd/discovery/nvme_diag.c \
	checkerd/discovery/nvme_diag.h \
	checkerd/discovery/peer_ask.c \
	checkerd/discovery/peer_ask.h \
	checkerd/discovery/settings.c \
	checkerd/discovery/settings.h \
	checkerd/discovery/static.c \
	checkerd/discovery/static.h \
	checkerd/discovery/static_names.c \
	checkerd/discovery/static_names.h \
	checkerd/discovery/sysfs.c \
	checkerd/discovery/sysfs.h \
	checkerd/discovery/sysfs_block.c \
	checkerd/discovery/sysfs_block.h \
	checkerd/discovery/sysfs_nvme.c \
	checkerd/discovery/sysfs_nvme.h \
	checkerd/discovery/sysfs_scsi.c \
	checkerd/discovery/sysfs_scsi.h \
	checkerd/discovery/timers_read.c \
	checkerd/discovery/timers_read.h \
	checkerd/discovery/udev_disk.c \
	checkerd/discovery/udev_disk.h \
	checkerd/discovery/udev_watch.c \
	checkerd/discovery/udev_watch.h \
	$(NULL)
libdiscovery_la_CFLAGS = $(AM_CFLAGS) $(UDEV_CFLAGS)
libdiscovery_la_LIBADD = $(UDEV_LIBS)

if HAVE_CMOCKA
discovery_tests = \
	tests/unit/discovery/test-device-state \
	tests/unit/discovery/test-explain \
	tests/unit/discovery/test-found \
	tests/unit/discovery/test-identity \
	tests/unit/discovery/test-known \
	tests/unit/discovery/test-native-paths \
	tests/unit/discovery/test-nvme-diag \
	tests/unit/discovery/test-peer-ask \
	tests/unit/discovery/test-timers-read \
	tests/unit/discovery/test-watch \
	$(NULL)
check_PROGRAMS += $(discovery_tests)
TESTS += $(discovery_tests)

discovery_test_ldadd = libdiscovery.la libconfig.la libcore.la libutil.la $(CMOCKA_LIBS)
tests_unit_discovery_test_explain_SOURCES = \
	tests/fuzz/fuzz-udev.c \
	tests/fuzz/fuzz-udev.h \
	tests/unit/discovery/test-explain.c \
	$(NULL)
tests_unit_discovery_test_explain_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(UDEV_CFLAGS)
tests_unit_discovery_test_explain_LDADD = $(discovery_test_ldadd)
tests_unit_discovery_test_explain_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=access
tests_unit_discovery_test_found_SOURCES = tests/unit/discovery/test-found.c
tests_unit_discovery_test_found_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_discovery_test_found_LDADD = $(discovery_test_ldadd)
tests_unit_discovery_test_identity_SOURCES = tests/unit/discovery/test-identity.c
tests_unit_discovery_test_identity_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_discovery_test_identity_LDADD = $(discovery_test_ldadd)
tests_unit_discovery_test_known_SOURCES = \
	tests/fuzz/fuzz-udev.c \
	tests/fuzz/fuzz-udev.h \
	tests/unit/discovery/test-known.c \
	$(NULL)
tests_unit_discovery_test_known_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(UDEV_CFLAGS)
tests_unit_discovery_test_known_LDADD = $(discovery_test_ldadd)
tests_unit_discovery_test_known_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=access
tests_unit_discovery_test_native_paths_SOURCES = tests/unit/discovery/test-native-paths.c
tests_unit_discovery_test_native_paths_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_discovery_test_native_paths_LDADD = $(discovery_test_ldadd)
tests_unit_discovery_test_nvme_diag_SOURCES = tests/unit/discovery/test-nvme-diag.c \
	tests/unit/sysfs_tree.h
tests_unit_discovery_test_nvme_diag_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_discovery_test_nvme_diag_LDADD = $(discovery_test_ldadd)
tests_unit_discovery_test_peer_ask_SOURCES = tests/unit/discovery/test-peer-ask.c
tests_unit_discovery_test_peer_ask_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_discovery_test_peer_ask_LDADD = $(discovery_test_ldadd)
tests_unit_discovery_test_timers_read_SOURCES = tests/unit/discovery/test-timers-read.c
tests_unit_discovery_test_timers_read_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_discovery_test_timers_read_LDADD = $(discovery_test_ldadd)
tests_unit_discovery_test_watch_SOURCES = \
	tests/fuzz/fuzz-udev.c \
	tests/fuzz/fuzz-udev.h \
	tests/unit/discovery/test-watch.c \
	$(NULL)
tests_unit_discovery_test_watch_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(UDEV_CFLAGS)
tests_unit_discovery_test_watch_LDADD = $(discovery_test_ldadd)
tests_unit_discovery_test_watch_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=readdir,--wrap=readdir64 -Wl,--wrap=access -Wl,--wrap=faccessat \
	-Wl,--wrap=clock_gettime
tests_unit_discovery_test_device_state_SOURCES = tests/unit/discovery/test-device-state.c
tests_unit_discovery_test_device_state_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_discovery_test_device_state_LDADD = $(discovery_test_ldadd)
endif

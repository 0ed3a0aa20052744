# SPDX-License-Identifier: LGPL-2.1-or-later
# libdiscovery.la: which paths there are.
noinst_LTLIBRARIES += libdiscovery.la
libdiscovery_la_SOURCES = \
	checkerd/discovery/config_ref.c \
	checkerd/discovery/config_ref.h \
	checkerd/discovery/discovery.c \
	checkerd/discovery/discovery.h \
	checkerd/discovery/found.c \
	checkerd/discovery/found.h \
	checkerd/discovery/identity.c \
	checkerd/discovery/identity.h \
	checkerd/discovery/names.c \
	checkerd/discovery/nvme.c \
	checkerd/discovery/scan.h \
	checkerd/discovery/scsi.c \
	checkerd/discovery/static.c \
	checkerd/discovery/sysfs.c \
	checkerd/discovery/sysfs.h \
	checkerd/discovery/watch.c \
	$(NULL)
libdiscovery_la_CFLAGS = $(AM_CFLAGS) $(UDEV_CFLAGS)
libdiscovery_la_LIBADD = $(UDEV_LIBS)

if HAVE_CMOCKA
discovery_tests = \
	tests/unit/test-found \
	tests/unit/test-identity \
	tests/unit/test-watch \
	$(NULL)
check_PROGRAMS += $(discovery_tests)
TESTS += $(discovery_tests)

discovery_test_ldadd = libdiscovery.la libconfig.la libcore.la libutil.la $(CMOCKA_LIBS)
tests_unit_test_found_SOURCES = tests/unit/test-found.c
tests_unit_test_found_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_found_LDADD = $(discovery_test_ldadd)
tests_unit_test_identity_SOURCES = tests/unit/test-identity.c
tests_unit_test_identity_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_identity_LDADD = $(discovery_test_ldadd)
tests_unit_test_watch_SOURCES = \
	tests/fuzz/fuzz-udev.c \
	tests/fuzz/fuzz-udev.h \
	tests/unit/test-watch.c \
	$(NULL)
tests_unit_test_watch_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(UDEV_CFLAGS)
tests_unit_test_watch_LDADD = $(discovery_test_ldadd)
tests_unit_test_watch_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=readdir -Wl,--wrap=access -Wl,--wrap=faccessat
endif

# SPDX-License-Identifier: LGPL-2.1-or-later
# The loop and its wiring.
libdaemon_la_SOURCES += \
	checkerd/loop/bound.c \
	checkerd/loop/bound.h \
	checkerd/loop/daemon.c \
	checkerd/loop/daemon.h \
	checkerd/loop/options.c \
	checkerd/loop/options.h \
	checkerd/loop/sources.c \
	checkerd/loop/sources.h \
	$(NULL)

if HAVE_CMOCKA
loop_tests = \
	tests/unit/loop/test-bound \
	tests/unit/loop/test-options \
	tests/unit/loop/test-sources \
	$(NULL)
check_PROGRAMS += $(loop_tests)
TESTS += $(loop_tests)

tests_unit_loop_test_bound_SOURCES = tests/unit/loop/test-bound.c
tests_unit_loop_test_bound_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(JSONC_CFLAGS)
tests_unit_loop_test_bound_LDADD = \
	libdaemon.la \
	libstore.la \
	libcontrol.la \
	libdiscovery.la \
	libdevmap.la \
	liblog.la \
	libpurger.la \
	libconfig.la \
	libcore.la \
	libpathcheck.la \
	libutil.la \
	$(SYSTEMD_LIBS) \
	$(UDEV_LIBS) \
	$(JSONC_LIBS) \
	$(CMOCKA_LIBS) \
	$(NULL)
tests_unit_loop_test_options_SOURCES = tests/unit/loop/test-options.c
tests_unit_loop_test_options_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_loop_test_options_LDADD = \
	libdaemon.la \
	libstore.la \
	liblog.la \
	libconfig.la \
	libcore.la \
	libutil.la \
	$(SYSTEMD_LIBS) \
	$(CMOCKA_LIBS) \
	$(NULL)
# It has parts of its own: only what wakes them is tested.
tests_unit_loop_test_sources_SOURCES = tests/unit/loop/test-sources.c
tests_unit_loop_test_sources_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_loop_test_sources_LDADD = \
	libdaemon.la \
	libcore.la \
	libutil.la \
	$(SYSTEMD_LIBS) \
	$(CMOCKA_LIBS) \
	$(NULL)
endif

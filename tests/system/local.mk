# SPDX-License-Identifier: LGPL-2.1-or-later
# The faulty disk, and the system tests that run the real daemon on it. They need root and are
# not part of `make check`: tests/system/run BUILD, or ./runtests.
EXTRA_DIST += \
	quickstart \
	tests/system/run \
	tests/system/test_advice.py \
	tests/system/bed.py \
	tests/system/harness.py \
	tests/system/openmetrics.py \
	tests/system/test_access.py \
	tests/system/test_answers.py \
	tests/system/test_bed.py \
	tests/system/test_blocking.py \
	tests/system/test_clients.py \
	tests/system/test_confined.py \
	tests/system/test_config.py \
	tests/system/test_daemon.py \
	tests/system/test_devices.py \
	tests/system/test_exporter.py \
	tests/system/test_hooks.py \
	tests/system/shown.py \
	tests/system/terminal.py \
	tests/system/test_examples.py \
	tests/system/test_interface.py \
	tests/system/test_many.py \
	tests/system/test_maintenance.py \
	tests/system/test_memory.py \
	tests/system/test_monitoring.py \
	tests/system/test_overdue.py \
	tests/system/test_overrun.py \
	tests/system/test_quota.py \
	tests/system/test_removal.py \
	tests/system/test_restart.py \
	tests/system/test_screens.py \
	tests/system/test_shells.py \
	tests/system/test_state.py \
	tests/system/test_systemd.py \
	tests/system/varlink.py \
	$(NULL)

# To be preloaded; -rpath makes libtool build a shared object of what is not installed.
noinst_LTLIBRARIES += tests/system/sealed.la
tests_system_sealed_la_SOURCES = tests/system/sealed.c tests/preload.h
tests_system_sealed_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -rpath /nowhere

noinst_LTLIBRARIES += tests/system/blocking.la
tests_system_blocking_la_SOURCES = tests/system/blocking.c tests/preload.h
tests_system_blocking_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -rpath /nowhere

noinst_LTLIBRARIES += tests/system/fewpages.la
tests_system_fewpages_la_SOURCES = tests/system/fewpages.c tests/preload.h
tests_system_fewpages_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -rpath /nowhere
noinst_LTLIBRARIES += tests/system/latewrite.la
tests_system_latewrite_la_SOURCES = tests/system/latewrite.c tests/preload.h
tests_system_latewrite_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -rpath /nowhere

noinst_PROGRAMS += tests/system/aiohog
tests_system_aiohog_SOURCES = tests/system/aiohog.c

if HAVE_FUSE3
noinst_PROGRAMS += tests/system/faultydisk
tests_system_faultydisk_SOURCES = \
	tests/system/disk.c \
	tests/system/disk.h \
	tests/system/diskcommand.c \
	tests/system/faultydisk.c \
	$(NULL)
tests_system_faultydisk_CPPFLAGS = $(AM_CPPFLAGS) $(FUSE3_CFLAGS)
tests_system_faultydisk_LDADD = $(FUSE3_LIBS)
endif

# SPDX-License-Identifier: LGPL-2.1-or-later
# What comes from outside, read by the product's own objects: tests/fuzz/README.md. Configured
# with --enable-fuzzing the targets are libFuzzer's; in every other build they replay the inputs
# that are kept, in make check.
EXTRA_DIST += \
	tests/fuzz/README.md \
	tests/fuzz/corpus \
	tests/fuzz/coverage \
	tests/fuzz/dictionaries \
	tests/fuzz/plants \
	tests/fuzz/regressions \
	tests/fuzz/run \
	tests/fuzz/unreached \
	$(NULL)
fuzz_targets = \
	tests/fuzz/fuzz-compare \
	tests/fuzz/fuzz-config \
	tests/fuzz/fuzz-control \
	tests/fuzz/fuzz-events \
	tests/fuzz/fuzz-mpconf \
	tests/fuzz/fuzz-multipath \
	tests/fuzz/fuzz-reply \
	tests/fuzz/fuzz-scsi \
	tests/fuzz/fuzz-shared \
	tests/fuzz/fuzz-state \
	tests/fuzz/fuzz-uevent \
	tests/fuzz/fuzz-vpd \
	$(NULL)
if FUZZING
fuzz_sources = tests/fuzz/fuzz.c tests/fuzz/fuzz.h
EXTRA_PROGRAMS += $(fuzz_targets)
CLEANFILES += $(fuzz_targets)
else
fuzz_sources = tests/fuzz/fuzz.c tests/fuzz/fuzz.h tests/fuzz/replay.c
check_PROGRAMS += $(fuzz_targets) tests/fuzz/lengths
TESTS += $(fuzz_targets)
endif
fuzz_cppflags = $(AM_CPPFLAGS) -DFUZZ_INPUTS='"$(abs_srcdir)/tests/fuzz"'
fuzz_ldflags = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

tests_fuzz_fuzz_compare_SOURCES = tests/fuzz/fuzz-compare.c $(fuzz_sources)
tests_fuzz_fuzz_compare_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"compare"' $(JSONC_CFLAGS)
tests_fuzz_fuzz_compare_LDADD = libctl.la libutil.la $(JSONC_LIBS)
tests_fuzz_fuzz_compare_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_config_SOURCES = tests/fuzz/fuzz-config.c $(fuzz_sources)
tests_fuzz_fuzz_config_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"config"'
tests_fuzz_fuzz_config_LDADD = libconfig.la libcore.la libutil.la
tests_fuzz_fuzz_config_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_control_SOURCES = tests/fuzz/fuzz-control.c $(fuzz_sources)
tests_fuzz_fuzz_control_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"control"' $(JSONC_CFLAGS)
tests_fuzz_fuzz_control_LDADD = libdaemon.la libcontrol.la libstore.la libcore.la libutil.la $(JSONC_LIBS)
tests_fuzz_fuzz_control_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_events_SOURCES = tests/fuzz/fuzz-events.c $(fuzz_sources)
tests_fuzz_fuzz_events_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"events"'
tests_fuzz_fuzz_events_LDADD = libcontrol.la libcore.la libutil.la
tests_fuzz_fuzz_events_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_mpconf_SOURCES = tests/fuzz/fuzz-mpconf.c $(fuzz_sources)
tests_fuzz_fuzz_mpconf_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"mpconf"'
tests_fuzz_fuzz_mpconf_LDADD = libconfig.la libcore.la libutil.la
tests_fuzz_fuzz_mpconf_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_multipath_SOURCES = tests/fuzz/fuzz-multipath.c $(fuzz_sources)
tests_fuzz_fuzz_multipath_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"multipath"'
tests_fuzz_fuzz_multipath_LDADD = libdevmap.la libcore.la libutil.la
tests_fuzz_fuzz_multipath_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_reply_SOURCES = tests/fuzz/fuzz-reply.c $(fuzz_sources)
tests_fuzz_fuzz_reply_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"reply"' $(JSONC_CFLAGS)
tests_fuzz_fuzz_reply_LDADD = libctl.la libutil.la $(JSONC_LIBS)
tests_fuzz_fuzz_reply_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_scsi_SOURCES = tests/fuzz/fuzz-scsi.c $(fuzz_sources)
tests_fuzz_fuzz_scsi_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"scsi"'
tests_fuzz_fuzz_scsi_LDADD = libengine.la libutil.la
tests_fuzz_fuzz_scsi_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_shared_SOURCES = tests/fuzz/fuzz-shared.c $(fuzz_sources)
tests_fuzz_fuzz_shared_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"shared"'
tests_fuzz_fuzz_shared_LDADD = libengine.la libutil.la
fuzz_shared_wrapped = \
	process_collect process_collect_by process_dying process_ended process_kill process_start
tests_fuzz_fuzz_shared_LDFLAGS = $(fuzz_ldflags) $(fuzz_shared_wrapped:%=-Wl,--wrap=%)
tests_fuzz_fuzz_state_SOURCES = tests/fuzz/fuzz-state.c $(fuzz_sources)
tests_fuzz_fuzz_state_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"state"'
tests_fuzz_fuzz_state_LDADD = libstore.la libcore.la libutil.la
tests_fuzz_fuzz_state_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_uevent_SOURCES = \
	tests/fuzz/fuzz-udev.c \
	tests/fuzz/fuzz-udev.h \
	tests/fuzz/fuzz-uevent.c \
	$(fuzz_sources) \
	$(NULL)
tests_fuzz_fuzz_uevent_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"uevent"' $(UDEV_CFLAGS)
tests_fuzz_fuzz_uevent_LDADD = libdiscovery.la libconfig.la libcore.la libutil.la
tests_fuzz_fuzz_uevent_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_vpd_SOURCES = tests/fuzz/fuzz-vpd.c $(fuzz_sources)
tests_fuzz_fuzz_vpd_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"vpd"'
tests_fuzz_fuzz_vpd_LDADD = libdiscovery.la libconfig.la libcore.la libutil.la
tests_fuzz_fuzz_vpd_LDFLAGS = $(fuzz_ldflags)

# Each length whole. ./runtests asan runs it: without sanitizers a read behind the end is not seen.
tests_fuzz_lengths_SOURCES = tests/fuzz/lengths.c tests/fuzz/fuzz.h
tests_fuzz_lengths_LDADD = libstore.la libdiscovery.la libcore.la libengine.la libutil.la

# In a build configured with --enable-fuzzing: make check-fuzz SECONDS=3600 JOBS=2
SECONDS = 60
TARGETS = all
.PHONY: check-fuzz
check-fuzz:
	$(srcdir)/tests/fuzz/run . $(SECONDS) $(JOBS) $(TARGETS)

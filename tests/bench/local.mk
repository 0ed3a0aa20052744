# SPDX-License-Identifier: LGPL-2.1-or-later
# What things cost: see tests/bench/README.md. Needs root, for devices.
EXTRA_DIST += \
	docs/BENCHMARK.md \
	tests/bench/README.md \
	tests/bench/check-guard \
	tests/bench/command_parts.py \
	tests/bench/daemon_parts.py \
	tests/bench/daemons.py \
	tests/bench/guard.recorded \
	tests/bench/levers.md \
	tests/bench/machines.json \
	tests/bench/parts.py \
	tests/bench/quiet_part.py \
	tests/bench/report.py \
	tests/bench/run \
	tests/bench/subjects.py \
	tests/bench/turns.py \
	tests/bench/vm_part.py \
	tests/bench/wakeups \
	$(NULL)
noinst_PROGRAMS += tests/bench/subject
tests_bench_subject_SOURCES = \
	tests/bench/engine.c \
	tests/bench/floor.c \
	tests/bench/rivals.c \
	tests/bench/sg_floor.c \
	tests/bench/subject.c \
	tests/bench/subject.h \
	$(NULL)
tests_bench_subject_LDADD = libpathcheck.la $(LIBAIO_LIBS)
# To be preloaded; -rpath makes libtool build a shared object of what is not installed.
noinst_LTLIBRARIES += tests/bench/fewfds.la
tests_bench_fewfds_la_SOURCES = tests/bench/fewfds.c
tests_bench_fewfds_la_CPPFLAGS = $(preloaded_cppflags)
tests_bench_fewfds_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -rpath /nowhere

# For counting instructions: see guard.c.
noinst_PROGRAMS += tests/bench/guard
tests_bench_guard_SOURCES = tests/bench/guard.c
tests_bench_guard_LDADD = libdaemon.la libstore.la libdiscovery.la libengine.la liblog.la libcore.la libutil.la
guard_wrapped = clock_gettime pathcheck_new poll prober_start
tests_bench_guard_LDFLAGS = $(AM_LDFLAGS) $(guard_wrapped:%=-Wl,--wrap=%)

# make bench: what checks cost here; docs/BENCHMARK.md is written by it. Needs root.
# make bench-vm: the same in a virtual machine, beside multipathd and for what this host has no devices
# for. The page has the figures of each suite of Debian (BENCH_SUITE) and scenario that was run last.
bench_figures = $(srcdir)/tests/bench/machines.json
bench_page = --json bench.json --figures $(bench_figures) --doc $(srcdir)/docs/BENCHMARK.md
BENCH_SUITE = sid
BENCH_SCENARIOS = compare-64 compare-64-tur compare-64-nvme compare-64-counted \
	compare-64-tur-counted
.PHONY: bench bench-vm
bench: all
	$(srcdir)/tests/bench/run $(bench_page) $(BENCH_ARGS) .
bench-vm:
	$(srcdir)/tests/vm/run --suite $(BENCH_SUITE) --figures $(bench_figures) --logs bench-vm-logs \
		$(BENCH_SCENARIOS)
	$(srcdir)/tests/bench/run $(bench_page) --only machine .

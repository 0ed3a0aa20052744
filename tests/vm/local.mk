# SPDX-License-Identifier: LGPL-2.1-or-later
# The machine that the VM tier boots, and its scenarios: tests/vm/run, or ./runtests vm.
EXTRA_DIST += \
	tests/vm/agent \
	tests/vm/aio.py \
	tests/vm/compare.py \
	tests/vm/cost.py \
	tests/vm/dialect.py \
	tests/vm/hangs.py \
	tests/vm/image \
	tests/vm/machine.py \
	tests/vm/maps.py \
	tests/vm/multipath.conf \
	tests/vm/nbd.py \
	tests/vm/nightshift.py \
	tests/vm/rootfs.py \
	tests/vm/rootmap.py \
	tests/vm/run \
	tests/vm/scenarios \
	tests/vm/scripted.py \
	tests/vm/sg.py \
	tests/vm/targets.py \
	tests/vm/vm.py \
	$(NULL)

# The device-mapper thread alone, for scenarios/devmapper.py.
noinst_PROGRAMS += tests/vm/dmwatch
tests_vm_dmwatch_SOURCES = tests/vm/dmwatch.c $(wrap_sources)
tests_vm_dmwatch_LDFLAGS = $(wrap_ldflags)
tests_vm_dmwatch_LDADD = libdevmap.la libcore.la libutil.la

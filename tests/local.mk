# SPDX-License-Identifier: LGPL-2.1-or-later
# A stranger's program: sees the installed header and the shared library only.
noinst_PROGRAMS += libcheck/example
libcheck_example_SOURCES = libcheck/example.c
libcheck_example_CPPFLAGS = -I$(top_srcdir)/libcheck
libcheck_example_LDADD = libpathcheck.la
exampledir = $(docdir)
dist_example_DATA = libcheck/example.c docs/examples/watch.py

EXTRA_DIST += \
	tests/abi/compare \
	tests/abi/libpathcheck.abi \
	tests/abi/run \
	tests/abi/symbols \
	tests/abi/units \
	tests/clients/run \
	tests/distributions/bare \
	tests/distributions/packages \
	tests/distributions/roots.sh \
	tests/distributions/run \
	tests/install-deps \
	tests/lint/cc \
	tests/lint/cppcheck.txt \
	tests/lint/run \
	tests/packages \
	tests/plants.sh \
	tests/strict_json.h \
	tests/unit/.clang-tidy \
	tests/unit/unit.h \
	$(NULL)

dist_check_SCRIPTS += \
	tests/check-core-pure \
	tests/check-documents \
	tests/check-includes \
	tests/check-versions \
	tests/manuals \
	$(NULL)
TESTS += \
	tests/check-core-pure \
	tests/check-documents \
	tests/check-includes \
	tests/check-versions \
	tests/manuals \
	$(NULL)

include tests/system/local.mk
include tests/vm/local.mk
include tests/sim/local.mk
include tests/whole/local.mk
include tests/models/local.mk
include tests/bench/local.mk
include tests/fuzz/local.mk
include tests/chaos/local.mk
include tests/nth/local.mk

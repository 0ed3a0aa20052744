# SPDX-License-Identifier: LGPL-2.1-or-later
noinst_LTLIBRARIES += libutil.la
libutil_la_SOURCES = \
	util/block.c \
	util/block.h \
	util/clean.c \
	util/clean.h \
	util/hash.h \
	util/macro.h \
	util/mono.h \
	util/pages.c \
	util/pages.h \
	util/seal.c \
	util/seal.h \
	util/shortage.h \
	util/spsc.h \
	util/spsc_end.h \
	util/thread.c \
	util/thread.h \
	util/vpd.c \
	util/vpd.h \
	util/wake.h \
	$(NULL)

# For programs whose allocations are counted where there are to be none: their LDFLAGS, and
# $(wrap_sources) among their sources.
wrap_sources = util/wrap.c
wrap_ldflags = \
	$(AM_LDFLAGS) \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc \
	-Wl,--wrap=aligned_alloc,--wrap=strdup,--wrap=strndup \
	$(NULL)

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-seal
TESTS += tests/unit/test-seal
tests_unit_test_seal_SOURCES = tests/unit/test-seal.c $(wrap_sources)
tests_unit_test_seal_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_seal_LDADD = libutil.la $(CMOCKA_LIBS)
tests_unit_test_seal_LDFLAGS = $(wrap_ldflags)

check_PROGRAMS += tests/unit/test-pages
TESTS += tests/unit/test-pages
tests_unit_test_pages_SOURCES = tests/unit/test-pages.c
tests_unit_test_pages_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_pages_LDADD = libutil.la $(CMOCKA_LIBS)
tests_unit_test_pages_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=munmap

check_PROGRAMS += tests/unit/test-block
TESTS += tests/unit/test-block
tests_unit_test_block_SOURCES = tests/unit/test-block.c
tests_unit_test_block_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_block_LDADD = libutil.la $(CMOCKA_LIBS)
tests_unit_test_block_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=munmap

check_PROGRAMS += tests/unit/test-vpd
TESTS += tests/unit/test-vpd
tests_unit_test_vpd_SOURCES = tests/unit/test-vpd.c
tests_unit_test_vpd_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_vpd_LDADD = libutil.la $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test-clean
TESTS += tests/unit/test-clean
tests_unit_test_clean_SOURCES = tests/unit/test-clean.c
tests_unit_test_clean_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_clean_LDADD = libutil.la $(CMOCKA_LIBS)
endif

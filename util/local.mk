# SPDX-License-Identifier: LGPL-2.1-or-later
noinst_LTLIBRARIES += libutil.la
libutil_la_SOURCES = \
	util/atomic_max.h \
	util/block.c \
	util/block.h \
	util/calendar.c \
	util/calendar.h \
	util/clean.c \
	util/clean.h \
	util/digits.h \
	util/duration.c \
	util/duration.h \
	util/edit_distance.c \
	util/edit_distance.h \
	util/hash.h \
	util/kept.c \
	util/kept.h \
	util/macro.h \
	util/mono.h \
	util/pages.c \
	util/pages.h \
	util/ring.c \
	util/ring.h \
	util/room.c \
	util/room.h \
	util/seal.c \
	util/seal.h \
	util/shortage.h \
	util/syslog_level.c \
	util/syslog_level.h \
	util/text.c \
	util/text.h \
	util/thread.c \
	util/thread.h \
	util/utf8.c \
	util/utf8.h \
	util/vpd.c \
	util/vpd.h \
	util/wake.h \
	util/worker.c \
	util/worker.h \
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
check_PROGRAMS += tests/unit/util/test-seal
TESTS += tests/unit/util/test-seal
tests_unit_util_test_seal_SOURCES = tests/unit/util/test-seal.c $(wrap_sources)
tests_unit_util_test_seal_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_util_test_seal_LDADD = libutil.la $(CMOCKA_LIBS)
tests_unit_util_test_seal_LDFLAGS = $(wrap_ldflags)

check_PROGRAMS += tests/unit/util/test-pages
TESTS += tests/unit/util/test-pages
tests_unit_util_test_pages_SOURCES = tests/unit/util/test-pages.c
tests_unit_util_test_pages_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_util_test_pages_LDADD = libutil.la $(CMOCKA_LIBS)
tests_unit_util_test_pages_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=munmap

check_PROGRAMS += tests/unit/util/test-room
TESTS += tests/unit/util/test-room
tests_unit_util_test_room_SOURCES = tests/unit/util/test-room.c
tests_unit_util_test_room_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_util_test_room_LDADD = libutil.la $(CMOCKA_LIBS)
tests_unit_util_test_room_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=mlock,--wrap=munlock

check_PROGRAMS += tests/unit/util/test-block
TESTS += tests/unit/util/test-block
tests_unit_util_test_block_SOURCES = tests/unit/util/test-block.c
tests_unit_util_test_block_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_util_test_block_LDADD = libutil.la $(CMOCKA_LIBS)
tests_unit_util_test_block_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=munmap

check_PROGRAMS += tests/unit/util/test-vpd
TESTS += tests/unit/util/test-vpd
tests_unit_util_test_vpd_SOURCES = tests/unit/util/test-vpd.c
tests_unit_util_test_vpd_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_util_test_vpd_LDADD = libutil.la $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/util/test-clean
TESTS += tests/unit/util/test-clean
tests_unit_util_test_clean_SOURCES = tests/unit/util/test-clean.c
tests_unit_util_test_clean_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_util_test_clean_LDADD = libutil.la $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/util/test-calendar
TESTS += tests/unit/util/test-calendar
tests_unit_util_test_calendar_SOURCES = tests/unit/util/test-calendar.c
tests_unit_util_test_calendar_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_util_test_calendar_LDADD = libutil.la $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/util/test-duration
TESTS += tests/unit/util/test-duration
tests_unit_util_test_duration_SOURCES = tests/unit/util/test-duration.c
tests_unit_util_test_duration_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_util_test_duration_LDADD = libutil.la $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/util/test-utf8
TESTS += tests/unit/util/test-utf8
tests_unit_util_test_utf8_SOURCES = tests/unit/util/test-utf8.c
tests_unit_util_test_utf8_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_util_test_utf8_LDADD = libutil.la $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/util/test-edit-distance
TESTS += tests/unit/util/test-edit-distance
tests_unit_util_test_edit_distance_SOURCES = tests/unit/util/test-edit-distance.c
tests_unit_util_test_edit_distance_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_util_test_edit_distance_LDADD = libutil.la $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/util/test-syslog-level
TESTS += tests/unit/util/test-syslog-level
tests_unit_util_test_syslog_level_SOURCES = tests/unit/util/test-syslog-level.c
tests_unit_util_test_syslog_level_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_util_test_syslog_level_LDADD = libutil.la $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/util/test-worker
TESTS += tests/unit/util/test-worker
tests_unit_util_test_worker_SOURCES = tests/unit/util/test-worker.c
tests_unit_util_test_worker_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_util_test_worker_LDADD = libutil.la $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/util/test-hash
TESTS += tests/unit/util/test-hash
tests_unit_util_test_hash_SOURCES = tests/unit/util/test-hash.c
tests_unit_util_test_hash_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_util_test_hash_LDADD = libutil.la $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/util/test-ring
TESTS += tests/unit/util/test-ring
tests_unit_util_test_ring_SOURCES = tests/unit/util/test-ring.c
tests_unit_util_test_ring_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_util_test_ring_LDADD = libutil.la $(CMOCKA_LIBS)
endif

# SPDX-License-Identifier: LGPL-2.1-or-later
# libstore.la: the file with what a successor takes up, and the thread that writes it.
noinst_LTLIBRARIES += libstore.la
libstore_la_SOURCES = \
	checkerd/store/old_records.c \
	checkerd/store/old_records.h \
	checkerd/store/record.c \
	checkerd/store/record.h \
	checkerd/store/store.c \
	checkerd/store/store.h \
	checkerd/store/stored_map.c \
	checkerd/store/stored_map.h \
	checkerd/store/stored_path.c \
	checkerd/store/stored_path.h \
	$(NULL)

if HAVE_CMOCKA
store_tests = \
	tests/unit/store/test-records \
	tests/unit/store/test-store \
	$(NULL)
check_PROGRAMS += $(store_tests)
TESTS += $(store_tests)
tests_unit_store_test_records_SOURCES = tests/unit/store/test-records.c
tests_unit_store_test_records_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_store_test_records_LDADD = libstore.la libcore.la libutil.la $(CMOCKA_LIBS)
tests_unit_store_test_store_SOURCES = tests/unit/store/test-store.c
tests_unit_store_test_store_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_store_test_store_LDADD = libstore.la libcore.la libutil.la $(CMOCKA_LIBS)
endif

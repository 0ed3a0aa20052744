# SPDX-License-Identifier: LGPL-2.1-or-later
# libpurger.la: the thread that deletes disks; and checkerd-purger, its program.
noinst_LTLIBRARIES += libpurger.la
libpurger_la_SOURCES = \
	checkerd/purger/purge_disk.c \
	checkerd/purger/purge_disk.h \
	checkerd/purger/purger.c \
	checkerd/purger/purger.h \
	$(NULL)

pkglibexec_PROGRAMS += checkerd-purger
checkerd_purger_SOURCES = checkerd/purger/purger_main.c
checkerd_purger_LDADD = libpurger.la libutil.la

if HAVE_CMOCKA
purger_tests = \
	tests/unit/purger/test-purge-disk \
	tests/unit/purger/test-purger \
	$(NULL)
check_PROGRAMS += $(purger_tests)
TESTS += $(purger_tests)
tests_unit_purger_test_purge_disk_SOURCES = tests/unit/purger/test-purge-disk.c
tests_unit_purger_test_purge_disk_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_purger_test_purge_disk_LDADD = libpurger.la libutil.la $(CMOCKA_LIBS)
tests_unit_purger_test_purger_SOURCES = tests/unit/purger/test-purger.c
tests_unit_purger_test_purger_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_purger_test_purger_LDADD = libpurger.la libutil.la $(CMOCKA_LIBS)
endif

# SPDX-License-Identifier: LGPL-2.1-or-later
# libdevmap.la: multipath maps. Not libdevmapper.la: that is the library it is made with.
noinst_LTLIBRARIES += libdevmap.la
libdevmap_la_SOURCES = \
	checkerd/devmapper/backend_libdm.c \
	checkerd/devmapper/backend_libdm.h \
	checkerd/devmapper/devmapper.c \
	checkerd/devmapper/devmapper.h \
	checkerd/devmapper/dm_backend.h \
	checkerd/devmapper/follow.c \
	checkerd/devmapper/follow.h \
	checkerd/devmapper/multipath_table.c \
	checkerd/devmapper/multipath_table.h \
	$(NULL)
libdevmap_la_CFLAGS = $(AM_CFLAGS) $(DEVMAPPER_CFLAGS)
libdevmap_la_LIBADD = $(DEVMAPPER_LIBS)

if HAVE_CMOCKA
devmapper_tests = \
	tests/unit/devmapper/test-devmapper \
	tests/unit/devmapper/test-follow \
	tests/unit/devmapper/test-multipath-table \
	$(NULL)
check_PROGRAMS += $(devmapper_tests)
TESTS += $(devmapper_tests)

devmapper_test_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
devmapper_test_ldadd = libdevmap.la libcore.la libutil.la $(CMOCKA_LIBS)
fake_dm = tests/unit/devmapper/fake-dm.c tests/unit/devmapper/fake-dm.h
tests_unit_devmapper_test_devmapper_SOURCES = tests/unit/devmapper/test-devmapper.c $(fake_dm) $(wrap_sources)
tests_unit_devmapper_test_devmapper_LDFLAGS = $(wrap_ldflags)
tests_unit_devmapper_test_devmapper_CFLAGS = $(devmapper_test_cflags)
tests_unit_devmapper_test_devmapper_LDADD = $(devmapper_test_ldadd)
tests_unit_devmapper_test_follow_SOURCES = tests/unit/devmapper/test-follow.c $(fake_dm)
tests_unit_devmapper_test_follow_CFLAGS = $(devmapper_test_cflags)
tests_unit_devmapper_test_follow_LDADD = $(devmapper_test_ldadd)
tests_unit_devmapper_test_multipath_table_SOURCES = tests/unit/devmapper/test-multipath-table.c
tests_unit_devmapper_test_multipath_table_CFLAGS = $(devmapper_test_cflags)
tests_unit_devmapper_test_multipath_table_LDADD = $(devmapper_test_ldadd)
endif

# SPDX-License-Identifier: LGPL-2.1-or-later
# libpathcheck, its helper program, and what both are made of.
noinst_LTLIBRARIES += libengine.la
libengine_la_SOURCES = \
	libcheck/backend.h \
	libcheck/backend_libaio.c \
	libcheck/buffers.c \
	libcheck/buffers.h \
	libcheck/checkers/again.h \
	libcheck/caller.h \
	libcheck/checkers/directio.c \
	libcheck/checkers/directio.h \
	libcheck/checkers/directio_judge.c \
	libcheck/checkers/directio_judge.h \
	libcheck/checkers/scsi.c \
	libcheck/checkers/scsi.h \
	libcheck/group.c \
	libcheck/group.h \
	libcheck/heartbeat.c \
	libcheck/heartbeat.h \
	libcheck/homes.c \
	libcheck/lane.c \
	libcheck/limits.c \
	libcheck/limits.h \
	libcheck/names.c \
	libcheck/names.h \
	libcheck/opened.c \
	libcheck/opened.h \
	libcheck/pathcheck.c \
	libcheck/prober.c \
	libcheck/prober.h \
	libcheck/process.c \
	libcheck/process.h \
	libcheck/queue.c \
	libcheck/reaper.c \
	libcheck/rescuer.c \
	libcheck/shared.c \
	libcheck/shared.h \
	libcheck/stats.c \
	libcheck/submit.c \
	libcheck/successor.c \
	libcheck/suspects.c \
	libcheck/watch.c \
	libcheck/wire.c \
	libcheck/wire.h \
	$(NULL)
libengine_la_LIBADD = libutil.la $(LIBAIO_LIBS)

lib_LTLIBRARIES += libpathcheck.la
include_HEADERS += libcheck/pathcheck.h
pkgconfig_DATA += libcheck/libpathcheck.pc
EXTRA_DIST += libcheck/pathcheck.map
libpathcheck_la_SOURCES =
libpathcheck_la_LIBADD = libengine.la
libpathcheck_la_LDFLAGS = \
	$(AM_LDFLAGS) \
	-version-info $(PATHCHECK_LT_VERSION) \
	-Wl,--version-script=$(top_srcdir)/libcheck/pathcheck.map \
	$(NULL)
EXTRA_libpathcheck_la_DEPENDENCIES = libcheck/pathcheck.map

# Linked with the engine itself, not the shared library: it uses what that hides.
pkglibexec_PROGRAMS += pathcheck-prober
pathcheck_prober_SOURCES = libcheck/prober_main.c $(wrap_sources)
pathcheck_prober_LDFLAGS = $(wrap_ldflags)
pathcheck_prober_LDADD = libengine.la

if HAVE_CMOCKA
engine_tests = \
	tests/unit/test-buffers \
	tests/unit/test-directio \
	tests/unit/test-directio-judge \
	tests/unit/test-group \
	tests/unit/test-lane \
	tests/unit/test-libaio \
	tests/unit/test-limits \
	tests/unit/test-opened \
	tests/unit/test-pathcheck \
	tests/unit/test-prober \
	tests/unit/test-process \
	tests/unit/test-questions \
	tests/unit/test-reaper \
	tests/unit/test-rescuer \
	tests/unit/test-scsi \
	tests/unit/test-shared \
	tests/unit/test-wire \
	tests/unit/test-standstill \
	$(NULL)
check_PROGRAMS += $(engine_tests)
TESTS += $(engine_tests)

engine_test_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
engine_test_ldadd = libengine.la libutil.la $(CMOCKA_LIBS)
pathcheck_bed = tests/unit/pathcheck-bed.c tests/unit/pathcheck-bed.h
engine_test_built_prober = \
	$(AM_CPPFLAGS) \
	-DBUILT_PROBER='"$(abs_top_builddir)/pathcheck-prober"' \
	$(NULL)

# What tests of the probing side share: files, a backend that does as it is told, and the rest.
check_LTLIBRARIES += tests/unit/libprober-bed.la
tests_unit_libprober_bed_la_SOURCES = \
	tests/unit/direct-files.c \
	tests/unit/direct-files.h \
	tests/unit/fake-backend.c \
	tests/unit/fake-backend.h \
	tests/unit/prober-bed.c \
	tests/unit/prober-bed.h \
	$(NULL)
tests_unit_libprober_bed_la_CFLAGS = $(engine_test_cflags)
prober_bed_ldadd = tests/unit/libprober-bed.la $(engine_test_ldadd)

tests_unit_test_buffers_SOURCES = tests/unit/test-buffers.c
tests_unit_test_buffers_CFLAGS = $(engine_test_cflags)
tests_unit_test_buffers_LDADD = $(prober_bed_ldadd)
tests_unit_test_directio_SOURCES = tests/unit/test-directio.c
tests_unit_test_directio_CFLAGS = $(engine_test_cflags)
tests_unit_test_directio_LDADD = $(prober_bed_ldadd)
tests_unit_test_directio_judge_SOURCES = tests/unit/test-directio-judge.c
tests_unit_test_directio_judge_CFLAGS = $(engine_test_cflags)
tests_unit_test_directio_judge_LDADD = $(engine_test_ldadd)
tests_unit_test_scsi_SOURCES = tests/unit/test-scsi.c
tests_unit_test_scsi_CFLAGS = $(engine_test_cflags)
tests_unit_test_scsi_LDADD = $(engine_test_ldadd)
tests_unit_test_group_SOURCES = tests/unit/test-group.c tests/unit/random.h
tests_unit_test_group_CFLAGS = $(engine_test_cflags)
tests_unit_test_group_LDADD = $(engine_test_ldadd)
tests_unit_test_opened_SOURCES = tests/unit/test-opened.c
tests_unit_test_opened_CFLAGS = $(engine_test_cflags)
tests_unit_test_opened_LDADD = $(engine_test_ldadd)
tests_unit_test_pathcheck_SOURCES = tests/unit/test-pathcheck.c $(pathcheck_bed)
tests_unit_test_pathcheck_CPPFLAGS = $(engine_test_built_prober)
tests_unit_test_pathcheck_CFLAGS = $(engine_test_cflags)
tests_unit_test_pathcheck_LDADD = $(engine_test_ldadd)
tests_unit_test_process_SOURCES = tests/unit/test-process.c $(pathcheck_bed)
tests_unit_test_process_CPPFLAGS = $(engine_test_built_prober)
tests_unit_test_process_CFLAGS = $(engine_test_cflags)
tests_unit_test_process_LDADD = $(engine_test_ldadd)
tests_unit_test_reaper_SOURCES = tests/unit/test-reaper.c
tests_unit_test_reaper_CFLAGS = $(engine_test_cflags)
tests_unit_test_reaper_LDADD = $(engine_test_ldadd)
tests_unit_test_limits_SOURCES = tests/unit/test-limits.c tests/unit/random.h
tests_unit_test_limits_CFLAGS = $(engine_test_cflags)
tests_unit_test_limits_LDADD = $(prober_bed_ldadd)
tests_unit_test_libaio_SOURCES = tests/unit/test-libaio.c
tests_unit_test_libaio_CFLAGS = $(engine_test_cflags)
tests_unit_test_libaio_LDADD = $(engine_test_ldadd)
tests_unit_test_standstill_SOURCES = tests/unit/test-standstill.c
tests_unit_test_standstill_CFLAGS = $(engine_test_cflags)
tests_unit_test_standstill_LDADD = $(engine_test_ldadd)
tests_unit_test_wire_SOURCES = tests/unit/test-wire.c
tests_unit_test_wire_CFLAGS = $(engine_test_cflags)
tests_unit_test_wire_LDADD = $(engine_test_ldadd)
tests_unit_test_shared_SOURCES = tests/unit/test-shared.c
tests_unit_test_shared_CFLAGS = $(engine_test_cflags)
tests_unit_test_shared_LDADD = $(engine_test_ldadd)
tests_unit_test_prober_SOURCES = tests/unit/test-prober.c
tests_unit_test_prober_CFLAGS = $(engine_test_cflags)
tests_unit_test_prober_LDADD = $(prober_bed_ldadd)
tests_unit_test_lane_SOURCES = tests/unit/test-lane.c
tests_unit_test_lane_CFLAGS = $(engine_test_cflags)
tests_unit_test_lane_LDADD = $(prober_bed_ldadd)
# Their own directio.c, scsi.c and thread.c: found before those of the libraries.
fake_directio = tests/unit/fake-directio.c tests/unit/fake-directio.h
disks_bed = tests/unit/disks-bed.c tests/unit/disks-bed.h $(fake_directio)
tests_unit_test_questions_SOURCES = tests/unit/test-questions.c $(disks_bed)
tests_unit_test_questions_CFLAGS = $(engine_test_cflags)
tests_unit_test_questions_LDADD = $(prober_bed_ldadd)
tests_unit_test_rescuer_SOURCES = tests/unit/test-rescuer.c $(disks_bed)
tests_unit_test_rescuer_CFLAGS = $(engine_test_cflags)
tests_unit_test_rescuer_LDADD = $(prober_bed_ldadd)
endif

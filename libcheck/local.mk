# SPDX-License-Identifier: LGPL-2.1-or-later
# libpathcheck, its helper program, and what both are made of.
noinst_LTLIBRARIES += libengine.la
libengine_la_SOURCES = \
	libcheck/backends/backend.h \
	libcheck/backends/backend_libaio.c \
	libcheck/backends/backend_sg.c \
	libcheck/caller.c \
	libcheck/caller.h \
	libcheck/checkers/again.h \
	libcheck/checkers/alua.c \
	libcheck/checkers/checker.h \
	libcheck/checkers/checker_directio.c \
	libcheck/checkers/checker_table.c \
	libcheck/checkers/directio.c \
	libcheck/checkers/directio.h \
	libcheck/checkers/directio_judge.c \
	libcheck/checkers/directio_judge.h \
	libcheck/checkers/emc_clariion.c \
	libcheck/checkers/error_meaning.c \
	libcheck/checkers/error_meaning.h \
	libcheck/checkers/identify_device.c \
	libcheck/checkers/identify_device.h \
	libcheck/checkers/nvme.c \
	libcheck/checkers/nvme.h \
	libcheck/checkers/nvme_state.c \
	libcheck/checkers/nvme_state.h \
	libcheck/checkers/port_groups.c \
	libcheck/checkers/port_groups.h \
	libcheck/checkers/rdac.c \
	libcheck/checkers/readsector0.c \
	libcheck/checkers/scsi.c \
	libcheck/checkers/scsi.h \
	libcheck/checkers/scsi_cdb.c \
	libcheck/checkers/scsi_cdb.h \
	libcheck/checkers/scsi_checker.c \
	libcheck/checkers/scsi_checker.h \
	libcheck/checkers/scsi_command.h \
	libcheck/checkers/scsi_device.c \
	libcheck/checkers/scsi_device.h \
	libcheck/checkers/scsi_judge.c \
	libcheck/checkers/scsi_judge.h \
	libcheck/checkers/scsi_page.c \
	libcheck/checkers/scsi_page.h \
	libcheck/checkers/sense.c \
	libcheck/checkers/sense.h \
	libcheck/checkers/sg_header.c \
	libcheck/checkers/sg_header.h \
	libcheck/checkers/tur.c \
	libcheck/checkers/tur_directio.c \
	libcheck/heartbeat.c \
	libcheck/heartbeat.h \
	libcheck/pathcheck.c \
	libcheck/prober/buffers.c \
	libcheck/prober/buffers.h \
	libcheck/prober/runners.c \
	libcheck/prober/runners.h \
	libcheck/prober/group.c \
	libcheck/prober/group.h \
	libcheck/prober/handover.c \
	libcheck/prober/handover.h \
	libcheck/prober/homes.c \
	libcheck/prober/homes.h \
	libcheck/prober/jobs.c \
	libcheck/prober/jobs.h \
	libcheck/prober/posts.c \
	libcheck/prober/posts.h \
	libcheck/prober/probed_path.h \
	libcheck/prober/prober.c \
	libcheck/prober/prober.h \
	libcheck/prober/reaper.c \
	libcheck/prober/reaper.h \
	libcheck/prober/rescuer.c \
	libcheck/prober/rescuer.h \
	libcheck/prober/sg_write.c \
	libcheck/prober/sg_write.h \
	libcheck/prober/slot.h \
	libcheck/prober/submit.c \
	libcheck/prober/submit.h \
	libcheck/prober/submitter.c \
	libcheck/prober/submitter.h \
	libcheck/prober/suspects.c \
	libcheck/prober/suspects.h \
	libcheck/prober/watch.c \
	libcheck/prober/watch.h \
	libcheck/process.c \
	libcheck/process.h \
	libcheck/region/device_names.c \
	libcheck/region/device_names.h \
	libcheck/region/limits.c \
	libcheck/region/limits.h \
	libcheck/region/opened.c \
	libcheck/region/opened.h \
	libcheck/region/shared.c \
	libcheck/region/shared.h \
	libcheck/region/wire.c \
	libcheck/region/wire.h \
	libcheck/stats.c \
	libcheck/successor.c \
	libcheck/successor.h \
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
	tests/unit/prober/test-buffers \
	tests/unit/checkers/test-directio \
	tests/unit/checkers/test-alua \
	tests/unit/checkers/test-directio-judge \
	tests/unit/checkers/test-error-meaning \
	tests/unit/checkers/test-nvme \
	tests/unit/checkers/test-scsi-judge \
	tests/unit/checkers/test-vendor-pages \
	tests/unit/prober/test-group \
	tests/unit/prober/test-submitter \
	tests/unit/backends/test-libaio \
	tests/unit/backends/test-sg \
	tests/unit/region/test-limits \
	tests/unit/region/test-opened \
	tests/unit/libcheck/test-pathcheck \
	tests/unit/prober/test-prober \
	tests/unit/libcheck/test-process \
	tests/unit/prober/test-questions \
	tests/unit/prober/test-reaper \
	tests/unit/prober/test-reaper-rounds \
	tests/unit/prober/test-rescuer \
	tests/unit/prober/test-rescuer-shortage \
	tests/unit/prober/test-runners \
	tests/unit/checkers/test-scsi \
	tests/unit/checkers/test-scsi-device \
	tests/unit/checkers/test-sg-header \
	tests/unit/region/test-shared \
	tests/unit/region/test-wire \
	tests/unit/libcheck/test-standstill \
	$(NULL)
check_PROGRAMS += $(engine_tests)
TESTS += $(engine_tests)

engine_test_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
engine_test_ldadd = libengine.la libutil.la $(CMOCKA_LIBS)
pathcheck_bed = tests/unit/libcheck/pathcheck-bed.c tests/unit/libcheck/pathcheck-bed.h
engine_test_built_prober = \
	$(AM_CPPFLAGS) \
	-DBUILT_PROBER='"$(abs_top_builddir)/pathcheck-prober"' \
	$(NULL)

# What tests of the probing side share: files, a backend that does as it is told, and the rest.
check_LTLIBRARIES += tests/unit/libprober-bed.la
tests_unit_libprober_bed_la_SOURCES = \
	tests/unit/prober/direct-files.c \
	tests/unit/prober/direct-files.h \
	tests/unit/prober/fake-backend.c \
	tests/unit/prober/fake-backend.h \
	tests/unit/prober/prober-bed.c \
	tests/unit/prober/prober-bed.h \
	$(NULL)
tests_unit_libprober_bed_la_CFLAGS = $(engine_test_cflags)
prober_bed_ldadd = tests/unit/libprober-bed.la $(engine_test_ldadd)

tests_unit_prober_test_buffers_SOURCES = tests/unit/prober/test-buffers.c
tests_unit_prober_test_buffers_CFLAGS = $(engine_test_cflags)
tests_unit_prober_test_buffers_LDADD = $(prober_bed_ldadd)
tests_unit_checkers_test_directio_SOURCES = tests/unit/checkers/test-directio.c
tests_unit_checkers_test_directio_CFLAGS = $(engine_test_cflags)
tests_unit_checkers_test_directio_LDADD = $(prober_bed_ldadd)
tests_unit_checkers_test_directio_judge_SOURCES = tests/unit/checkers/test-directio-judge.c
tests_unit_checkers_test_directio_judge_CFLAGS = $(engine_test_cflags)
tests_unit_checkers_test_directio_judge_LDADD = $(engine_test_ldadd)
scsi_bed = tests/unit/checkers/scsi-bed.c tests/unit/checkers/scsi-bed.h
tests_unit_checkers_test_alua_SOURCES = tests/unit/checkers/test-alua.c $(scsi_bed)
tests_unit_checkers_test_alua_CFLAGS = $(engine_test_cflags)
tests_unit_checkers_test_alua_LDADD = $(engine_test_ldadd)
tests_unit_checkers_test_error_meaning_SOURCES = tests/unit/checkers/test-error-meaning.c
tests_unit_checkers_test_error_meaning_CFLAGS = $(engine_test_cflags)
tests_unit_checkers_test_error_meaning_LDADD = $(engine_test_ldadd)
tests_unit_checkers_test_nvme_SOURCES = tests/unit/checkers/test-nvme.c
tests_unit_checkers_test_nvme_CFLAGS = $(engine_test_cflags)
tests_unit_checkers_test_nvme_LDADD = $(prober_bed_ldadd)
tests_unit_checkers_test_scsi_judge_SOURCES = tests/unit/checkers/test-scsi-judge.c $(scsi_bed)
tests_unit_checkers_test_scsi_judge_CFLAGS = $(engine_test_cflags)
tests_unit_checkers_test_scsi_judge_LDADD = $(engine_test_ldadd)
tests_unit_checkers_test_vendor_pages_SOURCES = tests/unit/checkers/test-vendor-pages.c $(scsi_bed)
tests_unit_checkers_test_vendor_pages_CFLAGS = $(engine_test_cflags)
tests_unit_checkers_test_vendor_pages_LDADD = $(engine_test_ldadd)
tests_unit_checkers_test_scsi_SOURCES = tests/unit/checkers/test-scsi.c
tests_unit_checkers_test_scsi_CFLAGS = $(engine_test_cflags)
tests_unit_checkers_test_scsi_LDADD = $(engine_test_ldadd)
tests_unit_checkers_test_scsi_device_SOURCES = tests/unit/checkers/test-scsi-device.c
tests_unit_checkers_test_scsi_device_CFLAGS = $(engine_test_cflags)
tests_unit_checkers_test_scsi_device_LDADD = $(prober_bed_ldadd)
tests_unit_checkers_test_sg_header_SOURCES = tests/unit/checkers/test-sg-header.c
tests_unit_checkers_test_sg_header_CFLAGS = $(engine_test_cflags)
tests_unit_checkers_test_sg_header_LDADD = $(engine_test_ldadd)
tests_unit_prober_test_group_SOURCES = tests/unit/prober/test-group.c tests/unit/random.h
tests_unit_prober_test_group_CFLAGS = $(engine_test_cflags)
tests_unit_prober_test_group_LDADD = $(engine_test_ldadd)
tests_unit_region_test_opened_SOURCES = tests/unit/region/test-opened.c
tests_unit_region_test_opened_CFLAGS = $(engine_test_cflags)
tests_unit_region_test_opened_LDADD = $(engine_test_ldadd)
tests_unit_libcheck_test_pathcheck_SOURCES = tests/unit/libcheck/test-pathcheck.c $(pathcheck_bed)
tests_unit_libcheck_test_pathcheck_CPPFLAGS = $(engine_test_built_prober)
tests_unit_libcheck_test_pathcheck_CFLAGS = $(engine_test_cflags)
tests_unit_libcheck_test_pathcheck_LDADD = $(engine_test_ldadd)
tests_unit_libcheck_test_process_SOURCES = \
	tests/unit/libcheck/faulty-prober.c \
	tests/unit/libcheck/faulty-prober.h \
	tests/unit/libcheck/test-process.c \
	$(pathcheck_bed)
tests_unit_libcheck_test_process_CPPFLAGS = $(engine_test_built_prober)
tests_unit_libcheck_test_process_CFLAGS = $(engine_test_cflags)
tests_unit_libcheck_test_process_LDADD = $(engine_test_ldadd)
reaper_bed = tests/unit/prober/reaper-bed.h
tests_unit_prober_test_reaper_SOURCES = tests/unit/prober/test-reaper.c $(reaper_bed)
tests_unit_prober_test_reaper_CFLAGS = $(engine_test_cflags)
tests_unit_prober_test_reaper_LDADD = $(engine_test_ldadd)
tests_unit_prober_test_reaper_rounds_SOURCES = tests/unit/prober/test-reaper-rounds.c $(reaper_bed)
tests_unit_prober_test_reaper_rounds_CFLAGS = $(engine_test_cflags)
tests_unit_prober_test_reaper_rounds_LDADD = $(engine_test_ldadd)
tests_unit_region_test_limits_SOURCES = tests/unit/region/test-limits.c tests/unit/random.h
tests_unit_region_test_limits_CFLAGS = $(engine_test_cflags)
tests_unit_region_test_limits_LDADD = $(prober_bed_ldadd)
tests_unit_backends_test_libaio_SOURCES = tests/unit/backends/test-libaio.c
tests_unit_backends_test_libaio_CFLAGS = $(engine_test_cflags)
tests_unit_backends_test_libaio_LDADD = $(engine_test_ldadd)
tests_unit_backends_test_sg_SOURCES = tests/unit/backends/test-sg.c
tests_unit_backends_test_sg_CFLAGS = $(engine_test_cflags)
tests_unit_backends_test_sg_LDADD = $(engine_test_ldadd)
sg_wrapped = epoll_ctl read write
tests_unit_backends_test_sg_LDFLAGS = $(AM_LDFLAGS) $(sg_wrapped:%=-Wl,--wrap=%)
tests_unit_libcheck_test_standstill_SOURCES = tests/unit/libcheck/test-standstill.c
tests_unit_libcheck_test_standstill_CFLAGS = $(engine_test_cflags)
tests_unit_libcheck_test_standstill_LDADD = $(engine_test_ldadd)
tests_unit_region_test_wire_SOURCES = tests/unit/region/test-wire.c
tests_unit_region_test_wire_CFLAGS = $(engine_test_cflags)
tests_unit_region_test_wire_LDADD = $(engine_test_ldadd)
tests_unit_region_test_shared_SOURCES = tests/unit/region/test-shared.c
tests_unit_region_test_shared_CFLAGS = $(engine_test_cflags)
tests_unit_region_test_shared_LDADD = $(engine_test_ldadd)
tests_unit_prober_test_prober_SOURCES = tests/unit/prober/test-prober.c
tests_unit_prober_test_prober_CFLAGS = $(engine_test_cflags)
tests_unit_prober_test_prober_LDADD = $(prober_bed_ldadd)
tests_unit_prober_test_submitter_SOURCES = tests/unit/prober/test-submitter.c
tests_unit_prober_test_submitter_CFLAGS = $(engine_test_cflags)
tests_unit_prober_test_submitter_LDADD = $(prober_bed_ldadd)
# Their own directio.c, scsi.c and thread.c: found before those of the libraries.
fake_directio = tests/unit/prober/fake-directio.c tests/unit/prober/fake-directio.h
disks_bed = tests/unit/prober/disks-bed.c tests/unit/prober/disks-bed.h $(fake_directio)
tests_unit_prober_test_questions_SOURCES = tests/unit/prober/test-questions.c $(disks_bed)
tests_unit_prober_test_questions_CFLAGS = $(engine_test_cflags)
tests_unit_prober_test_questions_LDADD = $(prober_bed_ldadd)
tests_unit_prober_test_rescuer_SOURCES = tests/unit/prober/test-rescuer.c $(disks_bed)
tests_unit_prober_test_rescuer_CFLAGS = $(engine_test_cflags)
tests_unit_prober_test_rescuer_LDADD = $(prober_bed_ldadd)
tests_unit_prober_test_rescuer_shortage_SOURCES = \
	tests/unit/prober/test-rescuer-shortage.c \
	$(disks_bed)
tests_unit_prober_test_rescuer_shortage_CFLAGS = $(engine_test_cflags)
tests_unit_prober_test_rescuer_shortage_LDADD = $(prober_bed_ldadd)
# Its own scsi_device.c.
tests_unit_prober_test_runners_SOURCES = \
	tests/unit/prober/fake-scsi-device.c \
	tests/unit/prober/fake-scsi-device.h \
	tests/unit/prober/test-runners.c \
	$(NULL)
tests_unit_prober_test_runners_CFLAGS = $(engine_test_cflags)
tests_unit_prober_test_runners_LDADD = $(prober_bed_ldadd)
endif

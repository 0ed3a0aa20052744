# SPDX-License-Identifier: LGPL-2.1-or-later
# libcore.la: pure decisions. Its unit tests are declared here too.
noinst_LTLIBRARIES += libcore.la
libcore_la_SOURCES = \
	checkerd/core/agreement.c \
	checkerd/core/agreement.h \
	checkerd/core/device.c \
	checkerd/core/device.h \
	checkerd/core/disk_id.c \
	checkerd/core/disk_id.h \
	checkerd/core/event.c \
	checkerd/core/event.h \
	checkerd/core/histogram.c \
	checkerd/core/histogram.h \
	checkerd/core/map.c \
	checkerd/core/map.h \
	checkerd/core/maps.c \
	checkerd/core/maps.h \
	checkerd/core/maps_count.c \
	checkerd/core/maps_paths.c \
	checkerd/core/maps_table.h \
	checkerd/core/maps_work.c \
	checkerd/core/overdue.c \
	checkerd/core/overdue.h \
	checkerd/core/reason.c \
	checkerd/core/registry.c \
	checkerd/core/registry.h \
	checkerd/core/schedule.c \
	checkerd/core/schedule.h \
	checkerd/core/state.c \
	checkerd/core/state.h \
	checkerd/core/sysfs_state.c \
	checkerd/core/sysfs_state.h \
	$(NULL)

if HAVE_CMOCKA
core_tests = \
	tests/unit/test-agreement \
	tests/unit/test-core-model \
	tests/unit/test-device \
	tests/unit/test-event \
	tests/unit/test-histogram \
	tests/unit/test-map \
	tests/unit/test-maps \
	tests/unit/test-maps-disks \
	tests/unit/test-overdue \
	tests/unit/test-reason \
	tests/unit/test-registry \
	tests/unit/test-schedule \
	tests/unit/test-spsc \
	tests/unit/test-state \
	tests/unit/test-sysfs-state \
	$(NULL)
check_PROGRAMS += $(core_tests)
TESTS += $(core_tests)

core_test_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
core_test_ldadd = libcore.la libutil.la $(CMOCKA_LIBS)

tests_unit_test_agreement_SOURCES = tests/unit/test-agreement.c
tests_unit_test_agreement_CFLAGS = $(core_test_cflags)
tests_unit_test_agreement_LDADD = $(core_test_ldadd)
tests_unit_test_core_model_SOURCES = \
	tests/unit/disk.h \
	tests/unit/random.h \
	tests/unit/test-core-model.c \
	$(NULL)
tests_unit_test_core_model_CFLAGS = $(core_test_cflags)
tests_unit_test_core_model_LDADD = $(core_test_ldadd)
tests_unit_test_device_SOURCES = tests/unit/test-device.c
tests_unit_test_device_CFLAGS = $(core_test_cflags)
tests_unit_test_device_LDADD = $(core_test_ldadd)
tests_unit_test_event_SOURCES = tests/unit/test-event.c
tests_unit_test_event_CFLAGS = $(core_test_cflags)
tests_unit_test_event_LDADD = $(core_test_ldadd)
tests_unit_test_histogram_SOURCES = tests/unit/test-histogram.c tests/unit/random.h
tests_unit_test_histogram_CFLAGS = $(core_test_cflags)
tests_unit_test_histogram_LDADD = $(core_test_ldadd)
tests_unit_test_map_SOURCES = tests/unit/test-map.c
tests_unit_test_map_CFLAGS = $(core_test_cflags)
tests_unit_test_map_LDADD = $(core_test_ldadd)
tests_unit_test_maps_SOURCES = tests/unit/test-maps.c tests/unit/random.h
tests_unit_test_maps_CFLAGS = $(core_test_cflags)
tests_unit_test_maps_LDADD = $(core_test_ldadd)
tests_unit_test_maps_disks_SOURCES = tests/unit/test-maps-disks.c
tests_unit_test_maps_disks_CFLAGS = $(core_test_cflags)
tests_unit_test_maps_disks_LDADD = $(core_test_ldadd)
tests_unit_test_overdue_SOURCES = tests/unit/test-overdue.c
tests_unit_test_overdue_CFLAGS = $(core_test_cflags)
tests_unit_test_overdue_LDADD = $(core_test_ldadd)
tests_unit_test_reason_SOURCES = tests/unit/test-reason.c
tests_unit_test_reason_CFLAGS = $(core_test_cflags)
tests_unit_test_reason_LDADD = $(core_test_ldadd)
tests_unit_test_registry_SOURCES = tests/unit/test-registry.c tests/unit/random.h
tests_unit_test_registry_CFLAGS = $(core_test_cflags)
tests_unit_test_registry_LDADD = $(core_test_ldadd)
tests_unit_test_schedule_SOURCES = \
	tests/unit/disk.h \
	tests/unit/random.h \
	tests/unit/test-schedule.c \
	$(NULL)
tests_unit_test_schedule_CFLAGS = $(core_test_cflags)
tests_unit_test_schedule_LDADD = $(core_test_ldadd)
tests_unit_test_spsc_SOURCES = tests/unit/test-spsc.c
tests_unit_test_spsc_CFLAGS = $(core_test_cflags)
tests_unit_test_spsc_LDADD = $(core_test_ldadd)
tests_unit_test_state_SOURCES = tests/unit/test-state.c
tests_unit_test_state_CFLAGS = $(core_test_cflags)
tests_unit_test_state_LDADD = $(core_test_ldadd)
tests_unit_test_sysfs_state_SOURCES = tests/unit/test-sysfs-state.c
tests_unit_test_sysfs_state_CFLAGS = $(core_test_cflags)
tests_unit_test_sysfs_state_LDADD = $(core_test_ldadd)
endif

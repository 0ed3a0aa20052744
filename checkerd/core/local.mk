# SPDX-License-Identifier: LGPL-2.1-or-later
# libcore.la: pure decisions. Its unit tests are declared here too.
noinst_LTLIBRARIES += libcore.la
libcore_la_SOURCES = \
	checkerd/core/agreement.c \
	checkerd/core/agreement.h \
	checkerd/core/cause.c \
	checkerd/core/cause.h \
	checkerd/core/checker_kind.c \
	checkerd/core/checker_kind.h \
	checkerd/core/device.c \
	checkerd/core/device.h \
	checkerd/core/disk_id.c \
	checkerd/core/disk_id.h \
	checkerd/core/error_share.h \
	checkerd/core/event.c \
	checkerd/core/event.h \
	checkerd/core/explanation.c \
	checkerd/core/explanation.h \
	checkerd/core/finding.c \
	checkerd/core/finding.h \
	checkerd/core/gather.c \
	checkerd/core/gather.h \
	checkerd/core/histogram.c \
	checkerd/core/histogram.h \
	checkerd/core/hold_gather.c \
	checkerd/core/hold_gather.h \
	checkerd/core/last_path.c \
	checkerd/core/last_path.h \
	checkerd/core/loss.c \
	checkerd/core/loss.h \
	checkerd/core/map.c \
	checkerd/core/map.h \
	checkerd/core/map_loss.c \
	checkerd/core/map_loss.h \
	checkerd/core/maps.c \
	checkerd/core/maps.h \
	checkerd/core/maps_count.c \
	checkerd/core/maps_count.h \
	checkerd/core/maps_disks.c \
	checkerd/core/maps_disks.h \
	checkerd/core/maps_entries.c \
	checkerd/core/maps_entries.h \
	checkerd/core/maps_holds.c \
	checkerd/core/maps_holds.h \
	checkerd/core/maps_orders.c \
	checkerd/core/maps_orders.h \
	checkerd/core/maps_paths.c \
	checkerd/core/maps_paths.h \
	checkerd/core/maps_table.h \
	checkerd/core/maps_todo.c \
	checkerd/core/maps_todo.h \
	checkerd/core/nvme_counts.c \
	checkerd/core/nvme_counts.h \
	checkerd/core/overdue.c \
	checkerd/core/overdue.h \
	checkerd/core/peer.c \
	checkerd/core/peer.h \
	checkerd/core/policy.c \
	checkerd/core/policy.h \
	checkerd/core/policy_rules.c \
	checkerd/core/policy_rules.h \
	checkerd/core/purge_rule.c \
	checkerd/core/purge_rule.h \
	checkerd/core/reason.c \
	checkerd/core/reason.h \
	checkerd/core/reason_packed.c \
	checkerd/core/reason_packed.h \
	checkerd/core/reason_scsi.c \
	checkerd/core/reason_scsi.h \
	checkerd/core/redundancy.c \
	checkerd/core/redundancy.h \
	checkerd/core/registry.c \
	checkerd/core/registry.h \
	checkerd/core/schedule.c \
	checkerd/core/schedule.h \
	checkerd/core/slow.c \
	checkerd/core/slow.h \
	checkerd/core/state.c \
	checkerd/core/state.h \
	checkerd/core/sysfs_state.c \
	checkerd/core/sysfs_state.h \
	checkerd/core/timers.c \
	checkerd/core/timers.h \
	$(NULL)

if HAVE_CMOCKA
core_tests = \
	tests/unit/core/test-agreement \
	tests/unit/core/test-cause \
	tests/unit/core/test-core-model \
	tests/unit/core/test-device \
	tests/unit/core/test-event \
	tests/unit/core/test-histogram \
	tests/unit/core/test-loss \
	tests/unit/core/test-last-path \
	tests/unit/core/test-map \
	tests/unit/core/test-maps \
	tests/unit/core/test-maps-world \
	tests/unit/core/test-maps-disks \
	tests/unit/core/test-maps-holds \
	tests/unit/core/test-nvme-counts \
	tests/unit/core/test-overdue \
	tests/unit/core/test-peer \
	tests/unit/core/test-policy \
	tests/unit/core/test-purge-rule \
	tests/unit/core/test-reason \
	tests/unit/core/test-registry \
	tests/unit/core/test-scenarios \
	tests/unit/core/test-schedule \
	tests/unit/core/test-slow \
	tests/unit/core/test-state \
	tests/unit/core/test-state-errors \
	tests/unit/core/test-sysfs-state \
	tests/unit/core/test-timers \
	$(NULL)
check_PROGRAMS += $(core_tests)
TESTS += $(core_tests)

core_test_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
core_test_ldadd = libcore.la libutil.la $(CMOCKA_LIBS)

tests_unit_core_test_agreement_SOURCES = tests/unit/core/test-agreement.c
tests_unit_core_test_agreement_CFLAGS = $(core_test_cflags)
tests_unit_core_test_agreement_LDADD = $(core_test_ldadd)
tests_unit_core_test_nvme_counts_SOURCES = tests/unit/core/test-nvme-counts.c
tests_unit_core_test_nvme_counts_CFLAGS = $(core_test_cflags)
tests_unit_core_test_nvme_counts_LDADD = $(core_test_ldadd)
tests_unit_core_test_cause_SOURCES = tests/unit/core/test-cause.c
tests_unit_core_test_cause_CFLAGS = $(core_test_cflags)
tests_unit_core_test_cause_LDADD = $(core_test_ldadd)
tests_unit_core_test_loss_SOURCES = tests/unit/core/test-loss.c
tests_unit_core_test_loss_CFLAGS = $(core_test_cflags)
tests_unit_core_test_loss_LDADD = $(core_test_ldadd)
tests_unit_core_test_core_model_SOURCES = \
	tests/unit/disk.h \
	tests/unit/random.h \
	tests/unit/core/test-core-model.c \
	$(NULL)
tests_unit_core_test_core_model_CFLAGS = $(core_test_cflags)
tests_unit_core_test_core_model_LDADD = $(core_test_ldadd)
tests_unit_core_test_device_SOURCES = tests/unit/core/test-device.c
tests_unit_core_test_device_CFLAGS = $(core_test_cflags)
tests_unit_core_test_device_LDADD = $(core_test_ldadd)
tests_unit_core_test_event_SOURCES = tests/unit/core/test-event.c
tests_unit_core_test_event_CFLAGS = $(core_test_cflags)
tests_unit_core_test_event_LDADD = $(core_test_ldadd)
tests_unit_core_test_histogram_SOURCES = tests/unit/core/test-histogram.c tests/unit/random.h
tests_unit_core_test_histogram_CFLAGS = $(core_test_cflags)
tests_unit_core_test_histogram_LDADD = $(core_test_ldadd)
tests_unit_core_test_last_path_SOURCES = \
	tests/unit/core/maps-bed.h \
	tests/unit/core/test-last-path.c \
	$(NULL)
tests_unit_core_test_last_path_CFLAGS = $(core_test_cflags)
tests_unit_core_test_last_path_LDADD = $(core_test_ldadd)
tests_unit_core_test_map_SOURCES = tests/unit/core/test-map.c
tests_unit_core_test_map_CFLAGS = $(core_test_cflags)
tests_unit_core_test_map_LDADD = $(core_test_ldadd)
tests_unit_core_test_maps_SOURCES = \
	tests/unit/core/maps-bed.h \
	tests/unit/core/test-maps.c \
	$(NULL)
tests_unit_core_test_maps_CFLAGS = $(core_test_cflags)
tests_unit_core_test_maps_LDADD = $(core_test_ldadd)
tests_unit_core_test_maps_world_SOURCES = \
	tests/unit/core/maps-bed.h \
	tests/unit/core/test-maps-world.c \
	tests/unit/random.h \
	$(NULL)
tests_unit_core_test_maps_world_CFLAGS = $(core_test_cflags)
tests_unit_core_test_maps_world_LDADD = $(core_test_ldadd)
tests_unit_core_test_maps_disks_SOURCES = tests/unit/core/test-maps-disks.c
tests_unit_core_test_maps_disks_CFLAGS = $(core_test_cflags)
tests_unit_core_test_maps_disks_LDADD = $(core_test_ldadd)
tests_unit_core_test_maps_holds_SOURCES = \
	tests/unit/core/maps-bed.h \
	tests/unit/core/test-maps-holds.c \
	$(NULL)
tests_unit_core_test_maps_holds_CFLAGS = $(core_test_cflags)
tests_unit_core_test_maps_holds_LDADD = $(core_test_ldadd)
tests_unit_core_test_overdue_SOURCES = tests/unit/core/test-overdue.c
tests_unit_core_test_overdue_CFLAGS = $(core_test_cflags)
tests_unit_core_test_overdue_LDADD = $(core_test_ldadd)
tests_unit_core_test_peer_SOURCES = tests/unit/core/test-peer.c
tests_unit_core_test_peer_CFLAGS = $(core_test_cflags)
tests_unit_core_test_peer_LDADD = $(core_test_ldadd)
tests_unit_core_test_policy_SOURCES = \
	tests/unit/core/test-policy.c \
	tests/unit/random.h \
	$(NULL)
tests_unit_core_test_policy_CFLAGS = $(core_test_cflags)
tests_unit_core_test_policy_LDADD = $(core_test_ldadd)
tests_unit_core_test_purge_rule_SOURCES = \
	tests/unit/core/maps-bed.h \
	tests/unit/core/test-purge-rule.c \
	$(NULL)
tests_unit_core_test_purge_rule_CFLAGS = $(core_test_cflags)
tests_unit_core_test_purge_rule_LDADD = $(core_test_ldadd)
tests_unit_core_test_reason_SOURCES = tests/unit/core/test-reason.c
tests_unit_core_test_reason_CFLAGS = $(core_test_cflags)
tests_unit_core_test_reason_LDADD = $(core_test_ldadd)
tests_unit_core_test_registry_SOURCES = tests/unit/core/test-registry.c tests/unit/random.h
tests_unit_core_test_registry_CFLAGS = $(core_test_cflags)
tests_unit_core_test_registry_LDADD = $(core_test_ldadd)
tests_unit_core_test_registry_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=block_new_sparse,--wrap=room_add
tests_unit_core_test_scenarios_SOURCES = \
	tests/unit/core/scenario.c \
	tests/unit/core/scenario.h \
	tests/unit/core/scenario-world.c \
	tests/unit/core/test-scenarios.c \
	$(NULL)
tests_unit_core_test_scenarios_CFLAGS = $(core_test_cflags) -DTEST_SRCDIR='"$(abs_top_srcdir)"'
tests_unit_core_test_scenarios_LDADD = $(core_test_ldadd)
EXTRA_DIST += \
	tests/unit/core/scenarios/default.txt \
	tests/unit/core/scenarios/delay.txt \
	tests/unit/core/scenarios/last-path.txt \
	tests/unit/core/scenarios/marginal-path.txt \
	tests/unit/core/scenarios/marks.txt \
	tests/unit/core/scenarios/san-path-err.txt \
	tests/unit/core/scenarios/states.txt \
	$(NULL)
tests_unit_core_test_schedule_SOURCES = \
	tests/unit/disk.h \
	tests/unit/random.h \
	tests/unit/core/test-schedule.c \
	$(NULL)
tests_unit_core_test_schedule_CFLAGS = $(core_test_cflags)
tests_unit_core_test_schedule_LDADD = $(core_test_ldadd)
tests_unit_core_test_slow_SOURCES = tests/unit/core/test-slow.c
tests_unit_core_test_slow_CFLAGS = $(core_test_cflags)
tests_unit_core_test_slow_LDADD = $(core_test_ldadd)
tests_unit_core_test_state_SOURCES = \
	tests/unit/core/state-story.h \
	tests/unit/core/test-state.c \
	$(NULL)
tests_unit_core_test_state_CFLAGS = $(core_test_cflags)
tests_unit_core_test_state_LDADD = $(core_test_ldadd)
tests_unit_core_test_state_errors_SOURCES = \
	tests/unit/core/state-story.h \
	tests/unit/core/test-state-errors.c \
	$(NULL)
tests_unit_core_test_state_errors_CFLAGS = $(core_test_cflags)
tests_unit_core_test_state_errors_LDADD = $(core_test_ldadd)
tests_unit_core_test_sysfs_state_SOURCES = tests/unit/core/test-sysfs-state.c
tests_unit_core_test_sysfs_state_CFLAGS = $(core_test_cflags)
tests_unit_core_test_sysfs_state_LDADD = $(core_test_ldadd)
tests_unit_core_test_timers_SOURCES = tests/unit/core/test-timers.c
tests_unit_core_test_timers_CFLAGS = $(core_test_cflags)
tests_unit_core_test_timers_LDADD = $(core_test_ldadd)
endif

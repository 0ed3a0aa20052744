# SPDX-License-Identifier: LGPL-2.1-or-later
# The connection to checkerd, also for the exporter.
noinst_LTLIBRARIES += libclient.la
libclient_la_SOURCES = \
	checkerctl/connection.c \
	checkerctl/connection.h \
	checkerctl/frame.c \
	checkerctl/frame.h \
	checkerctl/human.c \
	checkerctl/human.h \
	$(NULL)
libclient_la_CPPFLAGS = $(AM_CPPFLAGS) $(JSONC_CFLAGS)
libclient_la_LIBADD = $(JSONC_LIBS) -lm

# Everything else but main() is a library, for the tests.
noinst_LTLIBRARIES += libctl.la
libctl_la_SOURCES = \
	checkerctl/act.c \
	checkerctl/columns.c \
	checkerctl/columns.h \
	checkerctl/command_find.c \
	checkerctl/commands.c \
	checkerctl/commands.h \
	checkerctl/compare.c \
	checkerctl/complete.c \
	checkerctl/ctl.c \
	checkerctl/ctl.h \
	checkerctl/ctl_events.c \
	checkerctl/ctl_options.c \
	checkerctl/ctl_options.h \
	checkerctl/doctor.c \
	checkerctl/doctor_host.c \
	checkerctl/doctor_host.h \
	checkerctl/exit.h \
	checkerctl/explain_device.c \
	checkerctl/fields.c \
	checkerctl/fields.h \
	checkerctl/fold.c \
	checkerctl/fold.h \
	checkerctl/format.c \
	checkerctl/format.h \
	checkerctl/health.c \
	checkerctl/health_limits.c \
	checkerctl/health_limits.h \
	checkerctl/hook.c \
	checkerctl/hook_child.c \
	checkerctl/hook_child.h \
	checkerctl/hook_environment.c \
	checkerctl/hook_environment.h \
	checkerctl/hook_follow.c \
	checkerctl/hook_follow.h \
	checkerctl/hook_kind.c \
	checkerctl/hook_kind.h \
	checkerctl/hook_limit.c \
	checkerctl/hook_limit.h \
	checkerctl/import.c \
	checkerctl/json_text.c \
	checkerctl/json_text.h \
	checkerctl/latency.c \
	checkerctl/latency.h \
	checkerctl/lists.c \
	checkerctl/map_wildcards.c \
	checkerctl/multipathd.c \
	checkerctl/multipathd.h \
	checkerctl/multipathd_paths.c \
	checkerctl/multipathd_paths.h \
	checkerctl/path_wildcards.c \
	checkerctl/progress.c \
	checkerctl/progress.h \
	checkerctl/repeat.c \
	checkerctl/repeat.h \
	checkerctl/select.c \
	checkerctl/select.h \
	checkerctl/show.c \
	checkerctl/show_format.c \
	checkerctl/status.c \
	checkerctl/table.c \
	checkerctl/table.h \
	checkerctl/table_fields.c \
	checkerctl/table_fields.h \
	checkerctl/table_sort.c \
	checkerctl/top.c \
	checkerctl/top.h \
	checkerctl/top_groups.c \
	checkerctl/top_groups.h \
	checkerctl/top_lines.c \
	checkerctl/topology.c \
	checkerctl/wildcard.h \
	checkerctl/words.c \
	checkerctl/words.h \
	$(NULL)
libctl_la_CPPFLAGS = $(AM_CPPFLAGS) $(JSONC_CFLAGS) $(SMARTCOLS_CFLAGS) $(NCURSES_CFLAGS)
libctl_la_LIBADD = libclient.la $(JSONC_LIBS) $(SMARTCOLS_LIBS) $(NCURSES_LIBS) -lm

bin_PROGRAMS += checkerctl/checkerctl
checkerctl_checkerctl_SOURCES = \
	checkerctl/ctl_main.c \
	checkerctl/memory.c \
	checkerctl/memory.h \
	$(NULL)
checkerctl_checkerctl_CPPFLAGS = $(AM_CPPFLAGS) $(JSONC_CFLAGS) $(NCURSES_CFLAGS)
checkerctl_checkerctl_LDADD = libctl.la libutil.la $(NCURSES_LIBS)
if SANITIZED
checkerctl_checkerctl_CPPFLAGS += -DSANITIZED
endif

if HAVE_CMOCKA
CTL_TESTS = \
	tests/unit/checkerctl/test-ctl-compare \
	tests/unit/checkerctl/test-ctl-complete \
	tests/unit/checkerctl/test-ctl-import \
	tests/unit/checkerctl/test-ctl-connection \
	tests/unit/checkerctl/test-ctl-doctor \
	tests/unit/checkerctl/test-ctl-explain \
	tests/unit/checkerctl/test-ctl-fields \
	tests/unit/checkerctl/test-ctl-format \
	tests/unit/checkerctl/test-ctl-frame \
	tests/unit/checkerctl/test-ctl-hook \
	tests/unit/checkerctl/test-ctl-health \
	tests/unit/checkerctl/test-ctl-latency \
	tests/unit/checkerctl/test-ctl-lists \
	tests/unit/checkerctl/test-ctl-options \
	tests/unit/checkerctl/test-ctl-run \
	tests/unit/checkerctl/test-ctl-table \
	tests/unit/checkerctl/test-ctl-human \
	tests/unit/checkerctl/test-ctl-top \
	tests/unit/checkerctl/test-ctl-trouble \
	tests/unit/checkerctl/test-json-text \
	$(NULL)
check_PROGRAMS += $(CTL_TESTS)
TESTS += $(CTL_TESTS)

CTL_TEST_CPPFLAGS = $(AM_CPPFLAGS) $(JSONC_CFLAGS) $(CMOCKA_CFLAGS)
# These run the program itself.
CTL_RUN_CPPFLAGS = \
	$(CTL_TEST_CPPFLAGS) \
	-DCHECKERCTL='"$(abs_top_builddir)/checkerctl/checkerctl"' \
	$(NULL)
CTL_FAKE = \
	tests/unit/checkerctl/ctl-fake.c \
	tests/unit/checkerctl/ctl-fake.h \
	tests/unit/checkerctl/ctl-replies.h \
	$(NULL)
CTL_TEST_LDADD = libctl.la libutil.la $(JSONC_LIBS) $(CMOCKA_LIBS)

tests_unit_checkerctl_test_ctl_import_SOURCES = tests/unit/checkerctl/test-ctl-import.c $(CTL_FAKE)
tests_unit_checkerctl_test_ctl_import_CPPFLAGS = $(CTL_RUN_CPPFLAGS)
tests_unit_checkerctl_test_ctl_import_LDADD = $(CTL_TEST_LDADD)
tests_unit_checkerctl_test_ctl_compare_SOURCES = tests/unit/checkerctl/test-ctl-compare.c $(CTL_FAKE)
tests_unit_checkerctl_test_ctl_compare_CPPFLAGS = $(CTL_RUN_CPPFLAGS)
tests_unit_checkerctl_test_ctl_compare_LDADD = $(CTL_TEST_LDADD)
tests_unit_checkerctl_test_ctl_complete_SOURCES = tests/unit/checkerctl/test-ctl-complete.c $(CTL_FAKE)
tests_unit_checkerctl_test_ctl_complete_CPPFLAGS = $(CTL_RUN_CPPFLAGS)
tests_unit_checkerctl_test_ctl_complete_LDADD = $(CMOCKA_LIBS)
tests_unit_checkerctl_test_ctl_connection_CPPFLAGS = $(CTL_TEST_CPPFLAGS)
tests_unit_checkerctl_test_ctl_connection_LDADD = $(CTL_TEST_LDADD)
tests_unit_checkerctl_test_ctl_format_CPPFLAGS = $(CTL_TEST_CPPFLAGS)
tests_unit_checkerctl_test_ctl_format_LDADD = $(CTL_TEST_LDADD)
tests_unit_checkerctl_test_ctl_frame_CPPFLAGS = $(CTL_TEST_CPPFLAGS)
tests_unit_checkerctl_test_ctl_frame_LDADD = $(CTL_TEST_LDADD)
tests_unit_checkerctl_test_ctl_latency_CPPFLAGS = $(CTL_TEST_CPPFLAGS)
tests_unit_checkerctl_test_ctl_latency_LDADD = $(CTL_TEST_LDADD)
tests_unit_checkerctl_test_ctl_options_CPPFLAGS = $(CTL_TEST_CPPFLAGS)
tests_unit_checkerctl_test_ctl_options_LDADD = $(CTL_TEST_LDADD)
tests_unit_checkerctl_test_ctl_hook_SOURCES = tests/unit/checkerctl/test-ctl-hook.c $(CTL_FAKE)
tests_unit_checkerctl_test_ctl_hook_CPPFLAGS = $(CTL_RUN_CPPFLAGS)
tests_unit_checkerctl_test_ctl_hook_LDADD = $(CTL_TEST_LDADD)
tests_unit_checkerctl_test_ctl_doctor_SOURCES = tests/unit/checkerctl/test-ctl-doctor.c $(CTL_FAKE)
tests_unit_checkerctl_test_ctl_doctor_CPPFLAGS = $(CTL_RUN_CPPFLAGS)
tests_unit_checkerctl_test_ctl_doctor_LDADD = $(CTL_TEST_LDADD)
tests_unit_checkerctl_test_ctl_explain_SOURCES = tests/unit/checkerctl/test-ctl-explain.c $(CTL_FAKE)
tests_unit_checkerctl_test_ctl_explain_CPPFLAGS = $(CTL_RUN_CPPFLAGS)
tests_unit_checkerctl_test_ctl_explain_LDADD = $(CMOCKA_LIBS)
tests_unit_checkerctl_test_ctl_health_SOURCES = tests/unit/checkerctl/test-ctl-health.c $(CTL_FAKE)
tests_unit_checkerctl_test_ctl_health_CPPFLAGS = $(CTL_RUN_CPPFLAGS)
tests_unit_checkerctl_test_ctl_health_LDADD = $(CTL_TEST_LDADD)
tests_unit_checkerctl_test_ctl_fields_SOURCES = tests/unit/checkerctl/test-ctl-fields.c $(CTL_FAKE)
tests_unit_checkerctl_test_ctl_fields_CPPFLAGS = $(CTL_RUN_CPPFLAGS)
tests_unit_checkerctl_test_ctl_fields_LDADD = $(CMOCKA_LIBS)
tests_unit_checkerctl_test_ctl_lists_SOURCES = tests/unit/checkerctl/test-ctl-lists.c $(CTL_FAKE)
tests_unit_checkerctl_test_ctl_lists_CPPFLAGS = $(CTL_RUN_CPPFLAGS)
tests_unit_checkerctl_test_ctl_lists_LDADD = $(CMOCKA_LIBS)
tests_unit_checkerctl_test_ctl_run_SOURCES = tests/unit/checkerctl/test-ctl-run.c $(CTL_FAKE)
tests_unit_checkerctl_test_ctl_run_CPPFLAGS = $(CTL_RUN_CPPFLAGS)
tests_unit_checkerctl_test_ctl_run_LDADD = $(CMOCKA_LIBS)
tests_unit_checkerctl_test_ctl_table_CPPFLAGS = $(CTL_TEST_CPPFLAGS)
tests_unit_checkerctl_test_ctl_table_LDADD = $(CTL_TEST_LDADD)
tests_unit_checkerctl_test_json_text_CPPFLAGS = $(CTL_TEST_CPPFLAGS) $(JSONC_CFLAGS)
tests_unit_checkerctl_test_json_text_LDADD = $(CTL_TEST_LDADD)
tests_unit_checkerctl_test_ctl_human_CPPFLAGS = $(CTL_TEST_CPPFLAGS)
tests_unit_checkerctl_test_ctl_human_LDADD = $(CTL_TEST_LDADD)
tests_unit_checkerctl_test_ctl_top_CPPFLAGS = $(CTL_TEST_CPPFLAGS)
tests_unit_checkerctl_test_ctl_top_LDADD = $(CTL_TEST_LDADD)
tests_unit_checkerctl_test_ctl_trouble_SOURCES = tests/unit/checkerctl/test-ctl-trouble.c $(CTL_FAKE)
tests_unit_checkerctl_test_ctl_trouble_CPPFLAGS = $(CTL_RUN_CPPFLAGS)
tests_unit_checkerctl_test_ctl_trouble_LDADD = $(CMOCKA_LIBS)
endif

dist_check_SCRIPTS += tests/ctl-words
TESTS += tests/ctl-words

# SPDX-License-Identifier: LGPL-2.1-or-later
# Everything but main() is a library, for the tests.
noinst_LTLIBRARIES += libctl.la
libctl_la_SOURCES = \
	checkerctl/act.c \
	checkerctl/client.c \
	checkerctl/client.h \
	checkerctl/columns.c \
	checkerctl/columns.h \
	checkerctl/commands.c \
	checkerctl/commands.h \
	checkerctl/ctl.c \
	checkerctl/ctl.h \
	checkerctl/events.c \
	checkerctl/exit.h \
	checkerctl/format.c \
	checkerctl/format.h \
	checkerctl/frame.c \
	checkerctl/frame.h \
	checkerctl/health.c \
	checkerctl/latency.c \
	checkerctl/latency.h \
	checkerctl/options.c \
	checkerctl/options.h \
	checkerctl/show.c \
	checkerctl/status.c \
	checkerctl/table.c \
	checkerctl/table.h \
	checkerctl/text.c \
	checkerctl/text.h \
	checkerctl/top.c \
	checkerctl/top.h \
	checkerctl/top_lines.c \
	checkerctl/topology.c \
	$(NULL)
libctl_la_CPPFLAGS = $(AM_CPPFLAGS) $(JSONC_CFLAGS) $(SMARTCOLS_CFLAGS) $(NCURSES_CFLAGS)
libctl_la_LIBADD = $(JSONC_LIBS) $(SMARTCOLS_LIBS) $(NCURSES_LIBS) -lm

bin_PROGRAMS += checkerctl/checkerctl
checkerctl_checkerctl_SOURCES = \
	checkerctl/main.c \
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
	tests/unit/test-ctl-client \
	tests/unit/test-ctl-format \
	tests/unit/test-ctl-frame \
	tests/unit/test-ctl-latency \
	tests/unit/test-ctl-options \
	tests/unit/test-ctl-run \
	tests/unit/test-ctl-table \
	tests/unit/test-ctl-text \
	tests/unit/test-ctl-top \
	tests/unit/test-ctl-trouble \
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
	tests/unit/ctl-fake.c \
	tests/unit/ctl-fake.h \
	tests/unit/ctl-replies.h \
	$(NULL)
CTL_TEST_LDADD = libctl.la libutil.la $(JSONC_LIBS) $(CMOCKA_LIBS)

tests_unit_test_ctl_client_CPPFLAGS = $(CTL_TEST_CPPFLAGS)
tests_unit_test_ctl_client_LDADD = $(CTL_TEST_LDADD)
tests_unit_test_ctl_format_CPPFLAGS = $(CTL_TEST_CPPFLAGS)
tests_unit_test_ctl_format_LDADD = $(CTL_TEST_LDADD)
tests_unit_test_ctl_frame_CPPFLAGS = $(CTL_TEST_CPPFLAGS)
tests_unit_test_ctl_frame_LDADD = $(CTL_TEST_LDADD)
tests_unit_test_ctl_latency_CPPFLAGS = $(CTL_TEST_CPPFLAGS)
tests_unit_test_ctl_latency_LDADD = $(CTL_TEST_LDADD)
tests_unit_test_ctl_options_CPPFLAGS = $(CTL_TEST_CPPFLAGS)
tests_unit_test_ctl_options_LDADD = $(CTL_TEST_LDADD)
tests_unit_test_ctl_run_SOURCES = tests/unit/test-ctl-run.c $(CTL_FAKE)
tests_unit_test_ctl_run_CPPFLAGS = $(CTL_RUN_CPPFLAGS)
tests_unit_test_ctl_run_LDADD = $(CMOCKA_LIBS)
tests_unit_test_ctl_table_CPPFLAGS = $(CTL_TEST_CPPFLAGS)
tests_unit_test_ctl_table_LDADD = $(CTL_TEST_LDADD)
tests_unit_test_ctl_text_CPPFLAGS = $(CTL_TEST_CPPFLAGS)
tests_unit_test_ctl_text_LDADD = $(CTL_TEST_LDADD)
tests_unit_test_ctl_top_CPPFLAGS = $(CTL_TEST_CPPFLAGS)
tests_unit_test_ctl_top_LDADD = $(CTL_TEST_LDADD)
tests_unit_test_ctl_trouble_SOURCES = tests/unit/test-ctl-trouble.c $(CTL_FAKE)
tests_unit_test_ctl_trouble_CPPFLAGS = $(CTL_RUN_CPPFLAGS)
tests_unit_test_ctl_trouble_LDADD = $(CMOCKA_LIBS)
endif

dist_check_SCRIPTS += tests/ctl-words
TESTS += tests/ctl-words

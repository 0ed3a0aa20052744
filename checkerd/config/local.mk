# SPDX-License-Identifier: LGPL-2.1-or-later
# libconfig.la: reads and prints the configuration. Its unit tests are declared here too.
noinst_LTLIBRARIES += libconfig.la
libconfig_la_SOURCES = \
	checkerd/config/checker_choice.c \
	checkerd/config/checker_choice.h \
	checkerd/config/config.c \
	checkerd/config/config.h \
	checkerd/config/config_ref.c \
	checkerd/config/config_ref.h \
	checkerd/config/dump.c \
	checkerd/config/dump.h \
	checkerd/config/filter.c \
	checkerd/config/filter.h \
	checkerd/config/hardware.c \
	checkerd/config/hardware.h \
	checkerd/config/keywords.c \
	checkerd/config/keywords_find.c \
	checkerd/config/keywords.h \
	checkerd/config/lexer.c \
	checkerd/config/lexer.h \
	checkerd/config/load.c \
	checkerd/config/load.h \
	checkerd/config/loader.c \
	checkerd/config/loader.h \
	checkerd/config/maintenance.c \
	checkerd/config/maintenance.h \
	checkerd/config/multipath/mpconf.c \
	checkerd/config/multipath/mpconf.h \
	checkerd/config/multipath/mpconf_finish.c \
	checkerd/config/multipath/mpconf_finish.h \
	checkerd/config/multipath/mpconf_import.c \
	checkerd/config/multipath/mpconf_import.h \
	checkerd/config/multipath/mpconf_keywords.c \
	checkerd/config/multipath/mpconf_keywords.h \
	checkerd/config/multipath/mpconf_line.c \
	checkerd/config/multipath/mpconf_line.h \
	checkerd/config/multipath/mpconf_section.c \
	checkerd/config/multipath/mpconf_section.h \
	checkerd/config/multipath/mpconf_text.c \
	checkerd/config/multipath/mpconf_text.h \
	checkerd/config/multipath/mpconf_value.c \
	checkerd/config/multipath/mpconf_value.h \
	checkerd/config/nearest.c \
	checkerd/config/nearest.h \
	checkerd/config/parser.c \
	checkerd/config/parser.h \
	checkerd/config/pattern.c \
	checkerd/config/pattern.h \
	checkerd/config/problem.c \
	checkerd/config/problem.h \
	checkerd/config/reader.c \
	checkerd/config/reader.h \
	checkerd/config/restart_only.c \
	checkerd/config/restart_only.h \
	checkerd/config/rules.c \
	checkerd/config/rules.h \
	checkerd/config/rules_text.c \
	checkerd/config/rules_text.h \
	checkerd/config/section.c \
	checkerd/config/section.h \
	checkerd/config/source_file.c \
	checkerd/config/source_file.h \
	checkerd/config/value.c \
	checkerd/config/value.h \
	checkerd/config/window_text.c \
	checkerd/config/window_text.h \
	$(NULL)

if HAVE_CMOCKA
config_tests = \
	tests/unit/config/test-checker-choice \
	tests/unit/config/test-config \
	tests/unit/config/test-config-lexer \
	tests/unit/config/test-config-bad \
	tests/unit/config/test-config-docs \
	tests/unit/config/test-config-filter \
	tests/unit/config/test-config-load \
	tests/unit/config/test-config-origin \
	tests/unit/config/test-config-robust \
	tests/unit/config/test-multipathd-manual \
	tests/unit/config/test-mpconf \
	tests/unit/config/test-mpconf-load \
	tests/unit/config/test-restart-only \
	$(NULL)
check_PROGRAMS += $(config_tests)
TESTS += $(config_tests)
# Configurations with a mistake each, and what is to be said of it; see test-config-bad.c.
EXTRA_DIST += tests/unit/config/config-bad
# Files of multipathd, and what is to be in force with each; see test-mpconf.c.
EXTRA_DIST += tests/unit/config/multipath.conf

config_test_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS) -DTEST_SRCDIR='"$(abs_top_srcdir)"'
config_test_ldadd = libconfig.la libcore.la libutil.la $(CMOCKA_LIBS)

tests_unit_config_test_checker_choice_SOURCES = \
	tests/unit/config/config-text.h \
	tests/unit/config/test-checker-choice.c \
	$(NULL)
tests_unit_config_test_checker_choice_CFLAGS = $(config_test_cflags)
tests_unit_config_test_checker_choice_LDADD = $(config_test_ldadd)
tests_unit_config_test_mpconf_SOURCES = \
	tests/unit/config/config-text.h \
	tests/unit/config/test-mpconf.c \
	$(NULL)
tests_unit_config_test_mpconf_CFLAGS = $(config_test_cflags)
tests_unit_config_test_mpconf_LDADD = $(config_test_ldadd)
tests_unit_config_test_mpconf_load_SOURCES = \
	tests/unit/config/config-text.h \
	tests/unit/config/test-mpconf-load.c \
	$(NULL)
tests_unit_config_test_mpconf_load_CFLAGS = $(config_test_cflags)
tests_unit_config_test_mpconf_load_LDADD = $(config_test_ldadd)
tests_unit_config_test_restart_only_SOURCES = tests/unit/config/test-restart-only.c
tests_unit_config_test_restart_only_CFLAGS = $(config_test_cflags)
tests_unit_config_test_restart_only_LDADD = $(config_test_ldadd)
tests_unit_config_test_config_SOURCES = tests/unit/config/test-config.c tests/unit/config/config-text.h
tests_unit_config_test_config_CFLAGS = $(config_test_cflags)
tests_unit_config_test_config_LDADD = $(config_test_ldadd)
tests_unit_config_test_config_lexer_SOURCES = tests/unit/config/test-config-lexer.c tests/unit/config/config-text.h
tests_unit_config_test_config_lexer_CFLAGS = $(config_test_cflags)
tests_unit_config_test_config_lexer_LDADD = $(config_test_ldadd)
tests_unit_config_test_config_bad_SOURCES = tests/unit/config/test-config-bad.c tests/unit/config/config-text.h
tests_unit_config_test_config_bad_CFLAGS = $(config_test_cflags)
tests_unit_config_test_config_bad_LDADD = $(config_test_ldadd)
tests_unit_config_test_config_docs_SOURCES = tests/unit/config/test-config-docs.c tests/unit/config/config-text.h
tests_unit_config_test_config_docs_CFLAGS = $(config_test_cflags)
tests_unit_config_test_config_docs_LDADD = $(config_test_ldadd)
tests_unit_config_test_multipathd_manual_SOURCES = tests/unit/config/test-multipathd-manual.c tests/unit/config/config-text.h
tests_unit_config_test_multipathd_manual_CFLAGS = $(config_test_cflags)
tests_unit_config_test_multipathd_manual_LDADD = $(config_test_ldadd)
tests_unit_config_test_config_origin_SOURCES = tests/unit/config/test-config-origin.c tests/unit/config/config-text.h
tests_unit_config_test_config_origin_CFLAGS = $(config_test_cflags)
tests_unit_config_test_config_origin_LDADD = $(config_test_ldadd)
tests_unit_config_test_config_filter_SOURCES = tests/unit/config/test-config-filter.c tests/unit/config/config-text.h
tests_unit_config_test_config_filter_CFLAGS = $(config_test_cflags)
tests_unit_config_test_config_filter_LDADD = $(config_test_ldadd)
tests_unit_config_test_config_load_SOURCES = tests/unit/config/test-config-load.c tests/unit/config/config-text.h
tests_unit_config_test_config_load_CFLAGS = $(config_test_cflags)
tests_unit_config_test_config_load_LDADD = $(config_test_ldadd)
tests_unit_config_test_config_robust_SOURCES = \
	tests/unit/config/test-config-robust.c \
	tests/unit/config/config-text.h \
	tests/unit/random.h \
	$(NULL)
tests_unit_config_test_config_robust_CFLAGS = $(config_test_cflags)
tests_unit_config_test_config_robust_LDADD = $(config_test_ldadd)
# The test's own malloc and friends, to make them fail.
tests_unit_config_test_config_robust_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=reallocarray \
	-Wl,--wrap=strdup,--wrap=asprintf,--wrap=vasprintf
endif

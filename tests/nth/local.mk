# SPDX-License-Identifier: LGPL-2.1-or-later
# The Nth call fails: what is preloaded, and a life of the engine. tests/nth/run BUILDDIR runs them.
EXTRA_DIST += tests/nth/run

# To be preloaded; -rpath makes libtool build a shared object of what is not installed.
noinst_LTLIBRARIES += tests/nth/nth.la
tests_nth_nth_la_SOURCES = tests/nth/nth.c tests/nth/nth.h tests/preload.h
tests_nth_nth_la_CPPFLAGS = $(preloaded_cppflags)
tests_nth_nth_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -rpath /nowhere

noinst_PROGRAMS += tests/nth/engine
tests_nth_engine_SOURCES = tests/nth/engine.c tests/nth/nth.h
tests_nth_engine_LDADD = libengine.la libutil.la

# make check-nth: all of it, which takes some minutes.
.PHONY: check-nth
check-nth: all
	$(top_srcdir)/tests/nth/run $(abs_top_builddir)

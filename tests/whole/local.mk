# SPDX-License-Identifier: LGPL-2.1-or-later
# The pure core whole: every state that the worlds of tests/whole reach, and how many there are.
EXTRA_DIST += \
	tests/whole/README.md \
	tests/whole/plants/disabled-hides-another.patch \
	tests/whole/plants/emptied-unnoticed.patch \
	tests/whole/plants/given-back-while-held.patch \
	tests/whole/plants/hold-forgets-failures.patch \
	tests/whole/plants/pardon-takes-marks.patch \
	tests/whole/plants/refused-forgotten.patch \
	tests/whole/plants/release-unasked.patch \
	tests/whole/plants/run \
	tests/whole/plants/silence-counts-twice.patch \
	tests/whole/plants/streak-survives.patch \
	tests/whole/plants/waits-for-ever.patch \
	tests/whole/recorded \
	$(NULL)
EXTRA_PROGRAMS += tests/whole/whole
CLEANFILES += tests/whole/whole
tests_whole_whole_SOURCES = \
	tests/whole/explore.c \
	tests/whole/explore.h \
	tests/whole/main.c \
	tests/whole/map.c \
	tests/whole/map_world.h \
	tests/whole/map_judge.c \
	tests/whole/map_moves.c \
	tests/whole/path.c \
	tests/whole/whole.h \
	$(NULL)
tests_whole_whole_CPPFLAGS = $(AM_CPPFLAGS) -DWHOLE_RECORDED='"$(abs_top_srcdir)/tests/whole/recorded"'
tests_whole_whole_LDADD = libdaemon.la libcore.la libutil.la

# make check-whole; make check-whole WHOLE=--deep for the worlds that take minutes
WHOLE =
.PHONY: check-whole
check-whole: tests/whole/whole$(EXEEXT)
	tests/whole/whole$(EXEEXT) $(WHOLE)

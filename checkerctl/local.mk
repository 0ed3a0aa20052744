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
	checkerctl/exit.h \
	checkerctl/format.c \
	checkerctl/format.h \
	checkerctl/frame.c \
	checkerctl/frame.h \
	checkerctl/health.c \
	checkerctl/options.c \
	checkerctl/options.h \
	checkerctl/show.c \
	checkerctl/status.c \
	checkerctl/table.c \
	checkerctl/table.h \
	checkerctl/text.c \
	checkerctl/text.h \
	checkerctl/topology.c \
	$(NULL)
libctl_la_CPPFLAGS = $(AM_CPPFLAGS) $(JSONC_CFLAGS) $(SMARTCOLS_CFLAGS)
libctl_la_LIBADD = $(JSONC_LIBS) $(SMARTCOLS_LIBS) -lm

bin_PROGRAMS += checkerctl/checkerctl
checkerctl_checkerctl_SOURCES = checkerctl/main.c
checkerctl_checkerctl_CPPFLAGS = $(AM_CPPFLAGS) $(JSONC_CFLAGS)
checkerctl_checkerctl_LDADD = libctl.la libutil.la

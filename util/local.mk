# SPDX-License-Identifier: LGPL-2.1-or-later
noinst_LTLIBRARIES += libutil.la
libutil_la_SOURCES = \
	util/macro.h \
	util/mono.h \
	util/spsc.h \
	util/thread.c \
	util/thread.h \
	$(NULL)

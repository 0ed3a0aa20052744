# SPDX-License-Identifier: LGPL-2.1-or-later
# libdiscovery.la: which paths there are.
noinst_LTLIBRARIES += libdiscovery.la
libdiscovery_la_SOURCES = \
	checkerd/discovery/config_ref.c \
	checkerd/discovery/config_ref.h \
	checkerd/discovery/discovery.c \
	checkerd/discovery/discovery.h \
	checkerd/discovery/found.c \
	checkerd/discovery/found.h \
	checkerd/discovery/identity.c \
	checkerd/discovery/identity.h \
	checkerd/discovery/names.c \
	checkerd/discovery/scan.h \
	checkerd/discovery/static.c \
	checkerd/discovery/sysfs.c \
	checkerd/discovery/watch.c \
	$(NULL)
libdiscovery_la_CFLAGS = $(AM_CFLAGS) $(UDEV_CFLAGS)
libdiscovery_la_LIBADD = $(UDEV_LIBS)

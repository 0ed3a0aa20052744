# SPDX-License-Identifier: LGPL-2.1-or-later
# The daemon: libdaemon.la is all of it but main() and the edges, so that tests can have its parts.
noinst_LTLIBRARIES += libdaemon.la
libdaemon_la_SOURCES =
libdaemon_la_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS)

sbin_PROGRAMS += checkerd/checkerd
checkerd_checkerd_SOURCES = checkerd/loop/main.c $(wrap_sources)
checkerd_checkerd_LDFLAGS = $(wrap_ldflags)
checkerd_checkerd_LDADD = \
	libdaemon.la \
	libcontrol.la \
	libdiscovery.la \
	libdevmap.la \
	liblog.la \
	libpurger.la \
	libstore.la \
	libconfig.la \
	libcore.la \
	libpathcheck.la \
	libutil.la \
	$(SYSTEMD_LIBS) \
	$(UDEV_LIBS) \
	$(NULL)

include checkerd/core/local.mk
include checkerd/config/local.mk
include checkerd/control/local.mk
include checkerd/devmapper/local.mk
include checkerd/discovery/local.mk
include checkerd/log/local.mk
include checkerd/purger/local.mk
include checkerd/store/local.mk
include checkerd/paths/local.mk
include checkerd/manager/local.mk
include checkerd/answers/local.mk
include checkerd/loop/local.mk

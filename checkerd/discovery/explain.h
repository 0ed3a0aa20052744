/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DISCOVERY_EXPLAIN_H
#define CHECKERD_DISCOVERY_EXPLAIN_H

/*
 * Answers checkerctl explain: is a device watched, because of which rule, and where do its settings
 * come from? Runs on the discovery thread, which has the rules and sees the excluded devices.
 */
#include "checkerd/core/explanation.h"
#include "checkerd/discovery/found.h"
#include "checkerd/discovery/udev_watch.h"

struct explain_source {
	const struct config *config;
	int sysfs;
	struct udev_watch *watch; /* NULL: discovery is static */
	const struct found_list *reported, *observed;
};

/* Fills in what explanation.h says of e->asked. Without memory or descriptors it says so. */
void explain_device(const struct explain_source *x, struct explanation *e);

#endif

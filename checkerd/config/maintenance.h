/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_MAINTENANCE_H
#define CHECKERD_CONFIG_MAINTENANCE_H

/* The maintenance windows of a configuration: when, and for which paths. Immutable; any thread. */
#include "checkerd/config/config.h"
#include "checkerd/config/pattern.h"
#include "checkerd/core/device.h"
#include "util/calendar.h"

#define MAINTENANCE_WINDOWS_MAX 30

struct maintenance_window {
	struct calendar when;
	char *host, *target, *map; /* owned; NULL: any */
	struct pattern *devnode;   /* owned; NULL: any */
	bool fail;                 /* the paths are failed in their maps, too */
	bool force;                /* also the last usable path of a map */
	char *place;               /* owned: "FILE:LINE" */
};

struct maintenance {
	struct maintenance_window *windows;
	size_t n;
};

void maintenance_deinit(struct maintenance *m);
const struct maintenance *maintenance_of(const struct config *c);
/* map: the name of the path's map, or NULL. */
bool maintenance_covers(const struct maintenance_window *w, const struct device *d,
                        const char *map);

#endif

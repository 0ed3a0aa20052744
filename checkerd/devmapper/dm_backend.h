/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DEVMAPPER_DM_BACKEND_H
#define CHECKERD_DEVMAPPER_DM_BACKEND_H

/*
 * The kernel's device-mapper behind a few functions. The device-mapper thread calls all but new and
 * free, and each of them may block.
 */
#include "checkerd/devmapper/devmapper.h"
#include "checkerd/devmapper/multipath_table.h"
#include "util/mono.h"

struct dm_listed {
	uint32_t devt_major, devt_minor;
	uint32_t event_nr;
	const char *name;
};

enum dm_kind {
	DM_KIND_EMPTY,     /* no table yet */
	DM_KIND_OTHER,     /* not one multipath target */
	DM_KIND_MULTIPATH, /* one multipath target; the text is valid */
};

struct dm_backend {
	/* Opens the control device. 0: also if it is open. -ENOENT, -EACCES, … */
	int (*open)(struct dm_backend *b);
	/* POLLIN from the first event after arm() until the next arm(); -1: not open. */
	int (*fd)(const struct dm_backend *b);
	int (*arm)(struct dm_backend *b);
	/* Calls `each` for every device, in any order. `each` does not call the backend. */
	int (*list)(struct dm_backend *b,
	            void (*each)(void *arg, const struct dm_listed *l), void *arg);
	/* The text is valid until the next call. -ENXIO: the device is gone. */
	int (*read)(struct dm_backend *b, uint32_t devt_major, uint32_t devt_minor,
	            enum dm_kind *ret_kind, struct multipath_text *ret);
	/* Allocates nothing. */
	int (*message)(struct dm_backend *b, const struct dm_command *c);
	struct mono (*now)(const struct dm_backend *b);
	void (*free)(struct dm_backend *b);
};

#endif

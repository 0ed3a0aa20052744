/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DEVMAPPER_DM_BACKEND_H
#define CHECKERD_DEVMAPPER_DM_BACKEND_H

/*
 * The kernel's device-mapper behind a few functions. All but new and free are called by the
 * device-mapper thread only, and each of them may block.
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
	DM_KIND_MULTIPATH, /* the text's lines are valid */
};

struct dm_backend {
	/* Opens the control device; 0 when it is open already. -ENOENT, -EACCES, … */
	int (*open)(struct dm_backend *b);
	/* POLLIN from the first event after arm() until the next arm(); -1: not open. */
	int (*fd)(const struct dm_backend *b);
	int (*arm)(struct dm_backend *b);
	/* Calls `each` for every device, in any order. It calls nothing of the backend. */
	int (*list)(struct dm_backend *b,
	            void (*each)(void *arg, const struct dm_listed *l), void *arg);
	/* The text is valid until the next call. -ENXIO: there is no such device any more. */
	int (*read)(struct dm_backend *b, uint32_t devt_major, uint32_t devt_minor,
	            enum dm_kind *ret_kind, struct multipath_text *ret);
	/* Allocates nothing. */
	int (*message)(struct dm_backend *b, const struct dm_command *c);
	struct mono (*now)(const struct dm_backend *b);
	void (*free)(struct dm_backend *b);
};

/* The one over libdevmapper and /dev/mapper/control. One a process: the library has state
 * of its own. -ENOMEM. */
_must_check_ int backend_libdm_new(struct dm_backend **ret);
/* Bytes at most with so many devices of any kind. */
uint64_t backend_libdm_bytes(uint32_t max_devices);

/* devmapper_new() with another backend, which it takes, also on failure. */
_must_check_ int devmapper_new_on(struct devmapper **ret,
                                  const struct devmapper_options *o,
                                  struct dm_backend *b);

#endif

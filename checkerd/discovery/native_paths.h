/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DISCOVERY_NATIVE_PATHS_H
#define CHECKERD_DISCOVERY_NATIVE_PATHS_H

/*
 * The paths of native NVMe multipathing. A disk nvme0n1, the head, has a path nvme0c1n1 through each
 * controller. The paths have no node, so nobody can read through one of them: their states are those
 * of the controller and of the namespace's ANA group in sysfs. Runs on the discovery thread.
 */
#include "checkerd/discovery/found.h"
#include "util/mono.h"

/* After a uevent of a controller. Its namespaces come a moment later. */
#define NATIVE_PATHS_WAIT_US (200 * USEC_PER_MSEC)

struct native_paths {
	struct found_list list; /* the reported ones */
	uint32_t *order;        /* indexes of the list, sorted by the map */
	/* When the states are read next. MONO_NEVER: there are no heads. */
	struct mono due;
};

#define NATIVE_PATHS_NULL                                \
	{                                                \
		FOUND_LIST_NULL, NULL, .due = MONO_NEVER \
	}

void native_paths_deinit(struct native_paths *n);
/* The controllers or disks may have changed. */
void native_paths_expect(struct native_paths *n, struct mono now);
/*
 * Lists the paths of the heads, emits the differences, and emits a FOUND_STATE for each path. gone:
 * as of found_plan(). Returns what emit returned, or -errno: the list stays, and it is due soon.
 */
int native_paths_update(struct native_paths *n, int sysfs, const struct found_list *heads,
                        bool gone, int (*emit)(void *arg, struct found *f), void *arg);

/*
 * The name of the head of a path: "nvme0n1" of "nvme0c1n1". False: it is no name of a path, and *ret
 * is not set.
 */
bool native_paths_head(const char *path, char ret[static DEVICE_NAME_MAX]);
/* Is it the name of a controller, "nvme1"? */
bool native_paths_is_controller(const char *name);

#endif

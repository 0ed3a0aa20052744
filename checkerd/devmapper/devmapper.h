/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DEVMAPPER_DEVMAPPER_H
#define CHECKERD_DEVMAPPER_DEVMAPPER_H

/*
 * Finds the multipath maps, follows what becomes of them, and sends them fail_path and
 * reinstate_path, all on one thread of its own: dm ioctls can block. One poll of
 * /dev/mapper/control tells of events of every map.
 *
 * News go to the loop through a bounded ring; when that is full the thread waits. Commands
 * come through one of fixed size; from the command to the ioctl nothing is allocated.
 */
#include <stdbool.h>

#include "checkerd/core/map.h"

#define DEVMAPPER_COMMANDS 4096 /* room for that many without an answer */

struct devmapper;

enum dm_verb { DM_FAIL_PATH, DM_REINSTATE_PATH };

struct dm_command {
	enum dm_verb verb;
	uint32_t map_major, map_minor;
	uint32_t path_major, path_minor;
	uint64_t token; /* handed back with the answer */
};

enum dm_news_op {
	DM_NEWS_MAP,  /* new, or changed: `map` */
	DM_NEWS_GONE, /* `map`: as it was last told */
	DM_NEWS_DONE, /* answer to `command`: `error`, 0 or a positive errno */
	DM_NEWS_SYNC, /* all maps there are have been told once; error: they cannot be listed,
	               * and that is tried again. Told anew when error or left_out change */
};

struct dm_news {
	enum dm_news_op op;
	struct map *map; /* MAP, GONE: a reference, the receiver's */
	struct dm_command command;
	int error;
	uint32_t left_out; /* SYNC: devices that found no room: maps too many */
};

struct devmapper_options {
	uint32_t max_maps; /* further ones are left out, and said to be */
};

/*
 * Starts the thread, which begins with listing the maps. -ENOMEM, -EAGAIN, -EMFILE.
 * No device-mapper in the kernel, or no permission: that is told by DM_NEWS_SYNC with its
 * error, and tried again when asked to look.
 */
_must_check_ int devmapper_new(struct devmapper **ret, const struct devmapper_options *o);
/* Ends the thread; false: it hangs and was left behind with its memory after limit_us. */
bool devmapper_free(struct devmapper *d, int64_t limit_us);

/* --- the loop's side --- */
int devmapper_fd(const struct devmapper *d); /* POLLIN: news are waiting */
void devmapper_clear(struct devmapper *d);   /* resets the descriptor, before taking */
bool devmapper_next(struct devmapper *d, struct dm_news *ret);
/* False: no room; each DM_NEWS_DONE makes some. Commands of one path are done in order. */
_must_check_ bool devmapper_command(struct devmapper *d, const struct dm_command *c);
/* List the maps again: one may have come or gone (uevent, reload). Many calls are one. */
void devmapper_look(struct devmapper *d);
/* Tell every map again: one that found no room may find it now. */
void devmapper_tell_again(struct devmapper *d);

/* Bytes at most, its thread's stack and every map included: for the bound. */
uint64_t devmapper_bytes(uint32_t max_maps, uint32_t max_paths);

#endif

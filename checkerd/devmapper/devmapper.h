/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DEVMAPPER_DEVMAPPER_H
#define CHECKERD_DEVMAPPER_DEVMAPPER_H

/*
 * Finds the multipath maps, follows their changes, and sends them fail_path and reinstate_path.
 * All of this runs on one thread, because dm ioctls can block. One poll() of /dev/mapper/control
 * waits for the events of every map.
 *
 * Records go to the loop through a bounded ring; when it is full the thread waits. Commands come
 * through a ring of fixed size. No memory is allocated between a command and its ioctl.
 */
#include <stdbool.h>

#include "checkerd/core/map.h"

#define DEVMAPPER_COMMANDS 4096 /* at most this many without an answer */

struct devmapper;

enum dm_verb { DM_FAIL_PATH, DM_REINSTATE_PATH };

struct dm_command {
	enum dm_verb verb;
	uint32_t map_major, map_minor;
	uint32_t path_major, path_minor;
	uint64_t token; /* handed back with the answer */
};

enum dm_record_type {
	DM_RECORD_MAP,  /* a map is new, or changed */
	DM_RECORD_GONE, /* a map is gone; `map` is the last reported one */
	DM_RECORD_DONE, /* the answer to `command`: `error` is 0 or a positive errno */
	/* Every map was reported once, or the maps cannot be listed: `error`. Repeated when
	 * error or no_room change. */
	DM_RECORD_SYNC,
};

struct dm_record {
	enum dm_record_type op;
	struct map *map; /* MAP, GONE: a reference, the receiver's */
	struct dm_command command;
	int error;
	uint32_t no_room; /* SYNC: devices that found no room */
};

struct devmapper_options {
	uint32_t max_maps; /* further maps are not followed, and counted in no_room */
};

struct dm_backend;

/*
 * Starts the thread, which lists the maps first. -ENOMEM, -EAGAIN, -EMFILE. When the kernel has
 * no device-mapper, or permission is missing, DM_RECORD_SYNC has the error, and devmapper_look()
 * tries again.
 */
_must_check_ int devmapper_new(struct devmapper **ret, const struct devmapper_options *o);
/* The same on another backend, which it owns, also on failure. */
_must_check_ int devmapper_new_on(struct devmapper **ret,
                                  const struct devmapper_options *o,
                                  struct dm_backend *b);
/* Ends the thread. False: it hangs, and stays with its memory after limit_us. */
bool devmapper_free(struct devmapper *d, int64_t limit_us);

/* These are called on the loop. */
int devmapper_fd(const struct devmapper *d); /* POLLIN: records are waiting */
void devmapper_clear(struct devmapper *d); /* resets the descriptor; to be called first */
bool devmapper_next(struct devmapper *d, struct dm_record *ret);
/* False: no room until the next DM_RECORD_DONE. Commands of one path are sent in order. */
_must_check_ bool devmapper_command(struct devmapper *d, const struct dm_command *c);
/* Lists the maps again, after a uevent or a reload. Several calls may give one list. */
void devmapper_look(struct devmapper *d);
/* Reports every map again, because a map that found no room may find some now. */
void devmapper_report_again(struct devmapper *d);

/* The most bytes, with the thread's stack and every map: for the bound. */
uint64_t devmapper_bytes(uint32_t max_maps, uint32_t max_paths);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DISCOVERY_FOUND_H
#define CHECKERD_DISCOVERY_FOUND_H

/*
 * Lists of devices with their settings, and the difference between two lists as records for the
 * loop. Pure.
 */
#include <stddef.h>

#include "checkerd/core/device.h"
#include "checkerd/core/registry.h"
#include "checkerd/core/timers.h"
#include "util/macro.h"

enum found_op {
	FOUND_ADD,
	FOUND_CHANGE, /* the same path: another description or other settings */
	FOUND_REMOVE,
	FOUND_SYNC, /* every device under a configuration was reported */
	FOUND_MAP,  /* a device-mapper device was added, removed or changed */
	/* The state of an observed path. Those of the paths of one map follow each other. */
	FOUND_STATE,
	FOUND_TIMERS, /* the kernel's timers were compared with the settings */
};

struct found {
	enum found_op op;
	bool gone;     /* REMOVE: the device is gone, not only its configuration */
	bool replaced; /* REMOVE, ADD: another disk has the name now */
	struct device *device; /* a reference for the reader; NULL with SYNC and MAP */
	struct path_settings settings;
	uint64_t generation;         /* SYNC, TIMERS: the configuration's */
	struct timer_report *timers; /* TIMERS: a reference for the reader; else NULL */
	uint32_t
	        asked; /* TIMERS: requests before it, as discovery_read_timers() counts them */
	/* SYNC: devices that the rules exclude, or that found no room. */
	uint32_t excluded;
	int error; /* SYNC: positive errno: the devices could not be listed */
	struct sysfs_state state; /* STATE: no state: it could not be read */
	bool last;                /* STATE: of its map */
};

/* Drops the references. */
void found_deinit(struct found *f);

struct found_entry {
	struct device *device; /* a reference */
	struct path_settings settings;
};

/* A list in the order of the names. Each name is there once. */
struct found_list {
	struct found_entry *entries;
	size_t n, capacity;
	/* While the list is built: the list that it will replace, to share devices with; or
	 * NULL. */
	const struct found_list *before;
};

#define FOUND_LIST_NULL          \
	{                        \
		NULL, 0, 0, NULL \
	}

void found_list_deinit(struct found_list *l);
/* To build a list: append in any order, then sort once. Takes the reference, also on failure.
 * -ENOMEM. */
_must_check_ int found_list_append(struct found_list *l, struct device *d,
                                   const struct path_settings *s);
/* Returns how many entries it dropped, because an earlier one has their name. */
size_t found_list_sort(struct found_list *l);
/* Adds an entry to a sorted list. Takes the reference, also on failure. -EEXIST; -ENOMEM. */
_must_check_ int found_list_add(struct found_list *l, struct device *d,
                                const struct path_settings *s);
/* The index of a name; l->n: no entry has it. */
size_t found_list_find(const struct found_list *l, const char *name);
/*
 * Returns the list's device of the same name if it equals d, else d, so that equal devices are
 * not kept twice. Takes the reference to d and returns one.
 */
struct device *found_list_share(const struct found_list *l, struct device *d);
/* Drops the entry's reference. */
void found_list_remove(struct found_list *l, size_t at);

/* Is `after` another disk, or another way to it, so that the path has to be opened again? */
bool found_replaced(const struct device *before, const struct device *after);

/*
 * Emits the records that turn `before` into `after`. Removals come first, so that additions find
 * room. Unchanged paths give no record. A head of native NVMe multipathing counts as not there. The receiver owns each record's reference. `emit` returns
 * 0, or a negative number, which found_plan() returns at once.
 */
int found_plan(const struct found_list *before, const struct found_list *after, bool gone,
               int (*emit)(void *arg, struct found *f), void *arg);

#endif

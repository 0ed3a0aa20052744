/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DISCOVERY_FOUND_H
#define CHECKERD_DISCOVERY_FOUND_H

/*
 * What discovery knows: a list of devices with what the configuration says of each, and the
 * difference between two such lists as a series of records for the loop.
 */
#include <stddef.h>

#include "checkerd/core/device.h"
#include "checkerd/core/registry.h"
#include "util/macro.h"

enum found_op {
	FOUND_ADD,
	FOUND_CHANGE, /* the same path: another description or other settings */
	FOUND_REMOVE,
	FOUND_SYNC, /* all that was there under a configuration has been told */
	FOUND_MAP,  /* a device-mapper device came, went or changed; nothing more */
};

struct found {
	enum found_op op;
	bool gone;             /* REMOVE: the device went away, not its configuration */
	bool replaced;         /* REMOVE, ADD: another disk has taken the name */
	struct device *device; /* a reference for the reader; NULL with SYNC and MAP */
	struct path_settings settings;
	uint64_t generation; /* SYNC: the configuration's */
	uint32_t
	        excluded; /* SYNC: devices that the rules left out or that found no room */
	int error;        /* SYNC: the devices could not be listed: positive errno */
};

struct found_entry {
	struct device *device; /* a reference */
	struct path_settings settings;
};

/* A list in the order of the devices' names, each name once. */
struct found_list {
	struct found_entry *entries;
	size_t n, capacity;
	/* While it is built: the list it will take the place of, to share with; or NULL. */
	const struct found_list *before;
};

#define FOUND_LIST_NULL          \
	{                        \
		NULL, 0, 0, NULL \
	}

void found_list_deinit(struct found_list *l);
/* To build a whole list: append in any order, then sort once; sorting drops, and counts, all
 * but the first of what has the same name. Takes the reference, also on failure. -ENOMEM. */
_must_check_ int found_list_append(struct found_list *l, struct device *d,
                                   const struct path_settings *s);
size_t found_list_sort(struct found_list *l);
/* One more in a sorted list. Takes the reference, also on failure. -EEXIST; -ENOMEM. */
_must_check_ int found_list_add(struct found_list *l, struct device *d,
                                const struct path_settings *s);
/* The place of a name; l->n when it is not there. */
size_t found_list_find(const struct found_list *l, const char *name);
/*
 * The list's own device of that name, if it says the same; else d. Takes over one reference and
 * gives one: the path has the first one that was told, and would have two else.
 */
struct device *found_list_share(const struct found_list *l, struct device *d);
/* Drops the entry's reference. */
void found_list_remove(struct found_list *l, size_t at);

/* The difference that makes a path another one: it has to be opened anew. */
bool found_replaced(const struct device *before, const struct device *after);

/*
 * Tells, record by record, how `before` becomes `after`: first what goes, so that there is
 * room for what comes. Unchanged paths give no record. Each record's reference is the
 * receiver's. `emit` returns 0, or a negative number that ends the telling and is returned.
 */
int found_plan(const struct found_list *before, const struct found_list *after, bool gone,
               int (*emit)(void *arg, struct found *f), void *arg);

#endif

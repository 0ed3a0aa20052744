/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_INVENTORY_H
#define CHECKERD_PATHS_INVENTORY_H

/*
 * Applies what discovery found to the paths, record by record in discovery's order. When the engine
 * accepts no commands, the record is held, and later records wait in discovery's ring. The loop only.
 */
#include "checkerd/paths/checks.h"
#include "checkerd/discovery/discovery.h"
#include "checkerd/paths/observe.h"

/* Records per slice. */
#define INVENTORY_SLICE 256
/* How often multipathd is asked because another program reinstated a path. */
#define INVENTORY_PEER_US (60 * USEC_PER_SEC)

#define INVENTORY_TWINS_SIZE 256

struct inventory {
	/* Borrowed, as are the next two. */
	struct discovery *discovery;
	struct checks *checks;
	struct events *events;
	struct observe observe;
	/* With holding: a record that is not applied yet. */
	struct found held;
	bool holding;
	/* Generation of the configuration of the last FOUND_SYNC. 0: there was none. */
	uint64_t generation;
	/* Number of devices that the rules exclude, as of the last FOUND_SYNC. */
	uint32_t excluded;
	/* Number of paths beyond max_paths since the last FOUND_SYNC. */
	uint32_t no_room;
	/* There was a FOUND_MAP. The loop clears it. */
	bool map_changed;
	/* Why the last list failed: positive errno. */
	int error;
	/* Number of paths since inventory_reset_counts(). */
	uint32_t added, removed, changed;
	/* The newest report of the kernel's timers, a reference; NULL: there is none. */
	struct timer_report *timers;
	uint64_t timers_generation; /* of the configuration that it compares */
	uint32_t timers_asked;      /* of the last record, also without a report */
	struct mono peer_from;      /* multipathd is not asked again before */
	bool peer_reported;         /* what it does was logged, and goes on */
	/* A warning about the first two paths that lead to one device. "": none do. */
	char twins[INVENTORY_TWINS_SIZE];
};

void inventory_init(struct inventory *inv, struct discovery *d, struct checks *c,
                    struct events *ev);
void inventory_deinit(struct inventory *inv);
/* Another configuration is going to be applied. */
void inventory_reset_counts(struct inventory *inv);

/* Another program reinstated a path in its map: asks multipathd again whether it checks. */
void inventory_suspect_peer(struct inventory *inv, struct mono now);

/* Takes records, a slice at most. True: there may be more, and none is held. */
bool inventory_take(struct inventory *inv, struct mono now);

#endif

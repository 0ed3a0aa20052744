/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_INVENTORY_H
#define CHECKERD_PATHS_INVENTORY_H

/*
 * Brings what discovery found to the table of paths, record by record and in its order. When
 * the engine takes no commands the record is held, and those behind it wait in their ring.
 * The loop only.
 */
#include "checkerd/paths/checks.h"
#include "checkerd/discovery/discovery.h"

/* Records at one go. */
#define INVENTORY_SLICE 256

#define INVENTORY_TWINS_SIZE 256

struct inventory {
	struct discovery *discovery; /* borrowed */
	struct checks *checks;       /* borrowed */
	struct events *events;       /* borrowed */
	struct found held;           /* with holding: not done yet */
	bool holding;
	uint64_t generation; /* of the last FOUND_SYNC; 0: none yet */
	uint32_t left_out;   /* by rules, as of then */
	uint32_t no_room;    /* paths beyond max_paths since the last but one */
	bool map_changed;    /* a FOUND_MAP came; whoever looks after it clears it */
	int error;           /* of the listing, as of then: positive errno */
	/* Since inventory_reset_counts(): */
	uint32_t added, removed, changed;
	char twins
	        [INVENTORY_TWINS_SIZE]; /* the first two paths to one device; "": none */
};

void inventory_init(struct inventory *inv, struct discovery *d, struct checks *c,
                    struct events *ev);
void inventory_deinit(struct inventory *inv);
void inventory_reset_counts(struct inventory *inv);

/* Takes records, a slice at most. True: there may be more, and they can be taken now. */
bool inventory_take(struct inventory *inv, struct mono now);

#endif

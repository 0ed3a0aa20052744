/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_OUTAGE_STATE_H
#define CHECKERD_PATHS_OUTAGE_STATE_H

/* What outage.c and outage_maps.c share: the event about many paths or maps that is being made. The
 * loop only. */
#include "checkerd/paths/checks.h"

/* Records and visits of one slice. */
#define OUTAGE_RECORDS 256
#define OUTAGE_VISITS  4096
/* When the control thread's ring has no room, the next records follow after this time. */
#define OUTAGE_RETRY_US (5 * USEC_PER_MSEC)

enum outage_phase {
	OUTAGE_IDLE,
	OUTAGE_MEMBERS, /* the event of a part, with its members, is being made */
	OUTAGE_SINGLES, /* changes that no part explains */
	OUTAGE_MAPS,    /* the event of maps with the same redundancy */
	OUTAGE_MAP_SINGLES,
};

struct outage {
	/* Borrowed. */
	struct events *events;
	struct checks *checks;
	struct registry *registry; /* of checks */
	enum outage_phase phase;
	enum cause_turn turn;
	struct cause cause;
	enum redundancy to; /* of the maps */
	uint32_t cursor;
	uint32_t examined; /* the next path to check because its part is suspect */
	/* Of the changes that are gathered still. */
	struct mono oldest;
	/* The ring had no room before. */
	struct mono retry_at;
	bool finishing; /* the daemon ends: everything is reported now */
	/* Of the event that is being made. */
	struct events_group group;
	char label[CAUSE_TEXT_MAX];
	struct reason why;
	uint32_t votes; /* Boyer and Moore's: for `why` */
	bool same_why, same_from, same_to;
	uint8_t loss; /* enum loss, of all members; LOSS_NONE: it differs */
	enum path_state from, to_state;
	uint32_t changed, commanded, foreign;
	int64_t lasted_us; /* the longest */
	/* The event about paths says what became of the maps that are gathered. */
	bool maps_told;
};

#endif

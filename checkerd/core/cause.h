/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_CAUSE_H
#define CHECKERD_CORE_CAUSE_H

/*
 * The parts that paths share: an HBA or controller, a target, a target through one HBA, an array.
 * The table counts the paths of each part, and how many of them have a gathered change (gather.h). From
 * these numbers follows which part explains changes that came together. Belongs to the loop; pure;
 * allocated at start.
 */
#include <stdbool.h>
#include <stdint.h>

#include "checkerd/core/device.h"
#include "util/macro.h"

/* Fewer changes than this have no common cause: two disks of one host fail together by chance, and a
 * map mostly has four paths at most. */
#define CAUSE_MEMBERS_MIN 4
/* Parts of all paths. A path whose parts find no room is reported alone. */
#define CAUSES_MAX 256

/* What happened to a path. */
enum cause_turn {
	TURN_DOWN, /* it cannot be used any more */
	TURN_DOUBT, /* it failed, and nothing is decided; or the kernel failed it in its map */
	TURN_BACK, /* it is usable again, or about to be */
	TURN_GONE, /* it was removed */
	TURN_COUNT_,
	/* Of holds (hold_gather.h): it is held from now on; it is held no longer. */
	TURN_HELD = TURN_COUNT_,
	TURN_LET_GO,
	CAUSE_TURNS
};

/* In the order of their size: of parts that explain equally much, the first one is named. */
enum cause_kind {
	CAUSE_TARGET_OF_HOST,
	CAUSE_TARGET,
	CAUSE_HOST,
	CAUSE_ARRAY, /* vendor, product, and the array's part of a WWID */
	CAUSE_KINDS
};

struct cause {
	uint64_t key; /* a checksum of the part's names */
	uint32_t total;
	uint32_t gathered[CAUSE_TURNS];
	enum cause_kind kind : 8;
	uint8_t examined; /* bits 1 << enum cause_turn */
	uint16_t next;    /* chain of the index, or of the free ones */
};

struct causes {
	struct cause table[CAUSES_MAX];
	uint16_t heads[CAUSES_MAX];
	uint16_t free, used; /* used: no entry from here on was ever in use */
};

void causes_init(struct causes *c);
void causes_path_added(struct causes *c, const struct device *d);
void causes_path_removed(struct causes *c, const struct device *d);

/* The path has a gathered change now (by 1), or no longer (by -1). A removed path stays in its parts
 * meanwhile. Returns the most paths that one of its parts has in this turn. */
uint32_t causes_count(struct causes *c, const struct device *d, enum cause_turn turn,
                      int by);
/* Have all paths of one of this path's parts, and no others, changed? n: changes of this turn. */
bool causes_is_complete(const struct causes *c, const struct device *d,
                        enum cause_turn turn, uint32_t n);

/*
 * The part that explains the changes of this turn best: the one whose paths are most nearly those
 * that changed. It has CAUSE_MEMBERS_MIN of them, and at least half of its paths changed. False: no
 * part has. *ret: a copy.
 */
_must_check_ bool causes_best(const struct causes *c, enum cause_turn turn, uint32_t n,
                              struct cause *ret);
/*
 * Is a part of the device suspect now, because enough of its paths changed? The others should be
 * checked at once, and not one after the other over their whole interval. *ret: a copy of the largest
 * such part.
 */
_must_check_ bool causes_suspect(const struct causes *c, const struct device *d,
                                 enum cause_turn turn, struct cause *ret);
/* The paths of the suspect part are checked: it is not suspect again while one has a change. */
void causes_examined(struct causes *c, const struct cause *suspect, enum cause_turn turn);
/* Is the device one of that part? */
bool cause_has(const struct cause *cause, const struct device *d);

/* "host", "target", "target_of_host", "array"; "down", "failing", "back", "removed", "held", "let_go": of
 * metrics. */
const char *cause_kind_name(enum cause_kind kind);
const char *cause_turn_name(enum cause_turn turn);

#define CAUSE_TEXT_MAX 128
/* Writes the name of the part, by the names of one of its devices: "host3", "target 0x50060160
 * through host3", "array DGC VRAID". Returns buf. */
const char *cause_format(const struct cause *cause, const struct device *d, char *buf,
                         size_t size);

#endif

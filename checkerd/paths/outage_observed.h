/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_OUTAGE_OBSERVED_H
#define CHECKERD_PATHS_OUTAGE_OBSERVED_H

/*
 * Maps whose paths are observed: their redundancy is reported one by one, or that of many together. They
 * are not in the table of maps: the index of any of its paths stands for such a map. The loop only.
 */
#include "checkerd/paths/checks.h"

/* All states of the map's paths were taken: its redundancy may be another one. */
void outage_observed(struct checks *c, uint32_t index, struct mono now);

/* Is the redundancy of this path's map to be reported? True for one path of a map. */
bool outage_observed_is_gathered(const struct checks *c, uint32_t index);
enum redundancy outage_observed_redundancy(const struct checks *c, uint32_t index);
/* Reports it. */
void outage_observed_report(struct checks *c, uint32_t index, struct mono now);
/* It was reported with that of others. Returns the name of the map. */
const char *outage_observed_reported(struct checks *c, uint32_t index);

/* What the kernel does with I/O of a map without a usable path, the best of all paths. */
enum observed_io {
	OBSERVED_IO_FAILS,
	OBSERVED_IO_CONNECTS, /* it waits, or fails after fast_io_fail_tmo of the controller */
	OBSERVED_IO_WAITS
};

struct observed_loss {
	const char *map;
	struct map_loss loss;
	bool gone; /* all paths are gone for good */
	enum observed_io io;
};

/* Does this path stand for its map, and is the map lost, or is its end to be reported? True for one path
 * of a map at most. */
bool outage_observed_loss(const struct checks *c, uint32_t index,
                          struct observed_loss *ret);
/* That was reported. */
void outage_observed_loss_reported(struct checks *c, uint32_t index,
                                   enum map_loss_what what);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_DM_H
#define CHECKERD_PATHS_DM_H

/*
 * Applies notifications of the device-mapper thread to the table of maps. Expedites checks of paths
 * that the kernel failed by itself, sends the commands that follow from decisions, and reports what
 * happened to maps, paths and commands. The loop only. No function blocks.
 */
#include "checkerd/paths/dm_state.h"

/* Notifications, entries and maps that one slice handles. */
#define DM_SLICE 256
/* Time between two lists of the maps because of uevents. */
#define DM_LOOK_US (500 * USEC_PER_MSEC)
/* How long the daemon waits for the first list of maps before it is ready. */
#define DM_PATIENCE_US (2 * USEC_PER_SEC)

struct dm_parts {
	struct devmapper *devmapper;
	struct maps *maps;
	struct checks *checks;
	struct events *events;
};

void dm_init(struct dm *dm, const struct dm_parts *parts, struct mono now);

/* Another configuration is in force. */
void dm_configure(struct dm *dm, const struct config *c, uint64_t generation);
/* A device-mapper device was added, removed or changed. */
void dm_look(struct dm *dm);
/* Takes notifications, a slice at most. True: there may be more. */
bool dm_take(struct dm *dm, struct mono now);
/* Sends commands and reports maps that changed, a slice at most. To be called at the end of each
 * round of the loop. */
void dm_complete_round(struct dm *dm, struct mono now);
/* When dm_complete_round() is needed next. */
struct mono dm_next(const struct dm *dm);
/* The table of maps is complete: what a device says about its map is older. */
bool dm_decides(const struct dm *dm);
/* The first list of maps is complete, or was waited for long enough. */
bool dm_is_ready(const struct dm *dm);

#endif

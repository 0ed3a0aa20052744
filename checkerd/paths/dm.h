/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_DM_H
#define CHECKERD_PATHS_DM_H

/*
 * Brings what the device-mapper thread tells to the table of maps, has paths checked that the
 * kernel failed by itself, sends the commands that follow from what was decided, and tells
 * what became of maps and of commands. The loop only; nothing here blocks.
 */
#include "checkerd/core/maps.h"
#include "checkerd/paths/checks.h"
#include "checkerd/devmapper/devmapper.h"

/* News, entries to be looked at, and maps to be told of, at one go. */
#define DM_SLICE 256
/* The maps are listed anew for uevents so often at most. */
#define DM_LOOK_US (500 * USEC_PER_MSEC)
/* The first list of maps is waited for so long before the daemon is ready. */
#define DM_PATIENCE_US (2 * USEC_PER_SEC)

#define DM_TROUBLE_SIZE 200

struct dm_parts {
	struct devmapper *devmapper;
	struct maps *maps;
	struct checks *checks;
	struct events *events;
};

struct dm {
	struct devmapper *devmapper; /* borrowed, as are the next three */
	struct maps *maps;
	struct checks *checks;
	struct events *events;
	bool control, keep_last;
	bool named;            /* paths are said to be in maps that need not be there */
	bool configured;       /* once, at least */
	uint64_t generation;   /* of the configuration that was heeded */
	bool synced;           /* the maps were listed, or could not be */
	int error;             /* of that: positive errno */
	uint32_t left_out;     /* by the device-mapper thread, for want of room */
	bool no_room;          /* a map found no room in the table, which was told */
	bool blocked;          /* no command can be handed over before an answer */
	bool more_dirty;       /* maps to be told of are left */
	bool look;             /* the maps are to be listed anew … */
	struct mono look_from; /* … but not before */
	struct mono
	        ready_by; /* the first list is waited for until then; MONO_NEVER: not */
	bool forbidden;   /* commands are not permitted, which was told */
	uint64_t failed, reinstated, refused, stale;
	char trouble[DM_TROUBLE_SIZE]; /* for show status; "": none */
};

void dm_init(struct dm *dm, const struct dm_parts *parts, struct mono now);

/* Another configuration is in force. */
void dm_configure(struct dm *dm, const struct config *c, uint64_t generation);
/* A device-mapper device came, went or changed. */
void dm_look(struct dm *dm);
/* Takes news, a slice at most. True: there may be more. */
bool dm_take(struct dm *dm, struct mono now);
/* Does what follows, a slice at most. */
void dm_complete_round(struct dm *dm, struct mono now);
/* When dm_complete_round() is wanted next. */
struct mono dm_next(const struct dm *dm);
/* Every map there is, is known: what a device says of its map is older. */
bool dm_decides(const struct dm *dm);
/* The maps there are have been told, or were waited for long enough. */
bool dm_is_ready(const struct dm *dm);

#endif

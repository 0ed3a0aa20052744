/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_DM_STATE_H
#define CHECKERD_PATHS_DM_STATE_H

/* What dm.c and dm_report.c share: the loop's side of device-mapper. The loop only. */
#include "checkerd/core/maps.h"
#include "checkerd/devmapper/devmapper.h"
#include "checkerd/paths/checks.h"

#define DM_TROUBLE_SIZE 200

struct dm {
	/* Borrowed, as are the next three. */
	struct devmapper *devmapper;
	struct maps *maps;
	struct checks *checks;
	struct events *events;
	/* dm_control and keep_last_path of the configuration. */
	bool control, keep_last;
	/* The configuration says which map a path is in, and that map may not exist. */
	bool named;
	/* dm_configure() was called. */
	bool configured;
	/* The generation of the configuration that dm_configure() applied last. */
	uint64_t generation;
	/* The device-mapper thread listed the maps, or failed to list them. */
	bool synced;
	/* Why it failed: positive errno. */
	int error;
	/* Number of device-mapper devices that the device-mapper thread has no room for. */
	uint32_t excluded;
	/* The table of maps has no room for a map, and that was reported. */
	bool no_room;
	/* The ring of commands is full until the next answer. */
	bool blocked;
	/* The redundancy of more maps changed than one slice reported. */
	bool more_changed;
	/* The maps must be listed again, but not before look_from. */
	bool look;
	struct mono look_from;
	/* Until then, dm_is_ready() waits for the first list. MONO_NEVER: it waits no longer. */
	struct mono ready_by;
	/* Another program reinstated a path. The loop clears it. */
	bool foreign;
	/* The kernel does not permit commands, and that was reported. */
	bool forbidden;
	/* Number of commands that failed a path, reinstated a path, and were refused. */
	uint64_t failed, reinstated, refused;
	/* Number of answers for entries that are gone. */
	uint64_t stale;
	/* For `show status`. "": no trouble. */
	char trouble[DM_TROUBLE_SIZE];
};

#endif

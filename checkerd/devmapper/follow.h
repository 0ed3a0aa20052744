/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DEVMAPPER_FOLLOW_H
#define CHECKERD_DEVMAPPER_FOLLOW_H

/*
 * Keeps what was reported of each map, reads the maps, and reports the differences. No thread,
 * clock or device-mapper of its own: it uses a backend and two callbacks.
 *
 * A device's event number shows most changes. A new table is an event that does not change the
 * number, so every map is read after an event: a sweep. Sweeps take at most a tenth of the time:
 * the next one waits for ten times as long as the last one took.
 *
 * Some changes are no event: suspending, resuming after a new table, and a map without an active
 * path that starts or stops to queue. Such a map is read again after a pause that doubles each
 * time, and for a while after it has a path again.
 */
#include "checkerd/devmapper/dm_backend.h"

#define FOLLOW_AGAIN_MIN_US (20 * USEC_PER_MSEC)
#define FOLLOW_AGAIN_MAX_US (16 * USEC_PER_SEC)
/* A map is read again for this time after it has a path again, because more changes follow. */
#define FOLLOW_AGAIN_AFTER_US (2 * USEC_PER_SEC)

/* Devices of other kinds that are remembered. Further devices are ignored, also maps. */
#define FOLLOW_OTHERS_MAX 4096

struct follow_known;

struct follow {
	struct dm_backend *backend; /* not owned */
	/* Takes a record and its reference, also on failure. Negative: the update returns it. */
	int (*emit)(void *arg, struct dm_record *n);
	/* Called before each read of a device. Negative: the update returns it. */
	int (*between)(void *arg);
	void *arg;

	struct follow_known *known; /* by device number */
	uint32_t n_known, max_known;
	uint32_t n_maps, max_maps;
	uint32_t no_room; /* devices that found no room in the last list */

	bool armed;             /* the backend's descriptor reports events */
	bool stale;             /* a marked device waits for the next update */
	bool sweep_owed;        /* an event came after the last sweep */
	struct mono sweep_from; /* no sweep before */
	struct mono again_at;   /* when maps are read again; MONO_NEVER: none are */
	int64_t again_pause_us; /* the pause before again_at */
	bool synced;            /* SYNC was reported, with: */
	int sync_error;
	uint32_t sync_no_room;
	struct multipath_room room;
};

/* The caller sets backend, emit, between and arg. -ENOMEM. */
_must_check_ int follow_init(struct follow *f, uint32_t max_maps);
void follow_deinit(struct follow *f);

/*
 * Lists the devices, reads those that changed (all: every one), and reports the differences.
 * Reports SYNC the first time, and when its error or no_room changes. A device that cannot be
 * read stays as reported and is read again by the next update. Returns 0, or what emit or between
 * returned.
 */
_must_check_ int follow_update(struct follow *f, bool all);

/* The next update reads the device, if it exists. */
void follow_mark(struct follow *f, uint32_t devt_major, uint32_t devt_minor);

/* The next update reports every map, changed or not. */
void follow_report_again(struct follow *f);

/* When an update is due without an event. MONO_NEVER: none is. */
struct mono follow_due(const struct follow *f);

uint64_t follow_bytes(uint32_t max_maps);
uint32_t follow_max_devices(uint32_t max_maps);

#endif

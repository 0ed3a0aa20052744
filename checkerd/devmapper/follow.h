/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DEVMAPPER_FOLLOW_H
#define CHECKERD_DEVMAPPER_FOLLOW_H

/*
 * Knows what was told of each map, looks what there is now, and tells the difference. No
 * thread, clock or device-mapper of its own: a backend and two callbacks.
 *
 * A device's event number says what happened to it, but a new table under an old number is an
 * event too: so every map is read again after one, which is a sweep. Sweeps take at most a
 * tenth of the time: the next one is put off for ten times as long as the last one took.
 *
 * Nothing tells that a map is suspended, or resumed; and a new table is put in place, which is
 * an event, before the map is resumed, which is none. Nor is it told when a map without a path
 * ends or begins to queue, which is when that is changed. So such maps are read again after a
 * moment that is doubled each time, and for a while when they have a path again.
 */
#include "checkerd/devmapper/dm_backend.h"

#define FOLLOW_AGAIN_MIN_US (20 * USEC_PER_MSEC)
#define FOLLOW_AGAIN_MAX_US (16 * USEC_PER_SEC)
/* So long when that is over: what it was reinstated by has more to do. */
#define FOLLOW_AGAIN_AFTER_US (2 * USEC_PER_SEC)

/* dm devices of other kinds that are kept apart; the rest is left out, with the maps in it. */
#define FOLLOW_OTHERS_MAX 4096

struct follow_known;

struct follow {
	struct dm_backend *backend; /* not owned */
	/* Takes news with its reference, always. Negative: it ends here, and is returned. */
	int (*emit)(void *arg, struct dm_news *n);
	/* Called before each device that is read. Negative: it ends here, and is returned. */
	int (*between)(void *arg);
	void *arg;

	struct follow_known *known; /* by device number */
	uint32_t n_known, max_known;
	uint32_t n_maps, max_maps;
	uint32_t left_out; /* devices that found no room, at the last look */

	bool armed;             /* the backend's descriptor tells of events */
	bool stale;             /* one that is marked waits for the next update */
	bool sweep_owed;        /* there was an event since the last sweep */
	struct mono sweep_from; /* no sweep before */
	struct mono again_at; /* when these are read again; MONO_NEVER: there are none */
	int64_t again_pause_us; /* until then from the time before */
	bool synced;            /* SYNC was told, with these: */
	int sync_error;
	uint32_t sync_left_out;
	struct multipath_room room;
};

/* backend, emit, between and arg are the caller's to set. -ENOMEM. */
_must_check_ int follow_init(struct follow *f, uint32_t max_maps);
void follow_deinit(struct follow *f);

/*
 * Lists the devices, reads those that changed, and tells the difference; all: reads every
 * one. Tells SYNC the first time, and when its error or its count is another one. What cannot
 * be read stays as it was told and is read again the next time. Returns 0, or what emit or
 * between returned.
 */
_must_check_ int follow_update(struct follow *f, bool all);

/* The device will be read at the next update, if it is there. */
void follow_mark(struct follow *f, uint32_t devt_major, uint32_t devt_minor);

/* Every map is told again at the next update, changed or not. */
void follow_tell_again(struct follow *f);

/* When to update without an event: a mark, a sweep or a map to be read again. MONO_NEVER: not
 * at all. */
struct mono follow_due(const struct follow *f);

uint64_t follow_bytes(uint32_t max_maps);
uint32_t follow_max_devices(uint32_t max_maps);

#endif

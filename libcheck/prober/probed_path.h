/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_PROBER_PROBED_PATH_H
#define LIBCHECK_PROBER_PROBED_PATH_H

/*
 * The table of paths, by id. It is the submitter's, but for the flags: with these the reapers
 * and rescuers tell the submitter what they have learned about a path.
 */
#include "libcheck/prober/slot.h"

/* Bits of probed_path.flags. */
enum {
	PATH_LOOK_AGAIN =
	        1, /* its last check failed: does its name lead to the same device? */
	PATH_BLOCKS =
	        2, /* its driver refuses RWF_NOWAIT, or it has no node of sg: rescuers ask it */
	PATH_SUSPECT =
	        4, /* its submit may block: rescuers read it, until it is quick there */
	PATH_NO_COMMANDS = 8, /* its driver does not know those that refine a read */
};

/* [submitter] but for flags and memory */
struct probed_path {
	bool used;
	bool deferred;       /* in the deferred list */
	bool identify;       /* this check asks for the WWID */
	bool opened;         /* this check has opened or identified it */
	bool reported;       /* DEFERRED was reported for this check */
	bool late;           /* TIMED_OUT was reported for this check */
	bool closing : 1;    /* deferred because no slot was free to close it */
	bool close_each : 1; /* opened for each check, and closed after it */
	bool opens : 1; /* close_each, and the last check opened it and it answered */
	bool sends : 1; /* SCSI commands: so its checker does */
	uint8_t waited_stage : 1; /* see waited_ms */
	_Atomic uint8_t flags;    /* [atomic reaper, rescuer→submitter] */
	uint16_t checker : 4;     /* enum pathcheck_checker */
	/* Of PATHCHECK_TUR_DIRECTIO: one check of so many reads; checks until it does. */
	uint16_t read_every : 6, reads_in : 6;
	/* [atomic reaper, rescuer] what judgements of the open device have kept */
	_Atomic uint16_t memory;
	uint16_t host, target;
	uint16_t home; /* the id of its group: see homes.h */
	/* Of its check: another prober waited so long for the answer, in waited_stage. */
	uint16_t waited_ms;
	uint32_t generation;
	uint32_t block;
	int fd; /* -1: not open, or a slot owns it */
	uint64_t timeout_us;
	struct slot *slot; /* of its check; valid while slot->path and generation match */
	uint32_t next, previous; /* in the deferred list */
};

static_assert(sizeof(struct probed_path) <= 64 - sizeof(void *),
              "each id has one, in locked memory");

/* A suspect is known to the caller, too: its next prober is told. */
static inline void path_set_suspect(struct probed_path *paths, struct shared *shared,
                                    uint32_t id)
{
	atomic_fetch_or(&paths[id].flags, PATH_SUSPECT);
	atomic_store(&shared->suspects[id], 1);
}

static inline void path_clear_suspect(struct probed_path *paths, struct shared *shared,
                                      uint32_t id)
{
	atomic_fetch_and(&paths[id].flags, (uint8_t)~PATH_SUSPECT);
	atomic_store(&shared->suspects[id], 0);
}

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_REGION_LIMITS_H
#define LIBCHECK_REGION_LIMITS_H

/*
 * Every limit of the engine and how they hang together. What depends on the options is
 * computed by limits_from_options() and nowhere else, so that the bound that is printed is
 * the one that is kept.
 */
#include <stdint.h>

#include "libcheck/pathcheck.h"
#include "util/macro.h"
#include "util/mono.h"

/* A rescuer's own buffer: a block, and so a read, is never larger. */
#define SCRATCH_BYTES 65536

/* Of it, what most reads touch, and what is locked where memory is. */
#define SCRATCH_LOCKED 4096

/* A slot's own buffers: for disks with blocks of 512 bytes, and for larger blocks up to this. Still
 * larger ones are read by rescuers. */
#define BUFFER_SMALL 512
#define BUFFER_LARGE 4096

/* Of each thread of the probing side; who needs most, a reaper with a whole batch, needs not half
 * of it (-fstack-usage: 12.6 KB). */
#define PROBER_STACK_BYTES (32 * 1024)

/* A context may be smaller than its group, when the quota is short, but not than this. */
#define CONTEXT_SLOTS_MIN 64

/* Requests handed to io_submit at once, and completions taken at once. */
#define SUBMIT_BATCH 256
#define REAP_BATCH   256

/* Of these, settled and told while the group is locked once: the lane may be waiting for it. */
#define RESULT_BATCH 64

/* With so many more on their way, answers are gathered for a moment before they are taken. */
#define GATHER_LEAST  4
#define GATHER_MIN_US 50
#define GATHER_MAX_US 500

/* Commands the lane takes before it submits what they led to, and out of the ring at once. */
#define COMMAND_BATCH 256
#define COMMAND_TAKE  32

/* A lane that has stood in the kernel with one batch for so long is replaced by a rescuer. */
#define LANE_STUCK_US (100 * USEC_PER_MSEC)

/* Handing over a batch takes less, or the time of its reads is counted from the end of it. */
#define SUBMIT_SLOW_US (10 * USEC_PER_MSEC)

/* Beside the rescuers: the one that watches the lane, and is the next one. */
#define LANE_RESERVE 1

/* Submit threads that were replaced and are still in the kernel, at most. */
#define LANES_STUCK_MAX 8

/*
 * The kinds of work that rescuers do. Each has rescuers of its own, the others are shared by all:
 * what hangs in one kind takes no rescuer that another kind counts on.
 */
enum job_class {
	CLASS_READ,
	CLASS_OPEN,
	CLASS_OPEN_AGAIN, /* of a path that is opened for each check, and was just now */
	CLASS_CLOSE,
	CLASS_LOOK, /* is an open descriptor still what its path's name leads to? */
	CLASS_SETUP,
	CLASS_WATCH, /* the one beside the rescuers: it has no share */
	CLASS_COUNT_
};

/* One for each kind: with fewer threads configured there are as many as this. */
#define RESCUERS_LEAST 6

/* Who sees a time so long after it stood still, with all others maybe: the machine was paused.
 * What has no answer is given LATE_GRACE_US more before it counts as silent. */
#define LATE_WAKE_US  (20 * USEC_PER_MSEC)
#define LATE_GRACE_US (100 * USEC_PER_MSEC)

/* A rescuer that is busy with one thing for longer counts as stuck. */
#define STUCK_AFTER_US USEC_PER_SEC

/* A command that refines the answer to a read has so long, and no more than is left of the read's
 * time. Then what the read said is reported. */
#define COMMAND_LIMIT_US USEC_PER_SEC

/* A check that has waited for a rescuer for so long counts as deferred, and says so. */
#define DEFER_AFTER_US (100 * USEC_PER_MSEC)

/* While a check waits for memory or a descriptor the lane looks again this often. */
#define SHORTAGE_RETRY_US (100 * USEC_PER_MSEC)

/* A prober that does not move for so long is looked at: it may have been killed. */
#define LOOK_AT_PROBER_US (100 * USEC_PER_MSEC)

/* Killed probers that the kernel does not let go yet; with more, none is started. */
#define LINGERING_MAX 32

/* At the end the last one is waited for so long, or it would be left as a child. */
#define END_AWAITED_US (100 * USEC_PER_MSEC)

/* Probers started within the window before further ones have to wait. */
#define RESTARTS_MAX       5
#define RESTARTS_WINDOW_US (10 * USEC_PER_SEC)

/* Groups beyond those the paths need: room for orphans. */
#define SPARE_GROUPS 1

/* Ids beyond max_paths, a quarter as many: a removed one comes back only when the prober has let
 * go of it. Of those whose read stays in the kernel there are no more than that group has slots. */
#define SPARE_IDS_MIN 64
#define SPARE_IDS_MAX (SPARE_GROUPS * PATHCHECK_GROUP_SLOTS)

/*
 * On the way back an id has at most DEFERRED, TIMED_OUT, final, RELEASED: that ring cannot
 * overflow, and who fills it never waits. On the way there all ids are added and checked when a
 * new prober takes over, which has room; beyond that the caller is told to try again.
 */
#define COMMANDS_PER_ID 2
#define RESULTS_PER_ID  4

/* While reads that would block wait for a rescuer, the submit thread submits as many of them again, so
 * often: the device may have room for them by then. */
#define WOULD_BLOCK_RETRY_US (20 * USEC_PER_MSEC)
#define WOULD_BLOCK_RETRY    64

/* A check has a time limit for each of its stages, this many at most; and who looks whether one was
 * lost comes by this often. */
#define CHECK_STAGES     4
#define LOOK_FOR_LOST_US (2 * USEC_PER_SEC)

/* A prober of another version is tried again after this. */
#define VERSION_RETRY_US (10 * USEC_PER_SEC)

/* Names take whole units, and so many bytes on average. */
#define NAME_UNIT       32
#define NAME_BYTES_EACH 96

static_assert(PATHCHECK_DEVICE_MAX % NAME_UNIT == 0 && NAME_BYTES_EACH % NAME_UNIT == 0,
              "whole units");
static_assert(SCRATCH_BYTES % 4096 == 0, "direct I/O wants pages");
static_assert(BUFFER_SMALL < BUFFER_LARGE && BUFFER_LARGE <= SCRATCH_LOCKED,
              "a rescuer can read what a slot can");
static_assert(PATHCHECK_PATHS_MAX % PATHCHECK_GROUP_SLOTS == 0, "whole groups");
static_assert(CONTEXT_SLOTS_MIN <= PATHCHECK_GROUP_SLOTS, "it is tried at least once");
static_assert(SUBMIT_BATCH <= UINT8_MAX + 1, "a place of it fits struct slot");
static_assert(SUBMIT_BATCH <= PATHCHECK_GROUP_SLOTS, "a batch fits a group");

struct limits {
	uint32_t ids; /* max_paths and the spare ones */
	uint32_t groups;
	uint32_t slots;     /* of all groups */
	uint32_t in_flight; /* never more than slots */
	uint32_t in_flight_host;
	uint32_t rescuers;
	uint32_t threads; /* the same, submit threads that are stuck, the one that is not,
	                     and who watches it */
	uint32_t rescuers_least[CLASS_COUNT_]; /* those of one kind alone */
	uint32_t rescuers_shared;              /* by all kinds */
	uint32_t lanes_stuck;   /* that were replaced and still are in the kernel */
	uint32_t rescuers_host; /* of one host, or of one target */
	uint32_t commands;      /* ring capacities */
	uint32_t results;
	uint32_t name_units; /* for all names together */
	uint32_t
	        rescued; /* slots for reads whose submit thread is stuck with their old ones */
	uint32_t reserved; /* no hole: regions are compared */
	int64_t defer_after_us;
};

/* -EINVAL when an option is out of its range. */
_must_check_ int limits_from_options(const struct pathcheck_options *o,
                                     struct limits *ret_limits);

#endif

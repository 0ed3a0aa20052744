/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_REGION_LIMITS_H
#define LIBCHECK_REGION_LIMITS_H

/*
 * Every limit of the engine, and how they depend on each other. What depends on the options is
 * computed by limits_from_options() and nowhere else: the limits that are printed are the ones
 * that are kept.
 */
#include <stdint.h>

#include "libcheck/pathcheck.h"
#include "util/macro.h"
#include "util/mono.h"

/* A rescuer's own buffer: a block, and so a read, is never larger. */
#define SCRATCH_BYTES 65536

/* The part that most reads touch, and that is locked if memory is. */
#define SCRATCH_LOCKED 4096

/*
 * A slot's own buffers: for blocks of 512 bytes, and for larger ones up to this. Rescuers read
 * blocks that are larger still.
 */
#define BUFFER_SMALL 512
#define BUFFER_LARGE 4096

/*
 * Of each thread of the probing side. A reaper with a whole batch needs most, and that is less
 * than half (-fstack-usage: 12.6 KB).
 */
#define PROBER_STACK_BYTES (32 * 1024)

/*
 * When the quota is short, a context may be smaller than its group, but not smaller than this.
 */
#define CONTEXT_SLOTS_MIN 64

/* Requests that are handed to io_submit at once, and completions that are taken at once. */
#define SUBMIT_BATCH 256
#define REAP_BATCH   256

/*
 * Of these, completed and reported while the group is locked once: the submitter may wait for
 * it.
 */
#define RESULT_BATCH 64

/*
 * If so many more requests are in flight, the reaper waits a moment and takes the answers
 * together.
 */
#define GATHER_LEAST  4
#define GATHER_MIN_US 50
#define GATHER_MAX_US 500

/*
 * A caller that sleeps is woken for successes when no answer of their group is to come, or so long
 * after the first of them. For any other verdict it is woken at once.
 */
#define GOOD_NEWS_US 5000

/* Less time between two requests, with none in flight, is within one batch. */
#define PAUSE_LEAST_US 5000

/* Commands that the submitter takes before it submits, and out of the ring at once. */
#define COMMAND_BATCH 256
#define COMMAND_TAKE  32

/* A submitter that is in the kernel with one batch for so long is replaced. */
#define SUBMITTER_STUCK_US (100 * USEC_PER_MSEC)

/* If handing over a batch takes longer, the time of its reads starts when that ends. */
#define SUBMIT_SLOW_US (10 * USEC_PER_MSEC)

/* The write of a SCSI command that takes longer has slept for a tag. */
#define WRITE_SLOW_US USEC_PER_MSEC

/* Threads beside the rescuers that watch the submitter, and become it. */
#define WATCHERS 1

/* Submitters that were replaced and are still in the kernel, at most. */
#define SUBMITTERS_STUCK_MAX 8

/*
 * The kinds of work that rescuers do. Each kind has rescuers of its own, and all kinds share
 * the others: calls of one kind that hang take no rescuer that is another kind's own.
 */
enum job_class {
	CLASS_READ,
	CLASS_OPEN,
	CLASS_OPEN_AGAIN, /* of a path whose last check opened it, and it answered */
	CLASS_CLOSE,
	CLASS_LOOK, /* does the path's name still lead to the open device? */
	CLASS_SETUP,
	CLASS_WATCH, /* of the threads beside the rescuers: it has no share */
	CLASS_COUNT_
};

/* One for each kind: if fewer are configured, there are as many as this. */
#define RESCUERS_LEAST 6

/*
 * A thread that sees a deadline so late was paused, maybe with the whole machine. Requests
 * without an answer get LATE_GRACE_US more before they time out.
 */
#define LATE_WAKE_US  (20 * USEC_PER_MSEC)
#define LATE_GRACE_US (100 * USEC_PER_MSEC)

/* pathcheck_path.read_every, if it is 0. */
#define READ_EVERY 5

/* A rescuer that is busy with one job for longer counts as stuck. */
#define STUCK_AFTER_US USEC_PER_SEC

/*
 * A command that refines the answer to a read has so long, and no more than is left of the
 * read's time. Then what the read said is reported.
 */
#define COMMAND_LIMIT_US USEC_PER_SEC

/*
 * A SCSI command has so long, and twice the check's timeout, until the kernel aborts it, and may reset
 * the unit, the target and the HBA.
 */
#define KERNEL_TIMEOUT_LEAST_US (60 * USEC_PER_SEC)

/* A check that waits for a rescuer for so long counts as deferred, and that is reported. */
#define DEFER_AFTER_US (100 * USEC_PER_MSEC)

/* While a check waits for memory or a descriptor, the submitter tries again this often. */
#define SHORTAGE_RETRY_US (100 * USEC_PER_MSEC)

/* If a prober makes no progress for so long, the caller looks whether it was killed. */
#define LOOK_AT_PROBER_US (100 * USEC_PER_MSEC)

/* Killed probers that the kernel still holds; with more of them no prober is started. */
#define LINGERING_MAX 32

/* pathcheck_free() waits so long for the last prober to end: after that it stays a child. */
#define END_AWAITED_US (100 * USEC_PER_MSEC)

/* After so many probers in the window the next one has to wait. */
#define RESTARTS_MAX       5
#define RESTARTS_WINDOW_US (10 * USEC_PER_SEC)

/* Groups beyond those that the paths need: room for orphans. */
#define SPARE_GROUPS 1

/* Groups of another kind than the rest: paths of both kinds may fill one more group. */
#define KIND_GROUPS 1

/*
 * Ids beyond max_paths, a quarter as many: a removed id is free again only when the prober has
 * released it. Removed paths whose read stays in the kernel have as many slots as that group.
 */
#define SPARE_IDS_MIN 64
#define SPARE_IDS_MAX (SPARE_GROUPS * PATHCHECK_GROUP_SLOTS)

/*
 * An id has at most these results in the ring: DEFERRED, TIMED_OUT, final, RELEASED. So that
 * ring cannot overflow, and the prober never waits. The ring of commands has room to add and
 * check all ids when a new prober takes over; with more commands than that the caller has to
 * try again.
 */
#define COMMANDS_PER_ID 2
#define RESULTS_PER_ID  4

/*
 * While reads that would block wait for a rescuer, the submitter tries so many of them again,
 * so often: the device may have room for them by then.
 */
#define WOULD_BLOCK_RETRY_US (20 * USEC_PER_MSEC)
#define WOULD_BLOCK_RETRY    64

/*
 * A check has a time limit for each of its stages, and so many stages at most. A caller is
 * expected to look for lost checks this often.
 */
#define CHECK_STAGES     4
#define LOOK_FOR_LOST_US (2 * USEC_PER_SEC)

/* A prober of another version is started again after this time. */
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
static_assert(SUBMIT_BATCH <= PATHCHECK_GROUP_SLOTS, "a batch fits a group");

struct limits {
	uint32_t ids; /* max_paths and the spare ones */
	uint32_t groups;
	uint32_t slots;     /* of all groups */
	uint32_t in_flight; /* never more than slots */
	uint32_t in_flight_host;
	uint32_t rescuers;
	/* Rescuers, submitters that are stuck, the submitter, and who watches it. */
	uint32_t threads;
	uint32_t rescuers_least[CLASS_COUNT_]; /* of one kind alone */
	uint32_t rescuers_shared;              /* by all kinds */
	uint32_t submitters_stuck; /* that were replaced and are still in the kernel */
	uint32_t rescuers_host;    /* of one HBA, or of one target */
	uint32_t commands;         /* ring capacities */
	uint32_t results;
	uint32_t name_units; /* for all names together */
	/* Slots for reads whose submitter is stuck with their old slots. */
	uint32_t rescued;
	uint32_t reserved; /* no hole: regions are compared */
	int64_t defer_after_us;
};

/* -EINVAL when an option is out of its range. */
_must_check_ int limits_from_options(const struct pathcheck_options *o,
                                     struct limits *ret_limits);

#endif

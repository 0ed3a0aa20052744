/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_REGION_SHARED_H
#define LIBCHECK_REGION_SHARED_H

/*
 * What the caller and the prober share: two rings, the device names, and counters. It is in
 * anonymous memory or in memfds, and holds offsets and atomics only, no pointers and no locks.
 * A prober's region is never given to the next prober: a prober that lingers can harm nothing.
 *
 * A faulty prober can write anything there, and the caller has to stay safe. So the caller
 * keeps what it needs to know outside the region, trusts nothing that it reads there, and has
 * the names in a part of their own, which a prober can only read. Neither part can be made
 * smaller.
 *
 * Tags: "caller" is the thread that owns the struct pathcheck, "prober" any thread of the
 * probing side.
 */
#include <stdatomic.h>

#include "libcheck/region/limits.h"
#include "util/ring.h"

enum command_op {
	COMMAND_ADD,    /* the name is in the region */
	COMMAND_REMOVE, /* answered with WIRE_RELEASED */
	COMMAND_CHECK,
};

/* Bits of command.flags. */
#define COMMAND_SUSPECT \
	0x100U /* of COMMAND_ADD, beside PATHCHECK_PATH_: its submit may block */
#define COMMAND_IDENTIFY 1U /* of COMMAND_CHECK: it asks for the WWID, too */

struct command {
	uint32_t id;
	uint32_t generation;
	union {
		struct { /* COMMAND_ADD */
			uint16_t host, target;
		};
		/*
		 * COMMAND_CHECK: another prober waited so long for the answer, in that stage.
		 */
		struct {
			uint16_t waited_ms, waited_stage;
		};
	};
	uint16_t op; /* enum command_op */
	/* Of COMMAND_ADD: PATHCHECK_PATH_ bits and COMMAND_SUSPECT; of COMMAND_CHECK:
	 * COMMAND_IDENTIFY. */
	uint16_t flags;
	union {
		uint64_t timeout_us; /* COMMAND_CHECK */
		struct {             /* COMMAND_ADD */
			uint16_t checker, read_every;
		};
	};
};
static_assert(PATHCHECK_HOSTS_MAX <= UINT16_MAX, "a host fits struct command");

/* Beside enum pathcheck_verdict: the prober holds nothing of that id any more. */
#define WIRE_RELEASED 15

struct wire_result {
	uint32_t id;
	uint32_t generation;
	uint8_t verdict : 4, engine : 2, reserved : 2;
	uint8_t request : 3, said : 5;
	uint8_t group;
	uint8_t late : 1, opened : 1, stage : 1;
	/*
	 * SCSI sense data of the check's last command, decoded. Their full text has no room:
	 * each byte of a result is RESULTS_PER_ID bytes of locked memory a path.
	 */
	uint8_t has_sense : 1, sense_key : 4;
	uint8_t sense_code, sense_qualifier;
	int16_t error; /* the kernel's go to 4,095 */
	int64_t started_us;
	int64_t finished_us;
};
static_assert(PATHCHECK_PATHS_MAX / PATHCHECK_GROUP_SLOTS +
                              SUBMITTERS_STUCK_MAX * SUBMIT_BATCH /
                                      PATHCHECK_GROUP_SLOTS +
                              SPARE_GROUPS + KIND_GROUPS <=
                      UINT8_MAX,
              "a group's id fits");
static_assert(PATHCHECK_STAGE_READ <= 1, "a stage fits");
static_assert(PATHCHECK_PENDING < WIRE_RELEASED && PATHCHECK_ENGINE_SG <= 3 &&
                      PATHCHECK_REQUESTS <= 8 && PATHCHECK_SAID_COUNT <= 32,
              "what a result says fits");
static_assert(sizeof(struct wire_result) == 32, "each path has RESULTS_PER_ID of them");

/* [atomic prober→caller] all of it */
struct group_view {
	_Atomic uint32_t state; /* enum pathcheck_group_state */
	_Atomic uint32_t kind;  /* enum pathcheck_group_kind */
	_Atomic uint32_t paths, queued, in_flight, expired, orphans;
	_Atomic int32_t setup_error;
	/* Its reaper will be awake by then; INT64_MAX: it need not be. */
	_Atomic int64_t wake_by_us;
};

/* [atomic prober→caller] what a path's name led to: see opened.h */
struct opened_view {
	_Atomic uint32_t version; /* and enum pathcheck_wwid; 0: never written */
	_Atomic uint32_t devt;
	_Atomic uint64_t diskseq, wwid;
};

#define VERSION_BYTES 28 /* a version, and its end */

struct shared_header {
	uint32_t size_check;              /* [init] sizeof(struct shared_header) */
	char version[VERSION_BYTES];      /* [init] pathcheck_version() of the caller */
	uint32_t sealed;                  /* [init] */
	struct pathcheck_options options; /* [init] without the pointers */
	struct limits limits;             /* [init] */
	uint64_t commands_offset, results_offset, groups_offset, rescuers_offset;
	uint64_t handed_offset, suspects_offset, opened_offset;
	uint64_t bytes; /* [init] of the region, the names not counted */

	/* A side that finds the other one asleep wakes it by eventfd: see shared_wake(). */
	_Alignas(64) _Atomic uint32_t submitter_waits; /* [atomic both] */
	_Alignas(64) _Atomic uint32_t caller_waits;    /* [atomic both] */

	/* [atomic prober→caller] */
	_Alignas(64) _Atomic uint32_t deferred_now;
	_Atomic uint32_t deferred_max;
	_Atomic uint64_t deferred_total;
	_Atomic uint32_t emergency_now, emergency_max;
	_Atomic uint64_t emergency_total;
	_Atomic uint32_t submitters_stuck;
	_Atomic uint64_t submitter_replacements;
	_Atomic uint64_t sealed_allocations;
	_Atomic uint32_t groups_end;
	_Atomic uint64_t io_setup_failures;
	_Atomic int32_t io_setup_error;
	/* A thread of the prober ran then: answers up to that time have been noticed. */
	_Atomic int64_t alive_us;
};

struct shared {
	struct shared_header *header;
	struct ring *commands; /* caller → submitter */
	struct ring *results;  /* prober → caller */
	/*
	 * [caller until COMMAND_ADD, submitter until RELEASED] see device_names.h. The prober
	 * can only read them.
	 */
	char *names;
	uint32_t *name_at; /* by id, in units; UINT32_MAX: none */
	struct group_view *groups;
	struct opened_view *opened;       /* by id */
	_Atomic int64_t *rescuer_busy_us; /* [atomic prober→caller] since when, 0: idle */
	/*
	 * [atomic prober→caller] by id: when its request was handed to the kernel, the last bit
	 * is its stage; 0: never. The next prober is told how long this one has waited.
	 */
	_Atomic int64_t *handed_us;
	/* [atomic prober→caller] by id: its submit may block */
	_Atomic uint8_t *suspects;
	uint64_t bytes, names_bytes; /* of the two parts */
	uint32_t name_units;
	int fd, names_fd; /* memfds, -1: none */
	int submitter_fd; /* eventfds, nonblocking */
	int caller_fd;
};

#define SHARED_NULL                                                           \
	{                                                                     \
		.fd = -1, .names_fd = -1, .submitter_fd = -1, .caller_fd = -1 \
	}

/* Bytes of both parts. */
uint64_t shared_bytes(const struct limits *l);

/* Makes a region with its eventfds; memfd: can be handed to another process. -errno. */
_must_check_ int shared_create(struct shared *ret, const struct pathcheck_options *o,
                               bool memfd);
/* Takes over inherited descriptors. -EPROTO: another version has made the region. */
_must_check_ int shared_attach(struct shared *ret, int fd, int names_fd, int submitter_fd,
                               int caller_fd);
void shared_deinit(struct shared *s);

/*
 * Sleep and wake over one word: the sleeper sets it and looks once more before it sleeps, and
 * the waker clears it after it has written to a ring. Both are read-modify-writes of the same
 * word, so one of them sees the other.
 */
static inline void shared_going_to_wait(_Atomic uint32_t *waits)
{
	/* memory.pml: WAIT, EXCHANGE */
	(void)atomic_exchange(waits, 1); /* the order is what matters, not the value */
}
/*
 * The sleeper goes on, because it has found something. No store: a later look would not see what another
 * waker has written before it cleared the word.
 */
static inline void shared_goes_on(_Atomic uint32_t *waits)
{
	/* memory.pml: AGAIN, EXCHANGE */
	(void)atomic_exchange(waits, 0);
}
void shared_wake(_Atomic uint32_t *waits, int fd);
/* A time that the other side wrote. The result is in the past, whatever was written. */
static inline struct mono shared_past(const _Atomic int64_t *us, struct mono now)
{
	int64_t written = atomic_load(us); /* once: the other side may write again */

	return (struct mono){ MIN(MAX(written, INT64_C(0)), now.us) };
}
/* Notes that the request of that id is handed to the kernel. */
static inline void shared_note_handed(struct shared *s, uint32_t id, struct mono at,
                                      unsigned stage)
{
	atomic_store_explicit(&s->handed_us[id], (at.us & ~INT64_C(1)) | (stage & 1),
	                      memory_order_relaxed);
}
/* How many of n rescuers are busy with one job for longer than that. */
uint32_t shared_rescuers_busy(const struct shared *s, uint32_t n, int64_t longer_us,
                              struct mono now);
/* Resets an eventfd. True: it was written. */
bool shared_drain(int fd);

#endif

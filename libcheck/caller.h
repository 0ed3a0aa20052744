/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_CALLER_H
#define LIBCHECK_CALLER_H

/* The caller's side, among its own files: pathcheck.c, successor.c and stats.c. */
#include "libcheck/heartbeat.h"
#include "libcheck/region/device_names.h"
#include "libcheck/process.h"
#include "libcheck/prober/prober.h"
#include "libcheck/region/wire.h"
#include "util/ring.h"

#define NO_ID PATHCHECK_NO_ID

enum entry_state { ENTRY_FREE, ENTRY_USED, ENTRY_LEAVING };

struct entry {
	enum entry_state state : 8;
	struct asked asked;
	uint8_t flags;     /* PATHCHECK_PATH_ bits */
	bool identify : 1; /* the outstanding check is one that identifies */
	bool opened : 1;   /* this prober has said what its name leads to */
	uint16_t silent_ms,
	        silent_stage; /* of the outstanding check, in the hands of probers that are gone */
	uint16_t host, target;
	uint32_t generation;
	uint64_t cookie;
	uint64_t timeout_us;
	union {
		struct mono asked_at; /* USED: when the outstanding check was */
		uint32_t next;        /* FREE: the list of those */
	};
};

struct pathcheck {
	struct pathcheck_options options;
	char *program;
	int program_fd; /* of it, O_PATH; -1: none */
	struct limits limits;
	struct shared shared;
	struct ring_producer commands;
	struct ring_consumer results;
	struct mono queued_at;  /* the first command since the last flush */
	struct prober prober;   /* THREADS: the probing side */
	struct process process; /* PROCESS */
	struct process lingering[LINGERING_MAX];
	struct names names;
	struct entry *entries; /* limits.ids of them */
	uint32_t free_head;
	uint32_t used; /* never above max_paths */
	int epoll_fd;
	bool lost; /* PROCESS: no prober is running */
	bool wild; /* it says what no sound prober says: to be replaced */
	struct mono starts[RESTARTS_MAX]; /* of the last probers, a ring */
	uint32_t starts_at;

	struct heartbeat heartbeat;

	/* Time counts for a lost check from then on; and when one was last looked for. */
	struct mono lost_from, lost_looked;
	bool end_noted;         /* of the process there is, or was last */
	enum pathcheck_end end; /* of the last one that has ended */
	int32_t end_code;

	uint64_t restarts, checks, timeouts, late, stale;
	uint32_t stuck_max;
};

/* Of the oldest check that is outstanding, 0: none is. */
int64_t caller_oldest_us(const struct pathcheck *pc, struct mono now);

/* successor.c */
_must_check_ int successor_watch(struct pathcheck *pc, int fd);
void successor_note_start(struct pathcheck *pc, struct mono now);
void successor_take_ends(struct pathcheck *pc, const struct shared *s);
/* A region of its own, and a prober on it. The old one's ends are lost when that succeeds. */
_must_check_ int successor_start(struct pathcheck *pc, struct shared *ret_shared);
/* Commands that the prober has not taken. */
static inline uint32_t caller_commands_used(struct pathcheck *pc)
{
	uint32_t used = ring_producer_used(&pc->commands);

	pc->wild = pc->wild || used == RING_WRONG;
	return used;
}
void caller_send(struct pathcheck *pc, enum command_op op, uint32_t id, uint16_t flags);
void caller_let_go(struct pathcheck *pc, uint32_t id);

#endif

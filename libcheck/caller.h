/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_CALLER_H
#define LIBCHECK_CALLER_H

/*
 * The caller's side of an engine: the table of its paths, its prober, and the commands to it.
 * The public interface, pathcheck.h, is on top of it. The caller's thread only.
 */
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
	uint8_t flags : 4;      /* PATHCHECK_PATH_ bits */
	uint8_t checker : 4;    /* enum pathcheck_checker */
	bool identify : 1;      /* the outstanding check is one that identifies */
	bool opened : 1;        /* this prober has reported what the name leads to */
	uint8_t read_every : 6; /* of PATHCHECK_TUR_DIRECTIO */
	/* Probers that are gone waited so long for the outstanding check, in that stage. */
	uint16_t waited_ms, waited_stage;
	uint16_t host, target;
	uint32_t generation;
	uint64_t cookie;
	uint64_t timeout_us;
	union {
		struct mono asked_at; /* USED: when the outstanding check was requested */
		uint32_t next;        /* FREE: the next free entry */
	};
};

struct pathcheck {
	struct pathcheck_options options;
	char *program;
	int program_fd; /* the program, O_PATH; -1: none */
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
	uint32_t used;    /* never above max_paths */
	uint32_t ids_end; /* above every id that was given: the others are FREE */
	int epoll_fd;
	bool lost; /* PROCESS: no prober is running */
	bool wild; /* the prober wrote what no sound prober writes: it will be replaced */
	struct mono starts[RESTARTS_MAX]; /* when the last probers started, a ring */
	uint32_t starts_at;

	struct heartbeat heartbeat;

	/*
	 * The time of a lost check counts from then on; and when lost checks were last looked
	 * for.
	 */
	struct mono lost_from, lost_looked;
	bool end_noted; /* the end of the present process, or of the last one, is noted */
	enum pathcheck_end end; /* how the last prober came to its end */
	int32_t end_code;

	uint64_t restarts, checks, timeouts, late, stale;
	uint32_t stuck_max;
};

/* The age of the oldest outstanding check; 0: there is none. */
int64_t caller_oldest_us(const struct pathcheck *pc, struct mono now);
/* Commands that the prober has not taken. */
uint32_t caller_commands_used(struct pathcheck *pc);
void caller_send(struct pathcheck *pc, enum command_op op, uint32_t id, uint16_t flags);
/* pathcheck_flush(). */
void caller_flush(struct pathcheck *pc);
/* The id is free from now on. */
void caller_free_id(struct pathcheck *pc, uint32_t id);

#endif

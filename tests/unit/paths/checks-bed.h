/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_UNIT_PATHS_CHECKS_BED_H
#define TESTS_UNIT_PATHS_CHECKS_BED_H

/*
 * The bed of the tests of checks, membership and results: a fake engine, control port and log, and a
 * virtual clock. To be included after unit.h.
 */
#include "checkerd/paths/membership.h"
#include "checkerd/paths/outage.h"
#include "checkerd/paths/results.h"

#define PATHS    600
#define SEC      USEC_PER_SEC
#define HOST_CAP 4

struct pathcheck {
	uint32_t next_id, n_asked, n_identified, flushes, removed;
	uint64_t cookie[PATHS];
	uint32_t target[PATHS], flags[PATHS];
	uint16_t checker[PATHS], read_every[PATHS];
	uint32_t room; /* commands before -EAGAIN */
	int tend;
	struct pathcheck_result results[PATHS];
	size_t n_results;
	struct pathcheck_stats stats;
	struct pathcheck_group group;
	struct pathcheck_opened opened; /* of each path */
};

extern struct pathcheck engine;
extern struct checks checks;
extern struct events events;
extern struct maps *maps;
extern struct outage outage;
extern const struct mono t0;
extern const struct path_settings usual;
/* The last event, the last one of the type hold, and their number; calls of the listener and the last error. */
extern struct event last_event, last_hold;
extern unsigned n_events, n_completed;
extern int completed_error;
/* Gets each record of an event; NULL: nobody does. */
extern void (*on_event)(const struct event *e);
extern bool port_is_full;

/* The state file of the next setup(), which is at that time. NULL: none. */
extern const char *state_file;
extern struct mono setup_at;

struct mono at(int64_t us);
int setup(void **state);
int setup_capped(void **state);
int teardown(void **state);
int try_add(unsigned n, const struct path_settings *s, uint32_t *ret);
uint32_t add(unsigned n);
struct path *path(uint32_t index);
void run_until(struct mono end);
/* Runs outage.h until that time, as the loop does. */
void run_outage(struct mono until);
void report(struct mono now);
void answer_at(enum pathcheck_stage stage, uint32_t index, enum pathcheck_verdict v,
               int error, bool late, struct mono now);
void answer(uint32_t index, enum pathcheck_verdict v, int error, bool late,
            struct mono now);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_UNIT_PROBER_PROBER_BED_H
#define TESTS_UNIT_PROBER_PROBER_BED_H

/*
 * The probing side with all its threads over a fake backend, and its caller: the test, which
 * drives the rings itself. It waits for results, never for time to pass.
 */
#include "libcheck/region/device_names.h"
#include "libcheck/prober/prober.h"
#include "tests/unit/prober/fake-backend.h"

#define BED_IDS_MAX 4096
#define LONG_US     (600 * USEC_PER_SEC) /* a time limit that no test reaches */

struct tally {
	unsigned ok, failed, timed_out, deferred, released, late;
	unsigned device, disconnected, not_judged, final;
	struct wire_result last; /* whatever it was */
};

struct bed {
	bool running; /* still so at the next start: a test ended by a failure */
	struct shared shared;
	struct ring_producer commands; /* the caller's ends */
	struct ring_consumer results;
	struct prober prober;
	struct names names;
	uint32_t generation[BED_IDS_MAX];
	bool used[BED_IDS_MAX];
	uint16_t flags[BED_IDS_MAX];   /* of COMMAND_ADD: set before bed_add() */
	uint16_t checker[BED_IDS_MAX]; /* the same */
	struct tally of[BED_IDS_MAX], all;
	unsigned stale; /* results of paths that were removed */
	uint32_t pulse; /* the id of a path that always answers, NO_PATH: none */
};

/* How long a check waits for a rescuer before it is deferred; LONG_US at first. */
extern int64_t bed_defer_after_us;

/* Options for that many paths, with few rescuers and short timers. */
struct pathcheck_options bed_options(uint32_t paths);
void bed_start(struct bed *b, const struct pathcheck_options *o);
void bed_stop(struct bed *b);
/* The same when its prober was stopped already. */
void bed_stopped(struct bed *b);

/* Commands; bed_flush() hands them over. A path's name is free once it is released. */
void bed_add(struct bed *b, uint32_t id, const char *name, uint32_t host);
void bed_add_to(struct bed *b, uint32_t id, const char *name, uint32_t host,
                uint32_t target);
void bed_check(struct bed *b, uint32_t id, int64_t timeout_us);
/* The same, after another prober has already waited that long in that stage. */
void bed_check_silent(struct bed *b, uint32_t id, int64_t timeout_us, uint16_t waited_ms,
                      enum pathcheck_stage stage);
void bed_identify(struct bed *b, uint32_t id, int64_t timeout_us);
void bed_remove(struct bed *b, uint32_t id);
void bed_flush(struct bed *b);

/* Takes results until *counter, one of the tallies', is n. Fails when none comes any more. */
void bed_until(struct bed *b, const unsigned *counter, unsigned n);
/* Flushes, and takes results until this id has had its n-th final one. */
void bed_final(struct bed *b, uint32_t id, unsigned n);

/* Takes what there is, and adds a path that always answers. */
void bed_pulse_begin(struct bed *b, const char *name);
/* Has it checked once. False: that was done very often. */
bool bed_pulse(struct bed *b);

/* Goes round until it is so. */
#define BED_UNTIL(b, condition)                    \
	do {                                       \
		while (!(condition))               \
			assert_true(bed_pulse(b)); \
	} while (0)

enum pathcheck_group_state bed_group(struct bed *b, uint32_t group);

/* bed_add(), bed_pulse_begin() and fake_hold() for files of direct-files.h. */
void bed_add_file(struct bed *b, uint32_t id, const char *file, uint32_t host);
void bed_pulse_begin_file(struct bed *b, const char *file);
void bed_hold_file(const char *file);

#endif

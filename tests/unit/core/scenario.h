/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_UNIT_CORE_SCENARIO_H
#define TESTS_UNIT_CORE_SCENARIO_H

/*
 * A scenario: paths of one map, what happens to them at which time, and the timeline of states, holds
 * and commands that has to follow. The files in tests/unit/core/scenarios have them; scenario.c reads
 * one, scenario-world.c plays it on the core with a virtual clock.
 */
#include "checkerd/core/policy_rules.h"
#include "util/mono.h"

#define SCENARIO_PATHS_MAX 4
#define SCENARIO_LINES_MAX 128
#define SCENARIO_LINE_MAX  64

/* What happens to a path. */
enum deed {
	DEED_GOOD,   /* from now on its checks succeed */
	DEED_BAD,    /* from now on they fail */
	DEED_FAILS,  /* the kernel fails it in the map */
	DEED_MARK,   /* a reason from outside */
	DEED_UNMARK, /* the reason is gone */
	DEED_PARDON, /* checkerctl unsetmarginal */
};

struct stimulus {
	int64_t at_us;
	unsigned path;
	enum deed deed;
	enum policy_mark mark;
};

struct scenario {
	char name[256];
	struct policy_words words;
	int64_t interval_us, max_interval_us, end_us;
	uint32_t fail_checks, recover_checks;
	bool keep, control;
	unsigned n_paths, n_stimuli, n_expected;
	struct stimulus stimuli[SCENARIO_LINES_MAX];
	char expected[SCENARIO_LINES_MAX][SCENARIO_LINE_MAX];
};

struct timeline {
	unsigned n, steps;
	char lines[SCENARIO_LINES_MAX][SCENARIO_LINE_MAX];
};

/* Reads the next scenario of the text, and moves *text behind it. 0: there is none. Negative: the
 * line of that number cannot be read. */
int scenario_read(const char **text, int *line, struct scenario *ret);

/* restart: the step after which a successor takes over; UINT_MAX: none. */
void scenario_play(const struct scenario *s, unsigned restart, struct timeline *ret);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_OVERDUE_H
#define CHECKERD_CORE_OVERDUE_H

/*
 * A path is overdue when the engine has said nothing about it for longer than its interval, its
 * timeout and OVERDUE_MARGIN_US together. Its state stays, because no check was made. Pure.
 */
#include "checkerd/core/state.h"

#define OVERDUE_MARGIN_US USEC_PER_SEC

/* Why no check was made: the first cause that applies. */
enum overdue_cause {
	OVERDUE_NO_PROBER,  /* no prober is running */
	OVERDUE_NOT_JUDGED, /* this host or this program prevented the last check: error */
	OVERDUE_TRANSITION,  /* the target port changes its access state */
	OVERDUE_DEFERRED,    /* no rescuer or AIO slot is free */
	OVERDUE_NO_COMMANDS, /* the engine takes no commands */
	OVERDUE_NO_RESULT,   /* the check was started, and has no result */
	OVERDUE_CAUSE_COUNT_
};

struct overdue_why {
	enum overdue_cause cause : 8;
	enum outcome_stage stage : 8; /* with NOT_JUDGED */
	int error : 16;               /* with NOT_JUDGED: positive errno */
};

/* The engine as a whole. */
struct overdue_engine {
	bool no_prober, no_commands;
};

/* The path. */
struct overdue_path {
	int error; /* positive errno of the last check that was not judged; 0: none */
	enum outcome_stage stage;
	bool deferred; /* the check waits */
	bool changing; /* the last check found the port or the unit in transition */
	struct sysfs_state sysfs;
};

struct overdue_why overdue_find(const struct overdue_engine *e,
                                const struct overdue_path *p);

/* Overdue paths by cause. All zero: none. */
struct overdue_tally {
	uint32_t total;
	uint32_t by_cause[OVERDUE_CAUSE_COUNT_];
	struct overdue_why last[OVERDUE_CAUSE_COUNT_]; /* the last one with that cause */
};

void overdue_add(struct overdue_tally *t, struct overdue_why why);
/* The most frequent cause. Only with total > 0. */
struct overdue_why overdue_most(const struct overdue_tally *t);

/* Bytes of every text of the two functions below, final NUL included. */
#define OVERDUE_CAUSE_TEXT_MAX 128
#define OVERDUE_TEXT_MAX       288

/* "no prober is running". Always ends in NUL; returns buf. */
const char *overdue_cause_format(struct overdue_why why, char *buf, size_t size);
/* "not checked for 44 s: no prober is running; before: REASON". Returns buf. */
const char *overdue_format(struct overdue_why why, int64_t since_us,
                           const struct reason *before, char *buf, size_t size);

#endif

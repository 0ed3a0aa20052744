/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_AGREEMENT_H
#define CHECKERD_CORE_AGREEMENT_H

/*
 * One path of one map: the kernel's view of it, the command in flight, and the next command that
 * makes the kernel agree with the decision. Pure.
 *
 * No command is sent that would change nothing, and none before the answer to the last one. A
 * refused command is sent again, each time after a longer pause. A failed path is reinstated only
 * after a successful check that began after the failure and identified the disk.
 */
#include "checkerd/core/state.h"

/* The pause after the first refusal; each further refusal doubles it. */
#define AGREEMENT_REFUSED_US     (100 * USEC_PER_MSEC)
#define AGREEMENT_REFUSED_MAX_US (30 * USEC_PER_SEC)

enum agreement_command { COMMAND_NONE, COMMAND_FAIL, COMMAND_REINSTATE };

/* A change of the kernel's view that no command of the daemon explains. */
enum agreement_foreign { FOREIGN_NONE, FOREIGN_FAILED, FOREIGN_REINSTATED };

enum agreement_step {
	STEP_NOTHING,
	STEP_FAIL,
	STEP_REINSTATE,
	STEP_RECHECK, /* check the path now, and identify its disk */
	STEP_KEEP,    /* the path is down, and kept as the last one of its map */
	/* A command is due later: after not_before, and after reinstate_at of the wish. */
	STEP_WAIT,
};

struct agreement {
	bool active : 1; /* the kernel's A; false: its F */
	/* With unchecked_since: STEP_RECHECK was carried out. */
	bool recheck_requested : 1;
	bool ours : 1; /* with F: a command of the daemon failed the path */
	enum agreement_command in_flight : 2;
	uint8_t refusals;       /* in a row; saturates, like the pause */
	uint16_t error;         /* of the last command, positive errno; 0: done */
	struct mono not_before; /* no command before this */
	/* The path failed then, and no check that identified it was successful since. us 0:
	 * one was. */
	struct mono unchecked_since;
};

/* What is wanted of the path. */
struct agreement_wish {
	enum path_verdict verdict;
	bool control; /* commands may be sent */
	bool keep;    /* do not fail the path: no other path of the map is usable */
	/* The daemon decides nothing about the path, but reinstates it if it failed it. */
	bool released;
	/* No reinstate_path before this, unless the path is released. us 0: no limit. */
	struct mono reinstate_at;
};

/* The path was found in a map. */
void agreement_init(struct agreement *a, bool active, struct mono now);
/* The kernel's view was read. */
enum agreement_foreign agreement_update(struct agreement *a, bool active,
                                        struct mono now);
/* Forgets the pause after refusals: the decision changed, or the map takes commands again. */
void agreement_forget_refusals(struct agreement *a);
/*
 * A check that began at `started` found the path good. identified: it also identified the disk.
 * Returns whether that changes the next step.
 */
bool agreement_checked(struct agreement *a, struct mono started, bool identified);
void agreement_sent(struct agreement *a, enum agreement_command c);
/* The kernel answered the command with 0 or a positive errno. Returns the command. */
enum agreement_command agreement_answered(struct agreement *a, int error,
                                          struct mono now);

enum agreement_step agreement_next(const struct agreement *a,
                                   const struct agreement_wish *w, struct mono now);

#endif

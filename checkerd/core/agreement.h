/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_AGREEMENT_H
#define CHECKERD_CORE_AGREEMENT_H

/*
 * One path of one map: what the kernel thinks of it, what is on its way to change that, and
 * what has to be done so that the kernel agrees with what was decided. Pure.
 *
 * Nothing is sent that the kernel thinks already, and never a second command before the
 * first one's answer. What is refused is sent again, later and later. A path that others fail
 * is given back later and later, whatever is decided of it meanwhile; failing it never waits
 * for that. A failed path is given back only after a good check that began since and that
 * identified the disk.
 */
#include "checkerd/core/state.h"

#define AGREEMENT_REFUSED_US \
	(100 * USEC_PER_MSEC) /* until the second try, then doubled */
#define AGREEMENT_REFUSED_MAX_US (30 * USEC_PER_SEC)
/* After the first failure by others a path is given back at once, after the second one later by
 * this, then doubled … */
#define AGREEMENT_TURNED_US     USEC_PER_SEC
#define AGREEMENT_TURNED_MAX_US (60 * USEC_PER_SEC)
/* … until others have not failed it for so long. */
#define AGREEMENT_CALM_US (2 * AGREEMENT_TURNED_MAX_US)

enum agreement_command { COMMAND_NONE, COMMAND_FAIL, COMMAND_REINSTATE };

/* What the kernel's view did that no command of ours explains. */
enum agreement_turn { TURN_NONE, TURN_FAILED, TURN_ACTIVE };

enum agreement_step {
	STEP_NOTHING,
	STEP_FAIL,
	STEP_REINSTATE,
	STEP_RECHECK, /* check the path now, and identify its disk */
	STEP_KEEP,    /* it is down, and kept as the last one of its map */
	STEP_WAIT,    /* there is something to be done, at not_before */
};

struct agreement {
	bool active : 1; /* the kernel's A; false: its F */
	bool asked : 1;  /* with doubted: the check was asked for */
	bool ours : 1;   /* not active: it was failed by a command of ours */
	enum agreement_command in_flight : 2;
	uint8_t refusals; /* in a row; saturates, as the pause after them does */
	uint16_t
	        turns; /* failures by others, never AGREEMENT_CALM_US between two; saturates */
	uint16_t error;         /* of the last command, positive errno; 0: it was done */
	struct mono turned;     /* when the last one of `turns` was seen */
	struct mono not_before; /* no command before */
	struct mono
	        doubted; /* it has been failed since then, and not been checked; us 0: it has */
};

/* What is wanted of it. */
struct agreement_wish {
	enum path_verdict verdict;
	bool control;  /* commands may be sent */
	bool keep;     /* not to be failed: nothing else in the map is active */
	bool released; /* nothing is wanted of it, but that what we failed is given back */
};

/* It was found in a map. */
void agreement_init(struct agreement *a, bool active, struct mono now);
/* The kernel's view was read. */
enum agreement_turn agreement_told(struct agreement *a, bool active, struct mono now);
/* Another decision was made, or its map takes commands again: a refusal is not waited for. */
void agreement_anew(struct agreement *a);
/* A check that began at that time found the path good; identified: and its disk is the one
 * that it is to be. True: that changes something. */
bool agreement_checked(struct agreement *a, struct mono started, bool identified);
void agreement_sent(struct agreement *a, enum agreement_command c);
/* The command's answer: 0 or a positive errno. Returns the command. */
enum agreement_command agreement_answered(struct agreement *a, int error,
                                          struct mono now);

enum agreement_step agreement_next(const struct agreement *a,
                                   const struct agreement_wish *w, struct mono now);
/* No reinstate_path before, because others failed it; us 0: not so. */
struct mono agreement_held_until(const struct agreement *a);
/* With STEP_WAIT: until when. */
struct mono agreement_wait(const struct agreement *a);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_POLICY_H
#define CHECKERD_CORE_POLICY_H

/*
 * Holds: which path is kept out of use although its checks succeed, why, and until when. Pure: the
 * time is the caller's, and nothing is allocated. Belongs to the loop.
 *
 * One rule for failures works on a path (struct policy_rule), and marks come from outside. A path is
 * held while its rule or a mark holds it. A hold is no state: a held path may be up. The maps decide
 * what follows from a hold.
 *
 * A failure is: the path went out of use, because its checks failed or because the kernel failed
 * it in a map. Until the path is given back, this is one failure. Failures fill a bucket, which
 * forgets them slowly. When the bucket has more than `threshold`, the rule holds the path. The hold
 * ends with the first successful check after its time, when nothing failed meanwhile, or when the
 * share of failed checks in a sample was small enough.
 */
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "util/mono.h"

/* Why a path is held; with several reasons the last one of this list counts. */
enum hold_why {
	HOLD_NONE,
	HOLD_FLAPPING,     /* flap_time, hold_time, hold_max */
	HOLD_SAN_PATH_ERR, /* san_path_err_*, and delay_* which are other words for them */
	HOLD_MARGINAL_PATH, /* marginal_path_* */
	HOLD_SLOW,          /* MARK_SLOW */
	HOLD_PORT_STATE,    /* MARK_PORT_STATE */
	HOLD_BY_HAND,       /* MARK_BY_HAND */
	HOLD_WHY_COUNT_
};

/* Reasons from outside of this file. Each holds the path until it is taken away. */
enum policy_mark {
	MARK_SLOW,       /* the path is slower than its siblings */
	MARK_PORT_STATE, /* the remote port is Marginal, which a program sets after an FPIN */
	MARK_BY_HAND, /* checkerctl setmarginal */
	MARK_COUNT_
};

/* Times of holds, in tenths of a second of the monotonic clock; 0: none. They last for 13 years. */
typedef uint32_t hold_time;
#define HOLD_TICK_US (100 * USEC_PER_MSEC)

/* A path that is sampled is checked once in this time. */
#define POLICY_SAMPLE_US (100 * USEC_PER_MSEC)
/* A held path that is used, because it is the last usable one of a map, is reinstated again not
 * before this time after its last failure. */
#define POLICY_REUSE_US USEC_PER_SEC
/* The most that a bucket may count. */
#define POLICY_FAILURES_MAX  255
#define POLICY_THRESHOLD_MAX 240

/* What the configuration says. All zero: no failure ever holds the path. */
struct policy_rule {
	enum hold_why why;  /* NONE: no rule */
	uint32_t threshold; /* more failures than this in the bucket hold the path */
	/* The bucket forgets one failure each time that this time has passed, or that this number
	 * of checks has succeeded. Exactly one of both is not 0. */
	hold_time forget_time;
	uint32_t forget_checks;
	/* A failure within this time after the path was given back fills the bucket. 0: no. */
	hold_time flap_time;
	/* How long a hold lasts, after the last failure; each further failure doubles it. */
	hold_time first, max;
	/* Not 0: the hold ends with a sample of checks of this time. If more than `permille` of
	 * them fail, the next sample begins after `max`. */
	hold_time sample;
	uint32_t permille;
	/* The end of a hold empties the bucket. */
	bool forgives;
	/* MARK_PORT_STATE holds the path. */
	bool marginal_port;
};

enum hold_phase {
	HOLD_PHASE_NONE,   /* the rule does not hold the path */
	HOLD_PHASE_TIMED,  /* until a successful check after `until` */
	HOLD_PHASE_SAMPLE, /* checked more often, until `until` */
};

/* One path's. Plain data without pointers: it can be copied out and in at any time. All zero: not
 * held, and nothing is remembered. */
struct hold {
	hold_time at;    /* held: since then; else given back then. 0: neither */
	hold_time until; /* with a phase: its end, not before */
	/* With a phase: the last failure. Else: from then on time counts to forget one. */
	hold_time mark;
	uint16_t
	        succeeded; /* checks of the sample, or those that count to forget one failure */
	uint16_t failed;  /* checks of the sample */
	uint8_t failures; /* in the bucket */
	uint8_t marks;    /* bits 1 << enum policy_mark */
	enum hold_phase phase : 2;
	bool out : 1;          /* out of use since a failure, and not given back yet */
	enum hold_why why : 4; /* of the rule, with a phase */
	uint8_t reserved;
};

static_assert(sizeof(struct hold) == 20, "each path has one, in locked memory");

/* A failure: the path went out of use. */
void policy_failed(struct hold *h, const struct policy_rule *r, struct mono now);
/* A check ended with a result about the path. usable: the path is decided to be usable. */
void policy_checked(struct hold *h, const struct policy_rule *r, bool success,
                    bool usable, struct mono now);
/* Sets or takes away a reason from outside. */
void policy_mark(struct hold *h, const struct policy_rule *r, enum policy_mark m, bool on,
                 struct mono now);
/* An administrator has judged: ends the rule's hold, takes away MARK_BY_HAND, and empties the
 * bucket. */
void policy_pardon(struct hold *h, struct mono now);
/* Another rule works on the path: a hold by the former one ends. */
void policy_change_rule(struct hold *h, const struct policy_rule *r, struct mono now);

/* Why the path is held. NONE: it is not held. */
enum hold_why policy_why(const struct hold *h);
static inline bool policy_is_held(const struct hold *h)
{
	return h->phase != HOLD_PHASE_NONE || h->marks != 0;
}
static inline bool policy_is_marked(const struct hold *h, enum policy_mark m)
{
	return (h->marks & 1U << m) != 0;
}
/* A successful check changes nothing. */
static inline bool policy_is_at_rest(const struct hold *h)
{
	return !policy_is_held(h) && h->failures == 0 && !h->out;
}
/* The path is to be checked every POLICY_SAMPLE_US. */
static inline bool policy_is_sampled(const struct hold *h)
{
	return h->phase == HOLD_PHASE_SAMPLE;
}
/* Since when the path is held. us 0: it is not. */
struct mono policy_since(const struct hold *h);
/* The hold does not end before. us 0: the path is not held, or a mark holds it until it ends. */
struct mono policy_until(const struct hold *h);
/* A held path that is used all the same is not reinstated before. us 0: no limit. */
struct mono policy_reuse_at(const struct hold *h);

/* "flapping", …: a word of the interface. NULL with HOLD_NONE. */
const char *hold_why_name(enum hold_why w);
/* What ends such a hold, as the rest of a sentence: "when it has worked for its time". */
const char *hold_why_end(enum hold_why w);

hold_time hold_time_of(struct mono t);
struct mono hold_time_mono(hold_time t);

#endif

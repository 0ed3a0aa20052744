/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_UNIT_CORE_STATE_STORY_H
#define TESTS_UNIT_CORE_STATE_STORY_H

/* A story of the state machine: one path, one policy, and one outcome after the other. */
#include <errno.h>

#include "checkerd/core/state.h"

#define TIMEOUT_US (30 * USEC_PER_SEC)

struct story {
	struct path_status status;
	struct path_policy policy;
	struct mono now;
};

static inline struct story begin(uint32_t fail_checks, uint32_t recover_checks)
{
	struct story t = { .policy = { fail_checks, recover_checks }, .now = { 5 } };

	path_status_init(&t.status, t.now);
	return t;
}

static inline unsigned step(struct story *t, struct outcome o)
{
	t->now.us++;
	return path_status_step(&t->status, &o, &t->policy, TIMEOUT_US, t->now,
	                        &t->status);
}

static const struct outcome good = { .kind = OUTCOME_OK, .stage = STAGE_READ };
static const struct outcome bad = { .kind = OUTCOME_FAILED,
	                            .stage = STAGE_READ,
	                            .error = EIO };

static inline void assert_state(const struct story *t, enum path_state s)
{
	assert_string_equal(path_state_name(t->status.state), path_state_name(s));
}

#endif

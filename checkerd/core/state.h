/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_STATE_H
#define CHECKERD_CORE_STATE_H

/*
 * The state machine of one path. Pure: no clock, no system call, no allocation.
 *
 * A path goes down when its checks time out, or when the way to the device fails. An error of the
 * device itself leaves the path usable. A check that could not be made changes nothing:
 * OUTCOME_DEFERRED and OUTCOME_NOT_JUDGED. So does an answer that decides nothing, OUTCOME_PENDING; a
 * path that was never judged keeps it as its reason.
 */
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "checkerd/core/reason.h"
#include "util/mono.h"

enum path_state {
	PATH_UNCHECKED, /* no check was ever started */
	PATH_PENDING,   /* the first check has started */
	PATH_UP,
	PATH_DOWN,         /* fail_checks failures in a row */
	PATH_TIMEOUT,      /* timed out, fewer than fail_checks times so far */
	PATH_GHOST,        /* passive path of an active/passive array */
	PATH_SHAKY,        /* failed, fewer than fail_checks times so far */
	PATH_DELAYED,      /* answers again, fewer than recover_checks times so far */
	PATH_REMOVED,      /* the device is gone */
	PATH_DISCONNECTED, /* the target says that it has no such unit */
	PATH_STATE_COUNT_
};

/* Paths are counted by state; disabled paths are counted apart. */
#define PATH_KIND_DISABLED PATH_STATE_COUNT_
#define PATH_KINDS         (PATH_STATE_COUNT_ + 1)

struct outcome {
	enum outcome_kind kind;
	enum outcome_stage stage;
	int error; /* positive errno, or 0 */
	bool late; /* a final outcome after TIMED_OUT of the same check, which was counted */
	bool known; /* with a failed open: the kernel knows the device's number */
	struct sysfs_state sysfs; /* with a failure: the kernel's view of the device */
	uint16_t counts;          /* the same: nvme_counts(); 0: those of before stay */
	enum reason_request request;
	enum reason_said said;
	struct reason_sense sense;
};

/* 0 means 1. */
struct path_policy {
	uint16_t fail_checks;
	uint16_t recover_checks;
};

/* The last decision that matters to device-mapper. */
enum path_verdict {
	VERDICT_NONE, /* no decision yet: dm may have either state from before */
	VERDICT_USABLE,
	VERDICT_UNUSABLE,
};

#define PATH_STREAK_MAX INT16_MAX

struct path_status {
	struct mono since; /* when the path came to this state */
	/* Of the last failure; while the path is up, of its device's own error, if any. */
	struct reason reason;
	/* Successful checks in a row; negative: failed checks in a row. It stops at
	 * PATH_STREAK_MAX, which is above every path_policy. */
	int16_t streak;
	enum path_state state : 8;
	enum path_verdict verdict : 2;
	/* The access state explains the TIMED_OUT of the check in the kernel: not counted. */
	bool excused : 1;
	/* Checks in a row that the target answered with "no such unit". It stops at
	 * PATH_NO_UNIT_MAX. A check that was not made or not judged does not count. */
	uint8_t no_unit : 2;
};

#define PATH_NO_UNIT_MAX 3

static_assert(sizeof(struct path_status) == 24, "each path and each copy of it has one");

/* What the caller has to do after a step; bits. */
enum path_action {
	ACTION_NONE = 0,
	ACTION_EVENT = 1 << 0,          /* the state changed: record and report it */
	ACTION_FAIL = 1 << 1,           /* decided to be unusable: dm fail_path */
	ACTION_REINSTATE = 1 << 2,      /* decided to be usable: dm reinstate_path */
	ACTION_RESET_INTERVAL = 1 << 3, /* back to polling_interval */
	ACTION_BACK_OFF = 1 << 4,       /* healthy: the interval may double */
	ACTION_SUCCESS = 1 << 5,        /* the check counts as a successful one */
	ACTION_FAILURE = 1 << 6,        /* the check counts as a failed one */
	ACTION_DEVICE_ERROR = 1 << 7, /* the device's own error is new, or another one */
};

void path_status_init(struct path_status *s, struct mono now);

/*
 * One step. timeout_us is the checker timeout, for the reason only. The states shaky, timeout and
 * delayed decide nothing: a shaky path stays in use, and a delayed path stays out of use. FAIL and
 * REINSTATE are returned once for each decision.
 *
 * Returns path_action bits; *ret is the new status (may be the same object as old).
 */
unsigned path_status_step(const struct path_status *old, const struct outcome *o,
                          const struct path_policy *policy, int64_t timeout_us,
                          struct mono now, struct path_status *ret);

/* A check that starts changes the first state only: for another state no step is needed. */
static inline bool path_status_notes_start(const struct path_status *s)
{
	return s->state == PATH_UNCHECKED;
}

/* "up", "down", …: the words of the interface. */
const char *path_state_name(enum path_state s);
bool path_state_usable(enum path_state s); /* up, ghost */

#endif

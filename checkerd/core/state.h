/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_STATE_H
#define CHECKERD_CORE_STATE_H

/*
 * The state machine of one path. Pure: no clock, no system call, no allocation.
 *
 * A path goes down when nobody answers, or when the way to the device fails. An error of the
 * device itself leaves the path usable. A check that could not be made changes nothing:
 * OUTCOME_DEFERRED and OUTCOME_NOT_JUDGED.
 */
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "checkerd/core/sysfs_state.h"
#include "util/mono.h"

enum path_state {
	PATH_UNCHECKED, /* no check was ever started */
	PATH_PENDING,   /* the first check is on its way */
	PATH_UP,
	PATH_DOWN,    /* fail_checks failures in a row */
	PATH_TIMEOUT, /* silent past the timeout, fewer than fail_checks times so far */
	PATH_GHOST,   /* passive path of an active/passive array */
	PATH_SHAKY,   /* failed, fewer than fail_checks times so far */
	PATH_DELAYED, /* answers again, fewer than recover_checks times so far */
	PATH_REMOVED, /* the device is gone */
	PATH_DISCONNECTED, /* the target says there is no such unit */
	PATH_STATE_COUNT_
};

/* What paths are counted by: their states, and the disabled paths apart. */
#define PATH_KIND_DISABLED PATH_STATE_COUNT_
#define PATH_KINDS         (PATH_STATE_COUNT_ + 1)

enum outcome_kind {
	OUTCOME_STARTED, /* a check was handed to the engine */
	OUTCOME_OK,
	OUTCOME_FAILED,       /* error says why */
	OUTCOME_DEVICE_ERROR, /* the device answered with an error of its own: the path works */
	OUTCOME_DISCONNECTED, /* the target answered that it has no such unit */
	OUTCOME_TIMED_OUT, /* the request went past its deadline and is still in the kernel */
	OUTCOME_SILENT, /* a check was due and the last one is still in the kernel: a failure,
	                 * if that one is past its timeout; else nothing */
	OUTCOME_DEFERRED,   /* not made yet */
	OUTCOME_NOT_JUDGED, /* this host or this program kept it from being made: error */
	OUTCOME_GONE,       /* discovery says the device was removed */
	OUTCOME_KIND_COUNT_
};

enum outcome_stage { STAGE_OPEN, STAGE_READ };

struct outcome {
	enum outcome_kind kind;
	enum outcome_stage stage;
	int error;  /* positive errno, or 0 */
	bool late;  /* final, after a TIMED_OUT of the same check: it was counted */
	bool known; /* with a failure to open: the kernel knows the device's number */
	struct sysfs_state
	        sysfs; /* with a failure: what the kernel thinks of the device */
};

/* 0 means 1. */
struct path_policy {
	uint16_t fail_checks;
	uint16_t recover_checks;
};

/*
 * Why a path is in its state: printable with reason_format(). Every path, every copy of it and
 * every remembered change has one, so what is small is kept small.
 */
struct reason {
	enum outcome_kind kind : 8;
	enum outcome_stage stage : 8;
	int error : 16;           /* positive errno, which goes to 4,095 */
	struct sysfs_state sysfs; /* when it failed */
	uint32_t timeout_us;      /* with TIMED_OUT and SILENT; at most an hour */
};

/* What the last decision was, as far as device-mapper is concerned. */
enum path_verdict {
	VERDICT_NONE, /* none was made yet: dm may hold either from an earlier life */
	VERDICT_USABLE,
	VERDICT_UNUSABLE,
};

#define PATH_STREAK_MAX INT16_MAX

struct path_status {
	struct mono since; /* when it came to this state */
	/* Of the last failure; while the path is up: of its device's own error, if it has one. */
	struct reason reason;
	/* Successful checks in a row; negative: failed checks in a row. It stops at
	 * PATH_STREAK_MAX, which is above every path_policy. */
	int16_t streak;
	enum path_state state : 8;
	enum path_verdict verdict : 2;
	/* A TIMED_OUT of the check in the kernel was not counted, because of the access state. */
	bool excused : 1;
};

static_assert(sizeof(struct path_status) == 24, "each path and each copy of it has one");

/* What the caller has to do after a step; bits. */
enum path_action {
	ACTION_NONE = 0,
	ACTION_EVENT = 1 << 0,          /* state changed: record and tell */
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
 * One step. timeout_us is the checker timeout, kept for the reason only.
 * shaky, timeout and delayed are no decisions: a path that is shaky is still used, one that
 * is delayed still is not. FAIL and REINSTATE come once for each decision.
 * Returns path_action bits; *ret is the new status (may be the same object as old).
 */
unsigned path_status_step(const struct path_status *old, const struct outcome *o,
                          const struct path_policy *policy, int64_t timeout_us,
                          struct mono now, struct path_status *ret);

/* "up", "down", …: the words of the interface. */
const char *path_state_name(enum path_state s);
bool path_state_usable(enum path_state s); /* up, ghost */

/* "EIO", …; NULL for a number that has no name here. */
const char *errno_name(int error);

#define REASON_TEXT_MAX 128 /* every reason_format() fits, final NUL included */

/* Writes e.g. "no answer to a read in 30 s; device blocked, session FAILED", or
 * "read: Input/output error (EIO)"; "" when there is none. Always ends in NUL; returns buf. */
const char *reason_format(const struct reason *r, char *buf, size_t size);

#endif

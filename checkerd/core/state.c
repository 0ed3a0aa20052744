/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the table of states. The caller owns the status. Runs on the loop.
 *
 * A step counts the outcome first, which gives an input of the machine. The table gives the next
 * state, and the actions follow from the two states and the input.
 */
#include "checkerd/core/state.h"

#include <errno.h>

#include "util/macro.h"

/* What an outcome means after it has been counted. */
enum input {
	IN_STARTED,
	IN_GOOD, /* fewer than recover_checks so far */
	IN_GOOD_ENOUGH,
	IN_BAD, /* fewer than fail_checks so far */
	IN_BAD_ENOUGH,
	IN_NO_DEVICE,
	IN_DISCONNECTED,
	IN_PASSIVE, /* fewer than recover_checks so far */
	IN_PASSIVE_ENOUGH,
	IN_TIMED_OUT, /* fewer than fail_checks so far */
	IN_TIMED_OUT_ENOUGH,
	IN_SILENT, /* fewer than fail_checks so far, or none that counts */
	IN_SILENT_ENOUGH,
	IN_NOTHING,
	IN_GONE,
	IN_COUNT_
};

/* Short names for the table. */
enum {
	U = PATH_UNCHECKED,
	P = PATH_PENDING,
	OK = PATH_UP,
	D = PATH_DOWN,
	T = PATH_TIMEOUT,
	G = PATH_GHOST,
	S = PATH_SHAKY,
	Y = PATH_DELAYED,
	R = PATH_REMOVED,
	X = PATH_DISCONNECTED,
};

/*
 * A path that was decided to be unusable (down, delayed, removed, disconnected) is delayed before
 * it is up again, and any failure takes it back down.
 */
/* clang-format off */
static const uint8_t next_state[PATH_STATE_COUNT_][IN_COUNT_] = {
	/*       started   good    bad    no dev. disconn.  passive  timed out   silent   nothing  gone
	                     enough  enough                   enough    enough      enough           */
	[U] = {  P,     OK, OK,  S,  D,     R,    X,      G, G,     T,  D,     U,  U,     U,     R },
	[P] = {  P,     OK, OK,  S,  D,     R,    X,      G, G,     T,  D,     P,  P,     P,     R },
	[OK] = { OK,    OK, OK,  S,  D,     R,    X,      G, G,     T,  D,     OK, OK,    OK,    R },
	[D] = {  D,     Y,  OK,  D,  D,     R,    X,      Y, G,     D,  D,     D,  D,     D,     R },
	[T] = {  T,     OK, OK,  S,  D,     R,    X,      G, G,     T,  D,     T,  D,     T,     R },
	[G] = {  G,     OK, OK,  S,  D,     R,    X,      G, G,     T,  D,     G,  G,     G,     R },
	[S] = {  S,     OK, OK,  S,  D,     R,    X,      G, G,     T,  D,     S,  S,     S,     R },
	[Y] = {  Y,     Y,  OK,  D,  D,     R,    X,      Y, G,     D,  D,     Y,  Y,     Y,     R },
	[R] = {  R,     Y,  OK,  D,  D,     R,    X,      Y, G,     D,  D,     R,  R,     R,     R },
	[X] = {  X,     Y,  OK,  D,  D,     R,    X,      Y, G,     D,  D,     X,  X,     X,     R },
};
/* clang-format on */

/*
 * Was the timeout of the check in the kernel reported? Without this a slow disk would go down
 * when its interval is shorter than its timeout.
 */
static bool silence_counts(const struct path_status *s)
{
	return (s->state == PATH_TIMEOUT || s->state == PATH_DOWN) &&
	       reason_is_silence(&s->reason);
}

/*
 * Does the error of an open say that the device is gone? A read's error does not: since Linux
 * 5.18 a read of an offline SCSI disk fails with ENODEV, too (block/blk-core.c). The open of an
 * offline SCSI disk fails with ENXIO (drivers/scsi/sd.c), so sysfs is asked as well.
 */
static bool is_no_device(const struct outcome *o)
{
	return o->stage == STAGE_OPEN && !sysfs_state_has_device(&o->sysfs) &&
	       (o->error == ENODEV || o->error == ENXIO || o->error == ENOENT);
}

/* Is only the device node missing, while the kernel has the device? udev, a container or rm
 * may have removed the node, which says nothing about the device. */
static bool is_no_name(const struct outcome *o)
{
	bool leaves =
	        o->sysfs.device.layer != SYSFS_NONE && !sysfs_state_has_device(&o->sysfs);

	return o->stage == STAGE_OPEN && o->error == ENOENT && !leaves &&
	       (o->known || sysfs_state_has_device(&o->sysfs));
}

static_assert(IN_BAD_ENOUGH == IN_BAD + 1 && IN_TIMED_OUT_ENOUGH == IN_TIMED_OUT + 1 &&
                      IN_SILENT_ENOUGH == IN_SILENT + 1,
              "count_failure() adds one to the input");
static_assert(IN_GOOD_ENOUGH == IN_GOOD + 1 && IN_PASSIVE_ENOUGH == IN_PASSIVE + 1,
              "count_success() does the same");

static enum input count_success(struct path_status *s, const struct path_policy *policy,
                                enum input below)
{
	s->streak = (int16_t)MIN(MAX(s->streak, 0) + 1, PATH_STREAK_MAX);
	return s->streak >= policy->recover_checks ? below + 1 : below;
}

static enum input count_failure(struct path_status *s, bool counted_before,
                                const struct path_policy *policy, enum input below)
{
	int fails = -MIN(s->streak, 0);

	if (!counted_before)
		fails = MIN(fails + 1, PATH_STREAK_MAX);
	s->streak = (int16_t)-fails;
	return fails >= policy->fail_checks ? below + 1 : below;
}

/*
 * The input of a failure that the access state of the target port explains: a passive port
 * refuses reads by design, and a port in transition may answer anything. IN_COUNT_: no
 * explanation.
 */
static enum input explained(struct path_status *s, const struct outcome *o,
                            const struct path_policy *policy)
{
	if (sysfs_state_is_transitioning(&o->sysfs))
		return IN_NOTHING;
	if (!sysfs_state_is_passive(&o->sysfs))
		return IN_COUNT_;
	/* A check in the kernel counts once, when it times out. */
	if (o->kind == OUTCOME_SILENT || (o->late && s->excused))
		return s->state == PATH_DOWN || s->state == PATH_TIMEOUT ? IN_PASSIVE
		                                                         : IN_NOTHING;
	return count_success(s, policy, IN_PASSIVE);
}

static enum input count_answer(struct path_status *s, const struct outcome *o,
                               const struct path_policy *policy)
{
	enum input in;

	if (is_no_name(o))
		return IN_NOTHING;
	in = explained(s, o, policy);
	if (in != IN_COUNT_)
		return in;
	in = count_failure(s, o->late && !s->excused, policy, IN_BAD);
	return is_no_device(o) ? IN_NO_DEVICE : in;
}

/* Counts a check that has timed out and is still in the kernel. */
static enum input count_silence(struct path_status *s, const struct outcome *o,
                                const struct path_policy *policy)
{
	bool first = o->kind == OUTCOME_TIMED_OUT || s->excused;
	enum input in;

	if (!first && !silence_counts(s))
		return IN_NOTHING;
	in = explained(s, o, policy);
	/* A timeout that was counted stays counted, so the same check's answer counts no more. */
	if (first)
		s->excused = in != IN_COUNT_;
	if (in != IN_COUNT_)
		return in;
	return count_failure(s, false, policy, first ? IN_TIMED_OUT : IN_SILENT);
}

/* Counts the outcome in s, and returns the input of the machine. */
static enum input count_outcome(struct path_status *s, const struct outcome *o,
                                const struct path_policy *policy)
{
	switch (o->kind) {
	case OUTCOME_STARTED:
		return IN_STARTED;
	case OUTCOME_OK:
	case OUTCOME_DEVICE_ERROR:
		return count_success(s, policy, IN_GOOD);
	case OUTCOME_FAILED:
		return count_answer(s, o, policy);
	case OUTCOME_DISCONNECTED:
		(void)count_failure(s, o->late && !s->excused, policy, IN_BAD);
		return IN_DISCONNECTED;
	case OUTCOME_PASSIVE:
		return count_success(s, policy, IN_PASSIVE);
	case OUTCOME_TIMED_OUT:
	case OUTCOME_SILENT:
		return count_silence(s, o, policy);
	case OUTCOME_GONE:
		s->streak = MIN(s->streak, 0);
		return IN_GONE;
	case OUTCOME_PENDING:
	case OUTCOME_DEFERRED:
	case OUTCOME_NOT_JUDGED:
		return IN_NOTHING;
	case OUTCOME_KIND_COUNT_:
		break;
	}
	assert(!"an outcome that does not exist");
	return IN_NOTHING;
}

static bool input_is_passive(enum input in)
{
	return in == IN_PASSIVE || in == IN_PASSIVE_ENOUGH;
}

static bool input_is_success(enum input in)
{
	return in == IN_GOOD || in == IN_GOOD_ENOUGH || input_is_passive(in);
}

static bool input_is_failure(enum input in)
{
	return (in >= IN_BAD && in <= IN_SILENT_ENOUGH && !input_is_passive(in)) ||
	       in == IN_GONE;
}

static void note_reason(struct path_status *s, const struct outcome *o,
                        int64_t timeout_us)
{
	struct reason r = {
		.kind = o->kind,
		.stage = o->stage,
		.error = (unsigned)o->error & REASON_ERROR_MAX,
		.counts = o->counts != 0 ? o->counts : s->reason.counts,
		.sysfs = o->sysfs,
		.request = o->request,
		.said = o->said,
	};

	if (reason_is_silence(&r))
		r.timeout_us = (uint32_t)timeout_us;
	else
		r.sense = o->sense;
	/* The same request is still in the kernel. */
	if (r.kind == OUTCOME_SILENT && reason_is_silence(&s->reason)) {
		r.stage = s->reason.stage;
		r.request = s->reason.request;
	}
	s->reason = r;
}

/* UNIT ATTENTION and the like differ in their sense only. */
static bool same_answer(const struct reason *a, const struct reason *b)
{
	return a->request == b->request && a->said == b->said &&
	       a->sense.key == b->sense.key && a->sense.code == b->sense.code &&
	       a->sense.qualifier == b->sense.qualifier;
}

/* The path is up: notes its device's own error, or that it has none. */
static unsigned note_answer(struct path_status *s, const struct outcome *o)
{
	const struct reason before = s->reason;

	s->reason = (struct reason){ .kind = o->kind };
	if (o->kind != OUTCOME_DEVICE_ERROR)
		return ACTION_NONE;
	s->reason.stage = o->stage;
	s->reason.error = (unsigned)o->error & REASON_ERROR_MAX;
	s->reason.request = o->request;
	s->reason.said = o->said;
	s->reason.sense = o->sense;
	return before.kind == OUTCOME_DEVICE_ERROR && before.error == o->error &&
	                       same_answer(&before, &s->reason)
	               ? ACTION_NONE
	               : ACTION_DEVICE_ERROR;
}

/* Is this the last outcome of a check? */
static bool is_final(enum outcome_kind kind)
{
	return kind == OUTCOME_OK || kind == OUTCOME_FAILED || kind == OUTCOME_GONE ||
	       kind == OUTCOME_DEVICE_ERROR || kind == OUTCOME_DISCONNECTED ||
	       kind == OUTCOME_PASSIVE || kind == OUTCOME_PENDING ||
	       kind == OUTCOME_NOT_JUDGED;
}

static void count_no_unit(struct path_status *s, const struct outcome *o)
{
	if (o->kind == OUTCOME_DISCONNECTED)
		s->no_unit = MIN(s->no_unit + 1U, PATH_NO_UNIT_MAX);
	else if (o->kind != OUTCOME_STARTED && o->kind != OUTCOME_DEFERRED &&
	         o->kind != OUTCOME_NOT_JUDGED)
		s->no_unit = 0;
}

/* The decision that a state means. VERDICT_NONE: the last decision stays. */
static enum path_verdict state_verdict(enum path_state s)
{
	switch (s) {
	case PATH_UP:
	case PATH_GHOST:
		return VERDICT_USABLE;
	case PATH_DOWN:
	case PATH_REMOVED:
	case PATH_DISCONNECTED:
		return VERDICT_UNUSABLE;
	case PATH_UNCHECKED:
	case PATH_PENDING:
	case PATH_TIMEOUT:
	case PATH_SHAKY:
	case PATH_DELAYED:
	case PATH_STATE_COUNT_:
		break;
	}
	return VERDICT_NONE;
}

static unsigned decide(struct path_status *s)
{
	enum path_verdict v = state_verdict(s->state);

	if (v == VERDICT_NONE || v == s->verdict)
		return ACTION_NONE;
	s->verdict = v;
	return v == VERDICT_USABLE ? ACTION_REINSTATE : ACTION_FAIL;
}

void path_status_init(struct path_status *s, struct mono now)
{
	*s = (struct path_status){ .state = PATH_UNCHECKED, .since = now };
}

unsigned path_status_step(const struct path_status *old, const struct outcome *o,
                          const struct path_policy *policy, int64_t timeout_us,
                          struct mono now, struct path_status *ret)
{
	struct path_status s = *old;
	enum input in;
	unsigned actions = ACTION_NONE;

	assert(s.state < PATH_STATE_COUNT_);
	in = count_outcome(&s, o, policy);
	count_no_unit(&s, o);
	s.state = next_state[s.state][in];

	if (is_final(o->kind))
		s.excused = false;

	if (input_is_success(in) && is_final(o->kind))
		actions |= ACTION_SUCCESS;
	if (input_is_failure(in))
		actions |= ACTION_FAILURE | ACTION_RESET_INTERVAL;
	if (input_is_failure(in) || input_is_passive(in) ||
	    (o->kind == OUTCOME_PENDING && s.state == PATH_PENDING))
		note_reason(&s, o, timeout_us);
	else if (input_is_success(in) && s.state == PATH_UP)
		actions |= note_answer(&s, o);
	if (s.state != old->state) {
		s.since = now;
		actions |= ACTION_EVENT | ACTION_RESET_INTERVAL | decide(&s);
	} else if ((actions & ACTION_SUCCESS) != 0 && path_state_usable(s.state)) {
		actions |= ACTION_BACK_OFF;
	}

	*ret = s;
	return actions;
}

const char *path_state_name(enum path_state s)
{
	static const char *const names[PATH_STATE_COUNT_] = {
		[PATH_UNCHECKED] = "unchecked",
		[PATH_PENDING] = "pending",
		[PATH_UP] = "up",
		[PATH_DOWN] = "down",
		[PATH_TIMEOUT] = "timeout",
		[PATH_GHOST] = "ghost",
		[PATH_SHAKY] = "shaky",
		[PATH_DELAYED] = "delayed",
		[PATH_REMOVED] = "removed",
		[PATH_DISCONNECTED] = "disconnected",
	};

	assert(s < PATH_STATE_COUNT_);
	return names[s];
}

bool path_state_usable(enum path_state s)
{
	return state_verdict(s) == VERDICT_USABLE;
}

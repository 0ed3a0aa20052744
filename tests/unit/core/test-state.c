/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state machine: every state against every outcome, below and at the limits, with the
 * actions that follow; then the stories that take more than one step.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "checkerd/core/state.h"
#include "tests/unit/core/state-story.h"
#include "util/macro.h"

static const struct mono before = { 1000 };
static const struct mono now = { 2000 };

/* A status that a path in this state may have. */
static struct path_status status_in(enum path_state s)
{
	static const enum path_verdict verdicts[PATH_STATE_COUNT_] = {
		[PATH_UNCHECKED] = VERDICT_NONE,   [PATH_PENDING] = VERDICT_NONE,
		[PATH_UP] = VERDICT_USABLE,        [PATH_DOWN] = VERDICT_UNUSABLE,
		[PATH_TIMEOUT] = VERDICT_USABLE,   [PATH_GHOST] = VERDICT_USABLE,
		[PATH_SHAKY] = VERDICT_USABLE,     [PATH_DELAYED] = VERDICT_UNUSABLE,
		[PATH_REMOVED] = VERDICT_UNUSABLE, [PATH_DISCONNECTED] = VERDICT_UNUSABLE,
	};
	struct path_status p = { .state = s, .since = before, .verdict = verdicts[s] };

	if (s == PATH_TIMEOUT || s == PATH_DOWN)
		p.reason = (struct reason){ .kind = OUTCOME_TIMED_OUT,
			                    .stage = STAGE_READ,
			                    .error = ETIMEDOUT,
			                    .timeout_us = TIMEOUT_US };
	return p;
}

/* SYSFS_ACCESS, standby: test-sysfs-state has it by its name. */
#define STANDBY                               \
	{                                     \
		.access = { SYSFS_ACCESS, 3 } \
	}

/* What a checker learns of the port by a command of its own. */
#define PORT_ANSWERS(outcome_kind, outcome_said)                        \
	{                                                               \
		.kind = (outcome_kind), .stage = STAGE_READ,            \
		.request = REQUEST_PORT_GROUPS, .said = (outcome_said), \
	}

/* What came, in the words of the table below. */
enum what {
	STARTED,
	GOOD,
	GOOD_ENOUGH,
	BAD,
	BAD_ENOUGH,
	NO_DEVICE,
	NO_UNIT,
	PASSIVE,
	PASSIVE_ENOUGH,
	SLOW,
	SLOW_ENOUGH,
	STILL,
	STILL_ENOUGH,
	DEFERRED,
	NOT_JUDGED,
	GONE,
	PORT_PASSIVE,
	PORT_PASSIVE_ENOUGH,
	PORT_CHANGES,
	WHAT_COUNT
};

static const struct {
	struct outcome outcome;
	uint32_t fail_checks, recover_checks;
} given[WHAT_COUNT] = {
	[STARTED] = { { .kind = OUTCOME_STARTED }, 1, 1 },
	[GOOD] = { { .kind = OUTCOME_OK, .stage = STAGE_READ }, 1, 2 },
	[GOOD_ENOUGH] = { { .kind = OUTCOME_OK, .stage = STAGE_READ }, 1, 1 },
	[BAD] = { { .kind = OUTCOME_FAILED, .stage = STAGE_READ, .error = EIO }, 2, 1 },
	[BAD_ENOUGH] = { { .kind = OUTCOME_FAILED, .stage = STAGE_READ, .error = EIO },
	                 1,
	                 1 },
	[NO_DEVICE] = { { .kind = OUTCOME_FAILED, .stage = STAGE_OPEN, .error = ENXIO },
	                9,
	                1 },
	[NO_UNIT] = { { .kind = OUTCOME_DISCONNECTED,
	                .stage = STAGE_READ,
	                .error = EREMOTEIO },
	              9,
	              1 },
	[PASSIVE] = { { .kind = OUTCOME_FAILED,
	                .stage = STAGE_READ,
	                .error = EIO,
	                .sysfs = STANDBY },
	              1,
	              2 },
	[PASSIVE_ENOUGH] = { { .kind = OUTCOME_FAILED,
	                       .stage = STAGE_READ,
	                       .error = EIO,
	                       .sysfs = STANDBY },
	                     1,
	                     1 },
	[SLOW] = { { .kind = OUTCOME_TIMED_OUT, .stage = STAGE_READ, .error = ETIMEDOUT },
	           2,
	           1 },
	[SLOW_ENOUGH] = { { .kind = OUTCOME_TIMED_OUT,
	                    .stage = STAGE_READ,
	                    .error = ETIMEDOUT },
	                  1,
	                  1 },
	[STILL] = { { .kind = OUTCOME_SILENT }, 2, 1 },
	[STILL_ENOUGH] = { { .kind = OUTCOME_SILENT }, 1, 1 },
	[DEFERRED] = { { .kind = OUTCOME_DEFERRED }, 1, 1 },
	[NOT_JUDGED] = { { .kind = OUTCOME_NOT_JUDGED, .error = EACCES }, 1, 1 },
	[GONE] = { { .kind = OUTCOME_GONE }, 9, 1 },
	[PORT_PASSIVE] = { PORT_ANSWERS(OUTCOME_PASSIVE, SAID_STANDBY), 1, 2 },
	[PORT_PASSIVE_ENOUGH] = { PORT_ANSWERS(OUTCOME_PASSIVE, SAID_STANDBY), 1, 1 },
	[PORT_CHANGES] = { PORT_ANSWERS(OUTCOME_PENDING, SAID_TRANSITIONING), 1, 1 },
};

/*
 * The next state for each state, and the command to device-mapper: + reinstate, - fail.
 * "=": only counters change.
 */
static const char *const expected[PATH_STATE_COUNT_][WHAT_COUNT] = {
	[PATH_UNCHECKED] = { "pending", "up+", "up+", "shaky", "down-", "removed-",
	                     "disconnected-", "ghost+", "ghost+", "timeout", "down-", "=",
	                     "=", "=", "=", "removed-", "ghost+", "ghost+", "=" },
	[PATH_PENDING] = { "=", "up+", "up+", "shaky", "down-", "removed-",
	                   "disconnected-", "ghost+", "ghost+", "timeout", "down-", "=",
	                   "=", "=", "=", "removed-", "ghost+", "ghost+", "=" },
	[PATH_UP] = { "=", "=", "=", "shaky", "down-", "removed-", "disconnected-",
	              "ghost", "ghost", "timeout", "down-", "=", "=", "=", "=",
	              "removed-", "ghost", "ghost", "=" },
	[PATH_DOWN] = { "=", "delayed", "up+", "=", "=", "removed", "disconnected",
	                "delayed", "ghost+", "=", "=", "=", "=", "=", "=", "removed",
	                "delayed", "ghost+", "=" },
	[PATH_TIMEOUT] = { "=", "up", "up", "shaky", "down-", "removed-", "disconnected-",
	                   "ghost", "ghost", "=", "down-", "=", "down-", "=", "=",
	                   "removed-", "ghost", "ghost", "=" },
	[PATH_GHOST] = { "=", "up", "up", "shaky", "down-", "removed-", "disconnected-",
	                 "=", "=", "timeout", "down-", "=", "=", "=", "=", "removed-",
	                 "=", "=", "=" },
	[PATH_SHAKY] = { "=", "up", "up", "=", "down-", "removed-", "disconnected-",
	                 "ghost", "ghost", "timeout", "down-", "=", "=", "=", "=",
	                 "removed-", "ghost", "ghost", "=" },
	[PATH_DELAYED] = { "=", "=", "up+", "down", "down", "removed", "disconnected",
	                   "=", "ghost+", "down", "down", "=", "=", "=", "=", "removed",
	                   "=", "ghost+", "=" },
	[PATH_REMOVED] = { "=", "delayed", "up+", "down", "down", "=", "disconnected",
	                   "delayed", "ghost+", "down", "down", "=", "=", "=", "=", "=",
	                   "delayed", "ghost+", "=" },
	[PATH_DISCONNECTED] = { "=", "delayed", "up+", "down", "down", "removed", "=",
	                        "delayed", "ghost+", "down", "down", "=", "=", "=", "=",
	                        "removed", "delayed", "ghost+", "=" },
};

/* SILENT is a failure only if the timeout of this check has been reported. */
static bool is_failure(enum path_state s, enum what w)
{
	if (w == STILL || w == STILL_ENOUGH)
		return s == PATH_TIMEOUT || s == PATH_DOWN;
	return w == BAD || w == BAD_ENOUGH || w == NO_DEVICE || w == NO_UNIT ||
	       w == SLOW || w == SLOW_ENOUGH || w == GONE;
}

static bool is_success(enum what w)
{
	return w == GOOD || w == GOOD_ENOUGH || w == PASSIVE || w == PASSIVE_ENOUGH ||
	       w == PORT_PASSIVE || w == PORT_PASSIVE_ENOUGH;
}

static unsigned expected_actions(enum path_state s, enum what w, const char *word)
{
	unsigned actions = ACTION_NONE;

	if (strchr(word, '+'))
		actions |= ACTION_REINSTATE;
	if (strchr(word, '-'))
		actions |= ACTION_FAIL;
	if (word[0] != '=')
		actions |= ACTION_EVENT | ACTION_RESET_INTERVAL;
	if (is_failure(s, w))
		actions |= ACTION_RESET_INTERVAL | ACTION_FAILURE;
	if (is_success(w))
		actions |= ACTION_SUCCESS;
	if (is_success(w) && word[0] == '=' && (s == PATH_UP || s == PATH_GHOST))
		actions |= ACTION_BACK_OFF;
	return actions;
}

static void check_counters(const struct path_status *old, const struct path_status *new,
                           enum what w)
{
	if (is_success(w)) {
		assert_int_equal(new->streak, MAX(old->streak, 0) + 1);
	} else if (w != GONE && is_failure(old->state, w)) {
		assert_int_equal(new->streak, MIN(old->streak, 0) - 1);
	} else if (w != GONE) {
		assert_int_equal(new->streak, old->streak);
	}
}

static void check_cell(enum path_state s, enum what w)
{
	struct path_policy policy = { given[w].fail_checks, given[w].recover_checks };
	const char *word = expected[s][w];
	struct path_status old = status_in(s), new;
	char want[32], got[32];
	unsigned actions;

	actions =
	        path_status_step(&old, &given[w].outcome, &policy, TIMEOUT_US, now, &new);

	(void)snprintf(want, sizeof(want), "%s",
	               word[0] == '=' ? path_state_name(s) : word);
	want[strcspn(want, "+-")] = '\0';
	(void)snprintf(got, sizeof(got), "%s", path_state_name(new.state));
	if (strcmp(got, want) != 0)
		fail_msg("%s, input %u: %s, not %s", path_state_name(s), w, got, want);
	if (actions != expected_actions(s, w, word))
		fail_msg("%s, input %u: actions %#x, not %#x", path_state_name(s), w,
		         actions, expected_actions(s, w, word));
	assert_int_equal(new.since.us, new.state == s ? before.us : now.us);
	check_counters(&old, &new, w);
	if (w == PORT_PASSIVE || w == PORT_PASSIVE_ENOUGH ||
	    (w == PORT_CHANGES && s == PATH_PENDING))
		assert_int_equal(new.reason.said, given[w].outcome.said);
	else if (w == DEFERRED || w == NOT_JUDGED || w == PORT_CHANGES)
		assert_memory_equal(&old, &new, sizeof(old));
	if (is_failure(s, w))
		assert_int_equal(new.reason.kind, given[w].outcome.kind);
}

static void every_cell(void **state)
{
	(void)state; /* no fixture */
	for (unsigned s = 0; s < PATH_STATE_COUNT_; s++)
		for (unsigned w = 0; w < WHAT_COUNT; w++)
			check_cell(s, w);
}

static const struct outcome late_good = {
	.kind = OUTCOME_OK, .stage = STAGE_READ, .error = 0, .late = true
};
static const struct outcome late_bad = {
	.kind = OUTCOME_FAILED, .stage = STAGE_READ, .error = EIO, .late = true
};
static const struct outcome slow = { .kind = OUTCOME_TIMED_OUT,
	                             .stage = STAGE_READ,
	                             .error = ETIMEDOUT };
static const struct outcome still = { .kind = OUTCOME_SILENT };
static const struct outcome started = { .kind = OUTCOME_STARTED };
static const struct outcome deferred = { .kind = OUTCOME_DEFERRED };

/* A request that times out is named, also when it is silent again. */
static void silence_keeps_its_request(void **state)
{
	struct outcome o = slow;
	struct story t = begin(2, 1);

	(void)state; /* no fixture */
	o.request = REQUEST_TEST_UNIT;
	step(&t, o);
	step(&t, still);
	assert_int_equal(t.status.reason.request, REQUEST_TEST_UNIT);
	assert_int_equal(t.status.reason.timeout_us, TIMEOUT_US);
}

/* The same errno with other sense data is another error of the device. */
static void each_error_of_the_device_is_told_once(void **state)
{
	struct outcome o = { .kind = OUTCOME_DEVICE_ERROR,
		             .stage = STAGE_READ,
		             .error = EREMOTEIO,
		             .request = REQUEST_TEST_UNIT,
		             .said = SAID_SENSE,
		             .sense = { 4, 0x44, 0 } };
	struct story t = begin(1, 1);

	(void)state; /* no fixture */
	step(&t, good);
	assert_true(step(&t, o) & ACTION_DEVICE_ERROR);
	assert_false(step(&t, o) & ACTION_DEVICE_ERROR);
	o.sense.code = 0x3e;
	assert_true(step(&t, o) & ACTION_DEVICE_ERROR);
	assert_int_equal(t.status.reason.sense.code, 0x3e);
	o.request = REQUEST_SCSI_READ;
	assert_true(step(&t, o) & ACTION_DEVICE_ERROR);
}

static void starts_unchecked(void **state)
{
	struct story t = begin(1, 1);

	(void)state; /* no fixture */
	assert_state(&t, PATH_UNCHECKED);
	assert_int_equal(t.status.since.us, 5);
	assert_int_equal(t.status.verdict, VERDICT_NONE);
	assert_false(path_state_usable(t.status.state));
}

/* The step of a start may be left out where it is not noted. */
static void where_a_start_is_noted(void **state)
{
	static const struct path_policy policy = { 1, 1 };

	(void)state; /* no fixture */
	for (enum path_state s = 0; s < PATH_STATE_COUNT_; s++) {
		const struct path_status old = status_in(s);
		struct path_status new;
		unsigned actions =
		        path_status_step(&old, &started, &policy, TIMEOUT_US, now, &new);
		bool changed = actions != ACTION_NONE || new.state != old.state ||
		               new.streak != old.streak || new.since.us != old.since.us ||
		               new.verdict != old.verdict || new.no_unit != old.no_unit ||
		               new.excused != old.excused ||
		               new.reason.kind != old.reason.kind;

		assert_int_equal(path_status_notes_start(&old), changed);
	}
}

static void failures_in_a_row(void **state)
{
	struct story t = begin(3, 2);

	(void)state; /* no fixture */
	step(&t, started);
	step(&t, good);
	step(&t, bad);
	step(&t, bad);
	step(&t, good); /* the row ends here */
	assert_state(&t, PATH_UP);
	step(&t, bad);
	assert_state(&t, PATH_SHAKY);
	step(&t, slow);
	assert_state(&t, PATH_TIMEOUT);
	step(&t, deferred);
	assert_state(&t, PATH_TIMEOUT);
	assert_true(step(&t, still) & ACTION_FAIL);
	assert_state(&t, PATH_DOWN);
	assert_int_equal(step(&t, still), ACTION_RESET_INTERVAL | ACTION_FAILURE);
	assert_int_equal(t.status.streak, -4);
	step(&t, late_good);
	assert_state(&t, PATH_DELAYED);
	assert_true(step(&t, good) & ACTION_REINSTATE);
	assert_state(&t, PATH_UP);
	assert_int_equal(t.status.reason.kind, OUTCOME_OK);
}

/* One check that times out and then comes back with an error failed once, not twice. */
static void late_failure_counts_once(void **state)
{
	struct story t = begin(2, 1);

	(void)state; /* no fixture */
	step(&t, good);
	step(&t, slow);
	assert_false(step(&t, late_bad) & ACTION_FAIL);
	assert_state(&t, PATH_SHAKY);
	assert_int_equal(t.status.streak, -1);
	assert_int_equal(t.status.reason.error, EIO);
	step(&t, bad);
	assert_state(&t, PATH_DOWN);
}

/* An interval shorter than the timeout: being due again is no failure of its own. */
static void silence_before_timeout_is_nothing(void **state)
{
	struct story t = begin(1, 1);

	(void)state; /* no fixture */
	step(&t, started);
	for (int i = 0; i < 5; i++)
		assert_int_equal(step(&t, still), ACTION_NONE);
	assert_state(&t, PATH_PENDING);

	/* Down for another reason, with a new check on its way: the reason stays. */
	step(&t, bad);
	assert_state(&t, PATH_DOWN);
	assert_int_equal(step(&t, still), ACTION_NONE);
	assert_int_equal(t.status.reason.error, EIO);
	assert_int_equal(t.status.streak, -1);
}

/* The device answers again, which ends the earlier silence. */
static void silence_while_delayed_is_nothing(void **state)
{
	struct story t = begin(1, 3);

	(void)state; /* no fixture */
	step(&t, slow);
	step(&t, late_good);
	step(&t, good);
	assert_state(&t, PATH_DELAYED);
	assert_int_equal(step(&t, still), ACTION_NONE);
	step(&t, good);
	assert_state(&t, PATH_UP);
}

/* Successful checks of the previous device do not count for the new one. */
static void removal_ends_the_row_of_good_checks(void **state)
{
	struct story t = begin(1, 2);

	(void)state; /* no fixture */
	for (int i = 0; i < 5; i++)
		step(&t, good);
	step(&t, (struct outcome){ .kind = OUTCOME_GONE });
	step(&t, good);
	assert_state(&t, PATH_DELAYED);
	step(&t, good);
	assert_state(&t, PATH_UP);
}

static void silence_keeps_its_stage(void **state)
{
	struct story t = begin(2, 1);
	struct outcome open_slow = { .kind = OUTCOME_TIMED_OUT,
		                     .stage = STAGE_OPEN,
		                     .error = ETIMEDOUT };

	(void)state; /* no fixture */
	step(&t, slow);
	step(&t, still);
	assert_int_equal(t.status.reason.stage, STAGE_READ);
	assert_int_equal(t.status.reason.timeout_us, TIMEOUT_US);
	step(&t, open_slow);
	step(&t, still);
	assert_int_equal(t.status.reason.stage, STAGE_OPEN);
}

/* dm may have the path failed since an earlier daemon, whatever the first check said. */
static void first_decision_is_told(void **state)
{
	struct story t = begin(2, 1);

	(void)state; /* no fixture */
	step(&t, started);
	step(&t, bad);
	assert_state(&t, PATH_SHAKY);
	assert_true(step(&t, good) & ACTION_REINSTATE);
	step(&t, bad);
	assert_false(step(&t, good) & ACTION_REINSTATE);
	step(&t, bad);
	assert_true(step(&t, bad) & ACTION_FAIL);
}

static void down_keeps_its_since_and_takes_the_new_reason(void **state)
{
	struct story t = begin(1, 1);
	int64_t since;

	(void)state; /* no fixture */
	step(&t, bad);
	since = t.status.since.us;
	step(&t, slow);
	assert_state(&t, PATH_DOWN);
	assert_int_equal(t.status.since.us, since);
	assert_int_equal(t.status.reason.kind, OUTCOME_TIMED_OUT);
}

static void counters_saturate(void **state)
{
	struct story t = begin(1, 1);

	(void)state; /* no fixture */
	step(&t, bad);
	t.status.streak = -PATH_STREAK_MAX;
	step(&t, bad);
	assert_int_equal(t.status.streak, -PATH_STREAK_MAX);
	assert_state(&t, PATH_DOWN);
	step(&t, good);
	t.status.streak = PATH_STREAK_MAX;
	step(&t, good);
	assert_int_equal(t.status.streak, PATH_STREAK_MAX);
	assert_state(&t, PATH_UP);
}

static void limits_of_zero_mean_one(void **state)
{
	struct story t = begin(0, 0);

	(void)state; /* no fixture */
	step(&t, bad);
	assert_state(&t, PATH_DOWN);
	step(&t, good);
	assert_state(&t, PATH_UP);
}

static void usable_states(void **state)
{
	(void)state; /* no fixture */
	for (unsigned s = 0; s < PATH_STATE_COUNT_; s++)
		assert_int_equal(path_state_usable(s), s == PATH_UP || s == PATH_GHOST);
}

static void names(void **state)
{
	static const char *const words[PATH_STATE_COUNT_] = {
		"unchecked", "pending", "up",      "down",    "timeout",
		"ghost",     "shaky",   "delayed", "removed", "disconnected",
	};

	(void)state; /* no fixture */
	for (unsigned s = 0; s < PATH_STATE_COUNT_; s++)
		assert_string_equal(path_state_name(s), words[s]);
}

/* A check that hangs while its port changes its state counts when that is over, once. */
static void a_timeout_in_transition_counts_when_that_is_over(void **state)
{
	struct outcome o = slow, s = still;
	struct story t = begin(1, 1);

	(void)state; /* no fixture */
	step(&t, good);
	o.sysfs.access = s.sysfs.access = sysfs_word(SYSFS_ACCESS, "transitioning");
	assert_int_equal(step(&t, o), ACTION_NONE);
	assert_int_equal(step(&t, s), ACTION_NONE);
	assert_state(&t, PATH_UP);
	assert_true(step(&t, still) & ACTION_FAIL);
	assert_state(&t, PATH_DOWN);
	assert_int_equal(t.status.reason.timeout_us, TIMEOUT_US);
}

static void an_excused_timeout_fails_late(void **state)
{
	struct outcome o = slow;
	struct story t = begin(1, 1);

	(void)state; /* no fixture */
	step(&t, good);
	o.sysfs.access = sysfs_word(SYSFS_ACCESS, "transitioning");
	step(&t, o);
	assert_true(step(&t, late_bad) & ACTION_FAIL);
	assert_state(&t, PATH_DOWN);
}

/* The port becomes passive after the timeout was counted: the late answer counts no second time. */
static void a_counted_timeout_counts_once_whatever_the_port_says(void **state)
{
	struct outcome s = still;
	struct story t = begin(2, 1);

	(void)state; /* no fixture */
	step(&t, good);
	step(&t, slow);
	assert_state(&t, PATH_TIMEOUT);
	s.sysfs.access = sysfs_word(SYSFS_ACCESS, "standby");
	step(&t, s);
	assert_state(&t, PATH_GHOST);
	assert_false(step(&t, late_bad) & ACTION_FAIL);
	assert_state(&t, PATH_SHAKY);
	assert_true(step(&t, bad) & ACTION_FAIL);
}

static void a_ghost_stays_one_while_its_port_is_passive(void **state)
{
	struct outcome o = bad;
	struct story t = begin(1, 2);

	(void)state; /* no fixture */
	o.sysfs.access = sysfs_word(SYSFS_ACCESS, "standby");
	step(&t, started);
	assert_true(step(&t, o) & ACTION_REINSTATE);
	for (int i = 0; i < 3; i++)
		assert_int_equal(step(&t, o), ACTION_SUCCESS | ACTION_BACK_OFF);
	assert_state(&t, PATH_GHOST);
	step(&t, good);
	assert_state(&t, PATH_UP);
	assert_true(step(&t, bad) & ACTION_FAIL);
	/* Back in standby it earns its place as every other path does. */
	assert_false(step(&t, o) & ACTION_REINSTATE);
	assert_state(&t, PATH_DELAYED);
	assert_true(step(&t, o) & ACTION_REINSTATE);
	assert_state(&t, PATH_GHOST);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell),
		cmocka_unit_test(a_timeout_in_transition_counts_when_that_is_over),
		cmocka_unit_test(an_excused_timeout_fails_late),
		cmocka_unit_test(a_counted_timeout_counts_once_whatever_the_port_says),
		cmocka_unit_test(a_ghost_stays_one_while_its_port_is_passive),
		cmocka_unit_test(silence_keeps_its_request),
		cmocka_unit_test(each_error_of_the_device_is_told_once),
		cmocka_unit_test(starts_unchecked),
		cmocka_unit_test(where_a_start_is_noted),
		cmocka_unit_test(failures_in_a_row),
		cmocka_unit_test(late_failure_counts_once),
		cmocka_unit_test(silence_before_timeout_is_nothing),
		cmocka_unit_test(silence_while_delayed_is_nothing),
		cmocka_unit_test(removal_ends_the_row_of_good_checks),
		cmocka_unit_test(silence_keeps_its_stage),
		cmocka_unit_test(first_decision_is_told),
		cmocka_unit_test(down_keeps_its_since_and_takes_the_new_reason),
		cmocka_unit_test(counters_saturate),
		cmocka_unit_test(limits_of_zero_mean_one),
		cmocka_unit_test(usable_states),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Registry, schedule and state together: ten thousand paths for five minutes of virtual time,
 * with answers that are good, bad, slow or late, and paths that come and go. The daemon's
 * loop is played in its simplest form; the device's side is a calendar of answers. One seed,
 * so that a failure repeats itself.
 *
 * Asserted at every step: a check is never later than its interval allows, nor are two of one
 * path closer than its interval; a path goes down for nothing but failures that were counted
 * here as well; dm is told each decision once; no path is lost.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>

#include "checkerd/core/schedule.h"
#include "tests/unit/disk.h"
#include "tests/unit/random.h"
#include "util/macro.h"

#define STEP_US USEC_PER_MSEC
#define END_US  (300 * USEC_PER_SEC)
#define DAYS    65536 /* of the calendar: milliseconds, more than any answer takes */
#define NONE    REGISTRY_NONE

enum { PATHS = 10000, ROOM = 10100, ANSWERS = 4 * ROOM };

/* An answer on its way, or the deadline before it. */
struct answer {
	uint32_t next, index, generation;
	int64_t at, deadline;
	enum outcome_kind kind;
	int error; /* 0: good */
	bool late;
};

/* What the test counts for itself about a path. */
struct shadow {
	int64_t last_start, check_due;
	uint32_t fails;
	bool gone_error;
	enum { TOLD_NOTHING, TOLD_FAIL, TOLD_REINSTATE } told;
};

struct world {
	struct registry *registry;
	struct schedule *schedule;
	struct random random;
	struct mono now;
	uint32_t day[DAYS], free;
	struct answer answers[ANSWERS];
	struct shadow shadow[ROOM];
	uint32_t names;
	uint64_t started, finals, stale, outstanding, entered[PATH_STATE_COUNT_];
};

static uint64_t roll(struct world *w, uint64_t n)
{
	return random_below(&w->random, n);
}

static void file_answer(struct world *w, uint32_t a, int64_t at)
{
	uint32_t *head = &w->day[MAX(at / STEP_US, w->now.us / STEP_US + 1) % DAYS];

	w->answers[a].next = *head;
	*head = a;
}

static void add_path(struct world *w)
{
	struct path_settings settings = {
		.interval_us = (int64_t)(1 + roll(w, 5)) * USEC_PER_SEC,
		.timeout_us = (int64_t)(1 + roll(w, 30)) * USEC_PER_SEC,
		.fail_checks = 1 + (uint32_t)roll(w, 3),
		.recover_checks = 1 + (uint32_t)roll(w, 3),
	};
	struct device *d = disk_new(w->names++, NULL);
	uint32_t i;

	settings.max_interval_grid = path_max_interval_grid(4 * settings.interval_us);
	assert_int_equal(registry_add(w->registry, d, &settings, w->now, &i), 0);
	(void)device_unref(d); /* NULL, always */
	w->shadow[i] = (struct shadow){ .last_start = INT64_MIN / 2 };
	schedule_put(w->schedule, i,
	             schedule_spread(w->now, settings.interval_us, i, SCHEDULE_SHARE));
}

static void remove_path(struct world *w, uint32_t i)
{
	struct path *p = registry_get(w->registry, i);

	if (!p)
		return;
	w->outstanding -= p->outstanding;
	schedule_remove(w->schedule, i);
	registry_remove(w->registry, i);
}

/* The test's own view of what may follow from what. */
static void check_step(struct world *w, uint32_t i, const struct path_status *old,
                       unsigned actions)
{
	const struct path *p = registry_get(w->registry, i);
	struct shadow *s = &w->shadow[i];

	if (actions & ACTION_FAIL) {
		assert_int_not_equal(s->told, TOLD_FAIL);
		assert_true(s->gone_error || s->fails >= p->settings.fail_checks);
		s->told = TOLD_FAIL;
	}
	if (actions & ACTION_REINSTATE) {
		assert_int_not_equal(s->told, TOLD_REINSTATE);
		assert_int_equal(s->fails, 0);
		s->told = TOLD_REINSTATE;
	}
	if (path_state_usable(p->status.state))
		assert_int_equal(s->told, TOLD_REINSTATE);
	if (p->status.state == old->state) {
		assert_false(actions & (ACTION_EVENT | ACTION_FAIL | ACTION_REINSTATE));
		assert_int_equal(p->status.since.us, old->since.us);
		return;
	}
	assert_true(actions & ACTION_EVENT);
	w->entered[p->status.state]++;
	if (p->status.state == PATH_DOWN)
		assert_true(s->fails > 0);
	if (p->status.state == PATH_REMOVED)
		assert_true(s->gone_error);
}

static void put_next(struct world *w, uint32_t i)
{
	struct path *p = registry_get(w->registry, i);
	struct mono due = { w->shadow[i].check_due };

	schedule_put(w->schedule, i, schedule_after(due, p->interval_us, w->now));
	assert_true(p->due.us <= w->now.us + p->interval_us + SCHEDULE_GRID_US);
	assert_true(p->due.us >= w->now.us);
}

static void step(struct world *w, uint32_t i, struct outcome o)
{
	struct path *p = registry_get(w->registry, i);
	struct path_status old = p->status;
	int64_t interval = p->interval_us;
	struct path_policy policy = path_policy_of(&p->settings);
	unsigned actions = path_status_step(&old, &o, &policy, p->settings.timeout_us,
	                                    w->now, &p->status);

	check_step(w, i, &old, actions);
	if (actions & ACTION_RESET_INTERVAL)
		p->interval_us = p->settings.interval_us;
	if (actions & ACTION_BACK_OFF)
		p->interval_us = MIN(2 * interval, path_max_interval_us(&p->settings));
	if (p->interval_us != interval)
		put_next(w, i);
}

/* Mostly at once and good; some slow, some very, some bad, a few with the device gone. */
static void start_check(struct world *w, uint32_t i)
{
	struct path *p = registry_get(w->registry, i);
	uint64_t dice = roll(w, 100), verdict = roll(w, 100);
	int64_t takes = (int64_t)roll(w, dice < 90   ? 20000
	                                 : dice < 97 ? 8000000
	                                             : 60000000);
	uint32_t a = w->free;

	assert_true(w->now.us - w->shadow[i].last_start >=
	            p->settings.interval_us - STEP_US);
	w->shadow[i].last_start = w->now.us;
	assert_int_not_equal(a, NONE);
	w->free = w->answers[a].next;
	w->answers[a] = (struct answer){
		.index = i,
		.generation = p->generation,
		.at = w->now.us + takes,
		.deadline = w->now.us + p->settings.timeout_us,
		.kind = verdict < 84   ? OUTCOME_OK
		        : verdict < 90 ? OUTCOME_PASSIVE
		        : verdict < 92 ? OUTCOME_PENDING
		                       : OUTCOME_FAILED,
		.error = verdict < 92   ? 0
		         : verdict < 99 ? EIO
		                        : ENXIO,
	};
	file_answer(w, a, MIN(w->answers[a].at, w->answers[a].deadline));
	p->outstanding = true;
	p->expired = false;
	w->started++;
	w->outstanding++;
	if (roll(w, 20) == 0)
		step(w, i, (struct outcome){ .kind = OUTCOME_DEFERRED });
	step(w, i, (struct outcome){ .kind = OUTCOME_STARTED });
}

static void due_path(struct world *w, uint32_t i)
{
	struct path *p = registry_get(w->registry, i);

	assert_true(p->due.us <= w->now.us);
	assert_true(w->now.us - p->due.us < STEP_US);
	w->shadow[i].check_due = p->due.us;
	put_next(w, i);
	if (!p->outstanding) {
		start_check(w, i);
		return;
	}
	w->shadow[i].fails += p->expired;
	step(w, i, (struct outcome){ .kind = OUTCOME_SILENT });
}

static void time_out(struct world *w, uint32_t i)
{
	registry_get(w->registry, i)->expired = true;
	w->shadow[i].fails++;
	step(w, i,
	     (struct outcome){ .kind = OUTCOME_TIMED_OUT,
	                       .stage = STAGE_READ,
	                       .error = ETIMEDOUT });
}

static void final_answer(struct world *w, uint32_t i, const struct answer *a)
{
	struct path *p = registry_get(w->registry, i);
	struct outcome o = { .kind = a->kind,
		             .stage = a->error == ENXIO ? STAGE_OPEN : STAGE_READ,
		             .error = a->error,
		             .late = a->late };
	struct shadow *s = &w->shadow[i];

	p->outstanding = p->expired = false;
	w->outstanding--;
	w->finals++;
	s->gone_error = a->error == ENXIO;
	if (a->kind != OUTCOME_PENDING)
		s->fails = a->error ? s->fails + !a->late : 0;
	step(w, i, o);
}

static void answer(struct world *w, uint32_t a)
{
	struct answer *x = &w->answers[a];
	struct path *p = registry_get(w->registry, x->index);
	bool stale = !p || p->generation != x->generation;

	if (x->at > x->deadline && !x->late) {
		x->late = true;
		file_answer(w, a, x->at);
		if (!stale)
			time_out(w, x->index);
		return;
	}
	if (stale)
		w->stale++;
	else
		final_answer(w, x->index, x);
	x->next = w->free;
	w->free = a;
}

static void one_day(struct world *w)
{
	uint32_t *head = &w->day[w->now.us / STEP_US % DAYS], a = *head, i;

	*head = NONE;
	while (a != NONE) {
		uint32_t next = w->answers[a].next;

		answer(w, a);
		a = next;
	}
	while ((i = schedule_pop(w->schedule, w->now)) != NONE)
		due_path(w, i);
	assert_true(schedule_next(w->schedule).us > w->now.us);
	if (roll(w, 100) == 0)
		remove_path(w, (uint32_t)roll(w, PATHS));
	if (registry_count(w->registry) < PATHS && roll(w, 50) == 0)
		add_path(w);
}

static struct world *make_world(uint64_t seed)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->random.state = seed;
	w->now.us = 4000 * USEC_PER_SEC;
	assert_int_equal(registry_new(&w->registry, ROOM), 0);
	assert_int_equal(schedule_new(&w->schedule, w->registry), 0);
	for (uint32_t i = 0; i < DAYS; i++)
		w->day[i] = NONE;
	for (uint32_t i = 0; i < ANSWERS; i++)
		w->answers[i].next = i + 1 < ANSWERS ? i + 1 : NONE;
	for (uint32_t i = 0; i < PATHS; i++)
		add_path(w);
	return w;
}

/* Not one path is out of the schedule, and every check is accounted for. */
static void check_end(struct world *w)
{
	uint64_t outstanding = 0;

	for (uint32_t i = 0; i < registry_end(w->registry); i++) {
		struct path *p = registry_get(w->registry, i);

		if (!p)
			continue;
		outstanding += p->outstanding;
		assert_true(p->due.us > w->now.us - STEP_US);
		assert_true(p->due.us <= w->now.us + p->interval_us + SCHEDULE_GRID_US);
		/* Only a path that was added just now has not been due yet. */
		if (w->now.us - p->status.since.us > p->interval_us + SCHEDULE_GRID_US)
			assert_int_not_equal(p->status.state, PATH_UNCHECKED);
	}
	assert_int_equal(outstanding, w->outstanding);
	assert_true(w->started >= w->finals + w->outstanding);
	/* Each kind of operation has happened. */
	assert_true(w->started > 200000 && w->stale > 0);
	for (unsigned s = PATH_PENDING; s < PATH_STATE_COUNT_; s++)
		if (s != PATH_DISCONNECTED)
			assert_true(w->entered[s] > 100);
}

static void five_minutes(void **state)
{
	struct world *w = make_world(20261121);
	int64_t end = w->now.us + END_US;

	(void)state; /* no fixture */
	for (; w->now.us < end; w->now.us += STEP_US)
		one_day(w);
	check_end(w);
	(void)schedule_free(w->schedule); /* NULL, always */
	(void)registry_free(w->registry);
	free(w);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(five_minutes) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

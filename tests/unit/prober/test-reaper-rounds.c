/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A reaper's rounds: which thread it wakes, io_setup, many answers at once, pauses. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "tests/unit/prober/reaper-bed.h"
#include "util/thread.h"

/* --- who is woken --- */

static void a_free_slot_wakes_the_submitter_only_if_one_waits(void **state)
{
	struct bed *b = *state;

	b->shared.header->submitter_waits = 1;
	answer(b, in_flight(b, 1), BLOCK, START_US);
	assert_false(submitter_was_woken(b));
	atomic_store(&b->prober.posts.waiting, 1);
	answer(b, in_flight(b, 1), BLOCK, START_US);
	assert_true(submitter_was_woken(b));
	b->shared.header->submitter_waits = 1;
	round_at(b, START_US);
	assert_false(submitter_was_woken(b));
	atomic_store(&b->prober.posts.waiting, 0);
}

static void it_is_woken_once_a_round(void **state)
{
	struct bed *b = *state;
	uint64_t count = 0;

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 5; i++)
			group_wake(b->g);
		assert_int_equal(read(b->g->wake_fd, &count, sizeof(count)),
		                 sizeof(count));
		assert_int_equal(count, 1);
		round_at(b, START_US);
	}
}

/* --- io_setup --- */

static void a_slow_setup_is_worked_around(void **state)
{
	struct bed *b = *state;
	struct group_view *v = &b->shared.groups[0];

	b->g->context = NULL;
	b->g->state = PATHCHECK_GROUP_SETTING_UP;
	b->g->setup_running = true;
	b->g->setup_by = (struct mono){ START_US };
	b->shared.header->submitter_waits = 1;
	assert_int_equal(round_at(b, START_US - 1).us, START_US);
	assert_int_equal(b->g->state, PATHCHECK_GROUP_SETTING_UP);
	assert_int_equal(atomic_load(&v->kind), PATHCHECK_GROUP_AIO);
	assert_false(submitter_was_woken(b));

	assert_true(mono_is_never(round_at(b, START_US)));
	assert_int_equal(b->g->state, PATHCHECK_GROUP_FALLBACK);
	assert_int_equal(atomic_load(&v->state), PATHCHECK_GROUP_FALLBACK);
	assert_int_equal(atomic_load(&v->kind), PATHCHECK_GROUP_SYNC);
	assert_int_equal(atomic_load(&v->setup_error), ETIMEDOUT);
	assert_true(submitter_was_woken(b));
	round_at(b, START_US * 9);
	assert_null(rescue(b, CLASS_SETUP)); /* the first one still runs */
}

static void a_refused_setup_is_tried_again(void **state)
{
	struct bed *b = *state;

	b->g->context = NULL;
	b->g->state = PATHCHECK_GROUP_FALLBACK;
	b->g->setup_error = EAGAIN;
	b->g->setup_by = (struct mono){ START_US };
	assert_int_equal(round_at(b, START_US - 1).us, START_US);
	assert_null(rescue(b, CLASS_SETUP));
	assert_true(mono_is_never(round_at(b, START_US)));
	assert_ptr_equal(rescue(b, CLASS_SETUP), &b->g->setup);
	assert_int_equal(b->g->setup.kind, JOB_SETUP);
	assert_true(b->g->setup_running);
	assert_int_equal(b->g->setup_error, EAGAIN); /* until it is known better */
	round_at(b, START_US + 1);
	assert_null(rescue(b, CLASS_SETUP));
}

static void the_earlier_of_deadline_and_timer(void **state)
{
	struct bed *b = *state;

	b->g->state = PATHCHECK_GROUP_FALLBACK;
	(void)in_flight(b, 1);
	b->g->setup_by = (struct mono){ DUE_US - 1 };
	assert_int_equal(round_at(b, START_US).us, DUE_US - 1);
	b->g->setup_by = (struct mono){ DUE_US + 1 };
	assert_int_equal(round_at(b, START_US).us, DUE_US);
	b->g->setup_by = MONO_NEVER;
}

/* --- more than one batch --- */

static void all_of_a_group_at_once(void **state)
{
	static struct backend_event events[PATHCHECK_GROUP_SLOTS];
	static bool seen[PATHCHECK_GROUP_SLOTS];
	struct bed *b = *state;

	static_assert(PATHCHECK_GROUP_SLOTS > 3 * REAP_BATCH, "several batches");
	for (uint32_t i = 0; i < PATHCHECK_GROUP_SLOTS; i++)
		events[i] = (struct backend_event){
			.request = &in_flight(b, i)->request,
			.result = i % 3 == 0 ? -ENOLINK : BLOCK,
		};
	reaper_step(b->g, events, ARRAY_LEN(events), (struct mono){ START_US });
	group_assert(b->g);
	assert_int_equal(group_used(b->g), 0);
	for (uint32_t i = 0; i < PATHCHECK_GROUP_SLOTS; i++) {
		struct wire_result w = next(b);

		assert_false(seen[w.id]);
		seen[w.id] = true;
		assert_int_equal(w.verdict,
		                 w.id % 3 == 0 ? PATHCHECK_FAILED : PATHCHECK_OK);
	}
	no_result(b);
}

/*
 * The whole process was stopped past all deadlines while the answers came. Answers that did
 * not fit into the first batch count as answers too.
 */
static void timeouts_come_after_all_answers(void **state)
{
	static struct backend_event events[2 * REAP_BATCH];
	struct bed *b = *state;
	struct slot *silent = in_flight(b, 999);

	for (uint32_t i = 0; i < ARRAY_LEN(events) - 1; i++)
		events[i] = (struct backend_event){ &in_flight(b, i)->request, BLOCK };
	assert_true(reaper_step(b->g, events, REAP_BATCH, (struct mono){ DUE_US }).us <=
	            DUE_US);
	reaper_step(b->g, events + REAP_BATCH, REAP_BATCH - 1, (struct mono){ DUE_US });
	group_assert(b->g);
	for (uint32_t i = 0; i < ARRAY_LEN(events) - 1; i++)
		expect(b, i, PATHCHECK_OK, 0, false, DUE_US);
	expect(b, 999, PATHCHECK_TIMED_OUT, ETIMEDOUT, false, DUE_US);
	no_result(b);
	assert_int_equal(silent->state, SLOT_EXPIRED);
}

/* Answers of the kernel and of rescuers, and timeouts, in one round. */
static void answers_and_timeouts_at_once(void **state)
{
	static struct backend_event events[PATHCHECK_GROUP_SLOTS / 4];
	struct bed *b = *state;
	uint32_t count[4] = { 0 };

	for (uint32_t i = 0; i < PATHCHECK_GROUP_SLOTS; i++) {
		struct slot *s = in_flight(b, i);

		if (i % 4 == 0) {
			events[i / 4] = (struct backend_event){ &s->request, BLOCK };
		} else if (i % 4 == 1) {
			s->result = -ENOLINK;
			group_answer(b->g, s);
		}
	}
	reaper_step(b->g, events, ARRAY_LEN(events), (struct mono){ DUE_US });
	assert_true(mono_is_never(round_at(b, DUE_US)));
	while (ring_consumer_used(&b->results) > 0) {
		struct wire_result w = next(b);

		count[w.verdict]++;
		assert_false(w.late);
	}
	assert_int_equal(count[PATHCHECK_OK], PATHCHECK_GROUP_SLOTS / 4);
	assert_int_equal(count[PATHCHECK_FAILED], PATHCHECK_GROUP_SLOTS / 4);
	assert_int_equal(count[PATHCHECK_TIMED_OUT], PATHCHECK_GROUP_SLOTS / 2);
	assert_int_equal(group_used(b->g), PATHCHECK_GROUP_SLOTS / 2);
	assert_int_equal(atomic_load(&b->shared.groups[0].expired),
	                 PATHCHECK_GROUP_SLOTS / 2);
}

/* --- standing still --- */

static int64_t wake_by(struct bed *b)
{
	return atomic_load(&b->shared.groups[0].wake_by_us);
}

/* Whoever looks at the shared memory sees when the reaper was to be awake. */
static void is_overdue_from_when_it_was_woken(void **state)
{
	struct bed *b = *state;
	int64_t before = mono_now().us;

	round_at(b, START_US);
	assert_int_equal(wake_by(b), INT64_MAX);
	group_wake(b->g);
	assert_in_range(wake_by(b), before, mono_now().us);
	(void)in_flight(b, 1);
	round_at(b, START_US);
	assert_int_equal(wake_by(b), DUE_US);
}

static struct slot *answered; /* in the kernel's ring, for who looks */

/* A sleep that ended for another reason: a signal, the end of a stop. */
static int interrupted_reap(void *context _unused_, struct backend_event *events,
                            unsigned n, int64_t timeout_us)
{
	assert_true(n > 0);
	if (timeout_us != 0 || answered == NULL)
		return 0;
	events[0] =
	        (struct backend_event){ .request = &answered->request, .result = BLOCK };
	answered = NULL;
	return 1;
}

/* Long after the deadline: the answer has come while the reaper was paused. */
static void a_pause_times_out_no_answered_request(void **state)
{
	static const struct backend interrupted = { .reap = interrupted_reap };
	struct bed *b = *state;
	struct wire_result w;

	b->g->with.backends.reads = &interrupted;
	answered = in_flight(b, 1);
	(void)reaper_round(b->g, (struct mono){ mono_now().us + 1000 });
	w = next(b);
	assert_int_equal(w.verdict, PATHCHECK_OK);
	assert_false(w.late);
	no_result(b);
	/* And a request without an answer times out. */
	(void)in_flight(b, 2);
	(void)reaper_round(b->g, (struct mono){ mono_now().us + 1000 });
	no_result(b); /* not at once */
	/* Nor after another pause, until that was over. */
	b->g->patient_until = mono_add(mono_now(), -LATE_GRACE_US);
	(void)reaper_round(b->g, (struct mono){ mono_now().us });
	no_result(b);
	round_at(b, mono_now().us + LATE_GRACE_US);
	assert_int_equal(next(b).verdict, PATHCHECK_TIMED_OUT);
}

/* --- answers that come one by one --- */

static struct slot *burst[GATHER_LEAST + 1];
static unsigned burst_n, burst_taken;

/* The first one wakes it; the others are there a moment later. */
static int burst_reap(void *context _unused_, struct backend_event *events, unsigned n,
                      int64_t timeout_us)
{
	unsigned got = 0, until = timeout_us == 0 ? burst_n : 1;

	while (burst_taken < until && got < n)
		events[got++] = (struct backend_event){
			.request = &burst[burst_taken++]->request,
			.result = BLOCK,
		};
	return (int)got;
}

static void start_burst(struct bed *b, unsigned n)
{
	static const struct backend bursting = { .reap = burst_reap };

	b->g->with.backends.reads = &bursting;
	burst_n = n;
	burst_taken = 0;
	for (unsigned i = 0; i < n; i++) {
		burst[i] = queued(b, i);
		burst[i]->timeout_us = 3600 * USEC_PER_SEC;
		(void)group_launch(b->g, burst[i], mono_now());
	}
}

static void answers_of_a_burst_are_taken_together(void **state)
{
	struct bed *b = *state;

	start_burst(b, GATHER_LEAST + 1);
	(void)reaper_round(b->g, MONO_NEVER);
	assert_int_equal(ring_consumer_used(&b->results), GATHER_LEAST + 1);
}

/* A few answers are reported at once: their latency counts. */
static void few_answers_are_not_waited_for(void **state)
{
	struct bed *b = *state;

	start_burst(b, GATHER_LEAST);
	(void)reaper_round(b->g, MONO_NEVER);
	assert_int_equal(ring_consumer_used(&b->results), 1);
}

/* --- what a request costs that comes after a pause --- */

static bool wakes(struct bed *b, uint32_t path, int64_t us)
{
	return group_launch(b->g, queued(b, path), (struct mono){ us });
}

/* After a pause of that length; returns when it was answered. */
static int64_t one_request(struct bed *b, int64_t us, bool woken, int64_t pause_us)
{
	assert_int_equal(wakes(b, 1, us), woken);
	assert_int_equal(answer(b, &b->g->slots[0], BLOCK, us + 5).us,
	                 us + 5 + pause_us + TIMEOUT_US / 2);
	return us + 5;
}

/* Requests at the same interval, shorter or longer than their time limit. */
static void a_pause_costs_no_wake_up(void **state)
{
	static const int64_t pauses[] = { TIMEOUT_US / 4, 3 * TIMEOUT_US };
	struct bed *b = *state;
	int64_t us = START_US;

	round_at(b, us);
	/* It has had no request yet: it sleeps without end, and is woken. */
	us = one_request(b, us, true, 0);
	for (size_t i = 0; i < ARRAY_LEN(pauses); i++) {
		us = one_request(b, us + pauses[i], false, pauses[i]);
		us = one_request(b, us + pauses[i], false, pauses[i]);
	}
	while (ring_consumer_used(&b->results) > 0)
		(void)next(b);
	/* It wakes in time for the deadline of a request that has no answer. */
	us += pauses[1];
	assert_false(wakes(b, 1, us));
	assert_int_equal(round_at(b, us + TIMEOUT_US / 2 - 5).us, us + TIMEOUT_US);
	round_at(b, us + TIMEOUT_US);
	assert_int_equal(next(b).verdict, PATHCHECK_TIMED_OUT);
}

static void an_earlier_deadline_wakes_it(void **state)
{
	struct bed *b = *state;
	int64_t us = one_request(b, START_US, false, 0), pause_us = 3 * TIMEOUT_US;
	struct slot *s;

	/* A time limit that is shorter than the last one's. */
	s = queued(b, 1);
	s->timeout_us = TIMEOUT_US / 4;
	assert_true(group_launch(b->g, s, (struct mono){ us + 1 }));
	(void)answer(b, s, BLOCK, us + 2);
	/* A request long before the pause is over. */
	us = one_request(b, us + 2 + pause_us, false, pause_us);
	assert_true(wakes(b, 1, us + pause_us / 2));
	round_at(b, us + pause_us / 2);
	while (ring_consumer_used(&b->results) > 0)
		(void)next(b);
	round_at(b, us + pause_us / 2 + TIMEOUT_US);
	assert_int_equal(next(b).verdict, PATHCHECK_TIMED_OUT);
}

/* If nothing comes after the pause it sleeps without end. */
static void an_end_of_requests_wakes_it_once(void **state)
{
	struct bed *b = *state;
	int64_t us = one_request(b, START_US, false, 0);

	assert_true(mono_is_never(round_at(b, us + TIMEOUT_US / 2)));
	us += TIMEOUT_US;
	us = one_request(b, us, true, TIMEOUT_US);
	assert_true(mono_is_never(round_at(b, us + TIMEOUT_US / 2 * 3)));
}

/* Its request was handed over at `us`, and the answer overtakes its launch. */
static struct mono overtaken(struct bed *b, int64_t us, int64_t now)
{
	struct slot *s = queued(b, 1);

	s->started = (struct mono){ us };
	return answer(b, s, BLOCK, now);
}

/* The requests of a batch are answered in parts, and between them none is in flight. */
static void the_time_between_parts_is_no_pause(void **state)
{
	struct bed *b = *state;
	int64_t us = START_US, pause_us = 0;

	for (int batch = 0; batch < 3; batch++) {
		int64_t expected = pause_us + TIMEOUT_US / 2;

		assert_int_equal(overtaken(b, us, us + 1).us, us + 1 + expected);
		(void)wakes(b, 1, us + 5);
		assert_int_equal(answer(b, &b->g->slots[0], BLOCK, us + 10).us,
		                 us + 10 + expected);
		assert_int_equal(overtaken(b, us + 5, us + 20).us, us + 20 + expected);
		pause_us = 2 * TIMEOUT_US;
		us += 20 + pause_us;
	}
}

/* --- when the caller is told --- */

static bool is_told(struct bed *b)
{
	uint64_t count;

	return read(b->shared.caller_fd, &count, sizeof(count)) == sizeof(count);
}

static struct mono answer_at(struct bed *b, struct slot *s, int64_t result, int64_t us)
{
	struct backend_event e = { .request = &s->request, .result = result };

	return reaper_step(b->g, &e, 1, (struct mono){ us });
}

static void a_success_waits_for_the_others(void **state)
{
	struct bed *b = *state;
	struct slot *first = in_flight(b, 1), *second = in_flight(b, 2),
	            *last = in_flight(b, 3);

	assert_int_equal(answer_at(b, first, BLOCK, START_US).us,
	                 START_US + GOOD_NEWS_US);
	assert_false(is_told(b));
	assert_int_equal(ring_consumer_used(&b->results), 1);
	/* The time counts from the first. */
	assert_int_equal(answer_at(b, second, BLOCK, START_US + 10).us,
	                 START_US + GOOD_NEWS_US);
	assert_false(is_told(b));
	(void)answer_at(b, last, BLOCK, START_US + 20);
	assert_true(is_told(b)); /* no other is to come */
}

static void a_success_waits_no_longer_than_that(void **state)
{
	struct bed *b = *state;
	struct slot *s = in_flight(b, 1);
	struct mono wake;

	(void)in_flight(b, 2);
	wake = answer_at(b, s, BLOCK, START_US);
	wake = reaper_step(b->g, NULL, 0, (struct mono){ wake.us - 1 });
	assert_false(is_told(b));
	wake = reaper_step(b->g, NULL, 0, wake);
	assert_true(is_told(b));
	assert_int_equal(wake.us,
	                 group_deadline(b->g).us); /* and nothing else is to tell */
}

static void a_failure_is_told_at_once(void **state)
{
	struct bed *b = *state;
	struct slot *good = in_flight(b, 1), *bad = in_flight(b, 2);

	(void)in_flight(b, 3);
	(void)answer_at(b, good, BLOCK, START_US);
	assert_false(is_told(b));
	(void)answer_at(b, bad, -ENXIO, START_US + 1);
	assert_true(is_told(b));
	/* With it the success was told, too. */
	assert_int_equal(b->g->tell_by.us, MONO_NEVER.us);
}

/* Another group woke the caller meanwhile, and nothing is left in the ring. */
static void nobody_is_woken_for_what_was_taken(void **state)
{
	struct bed *b = *state;
	struct slot *s = in_flight(b, 1);

	(void)in_flight(b, 2);
	(void)answer_at(b, s, BLOCK, START_US);
	assert_int_equal(next(b).verdict, PATHCHECK_OK);
	(void)reaper_step(b->g, NULL, 0, (struct mono){ START_US + GOOD_NEWS_US });
	assert_false(is_told(b));
}

/* --- the end --- */

/* With the group's lock held only for the look. */
static void wait_until(struct bed *b, bool (*is)(const struct group *g))
{
	bool done = false;

	while (!done) {
		pthread_mutex_lock(&b->g->lock);
		done = is(b->g);
		pthread_mutex_unlock(&b->g->lock);
		(void)sched_yield();
	}
}

static bool has_come_round(const struct group *g)
{
	return !g->wake_sent;
}

static bool is_unused(const struct group *g)
{
	return g->state == PATHCHECK_GROUP_UNUSED;
}

/* An unused group may be used while the prober stops: a reaper that had ended would retire none. */
static void a_reaper_serves_until_the_submitter_has_ended(void **state)
{
	struct bed *b = *state;
	pthread_t reaper;

	b->g->context = NULL;
	b->g->state = PATHCHECK_GROUP_UNUSED;
	atomic_store(&b->prober.posts.stopping, true);
	assert_int_equal(thread_start(&reaper, "pc-reaper", 65536, reaper_main, b->g), 0);
	for (int i = 0; i < 100; i++) {
		group_wake(b->g);
		wait_until(b, has_come_round);
		pthread_mutex_lock(&b->g->lock);
		b->g->state = PATHCHECK_GROUP_RETIRING;
		pthread_mutex_unlock(&b->g->lock);
		group_wake(b->g);
		wait_until(b, is_unused);
	}
	atomic_store(&b->prober.posts.ended, true);
	group_wake(b->g);
	assert_int_equal(pthread_join(reaper, NULL), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_free_slot_wakes_the_submitter_only_if_one_waits),
		T(it_is_woken_once_a_round),
		T(a_slow_setup_is_worked_around),
		T(a_refused_setup_is_tried_again),
		T(the_earlier_of_deadline_and_timer),
		T(all_of_a_group_at_once),
		T(timeouts_come_after_all_answers),
		T(answers_and_timeouts_at_once),
		T(is_overdue_from_when_it_was_woken),
		T(a_pause_times_out_no_answered_request),
		T(answers_of_a_burst_are_taken_together),
		T(few_answers_are_not_waited_for),
		T(a_pause_costs_no_wake_up),
		T(an_earlier_deadline_wakes_it),
		T(an_end_of_requests_wakes_it_once),
		T(the_time_between_parts_is_no_pause),
		T(a_success_waits_for_the_others),
		T(a_success_waits_no_longer_than_that),
		T(a_failure_is_told_at_once),
		T(nobody_is_woken_for_what_was_taken),
		T(a_reaper_serves_until_the_submitter_has_ended),
	};

	(void)alarm(60); /* a reaper that ended too early would be waited for for ever */
	return cmocka_run_group_tests(tests, NULL, NULL);
}

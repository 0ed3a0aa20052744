/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A reaper's rounds, by hand and under a virtual clock: there is a prober with all its memory
 * and none of its threads, so what the reaper hands on stays where it was put.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "libcheck/checkers/directio_judge.h"
#include "libcheck/prober/prober.h"
#include "libcheck/prober/reaper.h"

#define BLOCK      4096
#define START_US   1000000
#define TIMEOUT_US 30000
#define DUE_US     (START_US + TIMEOUT_US)
#define RETRY_US   70000
#define HOST       5

struct bed {
	struct shared shared;
	struct ring_consumer results;
	struct prober prober;
	struct group *g;
};

static int setup(void **state)
{
	struct bed *b = calloc(1, sizeof(*b));
	struct pathcheck_options o;

	if (b == NULL)
		return -1;
	pathcheck_options_init(&o);
	o.setup_retry_us = RETRY_US;
	if (shared_create(&b->shared, &o, false) < 0 ||
	    prober_init(&b->prober, &b->shared, NULL) < 0)
		return -1;
	ring_consumer_init(&b->results, b->shared.results);
	b->g = &b->prober.groups[0];
	group_fill(b->g);
	b->g->state = PATHCHECK_GROUP_READY;
	b->g->context_slots = PATHCHECK_GROUP_SLOTS;
	b->g->context = b; /* there is one: nobody asks it anything */
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;

	for (uint32_t i = 0; i < PATHCHECK_GROUP_SLOTS; i++)
		if (b->g->slots[i].state != SLOT_FREE)
			group_give_back(b->g, &b->g->slots[i]);
	group_show_back(b->g);
	group_assert(b->g);
	assert_int_equal(homes_slots_used(&b->prober.homes), 0);
	assert_int_equal(homes_host_used(&b->prober.homes, HOST), 0);
	assert_int_equal(atomic_load(&b->shared.header->emergency_now), 0);
	b->g->context = NULL;
	prober_stop(&b->prober);
	shared_deinit(&b->shared);
	free(b);
	return 0;
}

/* What the submitter does before a read is in the kernel. */
static struct slot *queued(struct bed *b, uint32_t path)
{
	struct slot *s = group_take(b->g, path, path + 1);

	assert_non_null(s);
	b->prober.homes.slots_taken++;
	b->prober.homes.host_taken[HOST]++;
	s->host = HOST;
	s->block = BLOCK;
	s->timeout_us = TIMEOUT_US;
	s->stage = PATHCHECK_STAGE_READ;
	s->engine = PATHCHECK_ENGINE_AIO;
	group_enter(b->g, s);
	return s;
}

static struct slot *in_flight(struct bed *b, uint32_t path)
{
	struct slot *s = queued(b, path);

	(void)group_launch(b->g, s, (struct mono){ START_US });
	return s;
}

/* One round with this answer of the kernel. */
static struct mono answer(struct bed *b, struct slot *s, int64_t result, int64_t now)
{
	struct backend_event e = { .request = &s->request, .result = result };
	struct mono wake = reaper_step(b->g, &e, 1, (struct mono){ now });

	group_assert(b->g);
	return wake;
}

static struct mono round_at(struct bed *b, int64_t now)
{
	struct mono wake = reaper_step(b->g, NULL, 0, (struct mono){ now });

	group_assert(b->g);
	return wake;
}

static struct wire_result next(struct bed *b)
{
	struct wire_result w = { .id = NO_PATH };

	if (!ring_pop(&b->results, &w))
		fail_msg("there is no result");
	return w;
}

static void no_result(struct bed *b)
{
	assert_int_equal(ring_consumer_used(&b->results), 0);
}

static void expect(struct bed *b, uint32_t path, enum pathcheck_verdict verdict,
                   int error, bool late, int64_t finished_us)
{
	struct wire_result w = next(b);

	assert_int_equal(w.id, path);
	assert_int_equal(w.generation, path + 1);
	assert_int_equal(w.verdict, verdict);
	assert_int_equal(w.error, error);
	assert_int_equal(w.late, late);
	assert_int_equal(w.started_us, START_US);
	assert_int_equal(w.finished_us, finished_us);
	assert_int_equal(w.group, 0);
}

static bool submitter_was_woken(struct bed *b)
{
	struct pollfd pfd = { .fd = b->shared.submitter_fd, .events = POLLIN };
	bool woken = poll(&pfd, 1, 0) > 0;

	shared_drain(b->shared.submitter_fd);
	return woken;
}

/* The one job of that class, which is taken out. */
static struct job *rescue(struct bed *b, enum job_class c)
{
	struct jobs *r = &b->prober.jobs;
	struct job *job = r->head[c];

	if (job != NULL) {
		r->head[c] = job->next;
		if (r->head[c] == NULL)
			r->tail[c] = &r->head[c];
	}
	return job;
}

/* --- answers --- */

static void an_answer_is_a_result(void **state)
{
	static const struct {
		int64_t result;
		enum pathcheck_verdict verdict;
		int error;
	} cases[] = {
		{ BLOCK, PATHCHECK_OK, 0 },
		{ BLOCK - 512, PATHCHECK_FAILED, ENODATA },
		{ BLOCK + 512, PATHCHECK_FAILED, ENODATA },
		{ 0, PATHCHECK_FAILED, ENODATA },
		{ -ENXIO, PATHCHECK_FAILED, ENXIO },
		{ -ENODEV, PATHCHECK_FAILED, ENODEV },
		{ -ETIMEDOUT, PATHCHECK_FAILED, ETIMEDOUT },
		{ -ENOLINK, PATHCHECK_FAILED, ENOLINK },
		{ -ENODATA, PATHCHECK_DEVICE_ERROR, ENODATA },
		{ -EILSEQ, PATHCHECK_DEVICE_ERROR, EILSEQ },
		{ -EPERM, PATHCHECK_NOT_JUDGED, EPERM },
	};
	struct bed *b = *state;

	for (uint32_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slot *s = in_flight(b, i);
		struct mono wake = answer(b, s, cases[i].result, START_US + 5);

		assert_true(mono_is_never(wake));
		expect(b, i, cases[i].verdict, cases[i].error, false, START_US + 5);
		no_result(b);
		assert_int_equal(s->state, SLOT_FREE);
		/* Its name is looked at anew, unless the device has answered. */
		assert_int_equal(atomic_load(&b->prober.paths[i].flags),
		                 cases[i].verdict == PATHCHECK_OK ||
		                                 cases[i].verdict ==
		                                         PATHCHECK_DEVICE_ERROR
		                         ? 0
		                         : PATH_LOOK_AGAIN);
	}
}

static void the_caller_is_woken_once(void **state)
{
	struct bed *b = *state;
	uint64_t count = 0;

	answer(b, in_flight(b, 1), BLOCK, START_US);
	answer(b, in_flight(b, 2), BLOCK, START_US);
	assert_int_equal(read(b->shared.caller_fd, &count, sizeof(count)), sizeof(count));
	assert_int_equal(count, 1); /* it has not said that it sleeps again */
	shared_going_to_wait(&b->shared.header->caller_waits);
	answer(b, in_flight(b, 3), BLOCK, START_US);
	assert_int_equal(read(b->shared.caller_fd, &count, sizeof(count)), sizeof(count));
}

/* The kernel was faster than the submitter's bookkeeping. */
static void an_answer_before_the_launch(void **state)
{
	struct bed *b = *state;
	struct slot *s = queued(b, 3);

	s->started = (struct mono){ START_US };
	answer(b, s, BLOCK, START_US);
	expect(b, 3, PATHCHECK_OK, 0, false, START_US);
	assert_false(s->in_kernel);
	assert_int_equal(s->state, SLOT_FREE);
}

/* Whoever waits for a rescuer for long is deferred: told once, counted until it begins. */
static void what_waits_is_deferred(void **state)
{
	struct bed *b = *state;
	struct shared_header *h = b->shared.header;
	struct slot *s = in_flight(b, 4);
	int64_t at = START_US + 1 + DEFER_AFTER_US;

	(void)answer(b, s, -EAGAIN, START_US + 1);
	assert_int_equal(reaper_step(b->g, NULL, 0, (struct mono){ at - 1 }).us, at);
	no_result(b);
	assert_true(mono_is_never(reaper_step(b->g, NULL, 0, (struct mono){ at })));
	expect(b, 4, PATHCHECK_DEFERRED, 0, false, at);
	assert_int_equal(s->state, SLOT_QUEUED);
	assert_int_equal(atomic_load(&h->deferred_now), 1);
	assert_int_equal(atomic_load(&h->deferred_total), 1);
	group_assert(b->g);

	/* It begins, would block once more, and waits again: that is not told again. */
	pthread_mutex_lock(&b->g->lock);
	(void)group_launch(b->g, s, (struct mono){ at });
	pthread_mutex_unlock(&b->g->lock);
	assert_int_equal(atomic_load(&h->deferred_now), 0);
	(void)answer(b, s, -EAGAIN, at);
	(void)reaper_step(b->g, NULL, 0, (struct mono){ at + DEFER_AFTER_US });
	no_result(b);
	assert_int_equal(atomic_load(&h->deferred_now), 1);
	assert_int_equal(atomic_load(&h->deferred_max), 1);
	pthread_mutex_lock(&b->g->lock);
	group_orphan(b->g, s);
	pthread_mutex_unlock(&b->g->lock);
	assert_int_equal(atomic_load(&h->deferred_now), 0);
	group_assert(b->g);
}

static void what_would_block_goes_to_a_rescuer(void **state)
{
	struct bed *b = *state;
	struct slot *s = in_flight(b, 4);

	assert_int_equal(answer(b, s, -EAGAIN, START_US + 1).us,
	                 START_US + 1 + DEFER_AFTER_US);
	no_result(b);
	assert_ptr_equal(rescue(b, CLASS_READ), &s->job);
	assert_int_equal(s->job.kind, JOB_READ);
	assert_int_equal(s->state, SLOT_QUEUED);
	assert_int_equal(atomic_load(&b->prober.paths[4].flags), 0);

	/* Its clock starts anew with the rescuer. The same word from there is no answer either:
	 * that check ends without a verdict. */
	s->engine = PATHCHECK_ENGINE_SYNC;
	(void)group_launch(b->g, s, (struct mono){ START_US });
	s->result = -EAGAIN;
	group_answer(b->g, s);
	round_at(b, START_US + 9);
	expect(b, 4, PATHCHECK_NOT_JUDGED, EAGAIN, false, START_US + 9);
}

static void who_refuses_nowait_is_remembered(void **state)
{
	struct bed *b = *state;
	struct slot *s = in_flight(b, 4);

	answer(b, s, -EOPNOTSUPP, START_US + 1);
	no_result(b);
	assert_ptr_equal(rescue(b, CLASS_READ), &s->job);
	assert_int_equal(s->job.kind, JOB_READ);
	assert_int_equal(s->state, SLOT_QUEUED);
	assert_int_equal(atomic_load(&b->prober.paths[4].flags), PATH_BLOCKS);
	for (uint32_t i = 0; i < b->prober.limits.ids; i++)
		if (i != 4)
			assert_int_equal(atomic_load(&b->prober.paths[i].flags), 0);
}

static void no_memory_is_nobodys_fault(void **state)
{
	struct bed *b = *state;
	struct slot *s = in_flight(b, 6);

	b->shared.header->submitter_waits = 1;
	answer(b, s, -ENOMEM, START_US + 1);
	no_result(b);
	assert_ptr_equal(slot_list_take(&b->prober.posts.inbox), s);
	assert_true(slot_list_empty(&b->prober.posts.inbox));
	assert_true(s->resource);
	assert_int_equal(s->state, SLOT_QUEUED);
	assert_int_equal(atomic_load(&b->prober.paths[6].flags), 0);
	assert_true(submitter_was_woken(b));
}

/* Its open timed out, and found no descriptor then: it waits again, of which nothing is reported. */
static void a_late_check_is_not_deferred(void **state)
{
	struct bed *b = *state;
	struct slot *s = queued(b, 4);

	group_leave(b->g, s);
	s->late = true;
	(void)group_wait(b->g, s, (struct mono){ START_US });
	round_at(b, START_US + DEFER_AFTER_US);
	no_result(b);
	assert_true(s->deferred);
	assert_int_equal(atomic_load(&b->shared.header->deferred_now), 1);
}

/* An open that found no descriptor: whatever its errno was, it is to be done again. */
static void no_descriptor_is_nobodys_fault(void **state)
{
	struct bed *b = *state;
	struct slot *s = in_flight(b, 6);

	s->stage = PATHCHECK_STAGE_OPEN;
	s->engine = PATHCHECK_ENGINE_SYNC;
	s->result = -EMFILE;
	group_answer(b->g, s);
	round_at(b, START_US + 1);
	no_result(b);
	assert_ptr_equal(slot_list_take(&b->prober.posts.inbox), s);
	assert_int_equal(s->state, SLOT_QUEUED);
	assert_true(s->resource);
	assert_int_equal(s->result, -EMFILE); /* to be told with DEFERRED */
}

/* A target may answer so when it has no such unit any more: it is asked, once. */
static void a_target_error_is_asked_about(void **state)
{
	static const struct {
		struct sense sense;
		enum pathcheck_verdict verdict;
	} cases[] = { { { .valid = false }, PATHCHECK_DEVICE_ERROR },
		      { { true, 0x05, 0x25, 0x00 }, PATHCHECK_DISCONNECTED } };
	struct bed *b = *state;

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct slot *s = in_flight(b, 3);

		answer(b, s, -EREMOTEIO, START_US + 4);
		no_result(b);
		assert_int_equal(s->state, SLOT_QUEUED);
		assert_int_equal(s->command, DIRECTIO_TEST_UNIT);
		assert_ptr_equal(rescue(b, CLASS_READ), &s->job);
		assert_int_equal(s->job.kind, JOB_COMMAND);
		s->command = CHECKER_NO_COMMAND;
		s->replied = CHECKER_REPLIED;
		s->sense = cases[i].sense;
		group_answer(b->g, s);
		round_at(b, START_US + 900);
		/* The read took no longer because of that. */
		expect(b, 3, cases[i].verdict, EREMOTEIO, false, START_US + 4);
		assert_null(rescue(b, CLASS_READ));
	}
}

/* The size of its blocks may have changed: learned again, and read again, once. */
static void a_size_that_is_wrong(void **state)
{
	struct bed *b = *state;
	struct slot *s = in_flight(b, 3);

	answer(b, s, -EINVAL, START_US + 4);
	no_result(b);
	assert_ptr_equal(slot_list_take(&b->prober.posts.inbox), s);
	assert_true(s->learn);
	s->learn = false;
	(void)group_launch(b->g, s, (struct mono){ START_US });
	answer(b, s, -EINVAL, START_US + 9);
	expect(b, 3, PATHCHECK_NOT_JUDGED, EINVAL, false, START_US + 9);
	assert_true(slot_list_empty(&b->prober.posts.inbox));
}

static void an_interrupted_read_is_read_again(void **state)
{
	struct bed *b = *state;
	struct slot *s = in_flight(b, 3);

	answer(b, s, -EINTR, START_US + 4);
	no_result(b);
	assert_ptr_equal(rescue(b, CLASS_READ), &s->job);
	assert_int_equal(s->job.kind, JOB_READ);
}

static void an_open_that_failed_is_a_result(void **state)
{
	struct bed *b = *state;
	struct slot *s = in_flight(b, 7);
	struct wire_result w;

	s->stage = PATHCHECK_STAGE_OPEN;
	s->engine = PATHCHECK_ENGINE_SYNC;
	s->result = -ENXIO;
	group_answer(b->g, s);
	round_at(b, START_US + 2);
	w = next(b);
	assert_int_equal(w.verdict, PATHCHECK_FAILED);
	assert_int_equal(w.stage, PATHCHECK_STAGE_OPEN);
	assert_int_equal(w.engine, PATHCHECK_ENGINE_SYNC);
	assert_int_equal(w.error, ENXIO);
}

/* --- deadlines --- */

static void exactly_at_the_deadline(void **state)
{
	struct bed *b = *state;
	struct slot *s = in_flight(b, 1);

	assert_int_equal(round_at(b, START_US).us, DUE_US);
	assert_int_equal(b->g->asleep_until.us, DUE_US);
	assert_int_equal(round_at(b, DUE_US - 1).us, DUE_US);
	no_result(b);
	assert_int_equal(s->state, SLOT_IN_FLIGHT);
	assert_true(mono_is_never(round_at(b, DUE_US)));
	expect(b, 1, PATHCHECK_TIMED_OUT, ETIMEDOUT, false, DUE_US);
	assert_int_equal(s->state, SLOT_EXPIRED);
	no_result(b);
}

/* In one round, the kernel's word counts before the clock's. */
static void an_answer_at_the_deadline_is_in_time(void **state)
{
	struct bed *b = *state;

	answer(b, in_flight(b, 1), BLOCK, DUE_US + 50);
	expect(b, 1, PATHCHECK_OK, 0, false, DUE_US + 50);
	no_result(b);
}

static void a_late_answer_is_an_answer(void **state)
{
	struct bed *b = *state;
	struct slot *good = in_flight(b, 1), *bad = in_flight(b, 2);

	round_at(b, DUE_US);
	(void)next(b);
	(void)next(b);
	for (int64_t t = DUE_US; t < DUE_US + 10 * TIMEOUT_US; t += TIMEOUT_US / 3)
		assert_true(mono_is_never(round_at(b, t)));
	no_result(b); /* timed out: said once */
	answer(b, good, BLOCK, DUE_US * 4);
	expect(b, 1, PATHCHECK_OK, 0, true, DUE_US * 4);
	answer(b, bad, -ENOLINK, DUE_US * 5);
	expect(b, 2, PATHCHECK_FAILED, ENOLINK, true, DUE_US * 5);
	assert_int_equal(good->state, SLOT_FREE);
	assert_int_equal(bad->state, SLOT_FREE);
}

/* It expired, came back to be done in another way, and hangs there too. */
static void timed_out_only_once(void **state)
{
	struct bed *b = *state;
	struct slot *s = in_flight(b, 1);

	round_at(b, DUE_US);
	expect(b, 1, PATHCHECK_TIMED_OUT, ETIMEDOUT, false, DUE_US);
	answer(b, s, -EAGAIN, DUE_US + 1);
	assert_int_equal(s->state, SLOT_EXPIRED);
	assert_ptr_equal(rescue(b, CLASS_READ), &s->job);
	s->engine = PATHCHECK_ENGINE_SYNC;
	assert_false(group_launch(b->g, s, (struct mono){ START_US }));
	round_at(b, DUE_US * 9);
	no_result(b);
	s->result = BLOCK;
	group_answer(b->g, s);
	round_at(b, DUE_US * 10);
	expect(b, 1, PATHCHECK_OK, 0, true, DUE_US * 10);
}

/* The same check in a new slot, after a shortage of memory. */
static void timed_out_only_once_in_two_slots(void **state)
{
	struct bed *b = *state;
	struct slot *s = in_flight(b, 1);

	s->late = true;
	round_at(b, DUE_US);
	no_result(b);
	assert_int_equal(s->state, SLOT_EXPIRED);
	answer(b, s, BLOCK, DUE_US + 1);
	expect(b, 1, PATHCHECK_OK, 0, true, DUE_US + 1);
}

/* --- orphans --- */

static void an_orphan_gives_no_result(void **state)
{
	static const int64_t results[] = { BLOCK,   0,           -ENOLINK,
		                           -EAGAIN, -EOPNOTSUPP, -ENOMEM };
	struct bed *b = *state;

	for (uint32_t i = 0; i < ARRAY_LEN(results); i++) {
		struct slot *s = in_flight(b, i);

		group_orphan(b->g, s);
		assert_true(mono_is_never(round_at(b, DUE_US)));
		no_result(b); /* neither that it timed out */
		answer(b, s, results[i], DUE_US);
		no_result(b);
		assert_int_equal(s->state, SLOT_FREE);
		assert_int_equal(atomic_load(&b->prober.paths[i].flags), 0);
		assert_true(slot_list_empty(&b->prober.posts.inbox));
		assert_null(rescue(b, CLASS_READ));
		assert_null(rescue(b, CLASS_OPEN));
		assert_null(rescue(b, CLASS_CLOSE));
	}
}

static void its_descriptor_is_closed_by_a_rescuer(void **state)
{
	struct bed *b = *state;
	struct slot *s = in_flight(b, 1);

	group_orphan(b->g, s);
	s->fd = 1234; /* its own now; never used here */
	answer(b, s, BLOCK, START_US);
	assert_int_equal(s->state, SLOT_ORPHANED);
	assert_ptr_equal(rescue(b, CLASS_CLOSE), &s->job);
	assert_int_equal(s->job.kind, JOB_CLOSE);
	s->fd = -1; /* closed */
	group_answer(b->g, s);
	round_at(b, START_US);
	assert_int_equal(s->state, SLOT_FREE);
	no_result(b);
}

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
 * The whole process stood still past all deadlines while the answers came: those that did not
 * fit into the first batch are answers all the same.
 */
static void silence_is_judged_after_all_answers(void **state)
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

/* Answers of the kernel, of rescuers, and silence, all in one round. */
static void answers_and_silence_at_once(void **state)
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

/* Long after the deadline: the answer has come while the reaper stood still. */
static void one_that_stood_still_takes_nobody_for_silent(void **state)
{
	static const struct backend interrupted = { .reap = interrupted_reap };
	struct bed *b = *state;
	struct wire_result w;

	b->g->with.backend = &interrupted;
	answered = in_flight(b, 1);
	(void)reaper_round(b->g, (struct mono){ mono_now().us + 1000 });
	w = next(b);
	assert_int_equal(w.verdict, PATHCHECK_OK);
	assert_false(w.late);
	no_result(b);
	/* And one without an answer is silent. */
	(void)in_flight(b, 2);
	(void)reaper_round(b->g, (struct mono){ mono_now().us + 1000 });
	no_result(b); /* not at once */
	/* Nor when it stood still again, until that was over. */
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

	b->g->with.backend = &bursting;
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

/* Few are told of at once: their time is what users want to know. */
static void few_answers_are_not_waited_for(void **state)
{
	struct bed *b = *state;

	start_burst(b, GATHER_LEAST);
	(void)reaper_round(b->g, MONO_NEVER);
	assert_int_equal(ring_consumer_used(&b->results), 1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(an_answer_is_a_result),
		T(the_caller_is_woken_once),
		T(an_answer_before_the_launch),
		T(what_would_block_goes_to_a_rescuer),
		T(what_waits_is_deferred),
		T(a_late_check_is_not_deferred),
		T(who_refuses_nowait_is_remembered),
		T(no_memory_is_nobodys_fault),
		T(no_descriptor_is_nobodys_fault),
		T(a_target_error_is_asked_about),
		T(a_size_that_is_wrong),
		T(an_interrupted_read_is_read_again),
		T(an_open_that_failed_is_a_result),
		T(exactly_at_the_deadline),
		T(an_answer_at_the_deadline_is_in_time),
		T(a_late_answer_is_an_answer),
		T(timed_out_only_once),
		T(timed_out_only_once_in_two_slots),
		T(an_orphan_gives_no_result),
		T(its_descriptor_is_closed_by_a_rescuer),
		T(a_free_slot_wakes_the_submitter_only_if_one_waits),
		T(it_is_woken_once_a_round),
		T(a_slow_setup_is_worked_around),
		T(a_refused_setup_is_tried_again),
		T(the_earlier_of_deadline_and_timer),
		T(all_of_a_group_at_once),
		T(silence_is_judged_after_all_answers),
		T(answers_and_silence_at_once),
		T(is_overdue_from_when_it_was_woken),
		T(one_that_stood_still_takes_nobody_for_silent),
		T(answers_of_a_burst_are_taken_together),
		T(few_answers_are_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

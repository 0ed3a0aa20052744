/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What happens between two looks at the clock: a deadline, a batch that the kernel keeps, a
 * pause of the whole machine. The prober has all its memory and none of its threads; the
 * test controls the clock.
 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "libcheck/prober/prober.h"
#include "libcheck/prober/reaper.h"

#define BLOCK      4096
#define START_US   (1000 * USEC_PER_SEC)
#define TIMEOUT_US (300 * USEC_PER_MSEC)
#define PAUSE_US   (10 * USEC_PER_SEC)

struct bed {
	struct shared shared;
	struct ring_consumer results;
	struct prober prober;
	struct group *g;
};

/* --- the clock, which goes on a little with each look at it --- */

static struct {
	int64_t now_us, each_us;
} the_clock;

int clock_gettime(clockid_t id _unused_, struct timespec *ret)
{
	ret->tv_sec = the_clock.now_us / USEC_PER_SEC;
	ret->tv_nsec = the_clock.now_us % USEC_PER_SEC * NSEC_PER_USEC;
	the_clock.now_us += the_clock.each_us;
	return 0;
}

static struct mono at(int64_t us)
{
	return (struct mono){ START_US + us };
}

/* --- the kernel --- */

static struct {
	int64_t submit_takes_us, reap_takes_us; /* of the clock */
	int64_t slept_us;                       /* what the reaper wanted */
	struct slot *answers;                   /* at the next look, NULL: nothing */
} kernel;

static int submit(void *context _unused_,
                  struct backend_request *const *requests _unused_, unsigned n)
{
	the_clock.now_us += kernel.submit_takes_us;
	return (int)n;
}

static int reap(void *context _unused_, struct backend_event *events, unsigned n,
                int64_t timeout_us)
{
	assert_true(n > 0);
	if (timeout_us != 0) {
		kernel.slept_us = timeout_us;
		the_clock.now_us += kernel.reap_takes_us;
		return 0;
	}
	if (kernel.answers == NULL)
		return 0;
	events[0] = (struct backend_event){ &kernel.answers->request, BLOCK };
	kernel.answers = NULL;
	return 1;
}

static const struct backend backend = { .submit = submit, .reap = reap };

/* --- what the tests have in common --- */

static int setup(void **state)
{
	struct bed *b = calloc(1, sizeof(*b));
	struct pathcheck_options o;

	if (b == NULL)
		return -1;
	the_clock.now_us = START_US;
	the_clock.each_us = 0;
	kernel.submit_takes_us = kernel.reap_takes_us = kernel.slept_us = 0;
	kernel.answers = NULL;
	pathcheck_options_init(&o);
	if (shared_create(&b->shared, &o, false) < 0 ||
	    prober_init(&b->prober, &b->shared,
	                &(struct backends){ &backend, &backend }) < 0)
		return -1;
	ring_consumer_init(&b->results, b->shared.results);
	b->g = &b->prober.groups[0];
	group_fill(b->g);
	b->g->state = PATHCHECK_GROUP_READY;
	b->g->context_slots = PATHCHECK_GROUP_SLOTS;
	b->g->context = b;
	if (buffers_make(&b->g->buffers, &b->g->lock, BLOCK) < 0)
		return -1;
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;

	for (uint32_t i = 0; i < PATHCHECK_GROUP_SLOTS; i++)
		if (b->g->slots[i].state != SLOT_FREE)
			group_give_back(b->g, &b->g->slots[i]);
	b->g->context = NULL;
	prober_stop(&b->prober);
	shared_deinit(&b->shared);
	free(b);
	return 0;
}

static struct slot *queued(struct bed *b, uint32_t path)
{
	struct slot *s = group_take(b->g, path, path + 1);

	assert_non_null(s);
	b->prober.homes.slots_taken++;
	b->prober.homes.host_taken[0]++;
	s->block = BLOCK;
	s->timeout_us = TIMEOUT_US;
	s->stage = PATHCHECK_STAGE_READ;
	s->engine = PATHCHECK_ENGINE_AIO;
	return s;
}

static struct slot *in_flight(struct bed *b, uint32_t path)
{
	struct slot *s = queued(b, path);

	group_enter(b->g, s);
	(void)group_launch(b->g, s, (struct mono){ the_clock.now_us });
	return s;
}

static void expect(struct bed *b, enum pathcheck_verdict verdict)
{
	struct wire_result w = { .id = NO_PATH };

	assert_true(ring_pop(&b->results, &w));
	assert_int_equal(w.verdict, verdict);
}

static void no_result(struct bed *b)
{
	assert_int_equal(ring_consumer_used(&b->results), 0);
}

/* --- the reaper --- */

/* One look at the clock before the deadline, the next one after it. */
static void a_deadline_between_two_looks(void **state)
{
	struct bed *b = *state;

	for (int64_t before_us = 0; before_us < 40; before_us++) {
		the_clock.now_us = START_US;
		the_clock.each_us = 20;
		kernel.slept_us = 0;
		(void)reaper_round(b->g, at(before_us));
		assert_true(kernel.slept_us >= 0); /* less is for ever */
	}
}

/* A pause is no timeout: the answer of the device is on its way. */
static void a_pause_is_no_timeout(void **state)
{
	struct bed *b = *state;
	struct slot *s = in_flight(b, 1);
	struct mono wake = reaper_step(b->g, NULL, 0, at(0));

	assert_int_equal(wake.us, at(TIMEOUT_US).us);
	kernel.reap_takes_us = PAUSE_US;
	wake = reaper_round(b->g, wake);
	no_result(b);
	/* It sleeps for it, and takes what comes meanwhile. */
	assert_int_equal(wake.us, at(PAUSE_US + LATE_GRACE_US).us);
	kernel.reap_takes_us = 500;
	kernel.answers = s;
	wake = reaper_round(b->g, wake);
	assert_int_equal(kernel.slept_us, LATE_GRACE_US);
	expect(b, PATHCHECK_OK);
	/* Only for a next request. */
	assert_int_equal(wake.us, at(PAUSE_US + 500 + TIMEOUT_US / 2).us);
}

static void a_timeout_beyond_a_pause(void **state)
{
	struct bed *b = *state;
	struct mono wake;

	(void)in_flight(b, 1);
	wake = reaper_step(b->g, NULL, 0, at(0));
	kernel.reap_takes_us = PAUSE_US;
	wake = reaper_round(b->g, wake);
	kernel.reap_takes_us = LATE_GRACE_US;
	wake = reaper_round(b->g, wake);
	expect(b, PATHCHECK_TIMED_OUT);
	assert_true(mono_is_never(wake));
}

static void a_little_late_is_no_pause(void **state)
{
	struct bed *b = *state;
	struct mono wake;

	(void)in_flight(b, 1);
	wake = reaper_step(b->g, NULL, 0, at(0));
	kernel.reap_takes_us = TIMEOUT_US + LATE_WAKE_US - 1;
	(void)reaper_round(b->g, wake);
	expect(b, PATHCHECK_TIMED_OUT);
}

/* --- the submitter --- */

static void submit_two(struct bed *b, struct slot **ret_first, struct slot **ret_second)
{
	*ret_first = queued(b, 1);
	*ret_second = queued(b, 2);
	slot_list_append(&b->g->submit, *ret_first);
	slot_list_append(&b->g->submit, *ret_second);
	assert_true(submit_group(&b->prober.handover, b->g));
}

/*
 * No other thread could become the submitter, and the batch took long: the time of its reads
 * runs from when they were surely handed over.
 */
static void a_batch_that_stood_still(void **state)
{
	struct bed *b = *state;
	struct slot *first, *second;

	kernel.submit_takes_us = 4 * TIMEOUT_US;
	submit_two(b, &first, &second);
	assert_int_equal(first->started.us, at(4 * TIMEOUT_US).us);
	assert_int_equal(second->deadline.us, at(5 * TIMEOUT_US).us);
	(void)reaper_step(b->g, NULL, 0, at(5 * TIMEOUT_US - 1));
	no_result(b);
	(void)reaper_step(b->g, NULL, 0, at(5 * TIMEOUT_US));
	expect(b, PATHCHECK_TIMED_OUT);
	expect(b, PATHCHECK_TIMED_OUT);
}

static void a_batch_that_did_not(void **state)
{
	struct bed *b = *state;
	struct slot *first, *second;

	kernel.submit_takes_us = SUBMIT_SLOW_US - 1;
	submit_two(b, &first, &second);
	assert_int_equal(first->started.us, START_US);
	assert_int_equal(second->deadline.us, at(TIMEOUT_US).us);
}

/* --- the one that watches the submitter --- */

static uint64_t left(int fd)
{
	uint64_t n = 0, sum = 0;

	while (read(fd, &n, sizeof(n)) == sizeof(n))
		sum += n;
	return sum;
}

/* Its timer fires so often, and it looks so late. Returns how often it looked until it became
 * the submitter, which it does. */
static uint64_t looks_until_submitter(struct bed *b, int64_t late_us)
{
	const uint64_t times = 5;
	uint64_t looked;
	int fd = eventfd((unsigned)times, EFD_SEMAPHORE | EFD_NONBLOCK), own;

	assert_true(fd >= 0);
	handover_begin(&b->prober.handover, b->g, (struct mono){ the_clock.now_us });
	the_clock.now_us += SUBMITTER_STUCK_US + late_us;
	the_clock.each_us = SUBMITTER_STUCK_US;
	own = b->prober.handover.timer_fd;
	b->prober.handover.timer_fd = fd;
	assert_true(watch_submitter(&b->prober.watch));
	b->prober.handover.timer_fd = own;
	looked = times - left(fd);
	close(fd);
	jobs_return_thread(&b->prober.jobs);
	return looked;
}

static void a_submitter_that_stalls(void **state)
{
	assert_int_equal(looks_until_submitter(*state, 0), 1);
}

/* Nobody ran, the submitter neither: it has as long again. */
static void a_submitter_that_was_paused(void **state)
{
	assert_int_equal(looks_until_submitter(*state, PAUSE_US), 2);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_deadline_between_two_looks), T(a_pause_is_no_timeout),
		T(a_timeout_beyond_a_pause),     T(a_little_late_is_no_pause),
		T(a_batch_that_stood_still),     T(a_batch_that_did_not),
		T(a_submitter_that_stalls),      T(a_submitter_that_was_paused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

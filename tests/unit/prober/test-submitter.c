/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A submitter that is stuck in the kernel, whose work another thread continues; and groups
 * that get no context, or a small one, or wait for it.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "tests/unit/prober/direct-files.h"
#include "tests/unit/prober/prober-bed.h"
#include "util/thread.h"

#define WATCHDOG_SEC 600 /* a prober that never stops ends the test */

static struct bed bed;
static struct bed *const b = &bed;

static void begin_small(void)
{
	struct pathcheck_options o = bed_options(64);

	bed_start(b, &o);
	bed_pulse_begin_file(b, "pulse");
}

/* --- stuck submitters --- */

static void stick_file(const char *file)
{
	char name[FILE_NAME_MAX];

	files_name(name, file);
	fake_stick(name);
}

/* Open, so that what is asked next is handed to the kernel by the submitter. */
static void add_open(uint32_t id, const char *file)
{
	bed_add_file(b, id, file, 0);
	bed_check(b, id, LONG_US);
	bed_final(b, id, 1);
}

static void a_stuck_submitter_is_replaced(void **state)
{
	const struct shared_header *h;

	(void)state; /* no fixture */
	begin_small();
	h = b->shared.header;
	add_open(1, "hung");
	stick_file("hung");
	bed_check(b, 1, USEC_PER_MSEC);
	bed_flush(b);
	assert_true(fake_wait_stuck(1));
	/* Other paths are still checked, new ones too. */
	assert_true(bed_pulse(b));
	add_open(2, "file");
	assert_int_equal(b->of[2].last.engine, PATHCHECK_ENGINE_AIO);
	assert_int_equal(atomic_load(&h->submitter_replacements), 1);
	assert_int_equal(atomic_load(&h->submitters_stuck), 1);
	/* There is no other one that it can be stuck with: its time runs. */
	bed_until(b, &b->of[1].timed_out, 1);
	assert_true(b->of[1].last.started_us > 0);
	assert_int_equal(b->of[1].deferred, 0);
	fake_release_all();
	bed_final(b, 1, 2);
	assert_int_equal(b->of[1].last.verdict, PATHCHECK_OK);
	assert_int_equal(b->of[1].last.late, 1);
	BED_UNTIL(b, atomic_load(&h->submitters_stuck) == 0);
	assert_int_equal(homes_slots_used(&b->prober.homes), 0);
	assert_int_equal(b->all.failed + b->all.deferred, 0);
	group_assert(&b->prober.groups[0]);
	bed_stop(b);
}

/*
 * Meanwhile rescuers read each path without an answer, and each path has one result. That
 * includes a path before the blocking one: its request is in the kernel's plug, and has not
 * reached the driver.
 */
static void the_others_are_rescued(void **state)
{
	enum { PATHS = 40, PLUGGED = 3, STUCK = 7 };
	struct prober *p = &b->prober;

	(void)state; /* no fixture */
	begin_small();
	for (uint32_t id = 0; id < PATHS; id++)
		add_open(id, id == STUCK ? "hung" : id == PLUGGED ? "held" : "file");
	assert_true(bed_pulse(b));
	stick_file("hung");
	bed_hold_file("held");
	for (uint32_t id = 0; id < PATHS; id++)
		bed_check(b, id, LONG_US);
	bed_flush(b);
	assert_true(fake_wait_stuck(1));
	for (uint32_t id = 0; id < PATHS; id++) {
		bed_final(b, id, 2);
		assert_int_equal(b->of[id].ok, 2);
		assert_int_equal(b->of[id].deferred, 0);
		assert_int_equal(b->of[id].last.engine, id < STUCK && id != PLUGGED
		                                                ? PATHCHECK_ENGINE_AIO
		                                                : PATHCHECK_ENGINE_SYNC);
	}
	/* The old slots are orphans, with descriptors of their own: so a path may go. */
	BED_UNTIL(b, homes_slots_used(&p->homes) == PATHS - STUCK + 1);
	bed_remove(b, PATHS - 1);
	bed_until(b, &b->of[PATHS - 1].released, 1);
	fake_release_all();
	BED_UNTIL(b, atomic_load(&b->shared.header->submitters_stuck) == 0);
	BED_UNTIL(b, homes_slots_used(&p->homes) == 0);
	assert_int_equal(atomic_load(&b->shared.header->deferred_now), 0);
	group_assert(&p->groups[0]);
	bed_stop(b);
}

static bool is_suspect(uint32_t id)
{
	return atomic_load(&b->shared.suspects[id]) != 0;
}

/* All of a batch that have no answer are suspects until a rescuer has read them. */
static void suspects_go_through_rescuers(void **state)
{
	(void)state; /* no fixture */
	begin_small();
	add_open(1, "hung");
	add_open(2, "file");
	stick_file("hung");
	bed_check(b, 1, USEC_PER_MSEC);
	bed_flush(b);
	assert_true(fake_wait_stuck(1));
	bed_until(b, &b->of[1].timed_out, 1);
	assert_true(is_suspect(1));
	fake_release_all();
	bed_final(b, 1, 2);
	assert_true(is_suspect(1)); /* a slow submit with a known cause proves nothing */
	bed_check(b, 1, LONG_US);
	bed_final(b, 1, 3);
	assert_int_equal(b->of[1].last.engine, PATHCHECK_ENGINE_SYNC);
	assert_false(is_suspect(1));
	bed_check(b, 1, LONG_US);
	bed_final(b, 1, 4);
	assert_int_equal(b->of[1].last.engine, PATHCHECK_ENGINE_AIO);
	stick_file("hung");
	bed_check(b, 1, LONG_US);
	bed_check(b, 2, LONG_US);
	bed_flush(b);
	assert_true(fake_wait_stuck(1));
	bed_final(b, 2, 2);
	assert_int_equal(b->of[2].last.engine, PATHCHECK_ENGINE_SYNC);
	assert_false(is_suspect(2));
	bed_check(b, 2, LONG_US);
	bed_final(b, 2, 3);
	assert_int_equal(b->of[2].last.engine, PATHCHECK_ENGINE_AIO);
	fake_release_all();
	bed_final(b, 1, 5);
	bed_stop(b);
}

/*
 * The next prober knows the suspects; a read there does not block, and the time already
 * waited counts.
 */
static void a_suspect_from_before(void **state)
{
	const struct tally *t = &b->of[1];

	(void)state; /* no fixture */
	begin_small();
	b->flags[1] = COMMAND_SUSPECT;
	bed_add_file(b, 1, "hung", 0);
	stick_file("hung");
	bed_check(b, 1, LONG_US);
	bed_final(b, 1, 1);
	assert_int_equal(t->last.engine, PATHCHECK_ENGINE_SYNC);
	assert_int_equal(atomic_load(&b->shared.header->submitter_replacements), 0);
	assert_false(is_suspect(1));
	/* So it is handed to the kernel again, where it sticks. */
	bed_check_silent(b, 1, UINT16_MAX * USEC_PER_MSEC, UINT16_MAX,
	                 PATHCHECK_STAGE_READ);
	bed_until(b, &t->timed_out, 1);
	assert_true(t->last.finished_us - t->last.started_us <
	            UINT16_MAX * USEC_PER_MSEC);
	assert_true(is_suspect(1));
	fake_release_all();
	bed_final(b, 1, 2);
	bed_remove(b, 1);
	bed_until(b, &t->released, 1);
	assert_false(is_suspect(1));
	bed_stop(b);
}

/* Paths 1 and 2 stick, 3 does not. 1 has done so, and no further one may be stuck. */
static void begin_with_the_last_one(void)
{
	struct pathcheck_options o = bed_options(64);

	o.rescuers = 2;
	bed_start(b, &o);
	bed_pulse_begin_file(b, "pulse");
	for (uint32_t id = 1; id <= 3; id++)
		add_open(id, id == 3 ? "file" : "hung");
	stick_file("hung");
	bed_check(b, 1, LONG_US);
	bed_flush(b);
	assert_true(fake_wait_stuck(1));
	assert_true(bed_pulse(b));
}

/* The caller gets the suspects, although it is unknown which of the two blocks. */
static void suspects_of_the_last_one(void **state)
{
	(void)state; /* no fixture */
	begin_with_the_last_one();
	b->prober.limits.defer_after_us = USEC_PER_MSEC;
	bed_check(b, 2, USEC_PER_MSEC);
	bed_check(b, 3, LONG_US);
	bed_flush(b);
	assert_true(fake_wait_stuck(2));
	bed_until(b, &b->of[2].deferred, 1);
	assert_int_equal(b->of[2].timed_out, 0);
	assert_true(is_suspect(1) && is_suspect(2) && is_suspect(3));
	fake_release_all();
	for (uint32_t id = 1; id <= 3; id++)
		bed_final(b, id, 2);
	assert_int_equal(b->of[3].ok, 2);
	bed_stop(b);
}

/* The time of a single one runs, and who tells so is awake. */
static void the_last_one_times_out(void **state)
{
	(void)state; /* no fixture */
	begin_with_the_last_one();
	bed_check(b, 2, USEC_PER_MSEC);
	bed_flush(b);
	assert_true(fake_wait_stuck(2));
	bed_until(b, &b->of[2].timed_out, 1);
	assert_true(is_suspect(1) && is_suspect(2));
	assert_true(atomic_load(&b->shared.handed_us[2]) > 0);
	fake_release_all();
	bed_final(b, 1, 2);
	bed_final(b, 2, 2);
	bed_stop(b);
}

/* With two rescuers one may be stuck, and no more: the next one is waited for. */
static void stuck_submitters_are_bounded(void **state)
{
	struct pathcheck_options o = bed_options(64);
	const struct shared_header *h;

	(void)state; /* no fixture */
	o.rescuers = 2;
	bed_start(b, &o);
	bed_pulse_begin_file(b, "pulse");
	h = b->shared.header;
	assert_int_equal(b->prober.limits.submitters_stuck, 1);
	add_open(1, "hung");
	add_open(2, "hung");
	for (uint32_t round = 0; round < 5; round++) {
		stick_file("hung");
		bed_check(b, 1, LONG_US);
		bed_flush(b);
		assert_true(fake_wait_stuck(1));
		assert_true(bed_pulse(b));
		bed_check(b, 2, LONG_US);
		bed_flush(b);
		assert_true(fake_wait_stuck(2));
		assert_int_equal(atomic_load(&h->submitters_stuck), 1);
		fake_release_all();
		for (uint32_t id = 1; id <= 2; id++) {
			bed_final(b, id, 2 + 2 * round);
			bed_check(b, id, LONG_US); /* by a rescuer: it is quick */
			bed_final(b, id, 3 + 2 * round);
		}
		BED_UNTIL(b, atomic_load(&h->submitters_stuck) == 0);
	}
	bed_stop(b);
}

static void *stop(void *arg)
{
	struct bed *which = arg;

	prober_stop(&which->prober);
	return NULL;
}

static void ends_with_a_stuck_submitter(void **state)
{
	unsigned descriptors = files_open();
	pthread_t stopper;

	(void)state; /* no fixture */
	begin_small();
	add_open(1, "hung");
	stick_file("hung");
	bed_check(b, 1, LONG_US);
	bed_flush(b);
	assert_true(fake_wait_stuck(1));
	assert_true(bed_pulse(b));
	assert_int_equal(thread_start(&stopper, "stopper", 0, stop, b), 0);
	fake_release_all();
	assert_int_equal(pthread_join(stopper, NULL), 0);
	bed_stopped(b);
	assert_int_equal(files_open(), descriptors);
}

/* --- no AIO --- */

static void quota_refused_and_back(void **state)
{
	struct pathcheck_options o = bed_options(64);
	const struct shared_header *h;
	const struct group_view *v;
	unsigned rounds = 0;

	(void)state; /* no fixture */
	bed_start(b, &o);
	h = b->shared.header;
	v = &b->shared.groups[0];
	fake_setup_says(-EAGAIN);
	for (uint32_t i = 0; i < 20; i++) {
		bed_add_file(b, i, "file", 0);
		bed_check(b, i, LONG_US);
	}
	bed_until(b, &b->all.ok, 20);
	for (uint32_t i = 0; i < 20; i++)
		assert_int_equal(b->of[i].last.engine, PATHCHECK_ENGINE_SYNC);
	assert_int_equal(bed_group(b, 0), PATHCHECK_GROUP_FALLBACK);
	assert_int_equal(atomic_load(&v->kind), PATHCHECK_GROUP_SYNC);
	assert_int_equal(atomic_load(&v->setup_error), EAGAIN);
	assert_true(atomic_load(&h->io_setup_failures) >= 1);
	assert_int_equal(atomic_load(&h->io_setup_error), EAGAIN);
	assert_int_equal(atomic_load(&h->emergency_total), 20);
	assert_int_equal(atomic_load(&h->emergency_now), 0);
	assert_in_range(atomic_load(&h->emergency_max), 1, 20);
	assert_int_equal(fake_reads(), 0);

	/* It keeps trying, and goes back by itself: no check is lost on the way. */
	fake_setup_says(0);
	while (b->of[0].last.engine != PATHCHECK_ENGINE_AIO) {
		assert_true(++rounds < 100000);
		for (uint32_t i = 0; i < 20; i++)
			bed_check(b, i, LONG_US);
		bed_until(b, &b->all.ok, 20 + 20 * rounds);
	}
	assert_int_equal(bed_group(b, 0), PATHCHECK_GROUP_READY);
	assert_int_equal(atomic_load(&v->kind), PATHCHECK_GROUP_AIO);
	assert_int_equal(atomic_load(&v->setup_error), 0);
	assert_int_equal(b->all.failed + b->all.timed_out + b->all.deferred, 0);
	bed_stop(b);
}

/*
 * A quota for 100 requests: 64 reads are asynchronous, the rest is done by rescuers. When there
 * is more, a larger context takes over, and the small one is given back when its last event has
 * come, not before.
 */
static void a_small_quota_that_grows(void **state)
{
	enum { PATHS = 100, AIO = 64 };
	struct pathcheck_options o = bed_options(PATHS);
	const struct group_view *v;
	const struct shared_header *h;
	char pulse[FILE_NAME_MAX];

	(void)state; /* no fixture */
	bed_start(b, &o);
	h = b->shared.header;
	v = &b->shared.groups[0];
	fake_setup_most(100);
	for (uint32_t i = 0; i < PATHS; i++) {
		bed_add_file(b, i, i < AIO ? "hung" : "file", 0);
		bed_check(b, i, LONG_US);
	}
	bed_until(b, &b->all.ok, PATHS);
	assert_int_equal(bed_group(b, 0), PATHCHECK_GROUP_RECOVERING);
	assert_int_equal(atomic_load(&v->kind), PATHCHECK_GROUP_AIO);
	assert_int_equal(atomic_load(&v->setup_error), EAGAIN);
	assert_true(atomic_load(&h->io_setup_failures) >= 1);

	/* The asynchronous ones hang; what does not fit goes on. */
	bed_hold_file("hung");
	for (uint32_t i = 0; i < PATHS; i++)
		bed_check(b, i, LONG_US);
	bed_until(b, &b->all.ok, 2 * PATHS - AIO);
	assert_true(fake_wait_in_kernel(AIO));
	for (uint32_t i = AIO; i < PATHS; i++) {
		assert_int_equal(b->of[i].ok, 2);
		assert_int_equal(b->of[i].last.engine, PATHCHECK_ENGINE_SYNC);
	}
	assert_true(atomic_load(&h->emergency_total) >= PATHS - AIO);

	/* There is more: those that hang are in the old one still. */
	fake_setup_most(UINT_MAX);
	files_name(pulse, "pulse");
	bed_pulse_begin(b, pulse);
	BED_UNTIL(b, bed_group(b, 0) == PATHCHECK_GROUP_READY);
	assert_int_equal(fake_contexts(), 2);
	assert_int_equal(fake_in_kernel(), AIO);
	assert_true(bed_pulse(b));
	assert_int_equal(b->of[b->pulse].last.engine, PATHCHECK_ENGINE_AIO);
	fake_release_all();
	bed_until(b, &b->all.ok, 2 * PATHS);
	BED_UNTIL(b, fake_contexts() == 1);
	assert_int_equal(b->all.failed + b->all.timed_out + b->all.deferred, 0);
	assert_int_equal(atomic_load(&v->setup_error), 0);
	assert_int_equal(atomic_load(&h->emergency_now), 0);
	bed_stop(b);
}

/* Reads that started synchronously go on while the context is set up. */
static void a_setup_that_hangs(void **state)
{
	struct pathcheck_options o = bed_options(64);
	const struct group_view *v;

	(void)state; /* no fixture */
	o.setup_timeout_us = 5 * USEC_PER_MSEC;
	bed_start(b, &o);
	v = &b->shared.groups[0];
	fake_setup_says(FAKE_HANGS);
	bed_add_file(b, 1, "file", 0);
	bed_check(b, 1, LONG_US);
	bed_final(b, 1, 1);
	assert_int_equal(b->of[1].last.verdict, PATHCHECK_OK);
	assert_int_equal(b->of[1].last.engine, PATHCHECK_ENGINE_SYNC);
	assert_int_equal(atomic_load(&v->state), PATHCHECK_GROUP_FALLBACK);
	assert_int_equal(atomic_load(&v->setup_error), ETIMEDOUT);
	assert_int_equal(atomic_load(&b->shared.header->io_setup_failures), 0);
	fake_setup_says(0);
	b->pulse = 1;
	BED_UNTIL(b, b->of[1].last.engine == PATHCHECK_ENGINE_AIO);
	assert_int_equal(atomic_load(&v->setup_error), 0);
	assert_int_equal(fake_setups(), 1); /* one at a time */
	bed_stop(b);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stuck_submitter_is_replaced),
		cmocka_unit_test(the_others_are_rescued),
		cmocka_unit_test(suspects_go_through_rescuers),
		cmocka_unit_test(a_suspect_from_before),
		cmocka_unit_test(suspects_of_the_last_one),
		cmocka_unit_test(the_last_one_times_out),
		cmocka_unit_test(stuck_submitters_are_bounded),
		cmocka_unit_test(ends_with_a_stuck_submitter),
		cmocka_unit_test(quota_refused_and_back),
		cmocka_unit_test(a_small_quota_that_grows),
		cmocka_unit_test(a_setup_that_hangs),
	};
	int r;

	(void)alarm(WATCHDOG_SEC);
	(void)files_no_limit(); /* 1,024 are enough, too */
	files_begin();
	files_make("file", 8192);
	files_make("hung", 8192);
	files_make("held", 8192);
	files_make("pulse", 8192);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	files_end();
	return r;
}

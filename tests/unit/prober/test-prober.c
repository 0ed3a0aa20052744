/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The probing side with all its threads, over a backend that does what the test says, and
 * files that rescuers can really open and read. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/unit/prober/direct-files.h"
#include "tests/unit/prober/prober-bed.h"
#include "util/thread.h"

#define WATCHDOG_SEC 600 /* a prober that never stops ends the test */
#define MANY         2000
#define NEEDED_FDS   4000 /* an open file for each slot of two groups */
#define EXIT_SKIP    77

static struct bed bed;
static struct bed *const b = &bed;

static void begin(const struct pathcheck_options *o)
{
	bed_start(b, o);
	bed_pulse_begin_file(b, "pulse");
}

static void begin_small(void)
{
	struct pathcheck_options o = bed_options(64);

	begin(&o);
}

/* --- many --- */

static void link_name(char name[32], uint32_t i)
{
	(void)snprintf(name, 32, "link%u", i);
}

static void two_groups_hold_two_thousand(void **state)
{
	struct pathcheck_options o = bed_options(MANY);

	(void)state; /* no fixture */
	bed_start(b, &o);
	for (uint32_t i = 0; i < MANY; i++) {
		char name[32];

		link_name(name, i);
		files_link(name, "file");
		bed_add_file(b, i, name, 0);
		bed_check(b, i, LONG_US);
	}
	bed_until(b, &b->all.ok, MANY);
	for (uint32_t i = 0; i < MANY; i++)
		bed_check(b, i, LONG_US);
	bed_until(b, &b->all.ok, 2 * MANY);
	for (uint32_t i = 0; i < MANY; i++) {
		assert_int_equal(b->of[i].ok, 2);
		assert_int_equal(b->of[i].last.engine, PATHCHECK_ENGINE_AIO);
		assert_int_equal(b->of[i].last.group, i / PATHCHECK_GROUP_SLOTS);
	}
	assert_int_equal(b->all.failed + b->all.timed_out + b->all.deferred, 0);
	assert_int_equal(atomic_load(&b->shared.header->groups_end), 2);
	assert_int_equal(bed_group(b, 0), PATHCHECK_GROUP_READY);
	assert_int_equal(bed_group(b, 1), PATHCHECK_GROUP_READY);
	assert_int_equal(bed_group(b, 2), PATHCHECK_GROUP_UNUSED);
	assert_int_equal(fake_setups(), 2);
	assert_int_equal(fake_reads(), 2 * MANY);
	assert_int_equal(homes_slots_used(&b->prober.homes), 0);

	/* 500 of them hang: the others notice nothing. */
	fake_hold_all();
	for (uint32_t i = 0; i < MANY; i += 4)
		bed_check(b, i, USEC_PER_MSEC);
	bed_until(b, &b->all.timed_out, MANY / 4);
	assert_int_equal(fake_in_kernel(), MANY / 4);
	fake_release_all();
	bed_until(b, &b->all.late, MANY / 4);
	assert_int_equal(b->all.ok, 2 * MANY + MANY / 4);
	bed_stop(b);
	for (uint32_t i = 0; i < MANY; i++) {
		char name[32];

		link_name(name, i);
		files_unlink(name);
	}
}

/* --- hung ones --- */

static void hung_removed_and_added(void **state)
{
	enum { TIMES = 100 };
	struct pathcheck_options o = bed_options(64);
	unsigned descriptors;

	(void)state; /* no fixture */
	begin(&o);
	descriptors = files_open();
	bed_hold_file("hung");
	for (unsigned i = 0; i < TIMES; i++) {
		bed_add_file(b, 1, "hung", 0);
		bed_check(b, 1, LONG_US);
		bed_flush(b);
		assert_true(fake_wait_in_kernel(i + 1));
		bed_remove(b, 1);
		bed_until(b, &b->of[1].released, 1);
	}
	assert_int_equal(atomic_load(&b->shared.groups[0].orphans), TIMES);
	assert_int_equal(homes_slots_used(&b->prober.homes), TIMES);
	assert_int_equal(files_open(), descriptors + TIMES);
	assert_true(bed_pulse(b)); /* another one is answered */

	fake_release_all();
	BED_UNTIL(b, homes_slots_used(&b->prober.homes) == 0);
	assert_int_equal(files_open(), descriptors);
	assert_int_equal(homes_host_used(&b->prober.homes, 0), 0);
	assert_int_equal(atomic_load(&b->shared.groups[0].orphans), 0);
	assert_int_equal(b->stale, 0);
	bed_add_file(b, 1, "hung", 0);
	bed_check(b, 1, LONG_US);
	bed_final(b, 1, 1);
	assert_int_equal(b->of[1].ok, 1);
	bed_stop(b);
}

/* Orphans are in every slot: a new check is deferred, and runs when they end. */
static void orphans_everywhere(void **state)
{
	struct pathcheck_options o = bed_options(1);
	uint32_t slots;

	(void)state; /* no fixture */
	bed_start(b, &o);
	slots = b->prober.limits.slots;
	assert_int_equal(slots, 3 * PATHCHECK_GROUP_SLOTS);
	bed_hold_file("hung");
	for (unsigned i = 0; i < slots; i++) {
		bed_add_file(b, 0, "hung", 0);
		bed_check(b, 0, LONG_US);
		bed_flush(b);
		assert_true(fake_wait_in_kernel(i + 1));
		bed_remove(b, 0);
		bed_until(b, &b->of[0].released, 1);
	}
	assert_int_equal(atomic_load(&b->shared.groups[0].orphans),
	                 PATHCHECK_GROUP_SLOTS);
	assert_int_equal(atomic_load(&b->shared.groups[1].orphans),
	                 PATHCHECK_GROUP_SLOTS);
	bed_add_file(b, 1, "file", 0);
	bed_check(b, 1, LONG_US);
	bed_until(b, &b->of[1].deferred, 1);
	assert_int_equal(atomic_load(&b->shared.header->deferred_now), 1);
	fake_release_all();
	bed_final(b, 1, 1);
	assert_int_equal(b->of[1].ok, 1);
	assert_int_equal(b->of[1].deferred, 1);
	assert_int_equal(atomic_load(&b->shared.header->deferred_now), 0);
	assert_int_equal(atomic_load(&b->shared.header->deferred_total), 1);
	bed_stop(b);
}

static void timed_out_then_late(void **state)
{
	int64_t before_us, after_us;

	(void)state; /* no fixture */
	begin_small();
	bed_hold_file("hung");
	bed_add_file(b, 1, "hung", 0);
	/* Open, so that what is asked next goes to the kernel at once. */
	bed_check(b, 1, LONG_US);
	bed_flush(b);
	assert_true(fake_wait_in_kernel(1));
	fake_release_all();
	bed_final(b, 1, 1);
	bed_hold_file("hung");
	before_us = mono_now().us;
	bed_check(b, 1, 2 * USEC_PER_MSEC);
	bed_flush(b);
	assert_true(fake_wait_in_kernel(1));
	after_us = mono_now().us;
	bed_until(b, &b->of[1].timed_out, 1);
	assert_in_range(b->of[1].last.started_us, before_us, after_us);
	assert_int_equal(b->of[1].last.error, ETIMEDOUT);
	assert_int_equal(b->of[1].last.late, 0);
	assert_true(b->of[1].last.finished_us - b->of[1].last.started_us >=
	            2 * USEC_PER_MSEC);
	assert_int_equal(atomic_load(&b->shared.groups[0].expired), 1);
	bed_check(
	        b, 1,
	        LONG_US); /* a second one while the first is outstanding: it does not start */
	assert_true(bed_pulse(b));
	fake_release_all();
	bed_final(b, 1, 2);
	assert_int_equal(b->of[1].last.verdict, PATHCHECK_OK);
	assert_int_equal(b->of[1].last.late, 1);
	bed_check(b, 1, LONG_US);
	bed_final(b, 1, 3);
	assert_int_equal(b->of[1].last.late, 0);
	assert_int_equal(b->of[1].timed_out, 1);
	bed_stop(b);
}

/* --- reads that would block --- */

static void one_that_never_can(void **state)
{
	(void)state; /* no fixture */
	begin_small();
	fake_submit_says(-EOPNOTSUPP);
	bed_add_file(b, 1, "file", 0);
	bed_check(b, 1, LONG_US);
	bed_final(b, 1, 1);
	assert_int_equal(b->of[1].last.verdict, PATHCHECK_OK);
	assert_int_equal(b->of[1].last.engine, PATHCHECK_ENGINE_SYNC);
	fake_submit_says(0);
	for (unsigned i = 2; i < 5; i++) { /* remembered */
		bed_check(b, 1, LONG_US);
		bed_final(b, 1, i);
		assert_int_equal(b->of[1].last.engine, PATHCHECK_ENGINE_SYNC);
	}
	/* AIO has room: it is no emergency. */
	assert_int_equal(atomic_load(&b->shared.header->emergency_total), 0);

	/* Another path with its id is read again. */
	bed_remove(b, 1);
	bed_until(b, &b->of[1].released, 1);
	bed_add_file(b, 1, "file", 0);
	bed_check(b, 1, LONG_US);
	bed_final(b, 1, 1);
	assert_int_equal(b->of[1].last.engine, PATHCHECK_ENGINE_AIO);
	bed_stop(b);
}

static void one_that_would_now(void **state)
{
	(void)state; /* no fixture */
	begin_small();
	bed_add_file(b, 1, "file", 0);
	fake_event_says(-EAGAIN);
	bed_check(b, 1, LONG_US);
	bed_final(b, 1, 1);
	assert_int_equal(b->of[1].last.verdict, PATHCHECK_OK);
	assert_int_equal(b->of[1].last.engine, PATHCHECK_ENGINE_SYNC);
	fake_event_says(0);
	bed_check(b, 1, LONG_US);
	bed_final(b, 1, 2);
	assert_int_equal(b->of[1].last.engine, PATHCHECK_ENGINE_AIO);
	bed_stop(b);
}

static void refused_by_submit(void **state)
{
	(void)state; /* no fixture */
	begin_small();
	bed_add_file(b, 1, "file", 0);
	fake_submit_says(-EBADF);
	bed_check(b, 1, LONG_US);
	bed_final(b, 1, 1);
	/* A mistake of this program's is not the device's fault. */
	assert_int_equal(b->of[1].last.verdict, PATHCHECK_NOT_JUDGED);
	assert_int_equal(b->of[1].last.error, EBADF);
	fake_submit_says(-EINTR);
	bed_check(b, 1, LONG_US);
	bed_flush(b);
	fake_submit_says(0);
	bed_final(b, 1, 2);
	assert_int_equal(b->of[1].last.verdict, PATHCHECK_OK);
	fake_event_says(-ENOLINK);
	bed_check(b, 1, LONG_US);
	bed_final(b, 1, 3);
	assert_int_equal(b->of[1].last.error, ENOLINK);
	fake_event_says(0);
	bed_check(b, 1, LONG_US);
	bed_final(b, 1, 4);
	assert_int_equal(b->of[1].ok, 2);
	bed_stop(b);
}

/* --- caps --- */

static void cap_in_flight(void **state)
{
	struct pathcheck_options o = bed_options(64);
	const struct shared_header *h;

	(void)state; /* no fixture */
	o.max_in_flight = 4;
	bed_start(b, &o);
	h = b->shared.header;
	fake_hold_all();
	for (uint32_t i = 0; i < 10; i++) {
		bed_add_file(b, i, "file", 0);
		bed_check(b, i, LONG_US);
	}
	bed_until(b, &b->all.deferred, 6);
	assert_true(fake_wait_in_kernel(4));
	assert_int_equal(homes_slots_used(&b->prober.homes), 4);
	assert_int_equal(atomic_load(&h->deferred_now), 6);
	assert_int_equal(atomic_load(&h->deferred_max), 6);
	bed_remove(b, 9); /* a deferred one may go too */
	bed_until(b, &b->of[9].released, 1);
	assert_int_equal(atomic_load(&h->deferred_now), 5);

	fake_release_all();
	bed_until(b, &b->all.ok, 9);
	for (uint32_t i = 0; i < 9; i++) {
		assert_int_equal(b->of[i].ok, 1);
		assert_int_equal(b->of[i].deferred, i >= 4);
	}
	assert_int_equal(atomic_load(&h->deferred_now), 0);
	assert_int_equal(atomic_load(&h->deferred_total), 6);
	bed_stop(b);
}

static void cap_of_a_host(void **state)
{
	struct pathcheck_options o = bed_options(64);

	(void)state; /* no fixture */
	o.max_in_flight_host = 2;
	begin(&o);
	bed_hold_file("hung");
	for (uint32_t i = 1; i < 6; i++) {
		bed_add_file(b, i, "hung", 5);
		bed_check(b, i, LONG_US);
	}
	bed_until(b, &b->all.deferred, 3);
	assert_true(fake_wait_in_kernel(2));
	/* Another host's, and those of none, are not held up. */
	for (uint32_t i = 10; i < 14; i++) {
		bed_add_file(b, i, "file", i % 2 == 0 ? 6 : 0);
		bed_check(b, i, LONG_US);
		bed_final(b, i, 1);
		assert_int_equal(b->of[i].ok, 1);
		assert_int_equal(b->of[i].deferred, 0);
	}
	/* An orphan counts for its host as long as the kernel holds it. */
	bed_remove(b, 1);
	bed_until(b, &b->of[1].released, 1);
	assert_int_equal(homes_host_used(&b->prober.homes, 5), 2);
	fake_release_all();
	for (uint32_t i = 2; i < 6; i++)
		bed_final(b, i, 1);
	assert_int_equal(b->all.failed, 0);
	BED_UNTIL(b, homes_host_used(&b->prober.homes, 5) == 0);
	bed_stop(b);
}

/* --- opens --- */

/* One that hangs leaves half of what may be in the kernel to the others; alone it has all. */
static void no_host_takes_it_all(void **state)
{
	enum { CAP = 8, PATHS = 20, OTHER = PATHS + 1 };
	struct pathcheck_options o = bed_options(64);

	(void)state; /* no fixture */
	o.max_in_flight = CAP;
	bed_start(b, &o);
	bed_hold_file("hung");
	for (uint32_t id = 0; id < PATHS; id++) {
		bed_add_file(b, id, "hung", 5);
		bed_check(b, id, LONG_US);
	}
	bed_flush(b);
	assert_true(fake_wait_in_kernel(CAP)); /* there is no other */
	fake_release_all();
	bed_until(b, &b->all.ok, PATHS);

	bed_add_file(b, OTHER, "file", 6);
	bed_hold_file("hung");
	for (uint32_t id = 0; id < PATHS; id++)
		bed_check(b, id, LONG_US);
	bed_flush(b);
	assert_true(fake_wait_in_kernel(CAP / 2));
	for (unsigned i = 1; i <= 5; i++) {
		bed_check(b, OTHER, LONG_US);
		bed_final(b, OTHER, i);
		assert_int_equal(b->of[OTHER].last.verdict, PATHCHECK_OK);
	}
	assert_int_equal(fake_in_kernel(), CAP / 2);
	assert_int_equal(b->of[OTHER].deferred, 0);
	assert_int_equal(atomic_load(&b->shared.header->deferred_now), PATHS - CAP / 2);
	/* The other one goes: this one may have all slots again. */
	bed_remove(b, OTHER);
	bed_until(b, &b->of[OTHER].released, 1);
	assert_true(fake_wait_in_kernel(CAP));
	fake_release_all();
	for (uint32_t id = 0; id < PATHS; id++)
		bed_final(b, id, 2);
	bed_stop(b);
}

static void opens_that_fail(void **state)
{
	(void)state; /* no fixture */
	begin_small();
	bed_add_file(b, 1, "missing", 0);
	bed_check(b, 1, LONG_US);
	bed_final(b, 1, 1);
	assert_int_equal(b->of[1].last.verdict, PATHCHECK_FAILED);
	assert_int_equal(b->of[1].last.stage, PATHCHECK_STAGE_OPEN);
	assert_int_equal(b->of[1].last.engine, PATHCHECK_ENGINE_NONE);
	assert_int_equal(b->of[1].last.error, ENOENT);
	assert_true(b->of[1].last.started_us > 0);
	files_make("missing", 8192);
	bed_check(b, 1, LONG_US);
	bed_final(b, 1, 2);
	assert_int_equal(b->of[1].last.verdict, PATHCHECK_OK);
	assert_int_equal(b->of[1].last.stage, PATHCHECK_STAGE_READ);

	/* Replaced: noticed after a failure, not before. */
	fake_event_says(-ENOLINK);
	bed_check(b, 1, LONG_US);
	bed_final(b, 1, 3);
	fake_event_says(0);
	files_unlink("missing");
	bed_check(b, 1, LONG_US);
	bed_final(b, 1, 4);
	assert_int_equal(b->of[1].last.error, ENOENT);
	bed_stop(b);
}

/* A shortage of descriptors fails no check: it is made when there are some. */
static void no_descriptor_left(void **state)
{
	struct rlimit rl, none;

	(void)state; /* no fixture */
	begin_small();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &rl), 0);
	none = rl;
	none.rlim_cur = 3;
	bed_add_file(b, 1, "file", 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	bed_check(b, 1, LONG_US);
	bed_until(b, &b->of[1].deferred, 1);
	assert_true(bed_pulse(b));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &rl), 0);
	bed_final(b, 1, 1); /* it looks again by itself */
	assert_int_equal(b->of[1].ok, 1);
	assert_int_equal(b->of[1].deferred, 1);
	bed_stop(b);
}

/* --- groups --- */

static void add_links(uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++)
		bed_add_file(b, i, "file", 0);
}

static void groups_retire_and_come_back(void **state)
{
	enum { FIRST = PATHCHECK_GROUP_SLOTS - 1 }; /* with the pulse, a whole group */
	struct pathcheck_options o = bed_options(PATHCHECK_GROUP_SLOTS + 100);

	(void)state; /* no fixture */
	begin(&o);
	add_links(0, FIRST);
	bed_add_file(b, FIRST, "hung", 0);
	bed_hold_file("hung");
	bed_check(b, FIRST, LONG_US);
	bed_flush(b);
	assert_true(fake_wait_in_kernel(1));
	assert_int_equal(fake_setups(), 2);
	assert_int_equal(bed_group(b, 1), PATHCHECK_GROUP_READY);

	/* Its path goes; its orphan keeps it, and it serves again as it is. */
	bed_remove(b, FIRST);
	bed_until(b, &b->of[FIRST].released, 1);
	BED_UNTIL(b, bed_group(b, 1) == PATHCHECK_GROUP_RETIRING);
	assert_int_equal(fake_contexts(), 2);
	bed_add_file(b, FIRST, "file", 0);
	bed_check(b, FIRST, LONG_US);
	bed_final(b, FIRST, 1);
	assert_int_equal(b->of[FIRST].ok, 1);
	assert_int_equal(b->of[FIRST].last.group, 1);
	assert_int_equal(b->of[FIRST].last.engine, PATHCHECK_ENGINE_AIO);
	assert_int_equal(fake_setups(), 2);

	/* With its last orphan it goes, and gives its context back. */
	bed_remove(b, FIRST);
	bed_until(b, &b->of[FIRST].released, 1);
	BED_UNTIL(b, bed_group(b, 1) == PATHCHECK_GROUP_RETIRING);
	fake_release_all();
	BED_UNTIL(b, bed_group(b, 1) == PATHCHECK_GROUP_UNUSED);
	assert_int_equal(fake_contexts(), 1);

	bed_add_file(b, FIRST, "file", 0);
	bed_check(b, FIRST, LONG_US);
	bed_final(b, FIRST, 1);
	assert_int_equal(b->of[FIRST].last.group, 1);
	assert_int_equal(fake_setups(), 3);
	assert_int_equal(fake_contexts(), 2);
	bed_stop(b);
}

/* From the first moment a group is seen, its reaper counts as awake. */
static void a_new_group_does_not_stand_still(void **state)
{
	(void)state; /* no fixture */
	for (int i = 0; i < 50; i++) {
		struct pathcheck_options o = bed_options(64);
		int64_t before = mono_now().us;

		bed_start(b, &o);
		bed_add_file(b, 1, "file", 0);
		bed_flush(b);
		while (atomic_load(&b->shared.header->groups_end) == 0)
			continue;
		assert_true(atomic_load(&b->shared.groups[0].wake_by_us) >= before);
		bed_stop(b);
	}
}

/* --- odd commands --- */

static void commands_that_mean_nothing(void **state)
{
	struct command c = {
		.op = COMMAND_CHECK, .id = 2, .generation = 1, .timeout_us = 1
	};

	(void)state; /* no fixture */
	begin_small();
	bed_add_file(b, 1, "file", 0);
	assert_true(ring_push(&b->commands, &c)); /* no such path */
	c.id = UINT32_MAX;
	assert_true(ring_push(&b->commands, &c)); /* nor such an id */
	c.id = 1;
	c.generation = 77;
	assert_true(ring_push(&b->commands, &c)); /* an earlier one of that id */
	c.op = COMMAND_REMOVE;
	assert_true(ring_push(&b->commands, &c));
	c.op = 99;
	c.generation = b->generation[1];
	assert_true(ring_push(&b->commands, &c));
	bed_check(b, 1, LONG_US);
	bed_final(b, 1, 1);
	assert_int_equal(b->all.ok, 1);
	assert_int_equal(b->all.released, 0);
	bed_stop(b);
}

/* --- the end --- */

static void *stop(void *arg)
{
	struct bed *which = arg;

	prober_stop(&which->prober);
	return NULL;
}

static void waits_for_what_is_in_the_kernel(void **state)
{
	struct pathcheck_options o = bed_options(64);
	unsigned descriptors = files_open();
	pthread_t stopper;

	(void)state; /* no fixture */
	begin(&o);
	fake_hold_all();
	for (uint32_t i = 0; i < 20; i++) {
		bed_add_file(b, i, "file", 0);
		bed_check(b, i, i % 2 == 0 ? LONG_US : USEC_PER_MSEC);
	}
	bed_until(b, &b->all.timed_out, 10);
	assert_true(fake_wait_in_kernel(20));
	bed_remove(b, 0);
	bed_until(b, &b->of[0].released, 1);
	assert_int_equal(thread_start(&stopper, "stopper", 0, stop, b), 0);
	assert_true(fake_wait_destroying(1)); /* it waits there */
	assert_int_equal(fake_in_kernel(), 20);
	fake_release_all();
	assert_int_equal(pthread_join(stopper, NULL), 0);
	bed_stopped(b);
	assert_int_equal(files_open(), descriptors);
}

/* Commands that were queued but never handed over do not keep it from ending. */
static void ends_with_commands_not_taken(void **state)
{
	(void)state; /* no fixture */
	for (int round = 0; round < 20; round++) {
		struct pathcheck_options o = bed_options(64);

		bed_start(b, &o);
		if (round % 2 == 0) /* the submitter sleeps */
			while (atomic_load(&b->shared.header->submitter_waits) == 0)
				continue;
		bed_add_file(b, 1, "file", 0);
		bed_check(b, 1, LONG_US);
		bed_add_file(b, 2, "missing", 0);
		bed_check(b, 2, LONG_US);
		if (round % 4 == 1)
			bed_flush(b);
		bed_stop(b);
	}
}

static void ends_while_setting_up(void **state)
{
	pthread_t stopper;
	struct pathcheck_options o = bed_options(64);

	(void)state; /* no fixture */
	for (int answer = -EAGAIN; answer <= 0; answer += EAGAIN) {
		bed_start(b, &o);
		fake_setup_says(FAKE_HANGS);
		bed_add_file(b, 1, "file", 0);
		bed_check(b, 1, LONG_US);
		bed_flush(b);
		while (bed_group(b, 0) != PATHCHECK_GROUP_SETTING_UP)
			continue;
		assert_int_equal(thread_start(&stopper, "stopper", 0, stop, b), 0);
		while (bed_group(b, 0) != PATHCHECK_GROUP_RETIRING)
			continue;
		fake_setup_says(answer);
		assert_int_equal(pthread_join(stopper, NULL), 0);
		bed_stopped(b);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_groups_hold_two_thousand),
		cmocka_unit_test(hung_removed_and_added),
		cmocka_unit_test(orphans_everywhere),
		cmocka_unit_test(timed_out_then_late),
		cmocka_unit_test(one_that_never_can),
		cmocka_unit_test(one_that_would_now),
		cmocka_unit_test(refused_by_submit),
		cmocka_unit_test(cap_in_flight),
		cmocka_unit_test(cap_of_a_host),
		cmocka_unit_test(no_host_takes_it_all),
		cmocka_unit_test(opens_that_fail),
		cmocka_unit_test(no_descriptor_left),
		cmocka_unit_test(groups_retire_and_come_back),
		cmocka_unit_test(a_new_group_does_not_stand_still),
		cmocka_unit_test(commands_that_mean_nothing),
		cmocka_unit_test(waits_for_what_is_in_the_kernel),
		cmocka_unit_test(ends_with_commands_not_taken),
		cmocka_unit_test(ends_while_setting_up),
	};
	int r;

	(void)alarm(WATCHDOG_SEC);
	if (files_no_limit() < NEEDED_FDS) {
		print_message("skipped: fewer than %d descriptors are allowed\n",
		              NEEDED_FDS);
		return EXIT_SKIP;
	}
	files_begin();
	files_make("file", 8192);
	files_make("hung", 8192);
	files_make("pulse", 8192);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	files_end();
	return r;
}

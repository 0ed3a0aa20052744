/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What options are accepted, how the limits made of them hang together, and that the bound
 * which is announced is what is really taken. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <malloc.h>
#include <unistd.h>

#include "libcheck/prober/prober.h"
#include "tests/unit/prober/fake-backend.h"
#include "tests/unit/random.h"
#include "util/thread.h"

static struct pathcheck_options options(void)
{
	struct pathcheck_options o;

	pathcheck_options_init(&o);
	o.mode = PATHCHECK_THREADS;
	return o;
}

static int limits_of(const struct pathcheck_options *o)
{
	struct limits l;

	return limits_from_options(o, &l);
}

static void defaults_are_accepted(void **state)
{
	struct pathcheck_options o;

	(void)state; /* no fixture */
	pathcheck_options_init(&o);
	assert_int_equal(o.size, sizeof(o));
	assert_int_equal(o.mode, PATHCHECK_PROCESS);
	assert_null(o.prober);
	assert_int_equal(limits_of(&o), 0);
}

/* Each field by itself: what is just inside, and what is just outside. */
static void ranges(void **state)
{
	enum { LAST = 9 };
	static const uint64_t longest = INT64_MAX / 4;

	(void)state; /* no fixture */
	for (int i = 0; i <= LAST; i++) {
		struct pathcheck_options in = options(), out = options();

		switch (i) {
		case 0:
			out.size--;
			break;
		case 1:
			in.mode = PATHCHECK_PROCESS;
			out.mode = (enum pathcheck_mode)2;
			break;
		case 2:
			in.max_paths = 1;
			out.max_paths = 0;
			break;
		case 3:
			in.max_paths = PATHCHECK_PATHS_MAX;
			out.max_paths = PATHCHECK_PATHS_MAX + 1;
			break;
		case 4:
			in.rescuers = PATHCHECK_RESCUERS_MIN;
			out.rescuers = PATHCHECK_RESCUERS_MIN - 1;
			break;
		case 5:
			in.rescuers = PATHCHECK_RESCUERS_MAX;
			out.rescuers = PATHCHECK_RESCUERS_MAX + 1;
			break;
		case 6:
			in.setup_timeout_us = 1;
			out.setup_timeout_us = 0;
			break;
		case 7:
			in.setup_timeout_us = longest;
			out.setup_timeout_us = longest + 1;
			break;
		case 8:
			in.setup_retry_us = longest;
			out.setup_retry_us = 0;
			break;
		case LAST:
			in.stall_timeout_us = longest;
			out.stall_timeout_us = 0;
			break;
		default:
			fail();
		}
		assert_int_equal(limits_of(&in), 0);
		assert_int_equal(limits_of(&out), -EINVAL);
	}
}

static void more_ranges(void **state)
{
	struct pathcheck_options o = options();
	struct limits l = { .ids = 77 };

	(void)state; /* no fixture */
	o.setup_retry_us = INT64_MAX;
	assert_int_equal(limits_of(&o), -EINVAL);
	o = options();
	o.stall_timeout_us = UINT64_MAX;
	assert_int_equal(limits_of(&o), -EINVAL);
	assert_int_equal(limits_of(NULL), -EINVAL);
	assert_int_equal(limits_from_options(&o, &l), -EINVAL);
	assert_int_equal(l.ids, 77); /* untouched on failure */
	o = options();
	o.max_in_flight = o.max_in_flight_host = UINT32_MAX; /* clamped, or no limit */
	assert_int_equal(limits_from_options(&o, &l), 0);
	assert_int_equal(l.in_flight, l.slots);
}

/* All of them together are those of each kind and those that are shared. */
static void assert_rescuers(const struct limits *l)
{
	uint32_t sum = l->rescuers_shared;

	for (int c = 0; c < CLASS_COUNT_; c++) {
		assert_int_equal(l->rescuers_least[c] == 0, c == CLASS_WATCH);
		sum += l->rescuers_least[c];
	}
	assert_int_equal(sum, l->rescuers);
	assert_in_range(l->rescuers_host, 1, MAX(1U, l->rescuers / 4));
	assert_in_range(l->submitters_stuck, 1, SUBMITTERS_STUCK_MAX);
	assert_int_equal(l->threads, l->rescuers + l->submitters_stuck + WATCHERS + 1);
}

static void assert_related(const struct pathcheck_options *o, const struct limits *l)
{
	/* A path always finds an id; released ids never keep others from one. */
	assert_true(l->ids >= o->max_paths + SPARE_IDS_MIN);
	assert_true(l->ids <= o->max_paths + SPARE_IDS_MAX);
	assert_true(l->ids >= o->max_paths + MIN(o->max_paths / 4, SPARE_IDS_MAX));
	/*
	 * Every path has a slot, whatever a group of orphans holds, and the batches of all
	 * submit threads that are stuck.
	 */
	assert_true(l->groups * PATHCHECK_GROUP_SLOTS == l->slots);
	assert_int_equal(l->rescued,
	                 l->submitters_stuck * MIN(o->max_paths, (uint32_t)SUBMIT_BATCH));
	assert_true(l->slots >= o->max_paths + l->rescued + PATHCHECK_GROUP_SLOTS);
	/* Paths of both kinds may fill one group more. */
	assert_true(l->slots < o->max_paths + l->rescued + 3 * PATHCHECK_GROUP_SLOTS);
	assert_true(l->in_flight >= 1 && l->in_flight <= l->slots);
	if (o->max_in_flight == 0)
		assert_true(l->in_flight >= o->max_paths);
	else
		assert_true(l->in_flight <= o->max_in_flight);
	assert_true(l->in_flight_host >= 1);
	/* Nothing takes every rescuer, and each kind gets at least one. */
	assert_int_equal(l->rescuers, MAX(o->rescuers, (uint32_t)RESCUERS_LEAST));
	assert_rescuers(l);
	/* The rings hold all that can be under way, and no more. */
	assert_int_equal(l->commands, l->ids * COMMANDS_PER_ID);
	assert_int_equal(l->results, l->ids * RESULTS_PER_ID);
	assert_true(l->commands <= RING_CAPACITY_MAX && l->results <= RING_CAPACITY_MAX);
}

static void relations(void **state)
{
	static const uint32_t edges[] = { 1,    2,    255,  256,    257,
		                          1023, 1024, 1025, 131071, PATHCHECK_PATHS_MAX };
	struct random r = { 20 };

	(void)state; /* no fixture */
	for (unsigned i = 0; i < 5000; i++) {
		struct pathcheck_options o = options();
		struct limits l;

		o.max_paths =
		        i < ARRAY_LEN(edges)
		                ? edges[i]
		                : 1 + (uint32_t)random_below(&r, PATHCHECK_PATHS_MAX);
		o.rescuers =
		        PATHCHECK_RESCUERS_MIN +
		        (uint32_t)random_below(&r, PATHCHECK_RESCUERS_MAX -
		                                           PATHCHECK_RESCUERS_MIN + 1);
		o.max_in_flight = (uint32_t)random_below(&r, 3) *
		                  (uint32_t)random_below(&r, 200000);
		o.max_in_flight_host = (uint32_t)random_below(&r, 100);
		assert_int_equal(limits_from_options(&o, &l), 0);
		assert_related(&o, &l);
		assert_int_equal(l.in_flight_host, o.max_in_flight_host == 0
		                                           ? UINT32_MAX
		                                           : o.max_in_flight_host);
	}
}

/* --- the bound --- */

static struct pathcheck_bound bound_of(const struct pathcheck_options *o)
{
	struct pathcheck_bound b = { .size = sizeof(b) };

	assert_int_equal(pathcheck_bound(o, &b), 0);
	return b;
}

static void bound_refuses(void **state)
{
	struct pathcheck_options o = options();
	struct pathcheck_bound b = { .size = sizeof(b) - 1 };

	(void)state; /* no fixture */
	assert_int_equal(pathcheck_bound(&o, &b), -EINVAL);
	b.size = sizeof(b);
	o.max_paths = 0;
	assert_int_equal(pathcheck_bound(&o, &b), -EINVAL);
}

static size_t heap_bytes(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

#if defined(__has_feature)
#define HAS_FEATURE(x) __has_feature(x)
#else
#define HAS_FEATURE(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
        HAS_FEATURE(address_sanitizer) || HAS_FEATURE(thread_sanitizer)
#define OWN_HEAP 0 /* the C library does not see what is allocated */
#else
#define OWN_HEAP 1
#endif

/* What the probing side allocates is what was announced, but for the allocator's rounding:
 * at most a page, and a header, an allocation. */
static void bound_is_kept(void **state)
{
	static struct prober p;

	(void)state; /* no fixture */
	for (uint32_t paths = 1; paths < 20000; paths = paths * 7 + 100) {
		struct pathcheck_options o = options();
		struct shared s;
		struct pathcheck_bound b;
		size_t before, taken, by_mmap;

		o.max_paths = paths;
		b = bound_of(&o);
		assert_int_equal(shared_create(&s, &o, false), 0);
		assert_int_equal(s.bytes + s.names_bytes, b.shared_bytes);

		before = heap_bytes();
		assert_int_equal(prober_init(&p, &s, &backends_fake), 0);
		taken = heap_bytes() - before;
		assert_int_equal(p.limits.groups, b.groups);
		assert_int_equal(p.limits.in_flight, b.in_flight);
		by_mmap = p.limits.slots * sizeof(struct slot) +
		          p.limits.groups * (size_t)BUFFERS_BYTES + sizeof(p) +
		          RUNNERS_BYTES +
		          o.rescuers * (sizeof(struct seat) + SCRATCH_BYTES) +
		          p.limits.threads * sizeof(pthread_t) +
		          /* made when a group is first used */
		          p.limits.groups * (size_t)BACKEND_CONTEXT_BYTES;
		if (OWN_HEAP) {
			size_t allocations = 2 + p.limits.groups;

			assert_true(taken + by_mmap >= b.prober_bytes);
			assert_true(taken + by_mmap <=
			            b.prober_bytes + allocations * (4096 + 64));
		}
		prober_stop(&p);
		shared_deinit(&s);
	}
}

static void bound_grows_with_its_terms(void **state)
{
	struct pathcheck_options o = options();
	struct pathcheck_bound a = bound_of(&o), b;

	(void)state; /* no fixture */
	assert_int_equal(a.threads,
	                 1 + WATCHERS + SUBMITTERS_STUCK_MAX + a.groups + o.rescuers);
	assert_int_equal(a.stack_bytes, (uint64_t)a.threads * PROBER_STACK_BYTES);
	assert_true(a.descriptors >= o.max_paths);
	assert_true(a.client_bytes >= o.max_paths * sizeof(uint64_t));

	o.mode = PATHCHECK_PROCESS; /* and its main thread */
	b = bound_of(&o);
	assert_int_equal(b.threads, a.threads + 1);

	o = options();
	o.rescuers++;
	b = bound_of(&o);
	assert_int_equal(b.threads, a.threads + 1);
	assert_true(b.prober_bytes >= a.prober_bytes + SCRATCH_BYTES);

	o = options();
	o.max_in_flight = 5;
	b = bound_of(&o);
	assert_int_equal(b.in_flight, 5);
	assert_int_equal(b.groups, a.groups);

	o.max_paths += PATHCHECK_GROUP_SLOTS;
	b = bound_of(&o);
	assert_int_equal(b.groups, a.groups + 1);
	assert_true(b.shared_bytes > a.shared_bytes && b.prober_bytes > a.prober_bytes &&
	            b.client_bytes > a.client_bytes && b.descriptors > a.descriptors);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_accepted),
		cmocka_unit_test(ranges),
		cmocka_unit_test(more_ranges),
		cmocka_unit_test(relations),
		cmocka_unit_test(bound_refuses),
		cmocka_unit_test(bound_is_kept),
		cmocka_unit_test(bound_grows_with_its_terms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The schedule: the grid, the wheel's edges, the due times; then thousands of random
 * operations against a model that looks at every path each time.
 */
#include "tests/unit/unit.h"

#include <string.h>

#include "checkerd/core/schedule.h"
#include "tests/unit/disk.h"
#include "tests/unit/random.h"
#include "util/macro.h"

#define SEC  USEC_PER_SEC
#define HOUR (3600 * SEC)
#define GRID SCHEDULE_GRID_US

struct fixture {
	struct registry *registry;
	struct schedule *schedule;
};

static void begin(struct fixture *f, uint32_t paths)
{
	static const struct path_settings settings = { .interval_us = SEC };
	static const struct mono zero = { 0 };

	assert_int_equal(registry_new(&f->registry, paths), 0);
	assert_int_equal(schedule_new(&f->schedule, f->registry), 0);
	for (uint32_t i = 0; i < paths; i++) {
		struct device *d = disk_new(i, NULL);
		uint32_t index;

		assert_int_equal(registry_add(f->registry, d, &settings, zero, &index),
		                 0);
		(void)device_unref(d); /* NULL, always */
		assert_int_equal(index, i);
	}
}

static void end(struct fixture *f)
{
	assert_null(schedule_free(f->schedule));
	(void)registry_free(f->registry); /* NULL, always */
}

static void put(struct fixture *f, uint32_t index, int64_t due_us)
{
	schedule_put(f->schedule, index, (struct mono){ due_us });
}

static uint32_t pop(struct fixture *f, int64_t now_us)
{
	return schedule_pop(f->schedule, (struct mono){ now_us });
}

static int64_t next(struct fixture *f)
{
	return schedule_next(f->schedule).us;
}

static int64_t due(struct fixture *f, uint32_t index)
{
	return registry_get(f->registry, index)->due.us;
}

static void empty(void **state)
{
	struct fixture f;

	(void)state; /* no fixture */
	begin(&f, 1);
	assert_int_equal(next(&f), INT64_MAX);
	assert_int_equal(pop(&f, 100 * HOUR), REGISTRY_NONE);
	schedule_remove(f.schedule, 0);
	put(&f, 0, INT64_MAX);
	assert_int_equal(next(&f), INT64_MAX);
	assert_null(schedule_free(NULL));
	end(&f);
}

static void rounds_up_to_the_grid(void **state)
{
	struct fixture f;

	(void)state; /* no fixture */
	begin(&f, 1);
	put(&f, 0, 5 * SEC + 1);
	assert_int_equal(due(&f, 0), 5 * SEC + GRID);
	assert_int_equal(next(&f), 5 * SEC + GRID);
	assert_int_equal(pop(&f, 5 * SEC + GRID - 1), REGISTRY_NONE);
	assert_int_equal(pop(&f, 5 * SEC + GRID), 0);
	assert_int_equal(due(&f, 0), 5 * SEC + GRID); /* schedule_after() wants it */
	put(&f, 0, 6 * SEC);
	assert_int_equal(due(&f, 0), 6 * SEC);
	end(&f);
}

static void earliest_first(void **state)
{
	struct fixture f;

	(void)state; /* no fixture */
	begin(&f, 4);
	put(&f, 0, 3 * SEC);
	put(&f, 1, 9 * HOUR);
	put(&f, 2, 1 * SEC);
	put(&f, 3, 2 * HOUR);
	assert_int_equal(next(&f), 1 * SEC);
	assert_int_equal(pop(&f, 99 * HOUR), 2);
	assert_int_equal(pop(&f, 99 * HOUR), 0);
	assert_int_equal(pop(&f, 99 * HOUR), 3);
	assert_int_equal(pop(&f, 99 * HOUR), 1);
	assert_int_equal(pop(&f, 99 * HOUR), REGISTRY_NONE);
	end(&f);
}

static void putting_again_moves(void **state)
{
	struct fixture f;

	(void)state; /* no fixture */
	begin(&f, 2);
	put(&f, 0, 1 * SEC);
	put(&f, 1, 2 * SEC);
	put(&f, 0, 3 * SEC);
	assert_int_equal(pop(&f, 10 * SEC), 1);
	assert_int_equal(pop(&f, 10 * SEC), 0);
	assert_int_equal(pop(&f, 10 * SEC), REGISTRY_NONE);
	put(&f, 0, 11 * SEC);
	put(&f, 0, INT64_MAX);
	assert_int_equal(due(&f, 0), INT64_MAX);
	assert_int_equal(pop(&f, 20 * SEC), REGISTRY_NONE);
	end(&f);
}

static void removed_is_out(void **state)
{
	struct fixture f;

	(void)state; /* no fixture */
	begin(&f, 3);
	for (uint32_t i = 0; i < 3; i++)
		put(&f, i, 1 * SEC);
	schedule_remove(f.schedule, 1);
	assert_int_equal(due(&f, 1), INT64_MAX);
	registry_remove(f.registry, 1); /* asserts that it is out */
	assert_int_equal(pop(&f, 2 * SEC), 0);
	assert_int_equal(pop(&f, 2 * SEC), 2);
	assert_int_equal(pop(&f, 2 * SEC), REGISTRY_NONE);
	end(&f);
}

/* What is put in the past is due at once, and does not make next() go back. */
static void past_is_now(void **state)
{
	struct fixture f;

	(void)state; /* no fixture */
	begin(&f, 1);
	assert_int_equal(pop(&f, 100 * SEC + 5), REGISTRY_NONE);
	put(&f, 0, 1 * SEC);
	assert_int_equal(next(&f), 100 * SEC);
	assert_int_equal(pop(&f, 100 * SEC + 5), 0);
	put(&f, 0, -7);
	assert_int_equal(pop(&f, 100 * SEC + 5), 0);
	end(&f);
}

static void end_of_time(void **state)
{
	struct fixture f;

	(void)state; /* no fixture */
	begin(&f, 2);
	put(&f, 0, INT64_MAX - 1);
	assert_int_equal(next(&f), INT64_MAX);
	put(&f, 0, INT64_MAX - GRID);
	put(&f, 1, INT64_MAX - 2 * GRID);
	assert_true(next(&f) >= INT64_MAX - 2 * GRID && next(&f) < INT64_MAX);
	assert_int_equal(pop(&f, INT64_MAX - 1), 1);
	assert_int_equal(pop(&f, INT64_MAX - 1), 0);
	assert_int_equal(next(&f), INT64_MAX);
	end(&f);
}

/* On either side of the wheel's range, and of its revolutions, no path is early or late. */
static void edges_of_the_wheel(void **state)
{
	struct fixture f;
	int64_t turn = 4096 * GRID;

	(void)state; /* no fixture */
	begin(&f, 1);
	for (int64_t at = 0; at < 3 * turn; at += turn / 4) {
		for (int64_t d = -2; d <= 2; d++) {
			int64_t want = at + turn + d * GRID;

			assert_int_equal(pop(&f, at), REGISTRY_NONE);
			put(&f, 0, want);
			assert_int_equal(next(&f), want);
			assert_int_equal(pop(&f, at + turn / 2), REGISTRY_NONE);
			assert_int_equal(next(&f), want);
			schedule_remove(f.schedule, 0);
		}
		put(&f, 0, at + turn + GRID);
		assert_int_equal(pop(&f, at + turn), REGISTRY_NONE);
		assert_int_equal(pop(&f, at + turn + GRID), 0);
		at += turn + GRID;
	}
	end(&f);
}

enum { PATHS = 300, STEPS = 60000 };

/* The model: what was stored for each path, and nothing else. */
struct model {
	int64_t due[PATHS]; /* INT64_MAX: not in */
	int64_t now;
};

static int64_t model_first(const struct model *m)
{
	int64_t first = INT64_MAX;

	for (int i = 0; i < PATHS; i++)
		first = MIN(first, m->due[i]);
	return first;
}

static int64_t random_due(struct random *r, int64_t now)
{
	static const int64_t ranges[] = { GRID,     SEC,      20 * SEC,
		                          41 * SEC, 90 * SEC, 5 * HOUR };
	int64_t range = ranges[random_below(r, ARRAY_LEN(ranges))];
	int64_t ahead = (int64_t)random_below(r, (uint64_t)range);

	return random_below(r, 20) == 0 ? now - ahead : now + ahead;
}

static void random_put(struct fixture *f, struct model *m, struct random *r)
{
	uint32_t i = (uint32_t)random_below(r, PATHS);
	int64_t want = random_due(r, m->now);
	int64_t rounded = (MAX(want, 0) + GRID - 1) / GRID * GRID;

	put(f, i, want);
	m->due[i] = due(f, i);
	assert_true(m->due[i] >= want);
	assert_int_equal(m->due[i] % GRID, 0);
	assert_true(m->due[i] <= MAX(rounded, m->now));
}

/* Some time goes by, and some of what is due by then is taken out: usually all. */
static void random_pop(struct fixture *f, struct model *m, struct random *r)
{
	static const int64_t ranges[] = { 1, GRID, SEC, 30 * SEC, HOUR };
	int64_t range = ranges[random_below(r, ARRAY_LEN(ranges))];
	uint64_t most = random_below(r, 4) ? PATHS + 1 : random_below(r, 5);

	m->now += (int64_t)random_below(r, (uint64_t)range);
	for (uint64_t n = 0; n < most; n++) {
		int64_t first = model_first(m);
		uint32_t i = pop(f, m->now);

		if (first > m->now) {
			assert_int_equal(i, REGISTRY_NONE);
			return;
		}
		assert_in_range(i, 0, PATHS - 1);
		assert_int_equal(m->due[i], first);
		m->due[i] = INT64_MAX;
	}
}

static void agrees_with_the_model(void **state)
{
	struct random r = { 2026 };
	struct fixture f;
	struct model m = { .now = 1000 * SEC };

	(void)state; /* no fixture */
	begin(&f, PATHS);
	for (int i = 0; i < PATHS; i++)
		m.due[i] = INT64_MAX;
	for (int step = 0; step < STEPS; step++) {
		uint64_t what = random_below(&r, 20);
		uint32_t i = (uint32_t)random_below(&r, PATHS);

		if (what < 14) {
			random_put(&f, &m, &r);
		} else if (what < 17) {
			schedule_remove(f.schedule, i);
			m.due[i] = INT64_MAX;
		} else {
			random_pop(&f, &m, &r);
		}
		assert_int_equal(next(&f), model_first(&m));
	}
	end(&f);
}

static struct mono spread(struct mono now, int64_t interval_us, uint32_t index)
{
	return schedule_spread(now, interval_us, index, SCHEDULE_SHARE);
}

/*
 * No grid point gets more than twice its share, apart from the paths of one due time. If
 * only every second or third path remains, hardly more.
 */
static void assert_even(uint32_t paths, uint32_t stride, int64_t interval_us,
                        int64_t now_us)
{
	static uint32_t count[1 << 16];
	uint32_t points = (uint32_t)(interval_us / GRID);
	double share = (double)paths / points;

	assert_true(points < ARRAY_LEN(count));
	memset(count, 0, (points + 1) * sizeof(count[0]));
	for (uint32_t n = 0; n < paths; n++) {
		struct mono now = { now_us };
		int64_t at = spread(now, interval_us, n * stride).us - now_us;

		assert_true(at >= 0 && at < interval_us);
		count[(at + GRID - 1) / GRID % points]++;
	}
	for (uint32_t i = 0; i < points; i++)
		if (count[i] > 2 * share + SCHEDULE_SHARE * (stride == 1 ? 1 : 2))
			fail_msg("%u paths, stride %u: %u at one point", paths, stride,
			         count[i]);
}

static void spreads_evenly(void **state)
{
	static const uint32_t counts[] = { 1, 2, 10, 100, 1000, 5000, 10240, 16384 };
	static const int64_t intervals[] = { SEC / 10, SEC, 5 * SEC, 20 * SEC,
		                             600 * SEC };

	(void)state; /* no fixture */
	for (size_t c = 0; c < ARRAY_LEN(counts); c++)
		for (size_t i = 0; i < ARRAY_LEN(intervals); i++)
			for (uint32_t stride = 1; stride <= 4; stride++) {
				assert_even(counts[c], stride, intervals[i], 0);
				assert_even(counts[c], stride, intervals[i], 987654321);
			}
}

/* A few paths are one wake-up; the next ones have another. */
static void few_share_a_turn(void **state)
{
	struct mono first = spread((struct mono){ 0 }, 5 * SEC, 0);

	(void)state; /* no fixture */
	for (uint32_t i = 1; i < SCHEDULE_SHARE; i++)
		assert_int_equal(spread((struct mono){ 0 }, 5 * SEC, i).us, first.us);
	assert_int_not_equal(spread((struct mono){ 0 }, 5 * SEC, SCHEDULE_SHARE).us,
	                     first.us);
}

/* A due time does not depend on when it is computed. */
static void turns_stay(void **state)
{
	(void)state; /* no fixture */
	for (uint32_t i = 0; i < 1000; i++) {
		struct mono a = spread((struct mono){ 0 }, 5 * SEC, i);
		struct mono b = spread((struct mono){ 12 * SEC }, 5 * SEC, i);

		assert_int_equal((b.us - a.us) % (5 * SEC), 0);
		assert_int_equal(spread(a, 5 * SEC, i).us, a.us);
	}
	assert_true(spread((struct mono){ 7 }, 1000 * HOUR, UINT32_MAX).us <
	            7 + 1000 * HOUR);
	assert_int_equal(spread((struct mono){ 7 }, 1, 5).us, 7);
}

static void after_keeps_the_phase(void **state)
{
	static const struct {
		int64_t due, interval, now, next;
	} cases[] = {
		{ 100, 50, 100, 150 }, /* settled at once */
		{ 100, 50, 149, 150 },
		{ 100, 50, 150, 150 }, /* not earlier than now: now will do */
		{ 100, 50, 151, 200 }, /* one was missed */
		{ 100, 50, 200, 200 },
		{ 100, 50, 1001, 1050 },
		{ 100, 50, 20, 150 }, /* asked for ahead of its time */
		{ INT64_MAX, 50, 20, INT64_MAX },
	};

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct mono d = { cases[i].due }, now = { cases[i].now };

		assert_int_equal(schedule_after(d, cases[i].interval, now).us,
		                 cases[i].next);
	}
}

static void bytes(void **state)
{
	(void)state; /* no fixture */
	assert_in_range(schedule_bytes(), 4096 * sizeof(uint32_t), 32 * 1024);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty),
		cmocka_unit_test(rounds_up_to_the_grid),
		cmocka_unit_test(earliest_first),
		cmocka_unit_test(putting_again_moves),
		cmocka_unit_test(removed_is_out),
		cmocka_unit_test(past_is_now),
		cmocka_unit_test(end_of_time),
		cmocka_unit_test(edges_of_the_wheel),
		cmocka_unit_test(agrees_with_the_model),
		cmocka_unit_test(spreads_evenly),
		cmocka_unit_test(few_share_a_turn),
		cmocka_unit_test(turns_stay),
		cmocka_unit_test(after_keeps_the_phase),
		cmocka_unit_test(bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

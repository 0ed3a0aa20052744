/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a prober reports of the device behind a path, and which values it may write there.
 */
#include "tests/unit/unit.h"

#include "libcheck/region/opened.h"

static int setup(void **state)
{
	static struct shared s;
	struct pathcheck_options o;

	pathcheck_options_init(&o);
	o.max_paths = 4;
	*state = &s;
	return shared_create(&s, &o, false);
}

static int teardown(void **state)
{
	shared_deinit(*state);
	return 0;
}

static void never_written(void **state)
{
	struct shared *s = *state;
	struct pathcheck_opened o;

	for (uint32_t id = 0; id < s->header->limits.ids; id++)
		assert_false(opened_get(s, id, &o));
}

static void what_is_put_is_there(void **state)
{
	static const struct opened_device devices[] = {
		{ 0, 0, 0 }, { 8, 16, 1 }, { 259, 1048575, UINT64_MAX }, { 4095, 0, 77 }
	};
	struct shared *s = *state;
	struct pathcheck_opened o;

	for (unsigned i = 0; i < ARRAY_LEN(devices); i++)
		for (unsigned state_of = 0; state_of <= PATHCHECK_WWID_UNREADABLE;
		     state_of++) {
			opened_put(s, 1, &devices[i], (enum pathcheck_wwid)state_of,
			           state_of == PATHCHECK_WWID_READ ? 5 + i : 0);
			assert_true(opened_get(s, 1, &o));
			assert_int_equal(o.size, sizeof(o));
			assert_int_equal(o.devt_major, devices[i].devt_major);
			assert_int_equal(o.devt_minor, devices[i].devt_minor);
			assert_int_equal(o.diskseq, devices[i].diskseq);
			assert_int_equal(o.wwid_state, state_of);
			assert_int_equal(o.wwid,
			                 state_of == PATHCHECK_WWID_READ ? 5 + i : 0);
		}
	assert_false(opened_get(s, 0, &o));
	assert_false(opened_get(s, 2, &o));
}

/* One that is being written, perhaps for ever, is not waited for. */
static void half_written(void **state)
{
	struct shared *s = *state;
	struct pathcheck_opened o;

	opened_put(s, 1, &(struct opened_device){ 8, 0, 1 }, PATHCHECK_WWID_READ, 4);
	atomic_fetch_add(&s->opened[1].version, 4);
	assert_false(opened_get(s, 1, &o));
	opened_put(s, 1, &(struct opened_device){ 8, 1, 2 }, PATHCHECK_WWID_NONE, 0);
	assert_true(opened_get(s, 1, &o));
}

/* The version comes round, and is never the one of a view without a word. */
static void after_very_many(void **state)
{
	struct shared *s = *state;
	struct pathcheck_opened o;

	for (uint32_t i = 0; i < 4; i++) {
		atomic_store(&s->opened[1].version, UINT32_MAX - 7 - 8 * i);
		for (int n = 0; n < 6; n++) {
			opened_put(s, 1, &(struct opened_device){ 8, 0, 1 },
			           PATHCHECK_WWID_NOT_ASKED, 0);
			assert_true(opened_get(s, 1, &o));
		}
	}
}

/* A WWID is shown only where one was read. */
static void a_wild_prober(void **state)
{
	struct shared *s = *state;
	struct pathcheck_opened o;

	opened_put(s, 1, &(struct opened_device){ 8, 0, 1 }, PATHCHECK_WWID_NONE, 99);
	assert_true(opened_get(s, 1, &o));
	assert_int_equal(o.wwid, 0);
	atomic_store(&s->opened[1].devt, UINT32_MAX);
	assert_true(opened_get(s, 1, &o));
	assert_int_equal(o.devt_major, 4095);
	assert_int_equal(o.devt_minor, 1048575);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	static const struct CMUnitTest tests[] = {
		T(never_written),   T(what_is_put_is_there), T(half_written),
		T(after_very_many), T(a_wild_prober),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

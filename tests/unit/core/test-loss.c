/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is gone for good, and when a map without a usable path is reported. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "checkerd/core/loss.h"
#include "checkerd/core/map_loss.h"

#define SEC  USEC_PER_SEC
#define MAPS 4
#define TIME (60 * SEC)

static struct map_losses *l;
static const struct mono t0 = { 1000 * SEC };

static struct mono at(int64_t us)
{
	return mono_add(t0, us);
}

static int setup(void **state)
{
	int r = map_losses_new(&l, MAPS);

	(void)state;
	if (r == 0)
		map_losses_set_time(l, TIME);
	return r;
}

static int teardown(void **state)
{
	(void)state;
	l = map_losses_free(l);
	return 0;
}

static struct reason reason_with(enum sysfs_layer layer, const char *word)
{
	struct reason r = { .kind = OUTCOME_FAILED, .stage = STAGE_READ, .error = EIO };
	struct sysfs_word w = sysfs_word(layer, word);

	if (layer == SYSFS_DEVICE || layer == SYSFS_CONTROLLER)
		r.sysfs.device = w;
	else if (layer == SYSFS_PORT || layer == SYSFS_SESSION)
		r.sysfs.transport = w;
	else
		r.sysfs.access = w;
	return r;
}

static void only_failed_paths_are_lost(void **state)
{
	const struct reason eio = { .kind = OUTCOME_FAILED, .error = EIO };
	static const enum loss expected[PATH_STATE_COUNT_] = {
		[PATH_DOWN] = LOSS_TRANSIENT,         [PATH_TIMEOUT] = LOSS_TRANSIENT,
		[PATH_SHAKY] = LOSS_TRANSIENT,        [PATH_REMOVED] = LOSS_PERMANENT,
		[PATH_DISCONNECTED] = LOSS_PERMANENT,
	};

	(void)state;
	for (unsigned s = 0; s < PATH_STATE_COUNT_; s++)
		assert_int_equal(loss_of(s, &eio), expected[s]);
	assert_null(loss_name(LOSS_NONE));
	assert_string_equal(loss_name(LOSS_TRANSIENT), "transient");
	assert_string_equal(loss_name(LOSS_PERMANENT), "permanent");
}

static void the_kernel_may_know_the_end_of_a_path(void **state)
{
	static const struct {
		enum sysfs_layer layer;
		const char *word;
		enum loss loss;
	} rows[] = {
		{ SYSFS_DEVICE, "offline", LOSS_TRANSIENT },
		{ SYSFS_DEVICE, "transport-offline", LOSS_TRANSIENT },
		{ SYSFS_DEVICE, "blocked", LOSS_TRANSIENT },
		{ SYSFS_DEVICE, "cancel", LOSS_PERMANENT },
		{ SYSFS_DEVICE, "deleted", LOSS_PERMANENT },
		{ SYSFS_CONTROLLER, "connecting", LOSS_TRANSIENT },
		{ SYSFS_CONTROLLER, "resetting", LOSS_TRANSIENT },
		{ SYSFS_CONTROLLER, "deleting", LOSS_PERMANENT },
		{ SYSFS_CONTROLLER, "dead", LOSS_PERMANENT },
		{ SYSFS_PORT, "Blocked", LOSS_TRANSIENT },
		{ SYSFS_PORT, "Linkdown", LOSS_TRANSIENT },
		{ SYSFS_PORT, "Not Present", LOSS_PERMANENT },
		{ SYSFS_PORT, "Deleted", LOSS_PERMANENT },
		{ SYSFS_SESSION, "FAILED", LOSS_TRANSIENT },
		{ SYSFS_SESSION, "FREE", LOSS_PERMANENT },
		{ SYSFS_ANA, "inaccessible", LOSS_TRANSIENT },
		{ SYSFS_ANA, "persistent-loss", LOSS_PERMANENT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct reason r = reason_with(rows[i].layer, rows[i].word);

		assert_int_equal(loss_of(PATH_DOWN, &r), rows[i].loss);
		assert_int_equal(loss_of(PATH_UP, &r), LOSS_NONE);
	}
}

static void an_answer_may_be_the_end_of_a_path(void **state)
{
	struct reason r = { .kind = OUTCOME_FAILED };

	(void)state;
	for (unsigned s = 0; s < SAID_COUNT_; s++) {
		r.said = s & 31;
		assert_int_equal(loss_of(PATH_DOWN, &r),
		                 s == SAID_PERSISTENT_LOSS || s == SAID_NOT_BOUND
		                         ? LOSS_PERMANENT
		                         : LOSS_TRANSIENT);
	}
}

/* What is due of map 1, which is then reported. */
static enum map_loss_what due(bool gone, struct mono now)
{
	enum map_loss_what what;

	map_losses_begin(l);
	what = map_losses_due(l, 1, gone, now);
	if (what != MAP_LOSS_NOTHING)
		map_losses_reported(l, 1, what);
	return what;
}

static void a_map_is_lost_after_its_time_and_once(void **state)
{
	(void)state;
	assert_true(mono_is_never(map_losses_next(l)) || map_losses_next(l).us == 0);
	(void)map_losses_note(l, 1, false, t0);
	assert_int_equal(map_losses_since(l, 1).us, t0.us);
	assert_int_equal(due(false, t0), MAP_LOSS_NOTHING);
	assert_int_equal(map_losses_next(l).us, at(TIME).us);
	(void)map_losses_note(l, 1, false, at(10 * SEC)); /* still */
	assert_int_equal(due(false, at(TIME - 1)), MAP_LOSS_NOTHING);
	assert_int_equal(map_losses_next(l).us, at(TIME).us);
	assert_int_equal(due(false, at(TIME)), MAP_LOSS_LOST);
	assert_int_equal(due(false, at(10 * TIME)), MAP_LOSS_NOTHING);
	assert_true(mono_is_never(map_losses_next(l)));
}

static void the_end_is_reported_after_the_loss_only(void **state)
{
	(void)state;
	(void)map_losses_note(l, 1, false, t0);
	(void)map_losses_note(l, 1, true, at(TIME - 1));
	assert_int_equal(map_losses_since(l, 1).us, 0);
	assert_int_equal(due(false, at(2 * TIME)), MAP_LOSS_NOTHING);
	/* A new loss has its whole time. */
	(void)map_losses_note(l, 1, false, at(2 * TIME));
	assert_int_equal(due(false, at(3 * TIME - 1)), MAP_LOSS_NOTHING);
	assert_int_equal(due(false, at(3 * TIME)), MAP_LOSS_LOST);
	(void)map_losses_note(l, 1, true, at(3 * TIME + SEC));
	assert_int_equal(map_losses_since(l, 1).us, 0);
	assert_int_equal(map_losses_next(l).us, at(3 * TIME + SEC + MAP_LOSS_BACK_US).us);
	assert_int_equal(map_losses_begun(l, 1).us, at(2 * TIME).us);
	assert_int_equal(due(false, at(3 * TIME + 2 * SEC)), MAP_LOSS_BACK);
	assert_int_equal(due(false, at(9 * TIME)), MAP_LOSS_NOTHING);
}

static void a_map_whose_paths_are_gone_is_reported_at_once(void **state)
{
	(void)state;
	(void)map_losses_note(l, 1, false, t0);
	assert_int_equal(map_losses_next(l).us, t0.us);
	assert_int_equal(due(true, t0), MAP_LOSS_GONE);
	assert_int_equal(due(true, at(2 * TIME)), MAP_LOSS_NOTHING);
	assert_int_equal(due(false, at(2 * TIME)), MAP_LOSS_NOTHING);
	(void)map_losses_note(l, 1, true, at(2 * TIME));
	assert_int_equal(due(false, at(3 * TIME)), MAP_LOSS_BACK);
}

/* First silence, and later it turns out to be for good. */
static void a_lost_map_may_turn_out_to_be_gone(void **state)
{
	(void)state;
	(void)map_losses_note(l, 1, false, t0);
	assert_int_equal(due(false, at(TIME)), MAP_LOSS_LOST);
	(void)map_losses_note(l, 1, false, at(TIME + SEC));
	assert_int_equal(due(true, at(TIME + SEC)), MAP_LOSS_GONE);
	assert_int_equal(due(true, at(TIME + SEC)), MAP_LOSS_NOTHING);
}

static void a_map_that_flaps_keeps_its_loss(void **state)
{
	(void)state;
	(void)map_losses_note(l, 1, false, t0);
	assert_int_equal(due(false, at(TIME)), MAP_LOSS_LOST);
	(void)map_losses_note(l, 1, true, at(TIME + SEC));
	(void)map_losses_note(l, 1, false, at(TIME + SEC + 1000));
	assert_int_equal(map_losses_since(l, 1).us, t0.us);
	assert_int_equal(due(false, at(3 * TIME)), MAP_LOSS_NOTHING);
}

static void another_time_counts_at_once(void **state)
{
	(void)state;
	map_losses_set_time(l, 0);
	(void)map_losses_note(l, 1, false, t0);
	assert_int_equal(due(true, at(9 * TIME)), MAP_LOSS_NOTHING);
	assert_true(mono_is_never(map_losses_next(l)));
	map_losses_set_time(l, 2 * TIME);
	assert_int_equal(map_losses_next(l).us, 0);
	assert_int_equal(due(false, at(TIME)), MAP_LOSS_NOTHING);
	assert_int_equal(map_losses_next(l).us, at(2 * TIME).us);
	map_losses_set_time(l, SEC);
	assert_int_equal(due(false, at(TIME)), MAP_LOSS_LOST);
}

static void maps_are_apart(void **state)
{
	(void)state;
	(void)map_losses_note(l, 1, false, t0);
	(void)map_losses_note(l, 2, false, at(30 * SEC));
	map_losses_begin(l);
	for (uint32_t i = 0; i < MAPS; i++)
		assert_int_equal(map_losses_due(l, i, false, at(40 * SEC)),
		                 MAP_LOSS_NOTHING);
	assert_int_equal(map_losses_next(l).us, at(TIME).us);
	map_losses_forget(l, 1);
	map_losses_begin(l);
	for (uint32_t i = 0; i < MAPS; i++)
		assert_int_equal(map_losses_due(l, i, false, at(TIME)), MAP_LOSS_NOTHING);
	assert_int_equal(map_losses_next(l).us, at(30 * SEC + TIME).us);
}

/* Rounded up, so that nothing is reported before its time. */
static void a_time_between_two_units_is_rounded_up(void **state)
{
	(void)state;
	(void)map_losses_note(l, 1, false, at(1));
	assert_int_equal(map_losses_since(l, 1).us, at(MAP_LOSS_UNIT_US).us);
	assert_int_equal(due(false, at(TIME + 1)), MAP_LOSS_NOTHING);
	assert_int_equal(due(false, at(TIME + MAP_LOSS_UNIT_US)), MAP_LOSS_LOST);
}

/* A successor goes on with the time and with what was reported, once it has seen the map. */
static void a_successor_goes_on(void **state)
{
	uint32_t before;

	(void)state;
	assert_int_equal(map_losses_stored(l, 1), 0);
	assert_true(map_losses_note(l, 1, false, t0));
	assert_false(map_losses_note(l, 1, false, at(SEC)));
	before = map_losses_stored(l, 1);
	assert_int_not_equal(before, 0);
	map_losses_forget(l, 1);
	map_losses_take(l, 1, before, at(10 * SEC));
	assert_int_equal(map_losses_since(l, 1).us, t0.us);
	/* Its paths are not known yet, and it may be usable again. */
	assert_int_equal(due(false, at(2 * TIME)), MAP_LOSS_NOTHING);
	assert_int_equal(due(true, at(2 * TIME)), MAP_LOSS_NOTHING);
	assert_false(map_losses_note(l, 1, false, at(2 * TIME)));
	assert_int_equal(map_losses_next(l).us, at(2 * TIME).us);
	assert_int_equal(due(false, at(2 * TIME)), MAP_LOSS_LOST);
	/* What was reported is not reported again, and its end is. */
	assert_int_not_equal(map_losses_stored(l, 1), before);
	before = map_losses_stored(l, 1);
	map_losses_forget(l, 1);
	map_losses_take(l, 1, before, at(3 * TIME));
	assert_int_equal(map_losses_stored(l, 1), before);
	(void)map_losses_note(l, 1, false, at(3 * TIME));
	assert_int_equal(due(false, at(4 * TIME)), MAP_LOSS_NOTHING);
	assert_int_equal(due(true, at(4 * TIME)), MAP_LOSS_GONE);
	before = map_losses_stored(l, 1);
	map_losses_forget(l, 1);
	map_losses_take(l, 1, before, at(5 * TIME));
	assert_false(map_losses_note(l, 1, true, at(5 * TIME)));
	assert_int_equal(map_losses_begun(l, 1).us, t0.us);
	assert_int_equal(due(false, at(5 * TIME)), MAP_LOSS_BACK);
	assert_int_equal(map_losses_stored(l, 1), 0);
}

static void a_loss_that_cannot_be_is_not_taken(void **state)
{
	(void)state;
	(void)map_losses_note(l, 1, false, at(TIME));
	map_losses_take(l, 2, map_losses_stored(l, 1), at(TIME - SEC));
	assert_int_equal(map_losses_since(l, 2).us, 0);
	/* Reported, but of no time. */
	map_losses_take(l, 2, UINT32_C(1) << 28, at(TIME));
	assert_int_equal(map_losses_stored(l, 2), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_failed_paths_are_lost),
		cmocka_unit_test(the_kernel_may_know_the_end_of_a_path),
		cmocka_unit_test(an_answer_may_be_the_end_of_a_path),
		TEST(a_map_is_lost_after_its_time_and_once),
		TEST(the_end_is_reported_after_the_loss_only),
		TEST(a_map_whose_paths_are_gone_is_reported_at_once),
		TEST(a_lost_map_may_turn_out_to_be_gone),
		TEST(a_map_that_flaps_keeps_its_loss),
		TEST(another_time_counts_at_once),
		TEST(maps_are_apart),
		TEST(a_time_between_two_units_is_rounded_up),
		TEST(a_successor_goes_on),
		TEST(a_loss_that_cannot_be_is_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

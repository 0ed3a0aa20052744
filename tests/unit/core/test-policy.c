/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Holds: the bucket, its rules and the marks, and the search for the pattern of failures that has a
 * path given back most often. tests/unit/core/scenarios has the stories. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "checkerd/core/error_share.h"
#include "checkerd/core/policy_rules.h"
#include "tests/unit/random.h"
#include "util/macro.h"

#define SEC  USEC_PER_SEC
#define HOUR (3600 * SEC)

static struct mono at(int64_t us)
{
	return (struct mono){ 100 * SEC + us };
}

static const struct policy_rule *default_rule(void)
{
	return policy_rules_get(POLICY_RULE_DEFAULT);
}

static void works(struct hold *h, int64_t us)
{
	policy_checked(h, default_rule(), true, true, at(us));
}

static void breaks(struct hold *h, int64_t us)
{
	policy_failed(h, default_rule(), at(us));
}

static int64_t left(const struct hold *h, int64_t us)
{
	return mono_diff(policy_until(h), at(us));
}

static void longer_each_time(void **state)
{
	static const int64_t seconds[] = { 60, 120, 240, 300, 300, 300 };
	struct hold h = { 0 };
	int64_t now = 0;

	(void)state;
	breaks(&h, now);
	assert_false(policy_is_held(&h));
	works(&h, now += SEC);
	for (size_t i = 0; i < ARRAY_LEN(seconds); i++) {
		breaks(&h, now += SEC);
		assert_int_equal(policy_why(&h), HOLD_FLAPPING);
		assert_int_equal(left(&h, now), seconds[i] * SEC);
		works(&h, now + seconds[i] * SEC - SEC);
		assert_true(policy_is_held(&h));
		works(&h, now += seconds[i] * SEC);
		assert_false(policy_is_held(&h));
	}
}

static void a_failed_check_begins_the_time_again(void **state)
{
	struct hold h = { 0 };

	(void)state;
	breaks(&h, 0);
	works(&h, SEC);
	breaks(&h, 2 * SEC);
	policy_checked(&h, default_rule(), false, false, at(50 * SEC));
	assert_int_equal(left(&h, 50 * SEC), 60 * SEC);
	works(&h, 100 * SEC);
	assert_true(policy_is_held(&h));
	works(&h, 110 * SEC);
	assert_false(policy_is_held(&h));
}

static void slow_failures_fill_the_bucket(void **state)
{
	struct hold h = { 0 };
	int64_t now = 0;

	(void)state;
	for (unsigned i = 0; i < POLICY_FLAP_THRESHOLD; i++) {
		works(&h, now += SEC);
		breaks(&h, now += 61 * SEC);
		assert_false(policy_is_held(&h));
	}
	works(&h, now += SEC);
	breaks(&h, now + 61 * SEC);
	assert_true(policy_is_held(&h));
}

static void rare_failures_are_forgotten(void **state)
{
	struct hold h = { 0 };
	int64_t now = 0;

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		works(&h, now += SEC);
		breaks(&h, now += 601 * SEC);
		assert_false(policy_is_held(&h));
	}
}

static void one_outage_is_one_failure(void **state)
{
	struct hold h = { 0 };

	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		breaks(&h, i * SEC);
		policy_checked(&h, default_rule(), false, false, at(i * SEC));
	}
	works(&h, 60 * SEC);
	assert_int_equal(h.failures, 1);
}

static void marks_hold_until_they_end(void **state)
{
	struct hold h = { 0 };

	(void)state;
	policy_mark(&h, default_rule(), MARK_PORT_STATE, true, at(0));
	policy_mark(&h, default_rule(), MARK_BY_HAND, true, at(SEC));
	assert_int_equal(policy_why(&h), HOLD_BY_HAND);
	assert_int_equal(policy_since(&h).us, at(0).us);
	works(&h, HOUR);
	assert_true(policy_is_held(&h));
	policy_mark(&h, default_rule(), MARK_BY_HAND, false, at(HOUR));
	assert_int_equal(policy_why(&h), HOLD_PORT_STATE);
	policy_mark(&h, default_rule(), MARK_PORT_STATE, false, at(HOUR));
	assert_int_equal(policy_why(&h), HOLD_NONE);
	assert_int_equal(policy_since(&h).us, 0);
}

/* A cause that comes and goes is a failure each time. */
static void a_mark_that_flaps_is_held(void **state)
{
	struct hold h = { 0 };
	int64_t now = 0;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		policy_mark(&h, default_rule(), MARK_SLOW, true, at(now += SEC));
		policy_mark(&h, default_rule(), MARK_SLOW, false, at(now += SEC));
		works(&h, now);
	}
	assert_int_equal(policy_why(&h), HOLD_FLAPPING);
}

static void an_administrator_ends_a_hold(void **state)
{
	struct hold h = { 0 };

	(void)state;
	breaks(&h, 0);
	works(&h, SEC);
	breaks(&h, 2 * SEC);
	policy_mark(&h, default_rule(), MARK_BY_HAND, true, at(3 * SEC));
	policy_pardon(&h, at(4 * SEC));
	assert_false(policy_is_held(&h));
	works(&h, 5 * SEC);
	breaks(&h, 70 * SEC);
	assert_false(policy_is_held(&h));
}

static void another_rule_ends_the_former_ones_hold(void **state)
{
	static const struct policy_words off = { 0 };
	struct policy_rule none = policy_rule_of(&off, 0);
	struct hold h = { 0 };

	(void)state;
	breaks(&h, 0);
	works(&h, SEC);
	breaks(&h, 2 * SEC);
	policy_change_rule(&h, default_rule(), at(3 * SEC));
	assert_true(policy_is_held(&h));
	policy_change_rule(&h, &none, at(3 * SEC));
	assert_false(policy_is_held(&h));
	policy_checked(&h, &none, true, true, at(4 * SEC));
	policy_failed(&h, &none, at(5 * SEC));
	assert_false(policy_is_held(&h));
}

static void a_shorter_rule_shortens_a_hold(void **state)
{
	struct policy_rule shorter = *default_rule();
	struct hold h = { 0 };

	(void)state;
	breaks(&h, 0);
	works(&h, SEC);
	breaks(&h, 2 * SEC);
	assert_true(policy_until(&h).us > at(13 * SEC).us);
	shorter.first = shorter.max = hold_time_of((struct mono){ 10 * SEC });
	policy_change_rule(&h, &shorter, at(3 * SEC));
	assert_true(policy_is_held(&h));
	assert_int_equal(policy_until(&h).us, at(13 * SEC).us);
	/* The former rule does not make it longer again. */
	policy_change_rule(&h, default_rule(), at(4 * SEC));
	assert_int_equal(policy_until(&h).us, at(13 * SEC).us);
}

static void the_first_rule_that_is_complete_works(void **state)
{
	struct policy_words w = { .flap_time_us = SEC, .hold_time_us = SEC };

	(void)state;
	assert_int_equal(policy_rule_of(&w, SEC).why, HOLD_FLAPPING);
	w.delay_watch_checks = 10;
	w.delay_wait_checks = 3;
	assert_int_equal(policy_rule_of(&w, 20 * SEC).why, HOLD_SAN_PATH_ERR);
	assert_int_equal(policy_rule_of(&w, 20 * SEC).threshold, 1);
	assert_int_equal(policy_rule_of(&w, 20 * SEC).first, 600);
	w.san_path_err_threshold = 4;
	assert_int_equal(policy_rule_of(&w, SEC).why, HOLD_FLAPPING);
	w.san_path_err_forget_rate = 7;
	w.san_path_err_recovery_time_us = 9 * SEC;
	assert_int_equal(policy_rule_of(&w, SEC).threshold, 4);
	w.marginal_path_double_failed_time_us = 60 * SEC;
	w.marginal_path_err_sample_time_us = 100 * SEC;
	w.marginal_path_err_recheck_gap_time_us = 300 * SEC;
	assert_int_equal(policy_rule_of(&w, SEC).why, HOLD_SAN_PATH_ERR);
	w.marginal_path_err_rate_threshold = 10;
	assert_int_equal(policy_rule_of(&w, SEC).why, HOLD_MARGINAL_PATH);
	assert_int_equal(policy_rule_of(&w, SEC).sample, 1200);
}

static void the_default_is_what_no_keyword_means(void **state)
{
	const struct policy_words w = {
		.flap_time_us = POLICY_FLAP_DEFAULT_US,
		.hold_time_us = POLICY_HOLD_DEFAULT_US,
		.hold_max_us = POLICY_MAX_DEFAULT_US,
		.marginal_port = true,
	};
	struct policy_words other = w;
	struct policy_rule r = policy_rule_of(&w, SEC);

	(void)state;
	assert_int_equal(policy_rules_add(&r), POLICY_RULE_DEFAULT);
	assert_int_equal(policy_rules_refused(), 0);
	other.marginal_port = false;
	r = policy_rule_of(&other, SEC);
	assert_int_not_equal(policy_rules_add(&r), POLICY_RULE_DEFAULT);
	policy_rules_reset();
}

static void a_full_table_gives_the_default(void **state)
{
	struct policy_words w = { .flap_time_us = SEC, .hold_time_us = SEC };
	struct policy_rule r;
	uint8_t index;

	(void)state;
	for (unsigned i = 1; i < POLICY_RULES_MAX; i++) {
		w.hold_max_us = (int64_t)(i + 1) * SEC;
		r = policy_rule_of(&w, SEC);
		index = policy_rules_add(&r);
		assert_int_equal(index, i);
		assert_int_equal(policy_rules_refused(), 0);
		assert_int_equal(policy_rules_get(index)->max, 10 * (i + 1));
	}
	w.hold_max_us = HOUR;
	r = policy_rule_of(&w, SEC);
	assert_int_equal(policy_rules_add(&r), POLICY_RULE_DEFAULT);
	assert_int_equal(policy_rules_refused(), 1);
	w.hold_max_us = 2 * SEC;
	r = policy_rule_of(&w, SEC);
	assert_int_equal(policy_rules_add(&r), 1);
	assert_int_equal(policy_rules_refused(), 1);
	policy_rules_reset();
	assert_int_equal(policy_rules_count(), 1);
}

static void the_share_is_of_the_last_checks(void **state)
{
	struct error_share s = { 0 };

	(void)state;
	assert_int_equal(error_share_permille(&s), 0);
	for (unsigned i = 0; i < 10; i++)
		error_share_add(&s, i == 3);
	assert_int_equal(error_share_permille(&s), 100);
	for (unsigned i = 0; i < 2 * ERROR_SHARE_HALF; i++)
		error_share_add(&s, false);
	assert_int_equal(error_share_permille(&s), 0);
	assert_in_range(error_share_checks(&s), ERROR_SHARE_HALF, 2 * ERROR_SHARE_HALF);
	for (unsigned i = 0; i < 3 * ERROR_SHARE_HALF; i++)
		error_share_add(&s, true);
	assert_int_equal(error_share_permille(&s), 1000);
}

/* --- the worst pattern --- */

#define PATTERN_MAX 12

/* How long the path works after it was given back, and how long it fails then; after the last step
 * again from the step `again`. */
struct pattern {
	unsigned n, again;
	struct {
		int64_t works_us, fails_us;
	} steps[PATTERN_MAX];
};

/* Times at which something in the rule changes, and others. */
static int64_t some_time(struct random *r)
{
	static const int64_t edges[] = { 0,   1,   30,  59,  60,  61,  62,
		                         119, 299, 301, 599, 600, 601, 1200 };

	return random_below(r, 4) > 0 ? edges[random_below(r, ARRAY_LEN(edges))] * SEC
	                              : (int64_t)random_below(r, (uint64_t)(900 * SEC));
}

static void some_step(struct random *r, struct pattern *p, unsigned i)
{
	p->steps[i].works_us = some_time(r);
	p->steps[i].fails_us = random_below(r, 3) > 0 ? 0 : some_time(r) / 10;
}

static void some_pattern(struct random *r, struct pattern *ret)
{
	ret->n = 1 + (unsigned)random_below(r, PATTERN_MAX);
	for (unsigned i = 0; i < ret->n; i++)
		some_step(r, ret, i);
	ret->again = (unsigned)random_below(r, ret->n);
}

/* A pattern like another one. */
static void mutate(struct random *r, struct pattern *p)
{
	unsigned i = (unsigned)random_below(r, p->n);

	if (random_below(r, 8) == 0)
		p->again = i;
	if (random_below(r, 4) > 0 || p->n == PATTERN_MAX) {
		some_step(r, p, i);
		return;
	}
	p->steps[p->n++] = p->steps[i];
}

/* Most times in an hour that the path is given back; it is checked every interval. */
static unsigned worst_hour(const struct pattern *p, int64_t interval_us, int64_t hours)
{
	int64_t given[64] = { 0 }, now = 0;
	unsigned n = 0, most = 0;
	struct hold h = { 0 };

	for (unsigned i = 0; now < hours * HOUR; i = i + 1 < p->n ? i + 1 : p->again) {
		int64_t until = now + p->steps[i].works_us;

		for (; now < until; now += MIN(interval_us, until - now))
			works(&h, now);
		breaks(&h, now);
		for (until = now + p->steps[i].fails_us; now < until; now += interval_us)
			policy_checked(&h, default_rule(), false, false, at(now));
		while (h.out) {
			works(&h, now);
			now += h.out ? interval_us : 0;
		}
		given[n++ % ARRAY_LEN(given)] = now;
		for (unsigned back = MIN(n, (unsigned)ARRAY_LEN(given)); back > most;
		     back--)
			if (now - given[(n - back) % ARRAY_LEN(given)] < HOUR)
				most = back;
	}
	return most;
}

/* Climbs from many patterns to worse and worse ones. */
static void no_pattern_gives_back_more_often(void **state)
{
	struct random r = { 4711 };
	struct pattern p, worst = { 0 };
	unsigned most = 0;

	(void)state;
	for (unsigned climb = 0; climb < 40; climb++) {
		struct pattern top = { 0 };
		unsigned height = 0;

		some_pattern(&r, &p);
		for (unsigned i = 0; i < 200; i++) {
			unsigned n = worst_hour(&p, SEC, 3);

			if (n >= height) {
				height = n;
				top = p;
			}
			p = top;
			mutate(&r, &p);
		}
		if (height > most) {
			most = height;
			worst = top;
		}
	}
	print_message("at most %u times an hour:", most);
	for (unsigned i = 0; i < worst.n; i++)
		print_message(" %.0f", (double)worst.steps[i].works_us / (double)SEC);
	print_message("\n");
	assert_in_range(most, POLICY_GIVEN_BACK_MAX - 4, POLICY_GIVEN_BACK_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(longer_each_time),
		cmocka_unit_test(a_failed_check_begins_the_time_again),
		cmocka_unit_test(slow_failures_fill_the_bucket),
		cmocka_unit_test(rare_failures_are_forgotten),
		cmocka_unit_test(one_outage_is_one_failure),
		cmocka_unit_test(marks_hold_until_they_end),
		cmocka_unit_test(a_mark_that_flaps_is_held),
		cmocka_unit_test(an_administrator_ends_a_hold),
		cmocka_unit_test(another_rule_ends_the_former_ones_hold),
		cmocka_unit_test(a_shorter_rule_shortens_a_hold),
		cmocka_unit_test(the_first_rule_that_is_complete_works),
		cmocka_unit_test(the_default_is_what_no_keyword_means),
		cmocka_unit_test(a_full_table_gives_the_default),
		cmocka_unit_test(the_share_is_of_the_last_checks),
		cmocka_unit_test(no_pattern_gives_back_more_often),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

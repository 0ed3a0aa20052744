/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_POLICY_RULES_H
#define CHECKERD_CORE_POLICY_RULES_H

/*
 * The rules for holds: what follows from the keywords, and the table of the rules in use.
 *
 * A path's settings have the index of its rule, because a rule is large, and few paths have one
 * of their own. The table is the process's. It only grows: a rule in it never changes and never
 * goes away, so settings of an older configuration stay valid. Only one thread adds rules, which is
 * discovery's. Every thread may read a rule whose index it was given: a ring hands the index over
 * with release and acquire. When the table is full, further paths get POLICY_RULE_DEFAULT.
 */
#include "checkerd/core/policy.h"

#define POLICY_RULES_MAX 255
/* The index of the rule of a configuration that says nothing. */
#define POLICY_RULE_DEFAULT 0

#define POLICY_FLAP_DEFAULT_US (60 * USEC_PER_SEC)
#define POLICY_HOLD_DEFAULT_US (60 * USEC_PER_SEC)
#define POLICY_MAX_DEFAULT_US  (300 * USEC_PER_SEC)
/* HOLD_FLAPPING: more failures than this hold the path also if none came soon after the path was
 * given back. The bucket forgets one in POLICY_FLAP_FORGET times hold_max. */
#define POLICY_FLAP_THRESHOLD 5
#define POLICY_FLAP_FORGET    2
/* With the default rule no pattern of failures has a path given back more often in an hour. */
#define POLICY_GIVEN_BACK_MAX 20
/* A longer time counts as this one: 30 days. */
#define POLICY_TIME_MAX_US (30 * 24 * 3600 * USEC_PER_SEC)
/* The shortest sample of multipathd. */
#define POLICY_SAMPLE_MIN_US (120 * USEC_PER_SEC)

/* The values of the keywords. 0: not set, or off. */
struct policy_words {
	int64_t flap_time_us, hold_time_us, hold_max_us;
	uint32_t san_path_err_threshold, san_path_err_forget_rate;
	int64_t san_path_err_recovery_time_us;
	int64_t marginal_path_double_failed_time_us, marginal_path_err_sample_time_us;
	uint32_t marginal_path_err_rate_threshold; /* permille */
	int64_t marginal_path_err_recheck_gap_time_us;
	uint32_t delay_watch_checks, delay_wait_checks;
	bool marginal_port;
};

/* The one rule that works: marginal_path_*, else san_path_err_*, else delay_*, else flap_time.
 * max_interval_us: max_polling_interval, which is the unit of delay_wait_checks. */
struct policy_rule policy_rule_of(const struct policy_words *w, int64_t max_interval_us);

/* The index of the rule. POLICY_RULE_DEFAULT also when the table is full, which is counted. */
uint8_t policy_rules_add(const struct policy_rule *r);
const struct policy_rule *policy_rules_get(uint8_t index);
unsigned policy_rules_count(void);
/* How often the table was full. */
unsigned policy_rules_refused(void);
/* For tests: empties the table. */
void policy_rules_reset(void);

#endif

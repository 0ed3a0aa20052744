/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The metrics of a snapshot: each line, each escape, and the size of a piece. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkerd/control/metrics.h"
#include "config.h"
#include "util/mono.h"

#define PATHS_MAX 2000

static struct port *port;
static struct view view;

static int setup(void **state)
{
	(void)state;
	view = (struct view){ 0 };
	return port_new(&port, PATHS_MAX);
}

static int teardown(void **state)
{
	(void)state;
	view_clear(&view, port);
	port = port_free(port);
	return 0;
}

static struct snap_path *add(struct snapshot *s, const char *name, const char *map,
                             enum path_state state)
{
	struct snap_path *p = &s->paths[s->n_paths];
	const struct device_spec spec = { .name = name, .node = "/dev/x", .map = map };

	*p = (struct snap_path){ .status.state = state,
		                 .enabled = true,
		                 .in_map = REGISTRY_NONE };
	assert_int_equal(device_new(&p->device, &spec), 0);
	s->n_paths++;
	return p;
}

/* The whole text. The caller frees it. */
static char *text_with(struct snapshot *s, struct metrics m)
{
	struct metrics_piece piece;
	size_t size;
	char *text;
	FILE *f = open_memstream(&text, &size);
	bool more;

	port_loop_snapshot_publish(port, s);
	view.snap = port_control_snapshot(port);
	assert_int_equal(view_make_maps(&view), 0);
	do {
		more = metrics_next(&m, &view, 7, &piece);
		assert_in_range(piece.size, 0, METRICS_PIECE);
		if (piece.size > 0) /* whole lines */
			assert_int_equal(piece.text[piece.size - 1], '\n');
		fwrite(piece.text, 1, piece.size, f);
	} while (more);
	fclose(f);
	return text;
}

static char *text_of(struct snapshot *s)
{
	return text_with(s, (struct metrics){ .family = 0 });
}

static void has(const char *text, const char *lines)
{
	const char *at = strstr(text, lines);

	if (!at || (at != text && at[-1] != '\n'))
		fail_msg("not in the metrics: %s\n%s", lines, text);
}

static void test_every_family(void **state)
{
	struct snapshot *s = port_loop_snapshot_begin(port);
	struct snap_path *p = add(s, "sda", "m", PATH_UP);
	char *text;

	(void)state;
	p->counters = (struct path_counters){ .checks = 10,
		                              .failures = 3,
		                              .device_errors = 7,
		                              .timeouts = 2,
		                              .transitions = 4,
		                              .deferred = 5 };
	p->held_why = HOLD_FLAPPING;
	p->status.streak = -2;
	p->share = (struct error_share){ .checks = 8, .failed = 1 };
	s->holds_begun[HOLD_SLOW] = 3;
	s->cause_events[CAUSE_TARGET_OF_HOST][TURN_DOWN] = 21;
	s->cause_events[CAUSE_TARGET][TURN_DOUBT] = 22;
	s->cause_events[CAUSE_HOST][TURN_BACK] = 23;
	s->cause_events[CAUSE_ARRAY][TURN_GONE] = 24;
	s->cause_events[CAUSE_ARRAY][TURN_HELD] = 25;
	add(s, "sdb", "m", PATH_TIMEOUT);
	add(s, "sdc", NULL, PATH_GHOST);
	p = add(s, "sdd", "n", PATH_UP);
	p->enabled = false;
	p = add(s, "sde", "n", PATH_UP);
	p->overdue = true;
	p->good = mono_add(s->taken, -1500 * USEC_PER_MSEC);
	s->groups[s->n_groups++] = (struct pathcheck_group){
		.slots = 1024, .queued = 1, .in_flight = 2, .expired = 3, .orphans = 4
	};
	s->groups[s->n_groups++] = (struct pathcheck_group){ .slots = 10, .orphans = 2 };
	s->groups[s->n_groups++] = (struct pathcheck_group){
		.kind = PATHCHECK_GROUP_SG, .slots = 1024, .in_flight = 100, .orphans = 5
	};
	s->engine.deferred_total = 11;
	s->engine.emergency_now = 12;
	s->engine.rescuers = 16;
	s->engine.rescuers_busy = 5;
	s->engine.rescuers_stuck = 2;
	s->aio_nr = 2048;
	s->aio_max_nr = -1;
	s->lag_last_us = 1500;
	s->engine.prober_restarts = 13;
	s->locked_bytes = 14;
	text = text_of(s);
	has(text,
	    "# TYPE checkerd_build_info gauge\n# HELP checkerd_build_info Always 1. The "
	    "version that runs.\ncheckerd_build_info{version=\"" PACKAGE_VERSION
	    "\"} 1\n");
	has(text, "checkerd_path_up{path=\"sda\",map=\"m\"} 1\n"
	          "checkerd_path_up{path=\"sdb\",map=\"m\"} 0\n"
	          "checkerd_path_up{path=\"sdc\"} 1\n"
	          "checkerd_path_up{path=\"sdd\",map=\"n\"} 0\n"
	          "checkerd_path_up{path=\"sde\",map=\"n\"} 1\n#");
	has(text, "checkerd_path_state{path=\"sdd\",map=\"n\",state=\"disabled\"} 1\n");
	has(text, "checkerd_path_overdue{path=\"sdd\",map=\"n\"} 0\n"
	          "checkerd_path_overdue{path=\"sde\",map=\"n\"} 1\n#");
	has(text, "checkerd_path_last_good_seconds{path=\"sde\",map=\"n\"} 1.500000\n#");
	has(text, "checkerd_map_paths{map=\"n\",state=\"disabled\"} 1\n");
	has(text, "checkerd_map_redundancy{map=\"n\"} 1\n");
	has(text, "checkerd_path_state{path=\"sdb\",map=\"m\",state=\"timeout\"} 1\n"
	          "checkerd_path_state{path=\"sdc\",state=\"ghost\"} 1\n");
	has(text, "checkerd_path_checks_total{path=\"sda\",map=\"m\"} 10\n");
	has(text, "checkerd_path_failures_total{path=\"sda\",map=\"m\",reason=\"error\"} "
	          "3\ncheckerd_path_failures_total{path=\"sda\",map=\"m\",reason="
	          "\"timeout\"} "
	          "2\ncheckerd_path_failures_total{path=\"sda\",map=\"m\",reason="
	          "\"device\"} 7\n");
	has(text, "checkerd_path_held{path=\"sda\",map=\"m\",reason=\"flapping\"} 1\n#");
	has(text, "checkerd_path_failures_in_row{path=\"sda\",map=\"m\"} 2\n");
	has(text, "checkerd_path_error_ratio{path=\"sda\",map=\"m\"} 0.125\n#");
	has(text, "checkerd_holds_total{reason=\"slow\"} 3\n");
	has(text, "checkerd_cause_events_total{part=\"target_of_host\",direction="
	          "\"down\"} 21\n");
	has(text,
	    "checkerd_cause_events_total{part=\"target\",direction=\"failing\"} 22\n");
	has(text, "checkerd_cause_events_total{part=\"host\",direction=\"back\"} 23\n"
	          "checkerd_cause_events_total{part=\"host\",direction=\"removed\"} 0\n");
	has(text,
	    "checkerd_cause_events_total{part=\"array\",direction=\"removed\"} 24\n"
	    "checkerd_cause_events_total{part=\"array\",direction=\"held\"} 25\n"
	    "checkerd_cause_events_total{part=\"array\",direction=\"let_go\"} 0\n#");
	has(text, "checkerd_path_transitions_total{path=\"sda\",map=\"m\"} 4\n");
	has(text, "checkerd_map_paths{map=\"m\",state=\"up\"} 1\n"
	          "checkerd_map_paths{map=\"m\",state=\"down\"} 0\n"
	          "checkerd_map_paths{map=\"m\",state=\"timeout\"} 1\n");
	has(text, "checkerd_map_redundancy{map=\"m\"} 1\n");
	has(text, "checkerd_aio_slots{state=\"free\"} 1022\n"
	          "checkerd_aio_slots{state=\"queued\"} 1\n"
	          "checkerd_aio_slots{state=\"in_flight\"} 2\n"
	          "checkerd_aio_slots{state=\"expired\"} 3\n"
	          "checkerd_aio_slots{state=\"orphan\"} 6\n#");
	has(text, "checkerd_sg_slots{state=\"free\"} 919\n"
	          "checkerd_sg_slots{state=\"queued\"} 0\n"
	          "checkerd_sg_slots{state=\"in_flight\"} 100\n"
	          "checkerd_sg_slots{state=\"expired\"} 0\n"
	          "checkerd_sg_slots{state=\"orphan\"} 5\n#");
	has(text, "checkerd_orphans 11\n");
	has(text, "checkerd_deferred_checks_total 11\n");
	has(text, "checkerd_emergency_slots 12\n");
	has(text, "checkerd_rescuers{state=\"idle\"} 11\n"
	          "checkerd_rescuers{state=\"busy\"} 3\n"
	          "checkerd_rescuers{state=\"stuck\"} 2\n#");
	has(text, "checkerd_aio_nr 2048\n");
	assert_null(strstr(text, "\ncheckerd_aio_max_nr "));
	has(text, "# UNIT checkerd_loop_lag_seconds seconds\n");
	has(text, "checkerd_loop_lag_seconds 0.001500\n");
	has(text, "checkerd_events_lost_total 7\n");
	has(text, "checkerd_prober_restarts_total 13\n");
	has(text, "checkerd_locked_memory_bytes 14\n");
	assert_string_equal(text + strlen(text) - 6, "# EOF\n");
	free(text);
}

static void test_durations(void **state)
{
	struct snapshot *s = port_loop_snapshot_begin(port);
	char *text;

	(void)state;
	histogram_totals_add(&s->durations, 0);
	histogram_totals_add(&s->durations, 15);
	histogram_totals_add(&s->durations, 16);
	histogram_totals_add(&s->durations, 1023);
	histogram_totals_add(&s->durations, 1024);
	histogram_totals_add(&s->durations, 300 * USEC_PER_SEC);
	text = text_of(s);
	has(text, "# TYPE checkerd_check_duration_seconds histogram\n"
	          "# UNIT checkerd_check_duration_seconds seconds\n");
	has(text, "checkerd_check_duration_seconds_bucket{le=\"0.000015\"} 2\n"
	          "checkerd_check_duration_seconds_bucket{le=\"0.000031\"} 3\n");
	has(text, "checkerd_check_duration_seconds_bucket{le=\"0.001023\"} 4\n"
	          "checkerd_check_duration_seconds_bucket{le=\"0.002047\"} 5\n");
	has(text, "checkerd_check_duration_seconds_bucket{le=\"134.217727\"} 5\n"
	          "checkerd_check_duration_seconds_bucket{le=\"+Inf\"} 6\n"
	          "checkerd_check_duration_seconds_count 6\n"
	          "checkerd_check_duration_seconds_sum 300.002078\n#");
	free(text);
}

static void test_names(void **state)
{
	struct snapshot *s = port_loop_snapshot_begin(port);
	char *text;

	(void)state;
	add(s, "a\"b\\c\nd", "\xc3\xa9 \x1b[2J\x7f\xc2\x9b", PATH_UP);
	text = text_of(s);
	has(text, "checkerd_path_up{path=\"a\\\"b\\\\c\\nd\",map=\"\xc3\xa9 "
	          "\xef\xbf\xbd[2J\xef\xbf\xbd\xef\xbf\xbd\"} 1\n");
	free(text);
}

/* The longest names, with a path in every state. */
static void test_largest(void **state)
{
	struct snapshot *s = port_loop_snapshot_begin(port);
	char name[DEVICE_NAME_MAX], map[1024], *text;

	(void)state;
	memset(name, '\x01', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	memset(map, '\x01', sizeof(map) - 1);
	map[sizeof(map) - 1] = '\0';
	for (unsigned i = 0; i < PATHS_MAX; i++) {
		struct snap_path *p = add(s, name, map, i % PATH_STATE_COUNT_);

		memset(&p->counters, 0xff, sizeof(p->counters));
	}
	text = text_of(s);
	has(text, "checkerd_map_redundancy{map=\"\xef\xbf\xbd");
	free(text);
}

static void has_not(const char *text, const char *part)
{
	if (strstr(text, part) != NULL)
		fail_msg("in the metrics: %s\n%s", part, text);
}

static void test_latencies(void **state)
{
	struct snapshot *s = port_loop_snapshot_begin(port);
	struct snap_path *p = add(s, "sda", "m", PATH_UP);
	char *text;

	(void)state;
	p->status.since = mono_add(s->taken, -2500 * USEC_PER_MSEC);
	p->has_latency = true;
	p->cells[0] = 3;                   /* below 32 us */
	p->cells[4] = 2;                   /* 256 us to 512 us */
	p->cells[HISTOGRAM_CELLS - 1] = 1; /* from 524 ms on */
	add(s, "sdb", "m", PATH_UP);       /* no check has succeeded */
	text = text_with(s, (struct metrics){ .latency = true });
	has(text,
	    "checkerd_path_info{path=\"sda\",map=\"m\",device=\"x\",sysfs_name=\"x\"} "
	    "1\n");
	has(text, "checkerd_path_state_seconds{path=\"sda\",map=\"m\"} 2.500000\n");
	has(text, "# TYPE checkerd_path_latency_seconds gaugehistogram\n");
	has(text, "checkerd_path_latency_seconds_bucket{path=\"sda\",map=\"m\",le=\"0."
	          "000064\"} "
	          "3\n");
	has(text, "checkerd_path_latency_seconds_bucket{path=\"sda\",map=\"m\",le=\"0."
	          "001024\"} "
	          "5\n");
	has(text,
	    "checkerd_path_latency_seconds_bucket{path=\"sda\",map=\"m\",le=\"0.262144\"}"
	    " "
	    "5\n"
	    "checkerd_path_latency_seconds_bucket{path=\"sda\",map=\"m\",le=\"+Inf\"} 6\n"
	    "checkerd_path_latency_seconds_gcount{path=\"sda\",map=\"m\"} 6\n#");
	free(text);
}

static void test_latencies_are_left_out(void **state)
{
	struct snapshot *s = port_loop_snapshot_begin(port);
	char *text;

	(void)state;
	add(s, "sda", "m", PATH_UP)->has_latency = true;
	text = text_of(s);
	has_not(text, "latency");
	free(text);
}

static void test_paths_are_left_out(void **state)
{
	struct snapshot *s = port_loop_snapshot_begin(port);
	char *text;

	(void)state;
	add(s, "sda", "m", PATH_UP)->has_latency = true;
	text = text_with(s, (struct metrics){ .without_paths = true, .latency = true });
	has_not(text, "checkerd_path_");
	has(text, "checkerd_map_paths{map=\"m\",state=\"up\"} 1\n");
	free(text);
}

static void test_nothing(void **state)
{
	char *text = text_of(port_loop_snapshot_begin(port));

	(void)state;
	has(text,
	    "# TYPE checkerd_path_up gauge\n# HELP checkerd_path_up Whether the "
	    "path is usable: up or ghost, and not disabled.\n# TYPE checkerd_path_state");
	has(text, "checkerd_check_duration_seconds_count 0\n");
	free(text);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_every_family),
		TEST(test_durations),
		TEST(test_names),
		TEST(test_largest),
		TEST(test_latencies),
		TEST(test_latencies_are_left_out),
		TEST(test_paths_are_left_out),
		TEST(test_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

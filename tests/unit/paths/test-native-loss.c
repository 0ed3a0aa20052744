/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Maps of native NVMe multipathing that have had no usable path for long. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "checkerd/paths/observe.h"
#include "tests/unit/paths/checks-bed.h"

#define KEPT 64

static char folder[64], file[96];
static struct observe observe;
static struct event kept[KEPT];
static unsigned n_kept, n_names;

/* Only what is reported of losses. */
static void keep(const struct event *e)
{
	bool loss = e->type == EVENT_MAP &&
	            (strcmp(e->to, "lost") == 0 || strcmp(e->to, "gone") == 0 ||
	             strcmp(e->to, "usable") == 0);

	if (e->part == EVENT_WHOLE && loss && n_kept < KEPT)
		kept[n_kept++] = *e;
	for (const char *s = e->message; e->part == EVENT_NAMES && *s != '\0'; s++)
		n_names += *s == EVENT_NAME_END;
}

/* Its own sysfs is not looked at. */
static int setup_daemon(void **state)
{
	int r = setup(state);

	if (checks.sys_dev_block >= 0)
		(void)close(checks.sys_dev_block);
	checks.sys_dev_block = -1;
	observe_init(&observe, &checks);
	events.maps_decide = true;
	map_losses_set_time(events.losses, 60 * SEC);
	return r;
}

static int begin(void **state)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/test-native-loss-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(file, sizeof(file), "%s/state", folder);
	state_file = file;
	setup_at = t0;
	n_kept = n_names = 0;
	on_event = keep;
	return setup_daemon(state);
}

static int end(void **state)
{
	char lock[128];

	on_event = NULL;
	state_file = NULL;
	if (teardown(state) < 0)
		return -1;
	(void)unlink(file);
	(void)snprintf(lock, sizeof(lock), "%s.lock", file);
	(void)unlink(lock);
	return rmdir(folder);
}

static uint32_t add_path(unsigned controller, unsigned namespace)
{
	char name[32], node[64], map[32];
	const struct device_spec spec = { .name = name,
		                          .node = node,
		                          .map = map,
		                          .diskseq = controller * 100 + namespace,
		                          .kind = DEVICE_OBSERVED };
	struct path_settings s = usual;
	struct device *d;
	uint32_t index;

	(void)snprintf(name, sizeof(name), "nvme0c%un%u", controller, namespace);
	(void)snprintf(node, sizeof(node), "/sys/class/block/%s", name);
	(void)snprintf(map, sizeof(map), "nvme0n%u", namespace);
	s.fail_checks = 1;
	s.checker = CHECKER_NONE;
	assert_int_equal(device_new(&d, &spec), 0);
	assert_int_equal(membership_add(&checks, d, &s, setup_at, &index), 0);
	device_unref(d);
	return index;
}

static void see(uint32_t index, const char *controller, const char *ana, bool last,
                struct mono now)
{
	const struct found f = {
		.op = FOUND_STATE,
		.state = { .device = sysfs_word(SYSFS_CONTROLLER, controller),
		           .access = sysfs_word(SYSFS_ANA, ana) },
		.last = last,
	};

	observe_take(&observe, index, &f, now);
}

static uint32_t left, right;

static void both(const char *of_left, const char *of_right, int64_t s)
{
	see(left, of_left, NULL, false, at(s * SEC));
	see(right, of_right, NULL, true, at(s * SEC));
}

static void add_both(void)
{
	left = add_path(1, 1);
	right = add_path(2, 1);
	both("live", "live", 0);
	run_outage(at(SEC));
	assert_int_equal(n_kept, 0);
}

/* Each state is read every 5 s, as discovery does. */
static void stays(const char *of_left, const char *of_right, int64_t from, int64_t to)
{
	for (int64_t s = from; s <= to; s += 5) {
		both(of_left, of_right, s);
		run_outage(at(s * SEC));
	}
}

static void assert_kept(unsigned i, const char *from, const char *to, const char *message)
{
	assert_true(i < n_kept);
	assert_string_equal(kept[i].map, "nvme0n1");
	assert_string_equal(kept[i].from, from);
	assert_string_equal(kept[i].to, to);
	assert_string_equal(kept[i].message, message);
}

static void a_map_is_lost_after_its_time_and_once(void **state)
{
	(void)state;
	add_both();
	stays("connecting", "live", 5, 200); /* it has a path */
	assert_int_equal(path(left)->map_loss.since, 0);
	both("connecting", "connecting", 300);
	/* The states are read each 5 s, but it is reported in time. */
	run_outage(at(359 * SEC));
	assert_int_equal(n_kept, 0);
	run_outage(at(360 * SEC));
	assert_int_equal(n_kept, 1);
	assert_kept(0, "", "lost",
	            "map nvme0n1: no usable path for 60 s: I/O waits, or fails after "
	            "fast_io_fail_tmo");
	assert_int_equal(kept[0].priority, LOG_CRIT);
	stays("connecting", "resetting", 365, 1000);
	assert_int_equal(n_kept, 1);
	assert_int_equal(map_loss_since(&path(left)->map_loss).us, at(300 * SEC).us);
	assert_int_equal(map_loss_since(&path(right)->map_loss).us, at(300 * SEC).us);
	both("connecting", "live", 1005);
	run_outage(at(1006 * SEC));
	assert_int_equal(n_kept, 2);
	assert_kept(1, "lost", "usable",
	            "map nvme0n1: usable again after 705 s without a path");
	assert_int_equal(path(left)->map_loss.since, 0);
	stays("live", "live", 1010, 1200);
	assert_int_equal(n_kept, 2);
}

/* A shorter loss is none, and the next one begins anew. */
static void a_short_loss_is_not_reported(void **state)
{
	(void)state;
	add_both();
	stays("resetting", "resetting", 5, 60);
	stays("live", "resetting", 62, 62);
	stays("resetting", "resetting", 65, 120);
	assert_int_equal(n_kept, 0);
	run_outage(at(125 * SEC));
	assert_int_equal(n_kept, 1);
	assert_kept(0, "", "lost", "map nvme0n1: no usable path for 60 s: I/O waits");
}

/* It was usable for a moment, and is not reported to be. */
static void a_map_may_be_lost_again_at_once(void **state)
{
	(void)state;
	add_both();
	stays("connecting", "connecting", 5, 65);
	assert_int_equal(n_kept, 1);
	both("live", "connecting", 70);
	see(left, "connecting", NULL, false,
	    mono_add(at(70 * SEC), MAP_LOSS_BACK_US / 2));
	see(right, "connecting", NULL, true,
	    mono_add(at(70 * SEC), MAP_LOSS_BACK_US / 2));
	stays("connecting", "connecting", 75, 300);
	assert_int_equal(n_kept, 1);
	assert_int_equal(map_loss_since(&path(left)->map_loss).us, at(5 * SEC).us);
}

/* What the kernel does with I/O depends on the best controller. */
static void the_event_says_what_becomes_of_io(void **state)
{
	static const struct {
		const char *left, *right, *ana, *io;
	} cases[] = {
		{ "live", "dead", "inaccessible", "I/O waits" },
		{ "live", "live", "change", "I/O waits" },
		{ "connecting", "resetting", NULL, "I/O waits" },
		{ "connecting", "deleting", NULL,
		  "I/O waits, or fails after fast_io_fail_tmo" },
		{ "deleting", "a word to come", NULL, "I/O fails" },
	};
	char want[128];

	(void)state;
	left = add_path(1, 1);
	right = add_path(2, 1);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t from = 1000 * (int64_t)i;

		both("live", "live", from);
		/* A group that changes is not judged: it was inaccessible before. */
		see(left, "live", "inaccessible", false, at((from + 5) * SEC));
		see(right, "live", "inaccessible", true, at((from + 5) * SEC));
		see(left, cases[i].left, cases[i].ana, false, at((from + 10) * SEC));
		see(right, cases[i].right, cases[i].ana, true, at((from + 10) * SEC));
		run_outage(at((from + 65) * SEC));
		(void)snprintf(want, sizeof(want),
		               "map nvme0n1: no usable path for 60 s: %s", cases[i].io);
		assert_int_equal(n_kept, 2 * i + 1);
		assert_kept(2 * (unsigned)i, "", "lost", want);
		both("live", "live", from + 100);
		run_outage(at((from + 110) * SEC));
		assert_int_equal(n_kept, 2 * i + 2);
	}
}

/* No time is to be waited for, and each path counts. */
static void a_map_that_is_gone_for_good_is_reported_at_once(void **state)
{
	(void)state;
	add_both();
	both("dead", "connecting", 5);
	run_outage(at(10 * SEC));
	assert_int_equal(n_kept, 0);
	see(left, "dead", NULL, false, at(15 * SEC));
	see(right, "live", "persistent-loss", true, at(15 * SEC));
	run_outage(at(15 * SEC));
	assert_int_equal(n_kept, 1);
	assert_kept(0, "", "gone", "map nvme0n1: all paths are gone for good: I/O waits");
	stays("dead", "dead", 20, 300);
	assert_int_equal(n_kept, 1);
	both("live", "dead", 305);
	run_outage(at(306 * SEC));
	assert_int_equal(n_kept, 2);
	assert_kept(1, "lost", "usable",
	            "map nvme0n1: usable again after 300 s without a path");
}

/* A disabled path may work. */
static void a_map_with_a_disabled_path_is_not_lost(void **state)
{
	(void)state;
	add_both();
	checks_disable(&checks, right, &(struct checks_outage){ .until = MONO_NEVER },
	               at(SEC));
	stays("connecting", "connecting", 5, 300);
	assert_int_equal(n_kept, 0);
	assert_int_equal(path(left)->map_loss.since, 0);
	checks_enable(&checks, right, false, at(301 * SEC));
	stays("connecting", "connecting", 305, 360);
	assert_int_equal(n_kept, 0);
	run_outage(at(365 * SEC));
	assert_int_equal(n_kept, 1);
}

static void without_a_time_nothing_is_reported(void **state)
{
	(void)state;
	map_losses_set_time(events.losses, 0);
	add_both();
	stays("dead", "dead", 5, 300);
	assert_int_equal(n_kept, 0);
	/* But `show maps` knows since when. */
	assert_int_equal(map_loss_since(&path(right)->map_loss).us, at(5 * SEC).us);
}

/* Paths come and go, and the map's time goes on. */
static void the_time_belongs_to_the_map(void **state)
{
	uint32_t third;

	(void)state;
	add_both();
	stays("connecting", "connecting", 5, 20);
	assert_int_equal(membership_remove(&checks, left, true, at(22 * SEC)), 0);
	left = add_path(3, 1);
	stays("connecting", "connecting", 25, 30);
	third = add_path(4, 1); /* a new path comes first, and last */
	see(third, "connecting", NULL, false, at(31 * SEC));
	both("connecting", "connecting", 31);
	assert_int_equal(map_loss_since(&path(third)->map_loss).us, at(5 * SEC).us);
	assert_int_equal(membership_remove(&checks, third, true, at(32 * SEC)), 0);
	assert_int_equal(membership_remove(&checks, right, true, at(32 * SEC)), 0);
	see(left, "connecting", NULL, true, at(35 * SEC));
	run_outage(at(64 * SEC));
	assert_int_equal(n_kept, 0);
	run_outage(at(65 * SEC));
	assert_int_equal(n_kept, 1);
	assert_kept(0, "", "lost",
	            "map nvme0n1: no usable path for 60 s: I/O waits, or fails after "
	            "fast_io_fail_tmo");
	/* With its last path the map goes, and nobody reports its end. */
	assert_int_equal(membership_remove(&checks, left, true, at(70 * SEC)), 0);
	run_outage(at(200 * SEC));
	assert_int_equal(n_kept, 1);
	assert_int_equal(checks.observed, 0);
}

static void many_maps_are_one_event(void **state)
{
	enum { MANY = 12 };

	(void)state;
	for (unsigned n = 0; n < MANY; n++)
		(void)add_path(1, n + 1);
	for (uint32_t p = 0; p < MANY; p++)
		see(p, "live", NULL, true, t0);
	run_outage(at(SEC));
	map_losses_set_time(events.losses, 20 * SEC);
	/* What becomes of I/O is another matter for three of them. */
	for (uint32_t p = 0; p < MANY; p++)
		see(p, p < 3 ? "resetting" : "connecting", NULL, true, at(5 * SEC));
	run_outage(at(20 * SEC));
	n_kept = n_names = 0;
	run_outage(at(25 * SEC));
	assert_int_equal(n_kept, 4);
	assert_string_equal(kept[0].message,
	                    "9 maps: no usable path for 20 s: I/O waits, or fails after "
	                    "fast_io_fail_tmo");
	assert_int_equal(n_names, 9);
	assert_kept(1, "", "lost", "map nvme0n1: no usable path for 20 s: I/O waits");
	n_kept = n_names = 0;
	for (uint32_t p = 0; p < MANY; p++)
		see(p, "live", NULL, true, at(30 * SEC));
	run_outage(at(40 * SEC));
	assert_int_equal(n_kept, 1);
	assert_string_equal(kept[0].message,
	                    "12 maps: usable again after up to 25 s without a path");
}

/* Their number counts, and not that of their paths. */
static void few_maps_are_reported_alone(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 4; n++)
		(void)add_path(n / 2, 1 + n % 2);
	for (uint32_t n = 0; n < 2; n++) {
		see(n, "live", NULL, false, t0);
		see(n + 2, "live", NULL, true, t0);
	}
	for (uint32_t n = 0; n < 2; n++) {
		see(n, "resetting", NULL, false, at(5 * SEC));
		see(n + 2, "resetting", NULL, true, at(5 * SEC));
	}
	run_outage(at(65 * SEC));
	assert_int_equal(n_kept, 2);
	assert_kept(0, "", "lost", "map nvme0n1: no usable path for 60 s: I/O waits");
}

/* killed: only what was touched is in the file. */
static void restart(int64_t s, bool killed)
{
	void *state = NULL;

	if (killed)
		persist_run(&checks.persist, at(s * SEC));
	else
		persist_finish(&checks.persist, at(s * SEC),
		               mono_add(mono_now(), 10 * SEC));
	assert_int_equal(teardown(&state), 0);
	setup_at = at(s * SEC);
	assert_int_equal(setup_daemon(&state), 0);
	left = add_path(1, 1);
	right = add_path(2, 1);
}

static void the_time_goes_on_over_a_restart(void **state)
{
	(void)state;
	for (unsigned killed = 0; killed < 2; killed++) {
		int64_t from = 1000 * killed;

		n_kept = 0;
		left = registry_find_name(checks.registry, "nvme0c1n1");
		if (left == REGISTRY_NONE)
			add_both();
		both("live", "live", from + 1);
		both("connecting", "connecting", from + 5);
		run_outage(at((from + 10) * SEC));
		restart(from + 40, killed != 0);
		/* Nothing is known of the paths yet. */
		run_outage(at((from + 70) * SEC));
		assert_int_equal(n_kept, 0);
		assert_int_equal(map_loss_since(&path(left)->map_loss).us,
		                 at((from + 5) * SEC).us);
		both("connecting", "connecting", from + 71);
		run_outage(at((from + 71) * SEC));
		assert_int_equal(n_kept, 1);
		assert_string_equal(kept[0].to, "lost");
		/* What was reported is not reported again, and its end is reported. */
		restart(from + 80, killed != 0);
		stays("connecting", "connecting", from + 85, from + 300);
		assert_int_equal(n_kept, 1);
		both("live", "connecting", from + 305);
		run_outage(at((from + 306) * SEC));
		assert_int_equal(n_kept, 2);
		assert_kept(1, "lost", "usable",
		            "map nvme0n1: usable again after 300 s without a path");
		restart(from + 310, killed != 0);
		both("live", "connecting", from + 315);
		run_outage(at((from + 400) * SEC));
		assert_int_equal(n_kept, 2);
	}
}

/* No later than it is reported. */
static void what_was_reported_is_written_at_once(void **state)
{
	(void)state;
	add_both();
	both("connecting", "connecting", 5);
	run_outage(at(64 * SEC));
	persist_run(&checks.persist, at(64 * SEC)); /* all paths, once a minute */
	persist_run(&checks.persist, at(64 * SEC + 1));
	run_outage(at(65 * SEC));
	assert_int_equal(n_kept, 1);
	restart(66, true);
	stays("connecting", "connecting", 70, 200);
	assert_int_equal(n_kept, 1);
}

/* It came back while no daemon ran. */
static void a_successor_may_find_it_usable(void **state)
{
	(void)state;
	add_both();
	both("connecting", "connecting", 5);
	run_outage(at(70 * SEC));
	assert_int_equal(n_kept, 1);
	restart(80, true);
	both("live", "live", 85);
	run_outage(at(90 * SEC));
	assert_int_equal(n_kept, 2);
	assert_string_equal(kept[1].to, "usable");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_map_is_lost_after_its_time_and_once),
		TEST(a_short_loss_is_not_reported),
		TEST(a_map_may_be_lost_again_at_once),
		TEST(the_event_says_what_becomes_of_io),
		TEST(a_map_that_is_gone_for_good_is_reported_at_once),
		TEST(a_map_with_a_disabled_path_is_not_lost),
		TEST(without_a_time_nothing_is_reported),
		TEST(the_time_belongs_to_the_map),
		TEST(many_maps_are_one_event),
		TEST(few_maps_are_reported_alone),
		TEST(the_time_goes_on_over_a_restart),
		TEST(what_was_reported_is_written_at_once),
		TEST(a_successor_may_find_it_usable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Maintenance windows with a virtual clock: which paths they take, and when these come back. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "checkerd/paths/windows.h"
#include "tests/unit/config/config-text.h"
#include "tests/unit/paths/checks-bed.h"

#define HOUR   (INT64_C(3600))
#define MINUTE INT64_C(60)
/* Saturday, 2026-01-10 00:00 UTC, at t0. */
#define SATURDAY INT64_C(1768003200)

static struct windows windows;
static int64_t set_back_s; /* how far the wall clock was set back */

static void add_in(unsigned n, const char *host, const char *map)
{
	char name[16], node[32];
	const struct device_spec spec = {
		.name = name, .node = node, .host = host, .map = map
	};
	struct device *d;
	uint32_t index;

	(void)snprintf(name, sizeof(name), "sd%u", n);
	(void)snprintf(node, sizeof(node), "/dev/sd%u", n);
	assert_int_equal(device_new(&d, &spec), 0);
	assert_int_equal(membership_add(&checks, d, &usual, t0, &index), 0);
	assert_int_equal(index, n);
	device_unref(d);
}

static void configure(const char *text)
{
	static uint64_t generation;
	struct config_ref *ref;

	assert_int_equal(config_ref_new(&ref, text_parse(text), ++generation), 0);
	windows_configure(&windows, ref);
	config_ref_put(ref);
}

/* Two maps of two paths each, one through each HBA. */
static int begin(void **state)
{
	int r = setup(state);

	set_back_s = 0;
	windows_init(&windows, &checks, &events);
	add_in(0, "host3", "m1");
	add_in(1, "host4", "m1");
	add_in(2, "host3", "m2");
	add_in(3, "host4", "m2");
	return r;
}

static int end(void **state)
{
	windows_deinit(&windows);
	return teardown(state);
}

/* The main loop at that time, in seconds since Saturday 00:00. Only when there is something due. */
static void run_at(int64_t s)
{
	struct mono now = at(s * SEC);

	if (!mono_before(now, windows_next(&windows)))
		windows_run(&windows, now, SATURDAY + s - set_back_s);
}

/* Bits of the paths that are disabled. */
static unsigned disabled(void)
{
	unsigned bits = 0;

	for (uint32_t i = 0; i < registry_end(checks.registry); i++)
		bits |= path(i) != NULL && !path(i)->enabled ? 1U << i : 0;
	return bits;
}

/* Two checks in a row fail, which makes the path down; or one succeeds. */
static void check_finds(uint32_t index, bool good, int64_t s)
{
	for (unsigned n = 0; n < 2; n++) {
		path(index)->outstanding = true;
		answer(index, good ? PATHCHECK_OK : PATHCHECK_FAILED, good ? 0 : EIO,
		       false, at(s * SEC));
	}
}

#define HOST3                                                                    \
	"maintenance { window { \n days Sat,Sun\n from 02:00\n to 04:00\n host " \
	"host3\n %s\n } }"

static void configure_host3(const char *more)
{
	char text[256];

	(void)snprintf(text, sizeof(text), HOST3, more);
	configure(text);
}

static void opens_and_closes(void **state)
{
	(void)state;
	configure_host3("");
	run_at(0);
	assert_int_equal(disabled(), 0);
	assert_int_equal(windows_next(&windows).us, at(MINUTE * SEC).us);
	run_at(2 * HOUR - 1);
	assert_int_equal(disabled(), 0);
	/* The end of the minute is no time to wait for. */
	assert_int_equal(windows_next(&windows).us, at(2 * HOUR * SEC).us);
	run_at(2 * HOUR);
	assert_int_equal(disabled(), 0x5);
	assert_int_equal(path(0)->window, 1);
	assert_int_equal(path(0)->due.us, at(4 * HOUR * SEC).us);
	assert_int_equal(path(0)->heard.us, at(2 * HOUR * SEC).us);
	assert_string_equal(last_event.message,
	                    "maintenance window test.conf:1 is open until 2026-01-10 "
	                    "04:00: 2 paths are disabled, 0 are not, because each may "
	                    "be the last usable one of its map");
	run_at(3 * HOUR);
	assert_int_equal(disabled(), 0x5);
	run_at(4 * HOUR - 1);
	assert_int_equal(disabled(), 0x5);
	n_events = 0;
	run_at(4 * HOUR);
	assert_int_equal(disabled(), 0);
	assert_int_equal(n_events, 1); /* of the window, not of each path */
	assert_non_null(strstr(last_event.message, "test.conf:1 has closed"));
	/* They are checked at once. */
	engine.n_asked = 0;
	checks_run(&checks, at(4 * HOUR * SEC));
	assert_true(path(0)->outstanding && path(2)->outstanding);
	run_at(26 * HOUR); /* Sunday */
	assert_int_equal(disabled(), 0x5);
	run_at(50 * HOUR); /* Monday */
	assert_int_equal(disabled(), 0);
}

static void the_last_usable_path_stays(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		check_finds(i, true, 1);
	check_finds(1, false, 2);
	configure_host3("");
	run_at(2 * HOUR);
	assert_int_equal(disabled(), 0x4); /* not 0, which is m1's last one */
	assert_non_null(strstr(last_event.message, "1 paths are disabled, 1 are not"));
	/* The other path of m2 fails too: its covered path comes back within a second. */
	check_finds(3, false, 2 * HOUR + 10);
	run_at(2 * HOUR + 11);
	assert_int_equal(disabled(), 0);
	assert_string_equal(last_event.path, "sd2");
	assert_non_null(strstr(last_event.message, "it may be the last usable path"));
	/* And it is covered again when the other one is good, a minute later. */
	check_finds(3, true, 2 * HOUR + 20);
	run_at(2 * HOUR + 80);
	assert_int_equal(disabled(), 0x4);
	run_at(4 * HOUR);
	assert_int_equal(disabled(), 0);
}

static void force_takes_the_last_one(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		check_finds(i, i % 2 == 0, 1);
	configure_host3("force yes");
	run_at(2 * HOUR);
	assert_int_equal(disabled(), 0x5);
	check_finds(1, false, 2 * HOUR + 10);
	run_at(2 * HOUR + 80);
	assert_int_equal(disabled(), 0x5);
}

/* Before the first checks nobody knows which paths are usable. */
static void unchecked_paths_are_no_reason(void **state)
{
	(void)state;
	configure("maintenance { window { \n from 00:00\n to 24:00\n map m1\n } }");
	run_at(HOUR);
	assert_int_equal(disabled(), 0);
	check_finds(0, true, HOUR);
	check_finds(1, true, HOUR);
	run_at(2 * HOUR);
	assert_int_equal(disabled(), 0);
}

static void selections(void **state)
{
	(void)state;
	configure("maintenance { window { \n from 00:00\n to 24:00\n host host3\n map "
	          "m2\n } "
	          "\n window { \n from 01:00\n to 02:00\n devnode \"^sd[13]$\"\n force "
	          "yes\n } }");
	run_at(0);
	assert_int_equal(disabled(), 0x4);
	run_at(HOUR);
	/* Of m2, sd3 is taken by force, so sd2 is the last one now. */
	assert_int_equal(disabled(), 0xa);
	assert_int_equal(path(3)->window, 2);
	run_at(2 * HOUR);
	assert_int_equal(disabled(), 0x4);
}

/* With checkerctl disable and enable in between. */
static void by_hand(void **state)
{
	const struct checks_outage until = { .until = at(3 * HOUR * SEC) },
	                           longer = { .until = at(5 * HOUR * SEC) };

	(void)state;
	configure_host3("");
	run_at(0);
	checks_disable(&checks, 0, &until, at(HOUR * SEC));
	run_at(2 * HOUR);
	assert_int_equal(disabled(), 0x5);
	assert_int_equal(path(0)->due.us, until.until.us);
	/* The time of disable is over, the window is not. */
	checks_run(&checks, at(3 * HOUR * SEC));
	assert_int_equal(disabled(), 0x5);
	run_at(3 * HOUR + 60);
	assert_int_equal(path(0)->due.us, at(4 * HOUR * SEC).us);
	/* enable ends the window for this path, until the next time. */
	checks_enable(&checks, 0, false, at(3 * HOUR * SEC));
	run_at(3 * HOUR + 120);
	assert_int_equal(disabled(), 0x4);
	/* disable lasts longer than the window. */
	checks_disable(&checks, 2, &longer, at((4 * HOUR - 1) * SEC));
	run_at(4 * HOUR);
	assert_int_equal(disabled(), 0x4);
	checks_run(&checks, at(5 * HOUR * SEC));
	assert_int_equal(disabled(), 0);
	run_at(26 * HOUR); /* Sunday: the window is back for both */
	assert_int_equal(disabled(), 0x5);
}

static void the_clock_is_set(void **state)
{
	(void)state;
	configure_host3("");
	run_at(2 * HOUR);
	assert_int_equal(disabled(), 0x5);
	set_back_s = HOUR;
	windows_clock_set(&windows);
	run_at(2 * HOUR + 1);
	assert_int_equal(disabled(), 0);
	/* Without a notification it takes a minute. */
	set_back_s = 0;
	run_at(2 * HOUR + 2);
	assert_int_equal(disabled(), 0);
	run_at(2 * HOUR + 62);
	assert_int_equal(disabled(), 0x5);
}

/* Another configuration, or none with windows; paths that come while a window is open. */
static void configurations_and_new_paths(void **state)
{
	(void)state;
	configure_host3("");
	run_at(2 * HOUR);
	configure("maintenance { window { \n from 02:00\n to 03:00\n host host4\n } \n "
	          "window { "
	          "\n from 02:30\n to 03:00\n host host3\n } }");
	run_at(2 * HOUR + 1);
	assert_int_equal(disabled(), 0xa);
	add_in(4, "host4", "m3");
	add_in(5, "host5", "m3");
	run_at(2 * HOUR + 2);
	assert_int_equal(disabled(), 0x1a);
	configure("");
	run_at(2 * HOUR + 3);
	assert_int_equal(disabled(), 0);
	assert_true(mono_is_never(windows_next(&windows)));
	windows_clock_set(&windows);
	assert_true(mono_is_never(windows_next(&windows)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(opens_and_closes, begin, end),
		cmocka_unit_test_setup_teardown(the_last_usable_path_stays, begin, end),
		cmocka_unit_test_setup_teardown(force_takes_the_last_one, begin, end),
		cmocka_unit_test_setup_teardown(unchecked_paths_are_no_reason, begin,
		                                end),
		cmocka_unit_test_setup_teardown(selections, begin, end),
		cmocka_unit_test_setup_teardown(by_hand, begin, end),
		cmocka_unit_test_setup_teardown(the_clock_is_set, begin, end),
		cmocka_unit_test_setup_teardown(configurations_and_new_paths, begin, end),
	};

	setenv("TZ", "UTC0", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages for the service manager, as read from its end of the socket. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "checkerd/manager/ready.h"
#include "checkerd/manager/watchdog.h"

static int manager;
static struct notify notify;

static int connect_manager(void **state)
{
	int pair[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair) < 0)
		return -1;
	manager = pair[0];
	notify.fd = pair[1];
	return 0;
}

static int disconnect_manager(void **state)
{
	(void)state;
	close(manager);
	notify_deinit(&notify);
	return 0;
}

/* The next message, "" when there is none. */
static const char *received(void)
{
	static char buf[512];
	ssize_t n = recv(manager, buf, sizeof(buf) - 1, MSG_DONTWAIT);

	buf[n < 0 ? 0 : n] = '\0';
	return buf;
}

static const struct mono t0 = { 1000000 };

static struct mono later(int64_t us)
{
	return mono_add(t0, us);
}

static void ready_comes_once_when_all_have_answered(void **state)
{
	uint32_t n[PATH_KINDS] = { [PATH_PENDING] = 2 };
	struct ready r;

	(void)state;
	ready_init(&r, &notify, later(60 * USEC_PER_SEC));
	assert_false(ready_update(&r, n, false, t0));
	assert_string_equal(received(), "STATUS=2 paths: 2 pending");
	assert_int_equal(r.next.us, later(60 * USEC_PER_SEC).us);
	n[PATH_PENDING] = 0;
	n[PATH_UP] = 1;
	n[PATH_DOWN] = 1;
	assert_true(ready_update(&r, n, true, later(2 * USEC_PER_SEC)));
	assert_string_equal(received(), "READY=1");
	assert_string_equal(received(), "STATUS=2 paths: 1 up, 1 down");
	assert_false(ready_update(&r, n, true, later(3 * USEC_PER_SEC)));
	assert_string_equal(received(), "");
	assert_true(mono_is_never(r.next));
}

static void ready_comes_whatever_hangs(void **state)
{
	const uint32_t n[PATH_KINDS] = { [PATH_PENDING] = 1 };
	struct ready r;

	(void)state;
	ready_init(&r, &notify, later(5));
	assert_false(ready_update(&r, n, false, later(4)));
	(void)received();
	assert_true(ready_update(&r, n, false, later(5)));
	assert_string_equal(received(), "READY=1");
}

static void status_changes_once_a_second_at_most(void **state)
{
	uint32_t n[PATH_KINDS] = { [PATH_UP] = 1 };
	struct ready r;

	(void)state;
	ready_init(&r, &notify, later(0));
	(void)ready_update(&r, n, true, t0);
	assert_string_equal(received(), "READY=1");
	assert_string_equal(received(), "STATUS=1 path: 1 up");
	n[PATH_UP] = 2;
	(void)ready_update(&r, n, true, later(10));
	assert_string_equal(received(), "");
	assert_int_equal(r.next.us, later(READY_STATUS_US).us);
	(void)ready_update(&r, n, true, later(READY_STATUS_US));
	assert_string_equal(received(), "STATUS=2 paths: 2 up");
}

static void a_reload_starts_and_ends(void **state)
{
	const uint32_t n[PATH_KINDS] = { [PATH_UP] = 1 };
	struct ready r;

	(void)state;
	ready_init(&r, &notify, later(0));
	ready_reload_begins(&r, t0);
	assert_string_equal(received(), ""); /* nothing before it was ready */
	ready_reload_ends(&r);
	(void)ready_update(&r, n, true, t0);
	assert_string_equal(received(), "READY=1");
	(void)received();
	ready_reload_begins(&r, later(7));
	assert_string_equal(received(), "RELOADING=1\nMONOTONIC_USEC=1000007");
	(void)ready_update(&r, n, true, later(8));
	assert_string_equal(received(), "");
	ready_reload_ends(&r);
	(void)ready_update(&r, n, true, later(9));
	assert_string_equal(received(), "READY=1");
}

static void a_message_that_fails_is_sent_later(void **state)
{
	const uint32_t n[PATH_KINDS] = { [PATH_UP] = 1 };
	struct ready r;
	const char *message;
	int r_send;

	(void)state;
	do
		r_send = notify_send(&notify, "x");
	while (r_send == 0);
	ready_init(&r, &notify, later(0));
	assert_true(ready_update(&r, n, true, t0));
	assert_int_equal(r.next.us, later(READY_RETRY_US).us);
	do
		message = received();
	while (message[0] != '\0');
	assert_false(ready_update(&r, n, true, later(READY_RETRY_US)));
	assert_string_equal(received(), "READY=1");
}

static void it_connects_to_the_name_in_the_environment(void **state)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct notify n;
	char name[64], buf[16];
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	(void)state;
	(void)snprintf(name, sizeof(name), "@test-ready-%d", (int)getpid());
	memcpy(a.sun_path + 1, name + 1, strlen(name) - 1);
	assert_int_equal(
	        bind(fd, (struct sockaddr *)&a,
	             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
	        0);
	setenv("NOTIFY_SOCKET", name, 1);
	assert_int_equal(notify_init(&n), 0);
	assert_true(n.fd >= 0);
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_int_equal(notify_send(&n, "hello"), 0);
	assert_int_equal(recv(fd, buf, sizeof(buf), MSG_DONTWAIT), 5);
	notify_deinit(&n);
	close(fd);
	setenv("NOTIFY_SOCKET", name, 1);
	assert_int_equal(notify_init(&n), 0); /* the receiving end is closed */
	assert_int_equal(n.fd, -1);
	assert_int_equal(notify_send(&n, "hello"), 0);
}

static void the_engine_makes_progress_or_is_replaced(void **state)
{
	const struct mono never = { 0 };

	(void)state;
	assert_true(watchdog_engine_lives(1000, 0, never, t0));
	assert_true(watchdog_engine_lives(1000, 999, never, t0));
	assert_false(watchdog_engine_lives(1000, 1000, never, t0));
	assert_true(watchdog_engine_lives(1000, 5000, t0, later(999)));
	assert_false(watchdog_engine_lives(1000, 5000, t0, later(1000)));
}

/* Batches of checks feed it, and it wakes the loop only when they come too seldom. */
static unsigned watchdog_wakeups(struct watchdog *w, int64_t interval_us)
{
	unsigned wakeups = 0;
	struct mono last = t0, batch = later(interval_us);

	watchdog_plan(w, true, t0);
	while (mono_diff(batch, t0) < 10 * w->limit_us) {
		struct mono now = mono_min(w->feed_at, batch);

		wakeups += !mono_before(now, w->feed_at) && mono_before(now, batch);
		if (!mono_before(now, batch))
			batch = mono_add(batch, interval_us);
		if (!watchdog_is_due(w, now))
			continue;
		assert_in_range(mono_diff(now, last), w->limit_us / 4, w->limit_us / 2);
		last = now;
		watchdog_plan(w, true, now);
	}
	return wakeups;
}

static void the_watchdog_needs_few_wakeups(void **state)
{
	struct watchdog w = { .limit_us = 30000000 };

	(void)state;
	assert_int_equal(watchdog_wakeups(&w, 20000), 0);
	assert_int_equal(watchdog_wakeups(&w, 2000000), 0);
	assert_int_equal(watchdog_wakeups(&w, 4999000), 0);
	assert_int_equal(watchdog_wakeups(&w, 5001000), 0);
	assert_int_equal(watchdog_wakeups(&w, 15000000), 0);
	assert_int_equal(watchdog_wakeups(&w, 20000000), 14);
}

/* The third attempt after the first comes before the limit. */
static void the_watchdog_is_fed_again_when_the_manager_is_busy(void **state)
{
	struct watchdog w = { .limit_us = 30000000 };
	unsigned attempts = 0;
	struct mono now;

	(void)state;
	watchdog_plan(&w, true, t0);
	for (now = w.feed_at; mono_diff(now, t0) < w.limit_us; now = w.feed_at) {
		assert_true(watchdog_is_due(&w, now));
		watchdog_plan(&w, false, now);
		attempts++;
	}
	assert_in_range(attempts, 3, 4);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, connect_manager, disconnect_manager)
	const struct CMUnitTest tests[] = {
		TEST(ready_comes_once_when_all_have_answered),
		TEST(ready_comes_whatever_hangs),
		TEST(status_changes_once_a_second_at_most),
		TEST(a_reload_starts_and_ends),
		TEST(a_message_that_fails_is_sent_later),
		cmocka_unit_test(it_connects_to_the_name_in_the_environment),
		cmocka_unit_test(the_engine_makes_progress_or_is_replaced),
		cmocka_unit_test(the_watchdog_needs_few_wakeups),
		cmocka_unit_test(the_watchdog_is_fed_again_when_the_manager_is_busy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

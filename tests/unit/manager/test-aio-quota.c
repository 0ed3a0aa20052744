/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is reported when the kernel refuses asynchronous I/O, over a fake engine. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "checkerd/manager/aio_quota.h"

#define PATHS 4

/* --- the engine --- */

struct pathcheck {
	struct pathcheck_stats stats;
	struct pathcheck_group group;
};

static struct pathcheck engine;

int pathcheck_stats(struct pathcheck *pc, struct pathcheck_stats *ret)
{
	*ret = pc->stats;
	return 0;
}

int pathcheck_group(struct pathcheck *pc, uint32_t id, struct pathcheck_group *ret)
{
	if (id != pc->group.id)
		return -ENOENT;
	*ret = pc->group;
	return 0;
}

/* --- the control port and the log --- */

struct port {
	struct event last;
	unsigned events;
};

struct log {
	unsigned events;
};

static struct port port;
static struct log log_thread;

bool port_loop_has_room(const struct port *p)
{
	(void)p;
	return true;
}

void port_loop_event(struct port *p, const struct event *e)
{
	p->last = *e;
	p->events++;
}

void log_push(struct log *l, const struct event *e)
{
	(void)e;
	l->events++;
}

/* --- the tests --- */

static struct maps *maps;
static struct events events;
static struct aio_quota quota;

static int setup(void **state)
{
	struct events_options o = {
		.port = &port,
		.log = &log_thread,
		.level = LOG_INFO,
		.max_paths = PATHS,
	};

	(void)state;
	engine = (struct pathcheck){ .stats = { .groups = 1 } };
	port = (struct port){ .events = 0 };
	if (maps_new(&maps, PATHS) < 0)
		return -1;
	o.maps = maps;
	if (events_init(&events, &o) < 0)
		return -1;
	aio_quota_init(&quota, &engine, &events);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	aio_quota_deinit(&quota);
	events_deinit(&events);
	maps = maps_free(maps);
	return 0;
}

static void a_refusal_and_its_end_are_reported_once(void **state)
{
	(void)state;
	engine.group.state = PATHCHECK_GROUP_READY;
	aio_quota_update(&quota);
	assert_int_equal(port.events, 0);
	engine.stats.io_setup_failures = 1;
	engine.group.state = PATHCHECK_GROUP_FALLBACK;
	engine.group.setup_error = EAGAIN;
	aio_quota_update(&quota);
	assert_int_equal(port.events, 1);
	assert_non_null(strstr(port.last.message, "fs.aio-max-nr is "));
	assert_non_null(strstr(port.last.message, "sysctl fs.aio-max-nr="));
	engine.stats.io_setup_failures = 5;
	aio_quota_update(&quota);
	assert_int_equal(port.events, 1);
	engine.group.state = PATHCHECK_GROUP_READY;
	aio_quota_update(&quota);
	assert_int_equal(port.events, 2);
	assert_non_null(strstr(port.last.message, "again"));
	aio_quota_update(&quota);
	assert_int_equal(port.events, 2);
}

static void a_replaced_submit_thread_is_reported_once(void **state)
{
	(void)state;
	engine.stats.lane_replacements = 2;
	aio_quota_update(&quota);
	aio_quota_update(&quota);
	assert_int_equal(port.events, 1);
	assert_int_equal(port.last.type, EVENT_ENGINE);
	assert_non_null(strstr(port.last.message, "2 times"));
	engine.stats.lane_replacements = 0; /* the counter of another prober */
	aio_quota_update(&quota);
	assert_int_equal(port.events, 1);
	engine.stats.lane_replacements = 1;
	aio_quota_update(&quota);
	assert_int_equal(port.events, 2);
}

static void the_value_covers_what_is_in_use(void **state)
{
	(void)state;
	assert_int_equal(aio_quota_enough(0, 1), 65536);
	assert_int_equal(aio_quota_enough(65536, 1), 131072);
	assert_int_equal(aio_quota_enough(65536 - 1024, 1), 65536);
	assert_int_equal(aio_quota_enough(131072, 100), 262144);
	assert_int_equal(aio_quota_enough(-1, 100), 131072);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_refusal_and_its_end_are_reported_once),
		TEST(a_replaced_submit_thread_is_reported_once),
		cmocka_unit_test(the_value_covers_what_is_in_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

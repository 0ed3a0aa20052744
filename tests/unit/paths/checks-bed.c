/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "checkerd/paths/overdue_watch.h"
#include "tests/unit/paths/checks-bed.h"

/* --- the engine --- */

struct pathcheck engine;

static int take_room(void)
{
	return engine.room > 0 ? (int)(engine.room--, 0) : -EAGAIN;
}

void pathcheck_options_init(struct pathcheck_options *o)
{
	*o = (struct pathcheck_options){ .size = sizeof(*o) };
}

int pathcheck_new(struct pathcheck **ret, const struct pathcheck_options *o)
{
	assert_int_equal(o->mode, PATHCHECK_PROCESS);
	engine = (struct pathcheck){ .room = UINT32_MAX };
	*ret = &engine;
	return 0;
}

const char *pathcheck_program(const struct pathcheck_options *o)
{
	(void)o;
	return "the engine";
}

struct pathcheck *pathcheck_free(struct pathcheck *pc)
{
	(void)pc;
	return NULL;
}

int pathcheck_add(struct pathcheck *pc, const struct pathcheck_path *p, uint32_t *ret_id)
{
	int r = take_room();

	if (r < 0)
		return r;
	pc->cookie[pc->next_id] = p->cookie;
	pc->target[pc->next_id] = p->target;
	pc->flags[pc->next_id] = p->flags;
	pc->checker[pc->next_id] = p->checker;
	pc->read_every[pc->next_id] = p->read_every;
	*ret_id = pc->next_id++;
	return 0;
}

int pathcheck_remove(struct pathcheck *pc, uint32_t id)
{
	int r = take_room();

	(void)id;
	pc->removed += r == 0;
	return r;
}

int pathcheck_check(struct pathcheck *pc, uint32_t id, uint64_t timeout_us)
{
	int r = take_room();

	assert_true(timeout_us > 0);
	assert_true(id < pc->next_id);
	pc->n_asked += r == 0;
	return r;
}

int pathcheck_identify(struct pathcheck *pc, uint32_t id, uint64_t timeout_us)
{
	int r = pathcheck_check(pc, id, timeout_us);

	pc->n_identified += r == 0;
	return r;
}

void pathcheck_flush(struct pathcheck *pc)
{
	pc->flushes++;
}

int pathcheck_results(struct pathcheck *pc, struct pathcheck_result *results, size_t n)
{
	n = MIN(n, pc->n_results);
	memcpy(results, pc->results, n * sizeof(results[0]));
	memmove(pc->results, pc->results + n, (pc->n_results - n) * sizeof(results[0]));
	pc->n_results -= n;
	return (int)n;
}

int pathcheck_tend(struct pathcheck *pc)
{
	return pc->tend;
}

int pathcheck_opened(struct pathcheck *pc, uint32_t id, struct pathcheck_opened *ret)
{
	assert_int_equal(ret->size, sizeof(*ret));
	assert_true(id < pc->next_id);
	*ret = pc->opened;
	return 0;
}

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

/* --- the control port, the log and the listener --- */

struct port {
	unsigned events;
};

struct log {
	unsigned events;
};

static struct port port;
static struct log log_thread;
struct event last_event, last_hold;
unsigned n_events, n_completed;
void (*on_event)(const struct event *e);
bool port_is_full;
int completed_error;

bool port_loop_has_room(const struct port *p)
{
	(void)p;
	return !port_is_full;
}

void port_loop_event(struct port *p, const struct event *e)
{
	if (on_event != NULL)
		on_event(e);
	if (e->part != EVENT_WHOLE)
		return;
	p->events++;
	last_event = *e;
	if (e->type == EVENT_HOLD)
		last_hold = *e;
	n_events++;
}

static void on_completed(void *userdata, uint32_t path, int error, enum path_state state)
{
	(void)userdata;
	(void)path;
	(void)state;
	n_completed++;
	completed_error = error;
}

void log_push(struct log *l, const struct event *e)
{
	(void)e;
	l->events++;
}

/* --- the tests --- */

struct checks checks;
struct events events;
struct maps *maps;
const char *state_file;
struct mono setup_at;
static struct store *store;
struct outage outage;
const struct mono t0 = { 1000 * SEC };
const struct path_settings usual = {
	.interval_us = 5 * SEC,
	.max_interval_grid = 20 * SEC / PATH_GRID_US,
	.timeout_us = 2 * SEC,
	.fail_checks = 2,
	.recover_checks = 1,
};

struct mono at(int64_t us)
{
	return mono_add(t0, us);
}

static int begin(const struct config *c)
{
	struct events_options of_events = {
		.port = &port,
		.log = &log_thread,
		.level = LOG_INFO,
		.max_paths = PATHS,
	};
	struct checks_options of_checks = {
		.config = c,
		.events = &events,
		.listener = { .completed = on_completed },
	};
	const struct store_options of_store = { .file = state_file,
		                                .max_paths = PATHS,
		                                .any_file_system = true };
	const char *what;

	if (store_new(&store, &of_store, setup_at) < 0)
		return -1;
	of_checks.store = store;
	n_events = n_completed = 0;
	completed_error = 0;
	if (maps_new(&maps, PATHS) < 0)
		return -1;
	of_events.maps = of_checks.maps = maps;
	if (events_init(&events, &of_events) < 0 ||
	    checks_init(&checks, &of_checks, &what) < 0)
		return -1;
	outage_init(&outage, &checks);
	return 0;
}

int setup(void **state)
{
	const struct config c = { .max_paths = PATHS };

	(void)state;
	return begin(&c);
}

int setup_capped(void **state)
{
	const struct config c = { .max_paths = PATHS, .max_in_flight_host = HOST_CAP };

	(void)state;
	return begin(&c);
}

int teardown(void **state)
{
	(void)state;
	checks_deinit(&checks);
	events_deinit(&events);
	maps = maps_free(maps);
	if (!store_free(store, 10 * SEC))
		return -1;
	return 0;
}

int try_add(unsigned n, const struct path_settings *s, uint32_t *ret)
{
	char name[16], node[32];
	const struct device_spec spec = { .name = name, .node = node };
	struct device *d;
	int r;

	(void)snprintf(name, sizeof(name), "p%u", n);
	(void)snprintf(node, sizeof(node), "/p%u", n);
	assert_int_equal(device_new(&d, &spec), 0);
	r = membership_add(&checks, d, s, t0, ret);
	device_unref(d);
	return r;
}

uint32_t add(unsigned n)
{
	uint32_t index;

	assert_int_equal(try_add(n, &usual, &index), 0);
	return index;
}

struct path *path(uint32_t index)
{
	return registry_get(checks.registry, index);
}

/* Reports what is held, as at a later time. */
void report(struct mono now)
{
	struct mono later = mono_add(now, GATHER_LONGEST_US);

	while (!mono_before(later, outage_next(&outage)))
		outage_run(&outage, later);
}

/* Starts everything that is due until that time. */
void run_until(struct mono end)
{
	while (!mono_before(end, checks_next(&checks))) {
		struct mono now = checks_next(&checks);

		checks_run(&checks, now);
		checks_flush(&checks, now);
	}
	report(end);
}

void answer_at(enum pathcheck_stage stage, uint32_t index, enum pathcheck_verdict v,
               int error, bool late, struct mono now)
{
	struct path *p = path(index);

	engine.results[engine.n_results++] = (struct pathcheck_result){
		.cookie = engine.cookie[p->engine_id],
		.id = p->engine_id,
		.verdict = v,
		.stage = stage,
		.engine = PATHCHECK_ENGINE_AIO,
		.error = error,
		.late = late,
		.started_us = now.us - 100,
		.finished_us = now.us,
	};
	assert_false(results_collect(&checks, now));
	report(now);
}

void answer(uint32_t index, enum pathcheck_verdict v, int error, bool late,
            struct mono now)
{
	answer_at(PATHCHECK_STAGE_READ, index, v, error, late, now);
}

void run_outage(struct mono until)
{
	while (!mono_before(until, outage_next(&outage)))
		outage_run(&outage, mono_max(outage_next(&outage), t0));
}

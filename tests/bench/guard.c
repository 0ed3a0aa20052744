/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * usage: guard engine|commands|daemon ROUNDS [PATHS [INTERVAL]]
 *
 * A fixed amount of work: successful checks of 2,048 paths, or of PATHS. It uses the objects as
 * shipped, one thread, a clock of its own and a simulated kernel that answers at once.
 *   engine   the library: each round requests a check of every path and takes the results
 *   commands the same with TEST UNIT READY, whose answers are there when they are written
 *   daemon   the round of checks on top: each round is an interval of 1 s, or of INTERVAL
 * tests/bench/check-guard counts the instructions and compares them with the recorded ones.
 * At the end guard prints how often each thread wakes in an interval. From that the load of a
 * host that is larger than any available one is estimated.
 *
 * The linker (--wrap) replaces the calls named in local.mk by functions of this file. The
 * submitter is this thread; before it sleeps, the reapers and the caller run.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "checkerd/paths/membership.h"
#include "checkerd/paths/results.h"
#include "libcheck/prober/prober.h"
#include "libcheck/prober/reaper.h"

#define GROUPS_MAX (PATHCHECK_PATHS_MAX / PATHCHECK_GROUP_SLOTS)
#define PATHS      2048
#define TIMEOUT_US (2 * USEC_PER_SEC)
#define BLOCK      512
/* Each read of the clock advances it by this time. */
#define STEP_US 1

struct guard_context {
	uint32_t n;
	struct backend_request *requests[PATHCHECK_GROUP_SLOTS];
};

static struct {
	/* Numbers of paths and groups. */
	uint32_t n, groups;
	int64_t interval_us;
	struct mono now, began;
	uint64_t submitter_sleeps, reaper_wakes, loop_wakes;
	/* The most checks that one round of the loop started. */
	uint32_t most;
	uint64_t wanted, done;
	bool opened;
	/* SCSI commands instead of reads. */
	bool sends;
	struct prober *prober;
	struct guard_context contexts[GROUPS_MAX];
	struct mono wake[GROUPS_MAX];
	/* The caller's step: takes results, requests checks. */
	void (*step)(void);
	/* Of the mode engine. */
	struct pathcheck *pc;
	uint32_t ids[PATHCHECK_PATHS_MAX];
	uint32_t left;
	/* Of the mode daemon. */
	struct checks checks;
	struct events events;
	struct maps *maps;
} it;

struct port {
	uint64_t events;
};

struct log {
	uint64_t events;
};

static struct port port;
static struct log log_thread;

/* The replacements (__wrap_), and the product's own functions (__real_). */
int __wrap_clock_gettime(clockid_t id, struct timespec *ret);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms);
int __wrap_prober_start(struct prober *p, struct shared *shared,
                        const struct backends *backends);
int __wrap_pathcheck_new(struct pathcheck **ret, const struct pathcheck_options *o);
int __real_pathcheck_new(struct pathcheck **ret, const struct pathcheck_options *o);

static void fail(const char *what)
{
	(void)fprintf(stderr, "guard: %s\n", what);
	exit(EXIT_FAILURE);
}

int __wrap_clock_gettime(clockid_t id, struct timespec *ret)
{
	(void)id;
	it.now.us += STEP_US;
	ret->tv_sec = it.now.us / USEC_PER_SEC;
	ret->tv_nsec = it.now.us % USEC_PER_SEC * NSEC_PER_USEC;
	return 0;
}

/* --- the kernel --- */

static int submit(void *context, struct backend_request *const *requests, unsigned n)
{
	struct guard_context *c = context;

	for (unsigned i = 0; i < n; i++)
		c->requests[c->n++] = requests[i];
	return (int)n;
}

static int reap(void *context, struct backend_event *events, unsigned n,
                int64_t timeout_us)
{
	struct guard_context *c = context;

	(void)timeout_us;
	n = MIN(n, c->n);
	for (unsigned i = 0; i < n; i++)
		events[i] = (struct backend_event){ .request = c->requests[--c->n],
			                            .result = BLOCK };
	return (int)n;
}

static int answer(void *context, struct backend_request *const *requests, unsigned n)
{
	(void)context;
	(void)n;
	requests[0]->scsi.answer = (struct scsi_answer){ .status = 0 };
	return BACKEND_ANSWERED;
}

static const struct backend backend_guard = { .submit = submit, .reap = reap };
static const struct backend backend_commands = { .submit = answer, .reap = reap };

/* --- the engine's threads --- */

int __wrap_pathcheck_new(struct pathcheck **ret, const struct pathcheck_options *o)
{
	struct pathcheck_options in_here = *o;

	in_here.mode = PATHCHECK_THREADS;
	return __real_pathcheck_new(ret, &in_here);
}

/* Starts no thread: the groups have their contexts already. */
int __wrap_prober_start(struct prober *p, struct shared *shared,
                        const struct backends *backends)
{
	int r = prober_init(p, shared,
	                    &(struct backends){ &backend_guard, &backend_commands });

	(void)backends;
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < it.groups; i++) {
		group_fill(&p->groups[i]);
		p->groups[i].state = PATHCHECK_GROUP_READY;
		p->groups[i].sends = it.sends;
		p->groups[i].context = &it.contexts[i];
		p->groups[i].context_slots = PATHCHECK_GROUP_SLOTS;
		r = buffers_make(&p->groups[i].buffers, &p->groups[i].lock, BLOCK);
		if (r < 0)
			return r;
		it.wake[i] = MONO_NEVER;
	}
	p->homes.groups_end = it.groups;
	it.prober = p;
	return 0;
}

/* Sets what a rescuer finds out about each path that was added. */
static void open_all(void)
{
	if (it.opened)
		return;
	it.opened = true;
	for (uint32_t id = 0; id < it.prober->limits.ids; id++) {
		struct probed_path *path = &it.prober->paths[id];

		if (path->used && path->fd < 0) {
			path->fd = 0;
			path->block = BLOCK;
		}
	}
}

static void finish(void)
{
	double seconds = (double)mono_diff(it.now, it.began) / 1e6;

	printf("%llu checks in %.3f s of its own; woken: loop %llu, submitter %llu, "
	       "reapers "
	       "%llu; "
	       "%u checks at a time at most; %u groups\n",
	       (unsigned long long)it.done, seconds, (unsigned long long)it.loop_wakes,
	       (unsigned long long)it.submitter_sleeps,
	       (unsigned long long)it.reaper_wakes, it.most, it.groups);
	exit(EXIT_SUCCESS);
}

static bool has_answers(const struct group *g)
{
	return it.contexts[g->id].n > 0 || !slot_list_empty(&g->done);
}

/* Runs reapers and caller instead of sleeping, until the submitter has work. */
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	(void)n;
	(void)timeout_ms;
	open_all();
	it.submitter_sleeps++;
	for (uint32_t i = 0; i < it.groups; i++) {
		struct group *g = &it.prober->groups[i];

		it.reaper_wakes += has_answers(g);
		while (has_answers(g))
			it.wake[i] = reaper_round(g, it.wake[i]);
	}
	it.step();
	if (it.done >= it.wanted)
		finish();
	fds[0].revents = POLLIN;
	return 1;
}

/* --- the callers --- */

static void engine_step(void)
{
	struct pathcheck_result results[RESULTS_BATCH];
	int n;

	while ((n = pathcheck_results(it.pc, results, RESULTS_BATCH)) > 0)
		for (int i = 0; i < n; i++, it.left--, it.done++)
			if (results[i].verdict != PATHCHECK_OK)
				fail("a check has failed");
	if (it.left > 0)
		return;
	for (uint32_t i = 0; i < it.n; i++)
		if (pathcheck_check(it.pc, it.ids[i], TIMEOUT_US) < 0)
			fail("a check cannot be asked for");
	it.left = it.n;
	pathcheck_flush(it.pc);
}

static void engine_start(void)
{
	struct pathcheck_options o;

	pathcheck_options_init(&o);
	o.max_paths = it.n;
	if (pathcheck_new(&it.pc, &o) < 0)
		fail("the engine does not start");
	for (uint32_t i = 0; i < it.n; i++) {
		struct pathcheck_path p = { .size = sizeof(p),
			                    .device = "/disk",
			                    .checker = it.sends ? PATHCHECK_TUR
			                                        : PATHCHECK_DIRECTIO };

		if (pathcheck_add(it.pc, &p, &it.ids[i]) < 0)
			fail("a path cannot be added");
	}
	pathcheck_flush(it.pc);
	it.step = engine_step;
}

static void daemon_step(void)
{
	uint32_t before = it.checks.outstanding;

	while (results_collect(&it.checks, mono_now()))
		continue;
	it.done += before - it.checks.outstanding;
	do {
		struct mono next = checks_next(&it.checks);

		if (mono_before(it.now, next))
			it.now = next;
		checks_run(&it.checks, mono_now());
		it.loop_wakes++;
	} while (it.checks.outstanding == 0);
	it.most = MAX(it.most, it.checks.outstanding);
	checks_flush(&it.checks, mono_now());
}

static void add_path(uint32_t i)
{
	const struct path_settings settings = {
		.interval_us = it.interval_us,
		.max_interval_grid = path_max_interval_grid(it.interval_us),
		.timeout_us = TIMEOUT_US,
		.fail_checks = 1,
		.recover_checks = 1,
		.keep_open = KEEP_OPEN_YES
	};
	char name[16], node[32];
	struct device_spec spec = { .name = name, .node = node };
	struct device *d;
	uint32_t index;

	(void)snprintf(name, sizeof(name), "disk%u", i);
	(void)snprintf(node, sizeof(node), "/dev/disk%u", i);
	if (device_new(&d, &spec) < 0 ||
	    membership_add(&it.checks, d, &settings, mono_now(), &index) < 0)
		fail("a path cannot be added");
	(void)device_unref(d);
}

static void on_completed(void *userdata, uint32_t path, int error, enum path_state state)
{
	(void)userdata;
	(void)path;
	(void)error;
	(void)state;
}

static void daemon_start(void)
{
	const struct config c = { .max_paths = it.n,
		                  .rescuer_threads = 4,
		                  .aio_setup_timeout_us = USEC_PER_SEC };
	struct events_options events = {
		.port = &port,
		.log = &log_thread,
		.level = 6,
		.max_paths = it.n,
	};
	struct checks_options checks = {
		.config = &c,
		.events = &it.events,
		.listener = { .completed = on_completed },
	};
	const struct store_options store = { .max_paths = it.n };
	const char *what;

	if (store_new(&checks.store, &store, mono_now()) < 0)
		fail("the store does not start");
	if (maps_new(&it.maps, it.n) < 0)
		fail("the maps do not start");
	events.maps = checks.maps = it.maps;
	if (events_init(&it.events, &events) < 0 ||
	    checks_init(&it.checks, &checks, &what) < 0)
		fail("the checks do not start");
	for (uint32_t i = 0; i < it.n; i++)
		add_path(i);
	checks_flush(&it.checks, mono_now());
	it.step = daemon_step;
}

/* The daemon's other threads, which only count here. */
bool port_loop_has_room(const struct port *p)
{
	(void)p;
	return true;
}

void port_loop_event(struct port *p, const struct event *e)
{
	(void)e;
	p->events++;
}

void log_push(struct log *l, const struct event *e)
{
	(void)e;
	l->events++;
}

int main(int argc, char **argv)
{
	if (argc < 3 || argc > 5) {
		(void)fprintf(stderr, "usage: guard engine|commands|daemon ROUNDS [PATHS "
		                      "[INTERVAL]]\n");
		return 2;
	}
	it.now.us = it.began.us = 1000 * USEC_PER_SEC;
	it.n = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : PATHS;
	it.n = MAX(1U, MIN(it.n, (uint32_t)PATHCHECK_PATHS_MAX));
	it.groups = (it.n + PATHCHECK_GROUP_SLOTS - 1) / PATHCHECK_GROUP_SLOTS;
	it.interval_us = (argc > 4 ? strtol(argv[4], NULL, 10) : 1) * USEC_PER_SEC;
	it.wanted = strtoull(argv[2], NULL, 10) * it.n;
	it.sends = strcmp(argv[1], "commands") == 0;
	if (strcmp(argv[1], "daemon") == 0)
		daemon_start();
	else
		engine_start();
	(void)submitter_serve(&it.prober->submitter);
	fail("the submitter has ended");
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The daemon's loop around the real round of checks, and what befalls it: two things happen at
 * random times, one to the world by itself, one by way of the loop (hotplug, reload, people).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/sim/calls.h"

#define SEC USEC_PER_SEC

static struct {
	struct config config;
	struct events events;
	bool there[DISKS_MAX]; /* the disk is a path */
	uint32_t index[DISKS_MAX];
	struct mono next_request;
	int64_t interval_us, timeout_us;
	struct mono counted; /* path-hours up to then */
} host;

/* --- what the daemon's other threads would hear --- */

void port_loop_event(struct port *p, const struct event *e)
{
	(void)p;
	sim_trace(event_type_name(e->type), (int64_t)e->seq, e->priority);
	if (sim.tracing)
		(void)fprintf(stderr, "%29s%s\n", "", e->message);
}

void port_loop_settle(struct port *p, uint32_t path, int error, enum path_state state)
{
	(void)p;
	sim_trace("settle", path, (int64_t)state * 1000 + error);
}

void log_push(struct log *l, const struct event *e)
{
	(void)l;
	(void)e;
}

/* --- paths --- */

struct disk *host_disk_of(uint32_t index)
{
	for (unsigned i = 0; i < sim.n_disks; i++)
		if (host.there[i] && host.index[i] == index)
			return &sim.disks[i];
	return NULL;
}

static struct path_settings settings(void)
{
	struct path_settings s = {
		.interval_us = host.interval_us,
		.max_interval_us = host.interval_us * sim_between(1, 4),
		.timeout_us = host.timeout_us * sim_between(1, 3),
		.policy = { .fail_checks = 1 + (uint32_t)sim_below(3),
		            .recover_checks = 1 + (uint32_t)sim_below(3) },
		.checker = CHECKER_DIRECTIO,
	};

	return s;
}

static struct device *describe(unsigned i)
{
	const struct disk *k = &sim.disks[i];
	struct device_spec spec = { .devt_major = 8,
		                    .devt_minor = k->devt,
		                    .host_key = k->host,
		                    .name = k->name + strlen("/dev/"),
		                    .node = k->name };
	struct device *d;
	bool sealed = sim.sealed;

	sim.sealed = false; /* discovery's memory */
	if (device_new(&d, &spec) < 0)
		sim_fail("no memory for a device");
	sim.sealed = sealed;
	return d;
}

static void add(unsigned i)
{
	struct path_settings s = settings();
	struct device *d = describe(i);
	int r = checks_add(&sim.checks, d, &s, mono_now(), &host.index[i]);

	(void)device_unref(d);
	if (r == 0)
		host.there[i] = true;
	else if (r != -EAGAIN)
		sim_fail("a path cannot be added: %d", r);
	if (r == 0)
		judge_new_path(host.index[i]);
	sim_trace("add", i, r);
}

static void take_away(unsigned i)
{
	int r = checks_remove(&sim.checks, host.index[i], !sim.disks[i].present,
	                      mono_now());

	if (r == 0)
		host.there[i] = false;
	sim_trace("remove", i, r);
}

static void change(unsigned i)
{
	struct path_settings s = settings();
	struct device *d = describe(i);

	checks_change(&sim.checks, host.index[i], d, &s, mono_now());
	(void)device_unref(d);
}

static void request(void)
{
	unsigned i = (unsigned)sim_below(sim.n_disks);
	struct mono now = mono_now();

	if (!host.there[i]) {
		add(i);
		return;
	}
	switch (sim_below(8)) {
	case 0:
		take_away(i);
		break;
	case 1: /* hotplug: the name is another disk's from now on */
		sim.disks[i].devt += DISKS_MAX;
		sim.disks[i].changed = sim.now;
		take_away(i);
		break;
	case 2:
	case 3: /* a reload */
		for (i = 0; i < sim.n_disks; i++)
			if (host.there[i] && sim_one_in(2))
				change(i);
		break;
	case 4:
		checks_disable(&sim.checks, host.index[i],
		               mono_add(now, sim_between(1000, 3 * SEC)));
		break;
	case 5:
		checks_enable(&sim.checks, host.index[i], now);
		break;
	default:
		checks_hurry(&sim.checks, host.index[i], now);
	}
}

/* --- the world --- */

static void set_mode(struct disk *d, enum disk_mode mode)
{
	if (d->mode == DISK_HUNG && mode != DISK_HUNG)
		kernel_release(d, sim_one_in(3) ? -EIO : 4096);
	d->mode = mode;
	d->error = sim_one_in(2) ? EIO : ENOLINK;
	d->changed = sim.now;
	sim_trace("disk", d - sim.disks, mode);
}

static void disk_trouble(struct disk *d)
{
	switch (sim_below(sim.calm ? 4 : 9)) {
	case 0:
	case 1:
		set_mode(d, DISK_GOOD);
		break;
	case 2:
		set_mode(d, DISK_HUNG);
		break;
	case 3:
		set_mode(d, DISK_ERROR);
		break;
	case 4:
		set_mode(d, (enum disk_mode)sim_below(DISK_MODE_COUNT_));
		break;
	case 5:
		d->open_hangs = !d->open_hangs;
		if (!d->open_hangs)
			kernel_release(d, 4096);
		break;
	case 6:
		d->no_nowait = !d->no_nowait;
		break;
	case 7:
		d->tags_full = !d->tags_full;
		break;
	default:
		d->present = !d->present;
		d->changed = sim.now;
		kernel_release(d, -EIO);
	}
}

static struct sim_process *serving(void)
{
	struct sim_process *p = &sim.processes[sim.n_processes - 1];

	return sim.threads || p->killed ? NULL : p;
}

static void host_trouble(void)
{
	static const int answers[] = { 0, 0, -EAGAIN, -ENOMEM };
	static const int shortages[] = { 0, 0, 0, -EMFILE, -ENOMEM };
	uint32_t group = (uint32_t)sim_below(HOSTS);
	struct sim_process *p = serving();

	switch (sim_below(9)) {
	case 0:
		sim.setup_answer = answers[sim_below(ARRAY_LEN(answers))];
		break;
	case 1:
		sim.setup_takes_us = sim_one_in(2) ? 0 : sim_between(1000, 9 * SEC);
		break;
	case 2:
		sim.open_shortage = shortages[sim_below(ARRAY_LEN(shortages))];
		break;
	case 3:
		sim.submit_blocks_us = sim_one_in(3) ? sim_between(1000, 2 * SEC) : 0;
		judge_excuse(mono_add(sim.now, 3 * SEC));
		break;
	case 4: /* everything of one host hangs, so that rescuers do, too */
		for (unsigned i = 0; i < sim.n_disks; i++)
			if (sim.disks[i].host == group || sim_one_in(8)) {
				set_mode(&sim.disks[i], DISK_HUNG);
				sim.disks[i].no_nowait = sim_one_in(2);
			}
		break;
	case 5:
		sim.now = mono_add(sim.now, sim_between(SEC / 10, 20 * SEC));
		judge_excuse(mono_add(sim.now, SEC));
		break;
	case 6:
		if (p == NULL || !sim_one_in(3))
			break;
		judge_excuse(mono_add(sim.now, 15 * SEC));
		kernel_kill(p);
		break;
	case 7:
		if (p == NULL || !sim_one_in(3))
			break;
		p->frozen_until = mono_add(sim.now, sim_between(SEC / 2, 6 * SEC));
		judge_excuse(mono_add(p->frozen_until, 15 * SEC));
		break;
	default:
		for (unsigned i = 0; i < sim.n_disks; i++)
			set_mode(&sim.disks[i], DISK_GOOD);
	}
}

static void heal(void)
{
	sim.faults = false;
	sim.setup_answer = sim.open_shortage = 0;
	sim.setup_takes_us = sim.submit_blocks_us = 0;
	for (unsigned i = 0; i < sim.n_disks; i++) {
		struct disk *d = &sim.disks[i];

		d->present = true;
		d->open_hangs = d->tags_full = false;
		d->mode = DISK_HUNG; /* whatever hangs of it, is let go */
		set_mode(d, sim_one_in(6) ? DISK_ERROR : DISK_GOOD);
	}
}

static void trouble(void *arg)
{
	if (!mono_before(sim.now, sim.end_of_faults)) {
		heal();
		return;
	}
	if (sim.calm || !sim_one_in(4))
		disk_trouble(&sim.disks[sim_below(sim.n_disks)]);
	else
		host_trouble();
	(void)event_at(mono_add(sim.now, sim_between(2000, 2 * SEC)), trouble, arg);
}

/* --- the loop --- */

static void count_hours(void)
{
	sim.path_us += mono_diff(sim.now, host.counted) *
	               (int64_t)registry_count(sim.checks.registry);
	host.counted = sim.now;
}

/* As sources.c has it: results, then what is due, then the rest; settled after each. */
static void loop_until(struct mono end)
{
	struct checks *c = &sim.checks;
	bool more = false;

	while (mono_before(sim.now, end)) {
		struct mono next = mono_min(checks_next(c), c->tend_at);
		bool ready;

		next = mono_min(mono_min(next, end), host.next_request);
		ready = more || fd_wait(pathcheck_fd(c->engine), next);
		count_hours();
		if (ready)
			more = checks_collect(c, mono_now());
		else if (!mono_before(sim.now, checks_next(c)))
			checks_run(c, mono_now());
		else if (!mono_before(sim.now, host.next_request)) {
			request();
			host.next_request =
			        sim.faults && !sim.calm
			                ? mono_add(sim.now, sim_between(1000, 3 * SEC))
			                : MONO_NEVER;
		}
		checks_flush(c, mono_now());
		if (!mono_before(sim.now, c->tend_at))
			checks_tend(c, mono_now());
	}
}

static void at_peace(void)
{
	host.next_request = MONO_NEVER;
	for (unsigned i = 0; i < sim.n_disks; i++) {
		while (!host.there[i]) {
			add(i);
			checks_flush(&sim.checks, mono_now());
			if (!host.there[i])
				loop_until(mono_add(sim.now, SEC));
		}
		checks_enable(&sim.checks, host.index[i], mono_now());
		checks_flush(&sim.checks, mono_now());
	}
	loop_until(mono_add(sim.now,
	                    16 * host.interval_us + 3 * host.timeout_us + 25 * SEC));
	for (unsigned i = 0; i < sim.n_disks; i++)
		judge_truth(&sim.disks[i], host.index[i]);
	/* Under a cap, those that are due together wait for one another. */
	for (unsigned i = 0; !judge_nothing_deferred(); i++) {
		if (i == 100)
			sim_fail("checks are deferred, long after the last fault");
		loop_until(mono_add(sim.now, 7 * USEC_PER_MSEC));
	}
	judge_peace();
	for (unsigned i = 0; i < sim.n_disks; i++)
		while (host.there[i]) {
			take_away(i);
			checks_flush(&sim.checks, mono_now());
			loop_until(mono_add(sim.now, 1000));
		}
	loop_until(mono_add(sim.now, 5 * SEC));
	judge_empty();
}

static void *daemon_main(void *arg)
{
	const char *what;

	(void)arg;
	if (events_init(&host.events, NULL, NULL, 7, host.config.max_paths) < 0 ||
	    checks_init(&sim.checks, &host.config, &host.events, NULL, &what) < 0)
		sim_fail("the daemon does not start");
	host.counted = sim.now;
	for (unsigned i = 0; i < sim.n_disks; i++)
		add(i);
	sim.faults = true;
	loop_until(mono_add(sim.now, 200000)); /* groups and threads of the start */
	sim.sealed = true;
	(void)event_at(mono_add(sim.now, SEC), trouble, NULL);
	host.next_request = mono_add(sim.now, SEC);
	loop_until(mono_add(sim.end_of_faults, 3 * SEC));
	at_peace();
	sim.sealed = false;
	sim.over = true;
	checks_deinit(&sim.checks);
	events_deinit(&host.events);
	return NULL;
}

static void choose(void)
{
	static const uint32_t caps[] = { 0, 0, 0, 3, 8 };

	memset(&host, 0, sizeof(host));
	sim.threads = sim_one_in(3);
	sim.calm = sim_one_in(5);
	sim.preempt = 1 + (unsigned)sim_between(1, 40);
	sim.step_us = (uint32_t)sim_between(1, 12);
	sim.quota = sim_one_in(4) && !sim.calm ? (uint32_t)sim_between(0, 2000) : 65536;
	sim.n_disks = (unsigned)sim_between(3, 24);
	sim.end_of_faults = mono_add(sim.now, sim_between(20, 60) * SEC);
	host.interval_us = sim_between(3, 30) * 100 * USEC_PER_MSEC;
	host.timeout_us = sim_between(3, 20) * 100 * USEC_PER_MSEC;
	host.config.max_paths = sim.n_disks + (uint32_t)sim_below(8);
	host.config.max_in_flight = sim.calm ? 0 : caps[sim_below(ARRAY_LEN(caps))];
	host.config.max_in_flight_host = sim.calm ? 0 : caps[sim_below(ARRAY_LEN(caps))];
	host.config.rescuer_threads = (uint32_t)sim_between(sim.calm ? 8 : 2, 12);
	host.config.aio_setup_timeout_us = sim_between(1, 20) * 100 * USEC_PER_MSEC;
	for (unsigned i = 0; i < sim.n_disks; i++) {
		struct disk *d = &sim.disks[i];

		(void)snprintf(d->name, sizeof(d->name), "/dev/sd%u", i);
		d->present = true;
		d->devt = i + 1;
		d->host = (uint32_t)sim_below(HOSTS);
		d->no_nowait = !sim.calm && sim_one_in(10);
		d->changed = sim.now;
	}
}

void host_run(void)
{
	choose();
	fibers_run(fiber_new("loop", ENGINE_PROCESS, daemon_main, NULL));
	judge_end();
}

/* --- the engine's interface, seen from outside --- */

int __wrap_pathcheck_new(struct pathcheck **ret, const struct pathcheck_options *o)
{
	struct pathcheck_options mine = *o;

	mine.mode = sim.threads ? PATHCHECK_THREADS : PATHCHECK_PROCESS;
	if (limits_from_options(&mine, &sim.limits) < 0)
		sim_fail("the options have no limits");
	return __real_pathcheck_new(ret, &mine);
}

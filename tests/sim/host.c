/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The daemon's loop around the product's round of checks. Requests to the loop (hotplug, reload,
 * people) come at random times.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "checkerd/core/maps_count.h"
#include "checkerd/core/maps_paths.h"
#include "checkerd/devmapper/dm_backend.h"
#include "tests/sim/calls.h"

#define SEC USEC_PER_SEC

static struct {
	struct config config;
	struct events events;
	struct maps *maps;
	struct store *store;
	struct devmapper *devmapper;
	struct ready ready;
	struct mono next_request;
	int64_t interval_us, timeout_us;
	/* The daemon ends in the first round from then on; MONO_NEVER: it goes on. */
	struct mono ends_at;
	/* By SIGKILL, and where in the round. */
	bool killed;
	enum {
		DIES_AFTER_COMMANDS,
		DIES_AFTER_REPORTS,
		DIES_AFTER_ROUND,
		DIES_COUNT_
	} dies;
	/* Path-hours are counted until this time. */
	struct mono counted;
	bool more_results, more_maps, more_found;
} host;

/* --- what the daemon's other threads would hear --- */

struct port {
	uint64_t events;
};

struct log {
	uint64_t events;
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
	p->events++;
	judge_event(e);
	judge_natives_event(e, judge_losses_event(e));
	if (e->part != EVENT_WHOLE)
		return;
	sim_trace(event_type_name(e->type), (int64_t)e->seq, e->priority);
	if (sim.tracing)
		(void)fprintf(stderr, "%29s%s\n", "", e->message);
}

static void on_completed(void *userdata, uint32_t path, int error, enum path_state state)
{
	(void)userdata;
	sim_trace("settle", path, (int64_t)state * 1000 + error);
	judge_settled(path, error);
}

void log_push(struct log *l, const struct event *e)
{
	(void)e;
	l->events++;
}

/* --- paths --- */

struct disk *host_disk_of(uint32_t index)
{
	const struct path *p = registry_get(sim.checks.registry, index);

	return p == NULL || device_is_observed(p->device)
	               ? NULL
	               : &sim.disks[strtoul(device_name(p->device) + strlen("sd"), NULL,
	                                    10)];
}

uint32_t host_index_of(const struct disk *d)
{
	return registry_find_name(sim.checks.registry, d->name + strlen("/dev/"));
}

void host_settings(struct path_settings *ret)
{
	/* One statement each: the compiler may evaluate the parts of an initialiser in any
	 * order. */
	int64_t max_interval_us = host.interval_us * sim_between(1, 4);
	int64_t timeout_us = host.timeout_us * sim_between(1, 3);
	uint32_t fail_checks = 1 + (uint32_t)sim_below(3);
	uint32_t recover_checks = 1 + (uint32_t)sim_below(3);

	*ret = (struct path_settings){
		.interval_us = (uint32_t)host.interval_us,
		.max_interval_grid = path_max_interval_grid(max_interval_us),
		.timeout_us = (uint32_t)timeout_us,
		.fail_checks = fail_checks,
		.recover_checks = recover_checks,
		.checker = CHECKER_DIRECTIO,
	};
	holds_choose(ret);
}

/* What checkerctl fail and reinstate do. */
static void force(uint32_t index)
{
	bool fail = !maps_is_forced(sim.dm.maps, index);

	if (!fail || !maps_is_needed(sim.dm.maps, index))
		maps_force(sim.dm.maps, index, fail, false);
}

static void disable(uint32_t index, struct mono now)
{
	const struct checks_outage o = {
		.until = mono_add(now, sim_between(1000, 3 * SEC)),
	};

	checks_disable(&sim.checks, index, &o, now);
	judge_overdue_disabled(index);
}

/* A request of a person. */
static void request(void)
{
	struct mono now = mono_now();
	uint32_t index = host_index_of(&sim.disks[sim_below(sim.n_disks)]);
	uint64_t what = sim_below(9);

	if (what < 3) {
		reload_request(&sim.reload, now);
		return;
	}
	if (index == REGISTRY_NONE)
		return;
	persist_touch(&sim.checks.persist, index);
	if (what < 5)
		force(index);
	else if (what == 5)
		disable(index, now);
	else if (what == 6)
		checks_enable(&sim.checks, index, false, now);
	else
		checks_expedite(&sim.checks, index, now);
}

/* --- the loop --- */

static void count_hours(void)
{
	sim.path_us += mono_diff(sim.now, host.counted) *
	               (int64_t)registry_count(sim.checks.registry);
	host.counted = sim.now;
}

static void round_of_checks(bool results)
{
	struct mono now = mono_now();

	sim.in_round = true;
	if (results)
		host.more_results = results_collect(&sim.checks, now);
	else
		checks_run(&sim.checks, now);
	sim.in_round = false;
}

static void take_maps(void)
{
	devmapper_clear(host.devmapper);
	host.more_maps = dm_take(&sim.dm, mono_now());
}

static void take_found(void)
{
	discovery_clear(sim.inventory.discovery);
	judge_taking();
	host.more_found = inventory_take(&sim.inventory, mono_now());
	judge_taken();
	judge_taken_up();
}

static bool dies(unsigned place)
{
	return host.killed && host.dies == place && !mono_before(sim.now, host.ends_at);
}

/* Does what daemon_complete_round() does. */
static void complete_round(struct mono now)
{
	const struct config_ref *ref;

	reload_progress(&sim.reload, now);
	ref = sim.reload.ref;
	if (sim.dm.generation != ref->generation)
		dm_configure(&sim.dm, ref->config, ref->generation);
	if (sim.inventory.map_changed)
		dm_look(&sim.dm);
	sim.inventory.map_changed = false;
	host.events.maps_decide = dm_decides(&sim.dm);
	dm_complete_round(&sim.dm, now);
	if (dies(DIES_AFTER_COMMANDS))
		return;
	if (sim.checks.relist && !mono_before(now, sim.checks.relist_from)) {
		sim.checks.relist = false;
		sim.checks.relist_from = mono_add(now, CHECKS_RELIST_US);
		finder_uevent();
	}
	outage_run(&sim.outage, now);
	if (dies(DIES_AFTER_REPORTS))
		return;
	checks_flush(&sim.checks, now);
	if (sim.checks.persist.store != NULL && store_has_old(host.store) &&
	    sim.inventory.generation > 0 && dm_is_ready(&sim.dm)) {
		judge_all_taken_up();
		persist_end_old(&sim.checks.persist);
	}
	persist_run(&sim.checks.persist, now);
	if (!mono_before(now, sim.checks.maintain_at))
		checks_maintain(&sim.checks, now);
	overdue_watch_run(&sim.overdue, now);
	judge_holds();
	judge_events(now);
	judge_natives(now);
	judge_losses(now);
}

/* When the loop has work, even without an event. */
static struct mono wake_at(struct mono end)
{
	struct mono next = mono_min(checks_next(&sim.checks), sim.checks.maintain_at);

	next = mono_min(next, dm_next(&sim.dm));
	next = mono_min(next, overdue_watch_next(&sim.overdue));
	next = mono_min(next, outage_next(&sim.outage));
	if (sim.checks.relist)
		next = mono_min(next, sim.checks.relist_from);
	if (sim.inventory.holding)
		next = mono_min(next, sim.checks.blocked_until);
	if (host.more_results || host.more_maps || host.more_found)
		next = sim.now;
	next = mono_min(next, persist_next(&sim.checks.persist));
	next = mono_min(next, host.ends_at);
	return mono_min(mono_min(next, end), host.next_request);
}

static void have_request(void)
{
	request();
	host.next_request = sim.faults && !sim.calm
	                            ? mono_add(sim.now, sim_between(1000, 3 * SEC))
	                            : MONO_NEVER;
}

/*
 * Does what sources.c does: serves one ready source, the first in order, then completes the
 * round.
 */
static void loop_until(struct mono end)
{
	struct checks *c = &sim.checks;
	const int fds[FIBER_ON_MAX] = { pathcheck_fd(c->engine),
		                        devmapper_fd(host.devmapper), finder_fd(),
		                        finder_loader_fd() };

	while (mono_before(sim.now, end) && mono_before(sim.now, host.ends_at)) {
		(void)fds_wait(fds, wake_at(end)); /* the sources are polled below */
		count_hours();
		if (host.more_results || fd_readable(fds[0]))
			round_of_checks(true);
		else if (host.more_maps || fd_readable(fds[1]))
			take_maps();
		else if (!mono_before(sim.now, checks_next(c)))
			round_of_checks(false);
		else if (host.more_found || fd_readable(fds[2]))
			take_found();
		else if (fd_readable(fds[3]))
			reload_loaded(&sim.reload, mono_now());
		else if (!mono_before(sim.now, host.next_request))
			have_request();
		if (sim.inventory.holding)
			take_found();
		complete_round(mono_now());
	}
}

/* Reloads the configuration until it is the wanted one: all disks are paths, or none is. */
static void reload_until(uint32_t n_paths)
{
	for (unsigned i = 0; i < 40; i++) {
		reload_request(&sim.reload, mono_now());
		loop_until(mono_add(sim.now, SEC));
		if (sim.reload.step == RELOAD_IDLE && finder_idle() &&
		    !sim.inventory.holding &&
		    registry_count(sim.checks.registry) == n_paths)
			return;
	}
	sim_fail("%u paths are known, but %u are configured",
	         registry_count(sim.checks.registry), n_paths);
}

static void release_everything(void)
{
	for (unsigned i = 0; i < sim.n_disks; i++) {
		uint32_t index = host_index_of(&sim.disks[i]);

		checks_enable(&sim.checks, index, false, mono_now());
		maps_force(sim.dm.maps, index, false, false);
		complete_round(mono_now());
	}
}

static void cut_a_controller(void)
{
	if (natives_total() == 0)
		return;
	for (unsigned i = 0; i < 100 && natives_is_updating(); i++)
		loop_until(mono_add(sim.now, USEC_PER_MSEC));
	judge_natives_begin_cut();
	natives_cut();
	loop_until(mono_add(sim.now, 4 * host.interval_us + 3 * SEC));
	judge_natives_end_cut();
	natives_heal();
	loop_until(mono_add(sim.now, 4 * host.interval_us + 3 * SEC));
}

static void at_peace(void)
{
	host.next_request = MONO_NEVER;
	sim.peace = true;
	reload_until(sim.n_disks + natives_total());
	release_everything();
	holds_heal();
	loop_until(mono_add(sim.now, sim_between(1, 3 * SEC)));
	dm_world_last();
	loop_until(mono_add(sim.now,
	                    16 * host.interval_us + 3 * host.timeout_us + 25 * SEC));
	for (unsigned i = 0; i < sim.n_disks; i++)
		judge_truth(&sim.disks[i]);
	for (unsigned i = 0; i < 80 && !judge_holds_ended(false); i++)
		loop_until(mono_add(sim.now, SEC));
	(void)judge_holds_ended(true);
	/* A path whose command was refused repeatedly may wait up to half a minute. */
	for (unsigned i = 0; i < 80 && !dm_world_agrees(false); i++)
		loop_until(mono_add(sim.now, SEC));
	(void)dm_world_agrees(true);
	/* Under a limit, checks that are due together wait for each other. */
	for (unsigned i = 0; i < 100 && !judge_nothing_deferred(); i++)
		loop_until(mono_add(sim.now, 7 * USEC_PER_MSEC));
	judge_peace();
	judge_losses_end();
	cut_a_controller();
	sim.empty = true;
	reload_until(0);
	loop_until(mono_add(sim.now, 5 * SEC));
	for (unsigned i = 0; i < 80 && !judge_released(false); i++)
		loop_until(mono_add(sim.now, SEC));
	(void)judge_released(true);
	judge_empty();
}

static void begin_dm(void)
{
	const struct devmapper_options o = { .max_maps =
		                                     map_room(host.config.max_paths) };
	struct dm_parts parts = {
		.maps = host.maps,
		.checks = &sim.checks,
		.events = &host.events,
	};
	struct mono now = mono_now();

	if (devmapper_new_on(&host.devmapper, &o, dm_world_backend()) < 0)
		sim_fail("the device-mapper thread does not start");
	parts.devmapper = host.devmapper;
	dm_init(&sim.dm, &parts, now);
}

/* Does what daemon_init() does. */
static void begin(void)
{
	struct events_options events = {
		.port = &port,
		.log = &log_thread,
		.level = LOG_DEBUG,
		.max_paths = host.config.max_paths,
	};
	struct checks_options checks = {
		.config = &host.config,
		.events = &host.events,
		.listener = { .completed = on_completed },
	};
	const struct store_options store = { .max_paths = host.config.max_paths };
	struct reload_parts parts = {
		.inventory = &sim.inventory,
		.ready = &host.ready,
		.events = &host.events,
		.port = &port,
	};
	struct loaded first;
	const char *what;

	if (maps_new(&host.maps, host.config.max_paths) < 0)
		sim_fail("no memory for the maps");
	events.maps = checks.maps = host.maps;
	if (store_new(&host.store, &store, mono_now()) < 0)
		sim_fail("no memory for the store");
	checks.store = host.store;
	if (events_init(&host.events, &events) < 0 ||
	    checks_init(&sim.checks, &checks, &what) < 0)
		sim_fail("the daemon does not start");
	overdue_watch_init(&sim.overdue, &sim.checks, &host.events);
	outage_init(&sim.outage, &sim.checks);
	begin_dm();
	finder_start(&parts, &first);
	inventory_init(&sim.inventory, parts.discovery, &sim.checks, &host.events);
	if (reload_init(&sim.reload, &parts, &first) < 0)
		sim_fail("the first configuration cannot be used");
}

static void end(void)
{
	sim.over = true;
	checks_deinit(&sim.checks);
	finder_stop();
	if (!devmapper_free(host.devmapper, 250 * USEC_PER_MSEC))
		sim_fail("the device-mapper thread does not end");
	inventory_deinit(&sim.inventory);
	reload_deinit(&sim.reload);
	events_deinit(&host.events);
	host.maps = maps_free(host.maps);
	(void)store_free(host.store, 0); /* It has no thread. */
}

/*
 * The daemon ends, and its successor begins. A daemon that is killed has not reported what is gathered,
 * and has not written what it had put last. The kernel ends its commands all the same.
 */
static void restart(void)
{
	struct mono now = mono_now();

	sim_trace("restart", host.killed, (int64_t)host.dies);
	if (!host.killed)
		outage_finish(&sim.outage, now);
	judge_ending(host.killed);
	if (!host.killed)
		persist_finish(&sim.checks.persist, now, mono_add(now, SEC));
	else
		sim_store_lose();
	sim.sealed = false;
	/* A call to device-mapper that is in progress ends, and nobody runs the loop. */
	sim.over = true;
	(void)fiber_wait(&host, mono_add(sim.now, 4 * SEC), false);
	end();
	sim.over = false;
	judge_restart();
	sim.first_process = sim.n_processes;
	finder_reset();
	host.more_results = host.more_maps = host.more_found = false;
	begin();
	judge_excuse(mono_add(sim.now, 3 * SEC));
	sim.sealed = true;
}

/* Until that time, by one daemon after the other. */
static void daemons_until(struct mono end)
{
	while (mono_before(sim.now, end)) {
		host.ends_at = MONO_NEVER;
		if (sim.restarts) {
			host.ends_at = mono_add(sim.now, sim_between(1, 20 * SEC));
			host.killed = sim_one_in(2);
			host.dies = sim_below(DIES_COUNT_);
		}
		loop_until(end);
		if (!mono_before(sim.now, host.ends_at))
			restart();
	}
	host.ends_at = MONO_NEVER;
}

static void *daemon_main(void *arg)
{
	(void)arg;
	begin();
	host.counted = sim.now;
	host.ends_at = MONO_NEVER;
	loop_until(mono_add(sim.now, 200000)); /* starts groups and threads */
	sim.faults = true;
	sim.sealed = true;
	(void)event_at(mono_add(sim.now, SEC), trouble_begin, NULL);
	host.next_request = mono_add(sim.now, SEC);
	daemons_until(mono_add(sim.end_of_faults, 3 * SEC));
	at_peace();
	sim.sealed = false;
	end();
	return NULL;
}

static void choose(void)
{
	static const uint32_t caps[] = { 0, 0, 0, 3, 8 };

	memset(&host, 0, sizeof(host));
	sim.threads = sim_one_in(3);
	sim.calm = sim_one_in(5);
	sim.restarts = !sim.threads && !sim.calm && sim_one_in(2);
	sim.preempt = 1 + (unsigned)sim_between(1, 40);
	sim.step_us = (uint32_t)sim_between(1, 12);
	sim.quota = sim_one_in(4) && !sim.calm ? (uint32_t)sim_between(0, 2000) : 65536;
	sim.n_disks = (unsigned)sim_between(3, 24);
	sim.end_of_faults = mono_add(sim.now, sim_between(20, 60) * SEC);
	host.interval_us = sim_between(3, 30) * 100 * USEC_PER_MSEC;
	host.timeout_us = sim_between(3, 20) * 100 * USEC_PER_MSEC;
	host.config.max_paths = sim.n_disks + (uint32_t)sim_below(8);
	natives_choose();
	host.config.max_paths += natives_total();
	host.config.max_in_flight = sim.calm ? 0 : caps[sim_below(ARRAY_LEN(caps))];
	host.config.max_in_flight_host = sim.calm ? 0 : caps[sim_below(ARRAY_LEN(caps))];
	host.config.rescuer_threads = (uint32_t)sim_between(sim.calm ? 8 : 2, 12);
	host.config.aio_setup_timeout_us = sim_between(1, 20) * 100 * USEC_PER_MSEC;
	for (unsigned i = 0; i < sim.n_disks; i++) {
		struct disk *d = &sim.disks[i];

		(void)snprintf(d->name, sizeof(d->name), "/dev/sd%u", i);
		d->present = true;
		d->devt = i + 1;
		d->seq = 1;
		d->host = (uint32_t)sim_below(HOSTS);
		d->block = sim_one_in(10) ? 8192 : sim_one_in(2) ? 4096 : 512;
		d->close_each = sim_one_in(4);
		d->commands = !d->close_each && sim_one_in(3);
		/* Disks with close_each know no SCSI commands. */
		d->unit = d->scanned =
		        d->close_each || sim_one_in(4) ? 0 : trouble_new_unit();
		d->no_nowait = !sim.calm && sim_one_in(10);
		d->changed = sim.now;
	}
	dm_world_choose();
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Simulated discovery, and the reading of configurations. The discovery thread is the
 * simulation's: at times it is slow, and its ring is soon full. The records come from the
 * product's found_plan(), and the product's loop takes them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "checkerd/discovery/found.h"
#include "tests/sim/calls.h"

#define RING 8

struct sim_config {
	struct config config; /* must be the first field */
	bool listed[DISKS_MAX];
	struct path_settings settings[DISKS_MAX];
};

/* Two finds of a disk are the same if these fields are equal. */
struct look {
	bool there;
	uint64_t seq, scanned;
	uint32_t devt;
	struct path_settings settings;
};

struct discovery {
	int fd;
	struct found ring[RING];
	unsigned first, n;
	struct config_ref *inbox, *ref;
	struct found_list known;
	struct look looks[DISKS_MAX]; /* as last reported */
	/* differs: the disk has changed. Only such a disk may be reported. */
	bool differs[DISKS_MAX];
	bool uevent, map_uevent, stop, busy;
};

struct loader {
	int fd;
	bool reading, ready;
	struct sim_config *next; /* NULL: the configuration is refused */
};

static struct discovery finder;
static struct loader loader;
static struct sim_config last; /* the last configuration that was made */

void finder_reset(void)
{
	finder = (struct discovery){ .fd = -1 };
	loader = (struct loader){ .fd = -1 };
}

/* --- configurations --- */

static bool same_settings(const struct path_settings *a, const struct path_settings *b)
{
	return a->interval_us == b->interval_us &&
	       a->max_interval_grid == b->max_interval_grid &&
	       a->timeout_us == b->timeout_us && a->fail_checks == b->fail_checks &&
	       a->recover_checks == b->recover_checks && a->rule == b->rule;
}

/* People remove disks that do not work more often. */
static bool is_listed(const struct disk *d)
{
	return !sim.empty && (sim.peace || !sim_one_in(d->mode == DISK_GOOD ? 8 : 4));
}

/* Somebody has edited the configuration. */
static void edit(struct sim_config *c, unsigned one_in)
{
	for (unsigned i = 0; i < sim.n_disks; i++) {
		if (sim_one_in(one_in))
			host_settings(&c->settings[i]);
		c->listed[i] = is_listed(&sim.disks[i]);
	}
	c->config.map_lost_time_us = LOSS_TIME_US;
	if (sim.empty)
		return; /* no other setting changes when all paths are removed */
	c->config.dm_control = !sim_one_in(6);
	c->config.keep_last_path = !sim_one_in(4);
	c->config.dm_release = sim_one_in(3) ? DM_RELEASE_KEEP : DM_RELEASE_REINSTATE;
}

struct config *config_free(struct config *c)
{
	free(c);
	return NULL;
}

static struct sim_config *config_copy(void)
{
	struct sim_config *c = calloc(1, sizeof(*c));

	if (c == NULL)
		sim_fail("no memory for a configuration");
	*c = last;
	return c;
}

void loaded_deinit(struct loaded *l)
{
	if (l->config != NULL)
		l->config = config_free(l->config);
}

static void loader_done(void *arg)
{
	struct loader *l = arg;

	if (!l->reading)
		return;
	l->next = NULL;
	if (sim.peace || !sim_one_in(5)) {
		edit(&last, 3);
		l->next = config_copy();
	}
	l->reading = false;
	l->ready = true;
	fd_signal(l->fd);
}

void loader_start(struct loader *l, const struct config *present)
{
	(void)present;
	if (l->reading || l->ready)
		sim_fail("a second read of the configuration before the first ended");
	l->reading = true;
	(void)event_at(mono_add(sim.now, sim_between(100, 1000 + sim.find_slow_us)),
	               loader_done, l);
}

bool loader_take(struct loader *l, struct loaded *ret)
{
	fd_clear(l->fd);
	if (!l->ready)
		return false;
	*ret = (struct loaded){ .result = l->next == NULL ? -EINVAL : 0 };
	if (l->next != NULL)
		ret->config = &l->next->config;
	l->next = NULL;
	l->ready = false;
	return true;
}

/* --- the thread --- */

static int emit(void *arg, struct found *f)
{
	struct discovery *d = arg;

	if (f->device != NULL && !device_is_observed(f->device) &&
	    !d->differs[strtoul(device_name(f->device) + 2, NULL, 10)])
		sim_fail("%s is reported again, but has not changed",
		         device_name(f->device));
	while (d->n == RING && !d->stop)
		(void)fiber_wait(d->ring, mono_add(sim.now, 2000), false);
	if (d->stop) {
		(void)device_unref(f->device); /* returns NULL always */
		return -ECANCELED;
	}
	d->ring[(d->first + d->n++) % RING] = *f;
	fd_signal(d->fd);
	return 0;
}

static struct device *describe(const struct disk *k)
{
	char host[16];
	struct device_spec spec = { .devt_major = SD_MAJOR,
		                    .devt_minor = k->devt,
		                    .host_key = k->host,
		                    .diskseq = k->seq,
		                    .kernel_id = disk_wwid(k->scanned),
		                    .host = host,
		                    .vendor = "SIM",
		                    .product = "DISK",
		                    .name = k->name + strlen("/dev/"),
		                    .node = k->name };
	struct device *d;

	(void)snprintf(host, sizeof(host), "host%u", k->host);
	if (device_new(&d, &spec) < 0)
		sim_fail("no memory for a device");
	return d;
}

static void look_at(struct discovery *d, unsigned i, struct found_list *list)
{
	const struct sim_config *c = (const struct sim_config *)d->ref->config;
	const struct disk *k = &sim.disks[i];
	struct look now = { .there = c->listed[i] && k->present,
		            .seq = k->seq,
		            .scanned = k->scanned,
		            .devt = k->devt,
		            .settings = c->settings[i] };
	struct look *known = &d->looks[i];

	d->differs[i] =
	        now.there != known->there ||
	        (now.there && (now.seq != known->seq || now.scanned != known->scanned ||
	                       now.devt != known->devt ||
	                       !same_settings(&now.settings, &known->settings)));
	*known = now;
	if (now.there && found_list_append(list, describe(k), &now.settings) < 0)
		sim_fail("no memory for a list");
}

static void reconcile(struct discovery *d, bool gone)
{
	struct found_list list = FOUND_LIST_NULL;

	for (unsigned i = 0; i < sim.n_disks; i++)
		look_at(d, i, &list);
	(void)found_list_sort(&list); /* result ignored: each name is unique */
	(void)found_plan(&d->known, &list, gone, emit,
	                 d); /* result ignored: -ECANCELED at the end */
	found_list_deinit(&d->known);
	d->known = list;
	natives_update(gone, emit, d);
}

static void take_config(struct discovery *d)
{
	struct found sync = { .op = FOUND_SYNC };

	d->ref = config_ref_put(d->ref);
	d->ref = d->inbox;
	d->inbox = NULL;
	sync.generation = d->ref->generation;
	reconcile(d, false);
	(void)emit(d, &sync); /* result ignored, see reconcile() */
}

static void take_uevents(struct discovery *d)
{
	struct found map = { .op = FOUND_MAP };

	if (d->uevent) {
		d->uevent = false;
		reconcile(d, true);
	}
	if (d->map_uevent) {
		d->map_uevent = false;
		(void)emit(d, &map); /* result ignored, see reconcile() */
	}
}

static void *finder_main(void *arg)
{
	struct discovery *d = arg;

	while (!d->stop) {
		d->busy = d->inbox != NULL ||
		          (d->ref != NULL && (d->uevent || d->map_uevent));
		if (!d->busy && d->ref != NULL && !mono_before(sim.now, natives_due())) {
			natives_update(true, emit, d);
			continue;
		}
		if (!d->busy) {
			(void)fiber_wait(d, d->ref == NULL ? MONO_NEVER : natives_due(),
			                 false);
			continue;
		}
		if (sim.find_slow_us > 0)
			(void)fiber_wait(
			        &d->known,
			        mono_add(sim.now, sim_between(1, sim.find_slow_us)),
			        false);
		if (d->inbox != NULL)
			take_config(d);
		else
			take_uevents(d);
	}
	found_list_deinit(&d->known);
	natives_stop();
	d->ref = config_ref_put(d->ref);
	d->inbox = config_ref_put(d->inbox);
	return NULL;
}

void finder_uevent(void)
{
	finder.uevent = true;
	fiber_wake_all(&finder);
}

void finder_map_uevent(void)
{
	finder.map_uevent = true;
	fiber_wake_all(&finder);
}

bool finder_idle(void)
{
	return !finder.busy && !finder.uevent && finder.inbox == NULL && finder.n == 0 &&
	       !loader.reading && !loader.ready;
}

/* --- the loop's side --- */

void discovery_apply(struct discovery *d, struct config_ref *ref)
{
	d->inbox = config_ref_put(d->inbox);
	d->inbox = config_ref_get(ref);
	fiber_wake_all(d);
}

/* The simulated host has no timers, and no multipathd. */
uint32_t discovery_read_timers(struct discovery *d)
{
	(void)d;
	return 0;
}

void discovery_clear(struct discovery *d)
{
	fd_clear(d->fd);
}

bool discovery_next(struct discovery *d, struct found *ret)
{
	if (d->n == 0)
		return false;
	*ret = d->ring[d->first];
	d->first = (d->first + 1) % RING;
	d->n--;
	fiber_wake_all(d->ring);
	sim_trace("found", (int64_t)ret->op,
	          ret->device == NULL ? 0 : (int64_t)ret->device->diskseq);
	if (ret->device == NULL || device_is_observed(ret->device))
		return true;
	judge_touched(device_name(ret->device), ret->op == FOUND_CHANGE);
	if (ret->op != FOUND_CHANGE)
		judge_gone(ret->device->devt_minor, ret->op == FOUND_REMOVE && ret->gone);
	return true;
}

int finder_fd(void)
{
	return finder.fd;
}

int finder_loader_fd(void)
{
	return loader.fd;
}

void finder_start(struct reload_parts *ret_parts, struct loaded *ret_first)
{
	last = (struct sim_config){ .config = { .discovery = DISCOVERY_UDEV } };
	edit(&last, 1);
	for (unsigned i = 0; i < sim.n_disks; i++)
		last.listed[i] = true;
	finder.fd = fd_new(ENGINE_PROCESS, FD_EVENT, NULL);
	loader.fd = fd_new(ENGINE_PROCESS, FD_EVENT, NULL);
	(void)fiber_new("discovery", ENGINE_PROCESS, finder_main, &finder);
	*ret_first = (struct loaded){ .config = &config_copy()->config };
	ret_parts->discovery = &finder;
	ret_parts->loader = &loader;
}

void finder_stop(void)
{
	struct found f;

	finder.stop = true;
	fiber_wake_all(&finder);
	fiber_wake_all(finder.ring);
	while (finder.ref != NULL || finder.known.n > 0)
		(void)fiber_wait(&finder.stop, mono_add(sim.now, 1000), false);
	while (discovery_next(&finder, &f))
		(void)device_unref(f.device); /* returns NULL always */
	(void)__wrap_close(finder.fd);
	(void)__wrap_close(loader.fd);
}

/* --- who else hears of a reload --- */

void ready_reload_begins(struct ready *r, struct mono now)
{
	(void)r;
	(void)now;
}

void ready_reload_ends(struct ready *r)
{
	(void)r;
}

void port_loop_reply(struct port *p, const struct port_reply *r)
{
	(void)p;
	(void)r;
	sim_fail("a reload without a request is answered");
}

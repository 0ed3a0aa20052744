/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The simulated device-mapper. Its maps are of the disks. The kernel fails paths; other
 * programs fail and reinstate them, and suspend, reload, rename, remove and create maps.
 * Calls may be slow, may fail, and the control device may not open.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "checkerd/devmapper/dm_backend.h"
#include "tests/sim/calls.h"

struct place {
	unsigned disk;
	uint32_t devt;
	bool active;
	unsigned fails;
};

struct sim_map {
	bool there, suspended, queueing;
	uint32_t minor, event_nr;
	unsigned n;
	char name[16];
	struct place places[MAP_DISKS_MAX];
};

static struct {
	struct sim_map maps[MAPS_MAX];
	unsigned n;
	/* The control device; -1: never opened. */
	int fd;
	uint32_t minors, names;
} world;

/* The caller reads these until its next call of world_read(). */
static char table[512], status[512];

void dm_world_reset(void)
{
	memset(&world, 0, sizeof(world));
	world.fd = -1;
}

static struct sim_map *map_of(uint32_t minor)
{
	for (unsigned i = 0; i < world.n; i++)
		if (world.maps[i].there && world.maps[i].minor == minor)
			return &world.maps[i];
	return NULL;
}

static void raise_event(void)
{
	if (world.fd >= 0)
		fd_signal(world.fd);
}

/* --- the backend --- */

static int system_call(void)
{
	if (*fiber_locks() > 0)
		sim_fail("a device-mapper call with a lock held");
	fiber_point();
	if (sim.dm_slow_us > 0 && !sim.over && sim_one_in(2))
		(void)fiber_wait(&world,
		                 mono_add(sim.now, sim_between(1, sim.dm_slow_us)), true);
	return sim.dm_error != 0 && sim_one_in(2) ? sim.dm_error : 0;
}

static int world_open(struct dm_backend *b)
{
	(void)b;
	(void)system_call(); /* result ignored: sim.dm_open_error decides */
	if (sim.dm_open_error != 0)
		return sim.dm_open_error;
	if (world.fd < 0)
		world.fd = fd_new(ENGINE_PROCESS, FD_EVENT, NULL);
	return 0;
}

static int world_fd(const struct dm_backend *b)
{
	(void)b;
	return world.fd;
}

static int world_arm(struct dm_backend *b)
{
	(void)b;
	fd_clear(world.fd);
	return 0;
}

static int world_list(struct dm_backend *b,
                      void (*each)(void *arg, const struct dm_listed *l), void *arg)
{
	const struct dm_listed volume = { DM_MAJOR, 1000, 0, "volume" };
	int r = system_call();

	(void)b;
	if (r < 0)
		return r;
	each(arg, &volume);
	for (unsigned i = world.n; i-- > 0;) {
		const struct sim_map *m = &world.maps[i];
		const struct dm_listed l = { DM_MAJOR, m->minor, m->event_nr, m->name };

		if (m->there)
			each(arg, &l);
	}
	return 0;
}

/* Writes the target's two lines as drivers/md/dm-mpath.c does. */
static void write_lines(const struct sim_map *m)
{
	int t = snprintf(table, sizeof(table), "%s 0 1 1 round-robin 0 %u 1 ",
	                 m->queueing ? "1 queue_if_no_path" : "0", m->n);
	int s = snprintf(status, sizeof(status), "2 0 0 0 1 1 A 0 %u 0 ", m->n);

	for (unsigned i = 0; i < m->n; i++) {
		const struct place *p = &m->places[i];

		t += snprintf(table + t, sizeof(table) - (size_t)t, "%d:%u 1 ", SD_MAJOR,
		              p->devt);
		s += snprintf(status + s, sizeof(status) - (size_t)s, "%d:%u %c %u ",
		              SD_MAJOR, p->devt, p->active ? 'A' : 'F', p->fails);
	}
}

static int world_read(struct dm_backend *b, uint32_t major, uint32_t minor,
                      enum dm_kind *ret_kind, struct multipath_text *ret)
{
	static char name[16];
	int r = system_call();
	const struct sim_map *m = major == DM_MAJOR ? map_of(minor) : NULL;

	(void)b;
	if (r < 0)
		return r;
	*ret_kind = DM_KIND_OTHER;
	if (minor == 1000)
		return 0;
	if (m == NULL)
		return -ENXIO;
	*ret_kind = DM_KIND_MULTIPATH;
	(void)snprintf(name, sizeof(name), "%s", m->name);
	write_lines(m);
	*ret = (struct multipath_text){
		.devt_major = major,
		.devt_minor = minor,
		.event_nr = m->event_nr,
		.suspended = m->suspended,
		.name = name,
		.uuid = "",
		.table = table,
		.status = status,
	};
	return 0;
}

static void set_active(struct sim_map *m, struct place *p, bool active)
{
	if (p->active == active)
		return;
	sim_trace("dm turn", m->minor * 1000 + p->devt, active);
	p->active = active;
	p->fails += !active;
	m->event_nr++;
	raise_event();
}

static int world_message(struct dm_backend *b, const struct dm_command *c)
{
	struct sim_map *m;
	int r = system_call();

	(void)b;
	m = map_of(c->map_minor);
	sim_trace("dm message", c->map_minor * 1000 + c->path_minor, (int64_t)c->verb);
	if (r < 0)
		return r;
	if (m == NULL)
		return -ENXIO;
	if (m->suspended)
		return -EBUSY;
	for (unsigned i = 0; i < m->n; i++)
		if (m->places[i].devt == c->path_minor) {
			set_active(m, &m->places[i], c->verb == DM_REINSTATE_PATH);
			return 0;
		}
	return -EINVAL;
}

static struct mono world_now(const struct dm_backend *b)
{
	(void)b;
	return mono_now();
}

static void world_free(struct dm_backend *b)
{
	(void)b;
	if (world.fd >= 0)
		(void)__wrap_close(world.fd);
	world.fd = -1;
}

struct dm_backend *dm_world_backend(void)
{
	static struct dm_backend backend = {
		.open = world_open,
		.fd = world_fd,
		.arm = world_arm,
		.list = world_list,
		.read = world_read,
		.message = world_message,
		.now = world_now,
		.free = world_free,
	};

	return &backend;
}

/* --- faults and other programs --- */

/* Loads another table: of disks with their present numbers, all paths active. */
static void load(struct sim_map *m)
{
	unsigned first = (unsigned)sim_below(sim.n_disks);

	m->n = 1 + (unsigned)sim_below(MIN(sim.n_disks, (unsigned)MAP_DISKS_MAX));
	for (unsigned i = 0; i < m->n; i++) {
		unsigned disk = (first + i) % sim.n_disks;

		m->places[i] = (struct place){
			.disk = disk,
			.devt = sim.disks[disk].devt,
			.active = true,
		};
	}
	sim_trace("dm table", m->minor, m->n);
	raise_event();
}

static void make(struct sim_map *m)
{
	*m = (struct sim_map){ .there = true, .minor = ++world.minors };
	(void)snprintf(m->name, sizeof(m->name), "m%u", ++world.names);
	load(m);
	finder_map_uevent();
}

void dm_world_choose(void)
{
	world.n = (unsigned)sim_below(MAPS_MAX + 1);
	for (unsigned i = 0; i < world.n; i++)
		make(&world.maps[i]);
}

/* I/O makes the kernel fail the paths that do not work. */
static void some_io(struct sim_map *m)
{
	for (unsigned i = 0; i < m->n; i++) {
		const struct disk *d = &sim.disks[m->places[i].disk];

		if (d->devt != m->places[i].devt || !d->present || d->mode != DISK_GOOD ||
		    sim_one_in(10))
			set_active(m, &m->places[i], false);
	}
}

static void devices_trouble(struct sim_map *m)
{
	switch (sim_below(5)) {
	case 0:
		m->suspended = !m->suspended; /* no event reports a suspend or resume */
		break;
	case 1:
		load(m);
		m->suspended = false;
		break;
	case 2:
		(void)snprintf(m->name, sizeof(m->name), "m%u", ++world.names);
		m->event_nr++;
		raise_event();
		finder_map_uevent();
		break;
	case 3:
		m->there = false;
		raise_event();
		finder_map_uevent();
		break;
	default:
		m->queueing = !m->queueing;
	}
}

void dm_world_trouble(void)
{
	static const int errors[] = { 0, 0, -EIO, -ENOMEM, -EBUSY, -EPERM };
	struct sim_map *m;

	if (world.n == 0)
		return;
	m = &world.maps[sim_below(world.n)];
	if (!m->there) {
		make(m);
		return;
	}
	switch (sim_below(9)) {
	case 0:
	case 1:
	case 2:
		some_io(m);
		break;
	case 7: /* all paths of the map */
		for (unsigned i = 0; i < m->n; i++)
			trouble_fail(&sim.disks[m->places[i].disk]);
		break;
	case 3:
	case 4: /* another program */
		set_active(m, &m->places[sim_below(m->n)], sim_one_in(2));
		break;
	case 5:
		sim.dm_error = errors[sim_below(ARRAY_LEN(errors))];
		sim.dm_open_error = sim_one_in(6) ? -EACCES : 0;
		break;
	case 6:
		sim.dm_slow_us = sim_one_in(2) ? sim_between(1000, 3 * USEC_PER_SEC) : 0;
		break;
	default:
		devices_trouble(m);
	}
}

void dm_world_heal(void)
{
	sim.dm_error = sim.dm_open_error = 0;
	sim.dm_slow_us = 0;
	for (unsigned i = 0; i < world.n; i++) {
		struct sim_map *m = &world.maps[i];

		if (!m->there)
			make(m);
		for (unsigned k = 0; k < m->n; k++)
			if (m->places[k].devt != sim.disks[m->places[k].disk].devt)
				load(m); /* the disk of the table is gone */
	}
	/* A command that was refused is retried only after one of these events. */
	raise_event();
	finder_map_uevent();
}

void dm_world_last(void)
{
	for (unsigned i = 0; i < world.n; i++) {
		struct sim_map *m = &world.maps[i];

		m->suspended = false; /* no event reports that */
		if (sim_one_in(3))
			load(m);
		else if (sim_one_in(2))
			set_active(m, &m->places[sim_below(m->n)], sim_one_in(2));
	}
}

/* The daemon knows the map as it is, even without an event. */
static bool is_known(const struct sim_map *m)
{
	uint32_t index = maps_find(sim.dm.maps, DM_MAJOR, m->minor);
	const struct map *k =
	        index == MAPS_NONE ? NULL : maps_get(sim.dm.maps, index)->map;

	return k != NULL && k->suspended == m->suspended && k->n_paths == m->n &&
	       strcmp(k->name, m->name) == 0;
}

bool dm_world_agrees(bool fail)
{
	for (unsigned i = 0; i < world.n; i++) {
		const struct sim_map *m = &world.maps[i];

		if (!is_known(m) && fail)
			sim_fail("map %u: the daemon has an old table, long after the "
			         "last fault",
			         m->minor);
		if (!is_known(m))
			return false;
		for (unsigned k = 0; k < m->n; k++) {
			const struct place *p = &m->places[k];

			if (judge_agrees(m->minor, p->devt, p->active))
				continue;
			if (fail)
				sim_fail("map %u: path %u is %s, long after the last "
				         "fault, against its verdict",
				         m->minor, p->devt,
				         p->active ? "active" : "failed");
			return false;
		}
	}
	return true;
}

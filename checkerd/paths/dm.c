/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing: changes the table of maps. The loop only: each round takes what the device-mapper
 * thread put into its ring, and puts commands into the other one. */
#include "checkerd/paths/dm.h"

#include <errno.h>

#include "checkerd/core/maps_entries.h"
#include "checkerd/core/maps_orders.h"
#include "checkerd/core/maps_paths.h"
#include "checkerd/core/maps_todo.h"
#include "checkerd/discovery/device_state.h"
#include "checkerd/paths/dm_report.h"
#include "checkerd/paths/outage_maps.h"

void dm_init(struct dm *dm, const struct dm_parts *parts, struct mono now)
{
	*dm = (struct dm){
		.devmapper = parts->devmapper,
		.maps = parts->maps,
		.checks = parts->checks,
		.events = parts->events,
		.ready_by = mono_add(now, DM_PATIENCE_US),
	};
}

static void set_control(struct dm *dm, bool on)
{
	const struct dm_record last = {
		.op = DM_RECORD_SYNC,
		.error = dm->error,
		.no_room = dm->excluded,
	};

	dm->control = on;
	maps_set_control(dm->maps, on);
	if (dm->forbidden)
		dm->trouble[0] = '\0';
	dm->forbidden = false;
	if (dm->error != 0)
		dm_report_sync(dm, &last); /* The priority depends on dm_control. */
}

void dm_configure(struct dm *dm, const struct config *c, uint64_t generation)
{
	bool again = dm->configured;

	dm->configured = true;
	dm->generation = generation;
	dm->keep_last = c->keep_last_path;
	map_losses_set_time(dm->events->losses, c->map_lost_time_us);
	dm->named = c->discovery == DISCOVERY_STATIC;
	for (uint32_t i = 0; i < maps_end(dm->maps); i++)
		if (maps_get(dm->maps, i) != NULL)
			maps_set_keep(dm->maps, i, dm->keep_last);
	maps_set_give_back(dm->maps, c->dm_release == DM_RELEASE_REINSTATE);
	if (dm->control != c->dm_control)
		set_control(dm, c->dm_control);
	if (again)
		dm_look(dm);
}

void dm_look(struct dm *dm)
{
	dm->look = true;
}

/* Each failure counts, in whichever map of the path. */
static void failed_in_map(struct dm *dm, uint32_t path, struct mono now)
{
	struct path *p = registry_get(dm->checks->registry, path);

	if (p != NULL)
		holds_failed(&dm->checks->holds, path, p, now);
}

/* What a command, or another program, did to the path is kept for the successor. */
static void touch_path(struct dm *dm, const struct maps_path *e)
{
	if (e->path != MAPS_NONE)
		persist_touch(&dm->checks->persist, e->path);
}

/* Reports paths of the map that another program, or the kernel, failed or reinstated. */
static void report_foreign(struct dm *dm, uint32_t index, struct mono now)
{
	uint32_t i = maps_get(dm->maps, index)->first;

	while (i != MAPS_NONE) {
		struct maps_path *e = maps_path(dm->maps, i);

		if (e->foreign == FOREIGN_FAILED && e->path != MAPS_NONE)
			failed_in_map(dm, e->path, now);
		if (e->foreign == FOREIGN_REINSTATED)
			dm->foreign = true;
		if (e->foreign != FOREIGN_NONE) {
			dm_report_foreign(dm, i, e->foreign, now);
			touch_path(dm, e);
		}
		e->foreign = FOREIGN_NONE;
		i = e->next;
	}
}

/* The table of maps has room again: the device-mapper thread repeats the maps it listed. */
static void announce_room(struct dm *dm)
{
	if (!dm->no_room)
		return;
	dm->no_room = false;
	dm->trouble[0] = '\0';
	devmapper_report_again(dm->devmapper);
}

static void apply_map(struct dm *dm, struct map *map, struct mono now)
{
	uint32_t index = maps_find(dm->maps, map->devt_major, map->devt_minor);
	struct map *old = NULL;
	unsigned change;

	if (index != MAPS_NONE)
		old = map_ref(maps_get(dm->maps, index)->map);
	if (old != NULL && map->n_paths < old->n_paths)
		announce_room(dm);
	if (maps_update(dm->maps, map, dm->keep_last, now, &index, &change) < 0) {
		dm_report_no_room(dm, map);
		dm->no_room = true;
	} else {
		dm_report_map(dm, index, change, old, now);
		if ((change & MAPS_NEW) != 0)
			persist_take_map(&dm->checks->persist, index, now);
		if ((change & (MAPS_NEW | MAPS_PATHS)) != 0)
			persist_touch_map(&dm->checks->persist, index);
		report_foreign(dm, index, now);
	}
	(void)map_unref(old); /* Returns NULL. */
}

static void apply_gone(struct dm *dm, const struct map *map, struct mono now)
{
	uint32_t index = maps_find(dm->maps, map->devt_major, map->devt_minor);

	if (index == MAPS_NONE)
		return; /* There was no room for the map. */
	dm_report_gone(dm, index, now);
	maps_remove(dm->maps, index);
	persist_touch_map(&dm->checks->persist, index);
	announce_room(dm);
}

static void apply_answer(struct dm *dm, const struct dm_record *n, struct mono now)
{
	enum agreement_command c = COMMAND_NONE;
	uint32_t entry;

	dm->blocked = false;
	entry = maps_answered(dm->maps, n->command.token, n->error, now, &c);
	if (entry == MAPS_NONE) {
		dm->stale++;
		return;
	}
	if (n->error != 0) {
		dm->refused++;
		dm_report_refused(dm, entry, c, n->error, now);
		return;
	}
	if (dm->forbidden)
		dm->trouble[0] = '\0';
	dm->forbidden = false;
	*(c == COMMAND_FAIL ? &dm->failed : &dm->reinstated) += 1;
	touch_path(dm, maps_path(dm->maps, entry));
	dm_report_done(dm, entry, c, now);
}

static void apply_sync(struct dm *dm, const struct dm_record *n)
{
	dm_report_sync(dm, n);
	dm->synced = true;
	dm->error = n->error;
	dm->excluded = n->no_room;
}

bool dm_take(struct dm *dm, struct mono now)
{
	struct dm_record n;

	for (unsigned i = 0; i < DM_SLICE; i++) {
		if (!devmapper_next(dm->devmapper, &n))
			return false;
		switch (n.op) {
		case DM_RECORD_MAP:
			apply_map(dm, n.map, now);
			break;
		case DM_RECORD_GONE:
			apply_gone(dm, n.map, now);
			break;
		case DM_RECORD_DONE:
			apply_answer(dm, &n, now);
			break;
		case DM_RECORD_SYNC:
			apply_sync(dm, &n);
			break;
		}
		(void)map_unref(n.map); /* Returns NULL. */
	}
	return true;
}

/* False: the ring of commands is full. */
static bool send_command(struct dm *dm, const struct maps_order *o)
{
	const struct maps_path *e = maps_path(dm->maps, o->entry);
	const struct map *map = maps_get(dm->maps, e->map)->map;
	const struct dm_command c = {
		.verb = o->step == STEP_FAIL ? DM_FAIL_PATH : DM_REINSTATE_PATH,
		.map_major = map->devt_major,
		.map_minor = map->devt_minor,
		.path_major = e->devt_major,
		.path_minor = e->devt_minor,
		.token = o->token,
	};

	if (!devmapper_command(dm->devmapper, &c)) {
		maps_put_back(dm->maps, o);
		dm->blocked = true;
		return false;
	}
	maps_sent(dm->maps, o);
	return true;
}

/* Once per bar. Discovery lists the devices again: what it knows of this one may be old. */
static void report_barred(struct dm *dm, uint32_t entry, struct mono now)
{
	struct maps_path *e = maps_path(dm->maps, entry);

	if (e->bar == BAR_NONE || e->bar_reported || e->path == MAPS_NONE)
		return;
	e->bar_reported = true;
	dm->checks->relist = dm->checks->relist || e->bar == BAR_READ;
	dm_report_barred(dm, entry, now);
}

static void follow_orders(struct dm *dm, struct mono now)
{
	struct maps_order o;

	for (unsigned n = 0; n < DM_SLICE; n++) {
		if (dm->blocked || !maps_next(dm->maps, now, &o))
			return;
		report_barred(dm, o.entry, now);
		if (o.spared)
			dm_report_spared(dm, o.entry, now);
		switch (o.step) {
		case STEP_FAIL:
		case STEP_REINSTATE:
			if (!send_command(dm, &o))
				return;
			break;
		case STEP_RECHECK:
			/* What discovery knows of the disk may be older than the map. */
			dm->checks->relist = dm->checks->relist ||
			                     maps_path(dm->maps, o.entry)->unproven;
			checks_expedite(dm->checks, maps_path(dm->maps, o.entry)->path,
			                now);
			break;
		case STEP_KEEP:
			dm_report_kept(dm, o.entry, now);
			touch_path(dm, maps_path(dm->maps, o.entry));
			break;
		case STEP_NOTHING:
		case STEP_WAIT:
			break;
		}
	}
}

/*
 * Reads of a standby port fail by design. Only access_state distinguishes it from a broken port, and
 * the kernel shows it only with the hardware handler that the table names. Reported once per map,
 * while dm_control is on.
 */
static void examine_handler(struct dm *dm, uint32_t index, struct mono now)
{
	struct maps_map *m = maps_get(dm->maps, index);
	bool all = true;

	if (!dm->control || !m->map->handled || m->handler_seen)
		return;
	for (uint32_t i = m->first; i != MAPS_NONE; i = maps_path(dm->maps, i)->next) {
		const struct maps_path *e = maps_path(dm->maps, i);
		const struct path *p =
		        e->path == MAPS_NONE
		                ? NULL
		                : registry_get(dm->checks->registry, e->path);

		all = all && p != NULL;
		if (p == NULL ||
		    device_state_has_handler(dm->checks->sys_dev_block, p->device))
			continue;
		dm_report_no_handler(dm, index, p, now);
		m->handler_seen = true;
		return;
	}
	m->handler_seen = all;
}

static void report_changed(struct dm *dm, struct mono now)
{
	dm->more_changed = false;
	/* Until the paths are known again, each map would seem to have changed. */
	if (persist_is_taking(&dm->checks->persist, now))
		return;
	dm->more_changed = true;
	for (unsigned n = 0; n < DM_SLICE; n++) {
		uint32_t index = maps_todo_take_map(dm->maps);

		if (index == MAPS_NONE) {
			dm->more_changed = false;
			return;
		}
		if (outage_map(dm->events, index, now))
			persist_touch_map(&dm->checks->persist, index);
		examine_handler(dm, index, now);
	}
}

void dm_complete_round(struct dm *dm, struct mono now)
{
	maps_set_settling(dm->maps, persist_is_taking(&dm->checks->persist, now));
	follow_orders(dm, now);
	report_changed(dm, now);
	if (dm->synced || !mono_before(now, dm->ready_by))
		dm->ready_by = MONO_NEVER;
	if (dm->look && !mono_before(now, dm->look_from)) {
		dm->look = false;
		dm->look_from = mono_add(now, DM_LOOK_US);
		devmapper_look(dm->devmapper);
	}
}

struct mono dm_next(const struct dm *dm)
{
	struct mono next = MONO_NEVER;

	if (dm->more_changed)
		return (struct mono){ 0 };
	if (!dm->blocked)
		next = maps_wake(dm->maps);
	if (dm->look)
		next = mono_min(next, dm->look_from);
	return mono_min(next, dm->ready_by);
}

bool dm_decides(const struct dm *dm)
{
	return dm->synced && dm->error == 0 && !dm->named;
}

bool dm_is_ready(const struct dm *dm)
{
	return mono_is_never(dm->ready_by);
}

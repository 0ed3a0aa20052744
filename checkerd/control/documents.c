/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing: writes what a snapshot has as JSON. The control thread runs this. */
#include "checkerd/control/documents.h"

#include <stdio.h>
#include <unistd.h>

#include "checkerd/control/document_hold.h"
#include "checkerd/control/document_path.h"
#include "checkerd/control/engine_words.h"
#include "config.h"

static void key_string(struct jw *j, const char *key, const char *s)
{
	jw_key(j, key);
	jw_string(j, s);
}

static void key_uint(struct jw *j, const char *key, uint64_t v)
{
	jw_key(j, key);
	jw_uint(j, v);
}

static void key_bool(struct jw *j, const char *key, bool v)
{
	jw_key(j, key);
	jw_bool(j, v);
}

static void key_null(struct jw *j, const char *key)
{
	jw_key(j, key);
	jw_null(j);
}

static void key_seconds(struct jw *j, const char *key, int64_t us)
{
	jw_key(j, key);
	jw_seconds(j, us);
}

/* "": the value is not known. */
static void key_text(struct jw *j, const char *key, const char *s)
{
	key_string(j, key, s[0] != '\0' ? s : NULL);
}

static void key_date(struct jw *j, const char *key, const struct snapshot *s,
                     struct mono t)
{
	jw_key(j, key);
	jw_time(j, s->taken_realtime_us + mono_diff(t, s->taken));
}

static void key_flag(struct jw *j, const char *key, const struct map *m, bool v)
{
	jw_key(j, key);
	if (m != NULL)
		jw_bool(j, v);
	else
		jw_null(j);
}

static const char *devt_text(char buf[24], uint32_t major, uint32_t minor)
{
	(void)snprintf(buf, 24, "%u:%u", major, minor);
	return buf;
}

/* Paths without a verdict, and paths that checkerd does not check. */
static uint32_t unchecked_paths(const struct view *v, const struct view_map *m)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->n; i++) {
		uint32_t path = view_map_path(v, m, i);
		const struct snap_path *p =
		        path == REGISTRY_NONE ? NULL : &v->snap->paths[path];

		n += p == NULL || (p->enabled && p->status.state == PATH_UNCHECKED);
	}
	return n;
}

void document_map_begin(struct jw *j, const struct view *v, const struct view_map *m)
{
	const struct map *dm = m->dm != NULL ? m->dm->map : NULL;
	char devt[24], node[24];

	jw_object(j);
	key_string(j, "name", m->name);
	key_string(j, "devt",
	           dm != NULL ? devt_text(devt, dm->devt_major, dm->devt_minor) : NULL);
	key_string(j, "uuid", dm != NULL && dm->uuid[0] != '\0' ? dm->uuid : NULL);
	if (dm != NULL)
		key_string(j, "wwid", dm->wwid);
	else /* the paths of a map that is only a name are paths to one unit */
		key_string(j, "wwid",
		           device_wwid(v->snap->paths[v->by_map[m->first]].device));
	if (dm != NULL)
		(void)snprintf(node, sizeof(node), "dm-%u", dm->devt_minor);
	key_string(j, "dm", dm != NULL ? node : NULL);
	key_uint(j, "paths_total", m->n);
	key_uint(j, "paths_up", m->up);
	key_uint(j, "paths_disabled", m->disabled);
	key_uint(j, "paths_overdue", m->overdue);
	key_uint(j, "paths_unchecked", unchecked_paths(v, m));
	key_uint(j, "paths_expected", m->dm != NULL ? m->dm->paths_expected : m->n);
	key_string(j, "redundancy", redundancy_name(view_redundancy(m)));
	if (m->lost_since != 0)
		key_date(j, "lost_since", v->snap, view_lost_since(m));
	else
		key_null(j, "lost_since");
	key_flag(j, "queueing", dm, dm != NULL && dm->queueing);
	key_flag(j, "suspended", dm, dm != NULL && dm->suspended);
	jw_key(j, "paths");
	jw_array(j);
}

/* NULL: checkerd does not check that path. */
static const struct device *map_device(const struct view *v, const struct view_map *m,
                                       uint32_t i)
{
	uint32_t path = view_map_path(v, m, i);

	return path == REGISTRY_NONE ? NULL : v->snap->paths[path].device;
}

void document_map_name(struct jw *j, const struct view *v, const struct view_map *m,
                       uint32_t i)
{
	const struct device *d = map_device(v, m, i);
	char devt[24];

	if (d != NULL)
		jw_string(j, device_name(d));
	else
		jw_string(j, devt_text(devt, m->dm->map->paths[i].devt_major,
		                       m->dm->map->paths[i].devt_minor));
}

static const char *kept_path(const struct view *v, const struct view_map *m)
{
	for (uint32_t i = 0; m->dm != NULL && i < m->n; i++) {
		const struct device *d = map_device(v, m, i);

		if (d != NULL && v->snap->map_paths[m->first + i].kept)
			return device_name(d);
	}
	return NULL;
}

static void key_barred(struct jw *j, const struct view *v, const struct view_map *m)
{
	jw_key(j, "barred");
	jw_array(j);
	for (uint32_t i = 0; m->dm != NULL && i < m->n; i++)
		if (v->snap->map_paths[m->first + i].barred)
			document_map_name(j, v, m, i);
	jw_array_end(j);
}

void document_map_middle(struct jw *j, const struct view *v, const struct view_map *m)
{
	jw_array_end(j);
	key_string(j, "kept_path", kept_path(v, m));
	key_barred(j, v, m);
	jw_key(j, "groups");
	if (m->dm != NULL)
		jw_array(j);
	else
		jw_null(j);
}

static const char *group_state_name(enum map_group_state s)
{
	switch (s) {
	case MAP_GROUP_ACTIVE:
		return "active";
	case MAP_GROUP_ENABLED:
		return "enabled";
	case MAP_GROUP_DISABLED:
		return "disabled";
	}
	assert(!"a group's state");
	return NULL;
}

void document_map_group(struct jw *j, const struct view_map *m, uint32_t group)
{
	jw_object(j);
	key_uint(j, "group", group);
	key_string(j, "state", group_state_name(m->dm->map->groups[group - 1]));
	jw_key(j, "paths");
	jw_array(j);
}

void document_map_path(struct jw *j, const struct view *v, const struct view_map *m,
                       uint32_t i)
{
	const struct map_path *p = &m->dm->map->paths[i];
	const struct snap_map_path *now = &v->snap->map_paths[m->first + i];
	const struct device *d = map_device(v, m, i);
	const struct snap_path *path = d == NULL ? NULL : &v->snap->paths[now->path];
	char devt[24];

	jw_object(j);
	key_string(j, "path", d != NULL ? device_name(d) : NULL);
	key_string(j, "devt", devt_text(devt, p->devt_major, p->devt_minor));
	key_string(j, "dm_state", document_dm_state(now));
	key_uint(j, "fail_count", p->fail_count);
	key_bool(j, "pending", now->pending);
	key_bool(j, "kept", now->kept);
	key_bool(j, "barred", now->barred);
	jw_key(j, "held_for_s");
	document_held_for(j, v->snap, path);
	key_bool(j, "held", path != NULL && path->held_why != HOLD_NONE);
	key_string(j, "error", now->error != 0 ? reason_errno_name(now->error) : NULL);
	jw_object_end(j);
}

void document_map_group_end(struct jw *j)
{
	jw_array_end(j);
	jw_object_end(j);
}

void document_map_end(struct jw *j, const struct view_map *m)
{
	if (m->dm != NULL)
		jw_array_end(j);
	jw_object_end(j);
}

void document_group(struct jw *j, const struct pathcheck_group *g)
{
	jw_object(j);
	key_uint(j, "id", g->id);
	key_string(j, "kind", engine_group_kind(g));
	key_uint(j, "slots", g->slots);
	key_uint(j, "queued", g->queued);
	key_uint(j, "in_flight", g->in_flight);
	key_uint(j, "expired", g->expired);
	key_uint(j, "orphans", g->orphans);
	key_string(j, "state", engine_group_state(g));
	jw_object_end(j);
}

static void gauge(struct jw *j, const char *key, uint64_t now, uint64_t max,
                  uint64_t total)
{
	jw_key(j, key);
	jw_object(j);
	key_uint(j, "now", now);
	key_uint(j, "max", max);
	key_uint(j, "total", total);
	jw_object_end(j);
}

static void key_known(struct jw *j, const char *key, int64_t v)
{
	jw_key(j, key);
	if (v >= 0)
		jw_int(j, v);
	else
		jw_null(j);
}

void document_engine(struct jw *j, const struct snapshot *s)
{
	gauge(j, "deferred", s->engine.deferred_now, s->engine.deferred_max,
	      s->engine.deferred_total);
	gauge(j, "emergency", s->engine.emergency_now, s->engine.emergency_max,
	      s->engine.emergency_total);
	jw_key(j, "rescuers");
	jw_object(j);
	key_uint(j, "size", s->engine.rescuers);
	key_uint(j, "busy", s->engine.rescuers_busy);
	key_uint(j, "stuck", s->engine.rescuers_stuck);
	key_uint(j, "stuck_max", s->engine.rescuers_stuck_max);
	jw_object_end(j);
	key_known(j, "aio_nr", s->aio_nr);
	key_known(j, "aio_max_nr", s->aio_max_nr);
	key_uint(j, "io_setup_failures_total", s->engine.io_setup_failures);
	jw_key(j, "lanes");
	jw_object(j);
	key_uint(j, "stuck", s->engine.lanes_stuck);
	key_uint(j, "replaced_total", s->engine.lane_replacements);
	key_uint(j, "blockers", s->engine.blockers);
	jw_object_end(j);
}

static void status_paths(struct jw *j, const struct snapshot *s)
{
	uint32_t n[PATH_STATE_COUNT_] = { 0 }, disabled = 0;

	for (uint32_t i = 0; i < s->n_paths; i++)
		if (s->paths[i].enabled)
			n[s->paths[i].status.state]++;
		else
			disabled++;
	jw_key(j, "paths");
	jw_object(j);
	key_uint(j, "total", s->n_paths);
	for (unsigned i = 0; i < PATH_STATE_COUNT_; i++)
		key_uint(j, path_state_name(i), n[i]);
	key_uint(j, VIEW_DISABLED, disabled);
	jw_object_end(j);
}

static void status_maps(struct jw *j, const struct view *v)
{
	uint32_t n[REDUNDANCY_COUNT] = { 0 };

	for (uint32_t i = 0; i < v->n_maps; i++)
		n[view_redundancy(&v->maps[i])]++;
	jw_key(j, "maps");
	jw_object(j);
	key_uint(j, "total", v->n_maps);
	for (unsigned i = 0; i < REDUNDANCY_COUNT; i++)
		key_uint(j, redundancy_name(i), n[i]);
	jw_object_end(j);
}

static void status_prober(struct jw *j, const struct snapshot *s)
{
	jw_key(j, "prober");
	jw_object(j);
	jw_key(j, "pid");
	if (s->engine.prober_pid > 0)
		jw_int(j, s->engine.prober_pid);
	else
		jw_null(j);
	key_uint(j, "restarts_total", s->engine.prober_restarts);
	if (s->engine.prober_pid > 0)
		key_seconds(j, "heartbeat_age_s", s->engine.heartbeat_age_us);
	else
		key_null(j, "heartbeat_age_s");
	key_text(j, "last_end", s->prober_end);
	key_uint(j, "lingering", s->engine.probers_lingering);
	jw_object_end(j);
}

static void status_overdue(struct jw *j, const struct snapshot *s)
{
	jw_key(j, "overdue");
	jw_object(j);
	key_uint(j, "paths", s->n_overdue);
	key_text(j, "message", s->overdue_text);
	jw_object_end(j);
}

static void status_warnings(struct jw *j, const struct snapshot *s)
{
	jw_key(j, "warnings");
	jw_array(j);
	for (uint32_t i = 0; i < MIN(s->n_warnings, SNAP_WARNINGS_MAX); i++)
		jw_string(j, s->warnings[i]);
	jw_array_end(j);
}

/* maps_known: null: the first listing of the maps has not ended. */
static void status_dm(struct jw *j, const struct snapshot *s)
{
	const char *error = reason_errno_name(s->dm_error);

	jw_key(j, "dm");
	jw_object(j);
	jw_key(j, "maps_known");
	if (s->dm_known || s->dm_error != 0)
		jw_bool(j, s->dm_known);
	else
		jw_null(j);
	key_string(j, "error", s->dm_error == 0 ? NULL : error != NULL ? error : "?");
	key_uint(j, "maps_left_out", s->maps_left_out);
	key_uint(j, "failed_total", s->dm_failed);
	key_uint(j, "reinstated_total", s->dm_reinstated);
	key_uint(j, "refused_total", s->dm_refused);
	jw_object_end(j);
}

static void status_purge(struct jw *j, const struct snapshot *s)
{
	jw_key(j, "purge");
	jw_object(j);
	key_uint(j, "deleted_total", s->purge_deleted);
	key_uint(j, "failed_total", s->purge_failed);
	jw_object_end(j);
}

void document_status(struct jw *j, const struct view *v)
{
	const struct snapshot *s = v->snap;

	key_string(j, "version", PACKAGE_VERSION);
	jw_key(j, "pid");
	jw_int(j, getpid());
	jw_key(j, "started");
	jw_time(j, s->started_realtime_us);
	key_bool(j, "ready", s->ready);
	status_paths(j, s);
	status_maps(j, v);
	jw_key(j, "lag_s");
	jw_object(j);
	key_seconds(j, "last", s->lag_last_us);
	key_seconds(j, "max", s->lag_max_us);
	jw_object_end(j);
	if (s->engine.oldest_in_flight_us > 0)
		key_seconds(j, "oldest_in_flight_s", s->engine.oldest_in_flight_us);
	else
		key_null(j, "oldest_in_flight_s");
	jw_key(j, "memory");
	jw_object(j);
	key_uint(j, "bound_bytes", s->bound_bytes);
	key_uint(j, "locked_bytes", s->locked_bytes);
	key_uint(j, "sealed_allocations_total", s->sealed_allocations);
	jw_object_end(j);
	status_prober(j, s);
	key_string(j, "dm_control", s->dm_control ? "on" : "off");
	status_warnings(j, s);
	status_dm(j, s);
	status_purge(j, s);
	status_overdue(j, s);
}

void document_info(struct jw *j)
{
	key_string(j, "vendor", PACKAGE_NAME);
	key_string(j, "product", PACKAGE_NAME);
	key_string(j, "version", PACKAGE_VERSION);
	key_string(j, "url", PACKAGE_URL);
	jw_key(j, "interfaces");
	jw_array(j);
	jw_string(j, "org.varlink.service");
	jw_string(j, "io.checkerd.Control");
	jw_array_end(j);
}

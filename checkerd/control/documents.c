/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing: writes what a snapshot has as JSON. The control thread runs this. */
#include "checkerd/control/documents.h"

#include <stdio.h>
#include <unistd.h>

#include "checkerd/control/document_hold.h"
#include "checkerd/control/engine_words.h"
#include "checkerd/core/loss.h"
#include "config.h"

#define CHECKER_WHY_TEXT_MAX 128

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

static void path_identity(struct jw *j, const struct device *d, const char *map)
{
	char devt[24];

	key_string(j, "name", device_name(d));
	key_string(j, "device", device_node(d));
	(void)snprintf(devt, sizeof(devt), "%u:%u", d->devt_major, d->devt_minor);
	key_string(j, "devt", d->devt_major != 0 || d->devt_minor != 0 ? devt : NULL);
	key_string(j, "alias", device_alias(d));
	key_string(j, "map", map);
	key_string(j, "wwid", device_wwid(d));
	key_string(j, "hcil", device_hcil(d));
	key_string(j, "vendor", device_vendor(d));
	key_string(j, "product", device_product(d));
	key_string(j, "revision", device_revision(d));
	key_string(j, "serial", device_serial(d));
	key_string(j, "protocol", device_protocol(d));
	key_string(j, "host", device_host(d));
	key_string(j, "target", device_target(d));
}

/* in_map: NULL: no map has the path. */
static const char *dm_state_name(const struct snap_map_path *in_map)
{
	if (in_map == NULL)
		return NULL;
	return in_map->active ? "active" : "failed";
}

/* What its map does with the path when that explains more than the last failure. */
static const char *path_reason(const struct snapshot *s, const struct snap_path *p,
                               char buf[OVERDUE_TEXT_MAX])
{
	const struct snap_map_path *in_map = snap_in_map(s, p);

	if (in_map != NULL && in_map->barred)
		return "another disk is there: barred from its map";
	if (p->overdue)
		return overdue_format(p->why, mono_diff(s->taken, p->heard),
		                      &p->status.reason, buf, OVERDUE_TEXT_MAX);
	if (p->status.state == PATH_PENDING && p->why.cause == OVERDUE_NOT_JUDGED) {
		(void)snprintf(buf, OVERDUE_TEXT_MAX, "not checked: ");
		(void)overdue_cause_format(p->why, buf + strlen(buf),
		                           OVERDUE_TEXT_MAX - strlen(buf));
		return buf;
	}
	if (path_state_usable(p->status.state) && document_hold_text(s, p, buf) != NULL)
		return buf;
	return reason_format(&p->status.reason, buf, OVERDUE_TEXT_MAX);
}

void document_path_state(struct jw *j, const struct snapshot *s,
                         const struct snap_path *p)
{
	char reason[OVERDUE_TEXT_MAX];

	key_string(j, "state", view_path_state(p));
	key_date(j, "state_since", s, p->status.since);
	key_text(j, "reason", path_reason(s, p, reason));
	if (p->status.reason.error != 0)
		key_uint(j, "errno", (uint64_t)p->status.reason.error);
	else
		key_null(j, "errno");
	key_string(j, "loss", loss_name(loss_of(p->status.state, &p->status.reason)));
	key_string(j, "dm_state", dm_state_name(snap_in_map(s, p)));
	key_string(j, "sysfs_state", sysfs_word_text(p->sysfs.device));
	key_string(j, "access_state", sysfs_word_text(p->sysfs.access));
}

/* The reason may be "hardware table: DGC VRAID". A path that is only observed has no checker. */
static void path_checker(struct jw *j, const struct snap_path *p)
{
	const char *vendor = device_vendor(p->device);
	const char *product = device_product(p->device);
	const char *why = checker_why_text((enum checker_why)p->checker_why);
	char text[CHECKER_WHY_TEXT_MAX];

	if (p->checker_why == CHECKER_WHY_HARDWARE && vendor != NULL && product != NULL) {
		(void)snprintf(text, sizeof(text), "%s: %.32s %.64s", why, vendor,
		               product);
		why = text;
	}
	if (device_is_observed(p->device))
		key_string(j, "checker", "ana");
	else
		key_string(j, "checker",
		           checker_kind_name((enum checker_kind)p->checker));
	key_string(j, "checker_why", device_is_observed(p->device) ? NULL : why);
}

/* "window FILE:LINE"; NULL: its place is not known. */
static const char *window_words(const struct snapshot *s, const struct snap_path *p,
                                char buf[static JW_STRING_MAX])
{
	const struct text *t = s->window_places;
	size_t at = 0;

	for (unsigned i = 1; t != NULL && i < p->window && at < t->size; i++)
		at += strlen(t->data + at) + 1;
	if (t == NULL || p->window == 0 || at >= t->size)
		return NULL;
	(void)snprintf(buf, JW_STRING_MAX, "window %s", t->data + at);
	return buf;
}

static void path_disabled(struct jw *j, const struct snapshot *s,
                          const struct snap_path *p)
{
	char words[JW_STRING_MAX];

	key_bool(j, "enabled", p->enabled);
	if (p->enabled)
		key_null(j, "disabled_by");
	else
		key_string(j, "disabled_by",
		           p->by_hand ? "by hand" : window_words(s, p, words));
	if (p->enabled)
		key_null(j, "disabled_since");
	else
		key_date(j, "disabled_since", s, p->heard);
	if (!p->enabled && !mono_is_never(p->due))
		key_date(j, "disabled_until", s, p->due);
	else
		key_null(j, "disabled_until");
}

static void path_engine(struct jw *j, const struct snapshot *s, const struct snap_path *p)
{
	path_checker(j, p);
	key_string(j, "engine", engine_word((enum pathcheck_engine)p->engine));
	if (p->group != PATH_GROUP_NONE)
		key_uint(j, "group", p->group);
	else
		key_null(j, "group");
	path_disabled(j, s, p);
	key_bool(j, "slow", p->slow);
	document_hold(j, s, p);
}

/* A reload may have changed interval and timeout after the path became overdue. */
static struct mono overdue_since(const struct snapshot *s, const struct snap_path *p)
{
	struct mono since =
	        mono_add(p->heard, p->interval_us + p->timeout_us + OVERDUE_MARGIN_US);

	return mono_min(since, s->taken);
}

static void path_times(struct jw *j, const struct snapshot *s, const struct snap_path *p)
{
	key_seconds(j, "interval_s", p->interval_us);
	key_seconds(j, "timeout_s", p->timeout_us);
	if (p->last.us != 0)
		key_date(j, "last_check", s, p->last);
	else
		key_null(j, "last_check");
	if (!mono_is_never(p->due))
		key_seconds(j, "next_check_in_s", MAX(mono_diff(p->due, s->taken), 0));
	else
		key_null(j, "next_check_in_s");
	if (p->outstanding && p->started.us != 0)
		key_seconds(j, "in_flight_s", MAX(mono_diff(s->taken, p->started), 0));
	else
		key_null(j, "in_flight_s");
	key_bool(j, "overdue", p->overdue);
	if (p->overdue)
		key_date(j, "overdue_since", s, overdue_since(s, p));
	else
		key_null(j, "overdue_since");
	if (p->good.us != 0)
		key_date(j, "last_good", s, p->good);
	else
		key_null(j, "last_good");
}

static void path_counters(struct jw *j, const struct snap_path *p)
{
	static const char *const keys[] = { "last", "p50", "p99", "max" };
	const uint32_t latencies[] = { p->last_us, p->p50_us, p->p99_us, p->max_us };

	key_uint(j, "checks_total", p->counters.checks);
	key_uint(j, "failures_total", p->counters.failures);
	key_uint(j, "timeouts_total", p->counters.timeouts);
	key_uint(j, "device_errors_total", p->counters.device_errors);
	key_uint(j, "deferred_total", p->counters.deferred);
	key_uint(j, "transitions_total", p->counters.transitions);
	document_failures(j, p);
	jw_key(j, "latency_us");
	jw_object(j);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (p->has_latency)
			key_uint(j, keys[i], latencies[i]);
		else
			key_null(j, keys[i]);
	jw_object_end(j);
	if (!p->has_latency) {
		key_null(j, "latency_counts");
		return;
	}
	jw_key(j, "latency_counts");
	jw_array(j);
	for (unsigned i = 0; i < HISTOGRAM_CELLS; i++)
		jw_uint(j, p->cells[i]);
	jw_array_end(j);
}

void document_path(struct jw *j, const struct snapshot *s, const struct snap_path *p)
{
	const struct snap_map_path *in_map = snap_in_map(s, p);

	jw_object(j);
	path_identity(j, p->device, view_path_map(s, p));
	document_path_state(j, s, p);
	path_engine(j, s, p);
	path_times(j, s, p);
	path_counters(j, p);
	key_bool(j, "forced", p->forced);
	key_bool(j, "barred", in_map != NULL && in_map->barred);
	document_held_for(j, s, p);
	jw_object_end(j);
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
	if (m->dm != NULL && m->dm->lost_since != 0)
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
	key_string(j, "dm_state", dm_state_name(now));
	key_uint(j, "fail_count", p->fail_count);
	key_bool(j, "pending", now->pending);
	key_bool(j, "kept", now->kept);
	key_bool(j, "barred", now->barred);
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

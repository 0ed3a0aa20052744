/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the table of findings, which is constant. The control thread runs this.
 *
 * Three sources: the warnings of show status, the rules about the kernel's timers, and the table
 * below. What only the command can see (other programs, the host when no daemon runs) is found by
 * checkerctl.
 */
#include "checkerd/control/findings.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void set_text(struct finding *f, const char *format, ...) _printf_(2, 3);
static void set_text(struct finding *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(f->text, sizeof(f->text), format, args);
	va_end(args);
}

/* Counts one more object; the first one is the example. */
static void count(struct finding *f, const char *object)
{
	if (f->count++ == 0)
		(void)snprintf(f->object, sizeof(f->object), "%s", object);
}

/* --- the table's functions: false: nothing is found --- */

static bool no_prober(const struct view *v, struct finding *f)
{
	const struct snapshot *s = v->snap;

	set_text(f, "no prober is running, so no path is checked%s%s",
	         s->prober_end[0] != '\0' ? "; the last one: " : "", s->prober_end);
	return s->engine.prober_pid == 0;
}

static bool not_listed(const struct view *v, struct finding *f)
{
	if (v->snap->discovery_error == 0)
		return false;
	set_text(f, "the devices cannot be listed: %s",
	         strerrordesc_np(v->snap->discovery_error));
	return true;
}

static bool no_paths(const struct view *v, struct finding *f)
{
	set_text(f, "no path is checked, and %" PRIu32 " devices are excluded",
	         v->snap->excluded);
	return v->snap->ready && v->snap->n_paths == 0;
}

static bool no_udevd(const struct view *v, struct finding *f)
{
	set_text(f, "udevd does not run: no device has properties, so property rules do "
	            "not apply and WWIDs are the kernel's");
	return v->snap->timers != NULL && v->snap->timers->udevd_missing;
}

/* Its two findings have ids of their own. */
static bool multipathd(const struct view *v, struct finding *f)
{
	return v->snap->timers != NULL && peer_finding(&v->snap->timers->peer, f);
}

static bool maps_unknown(const struct view *v, struct finding *f)
{
	if (v->snap->dm_error == 0)
		return false;
	/* A host without device-mapper needs none when checkerd only observes. */
	if (!v->snap->dm_control)
		f->severity = FINDING_NOTE;
	set_text(f, "the maps of device-mapper cannot be listed: %s",
	         strerrordesc_np(v->snap->dm_error));
	return true;
}

static bool maps_left_out(const struct view *v, struct finding *f)
{
	set_text(f, "%" PRIu32 " maps have no room", v->snap->maps_left_out);
	return v->snap->maps_left_out > 0;
}

static bool unwatched_paths(const struct view *v, struct finding *f)
{
	uint32_t paths = 0;

	for (uint32_t i = 0; i < v->n_maps; i++) {
		const struct view_map *m = &v->maps[i];
		uint32_t here = 0;

		for (uint32_t k = 0; m->dm != NULL && k < m->n; k++)
			here += view_map_path(v, m, k) == REGISTRY_NONE;
		if (here > 0)
			count(f, m->name);
		paths += here;
	}
	set_text(f, "%" PRIu32 " of the paths in maps %s not checked", paths,
	         paths == 1 ? "is" : "are");
	return paths > 0;
}

/* The HBA of all paths of a map; NULL: they have several, or it is not known. */
static const char *only_host(const struct view *v, const struct view_map *m)
{
	const char *host = NULL;

	for (uint32_t i = 0; i < m->n; i++) {
		uint32_t path = view_map_path(v, m, i);
		const char *other = path == REGISTRY_NONE
		                            ? NULL
		                            : device_host(v->snap->paths[path].device);

		if (other == NULL || (host != NULL && strcmp(host, other) != 0))
			return NULL;
		host = other;
	}
	return host;
}

static bool one_host(const struct view *v, struct finding *f)
{
	const char *example = NULL;

	for (uint32_t i = 0; i < v->n_maps; i++) {
		const struct view_map *m = &v->maps[i];
		const char *host = m->n > 1 ? only_host(v, m) : NULL;

		if (host == NULL)
			continue;
		count(f, m->name);
		example = example != NULL ? example : host;
	}
	set_text(f,
	         "all paths of the map go through %s: if it fails, the map has no path",
	         example != NULL ? example : "");
	return example != NULL;
}

static const struct {
	const char *id;
	enum finding_severity severity;
	bool (*find)(const struct view *v, struct finding *f);
	const char *remedy;
} kinds[] = {
	{ "no-prober", FINDING_ERROR, no_prober,
	  "see the log of checkerd: journalctl -u checkerd" },
	{ "devices-not-listed", FINDING_ERROR, not_listed,
	  "free memory or descriptors; checkerd tries again every second" },
	{ "no-paths", FINDING_WARNING, no_paths, "see why with checkerctl show devices" },
	{ "udevd-missing", FINDING_WARNING, no_udevd, "start systemd-udevd" },
	{ "multipathd-checks", FINDING_WARNING, multipathd, "" },
	{ "maps-not-listed", FINDING_ERROR, maps_unknown,
	  "run checkerd as root, with the module dm-multipath loaded" },
	{ "maps-left-out", FINDING_ERROR, maps_left_out,
	  "raise max_paths, and systemctl restart checkerd" },
	{ "map-unwatched-paths", FINDING_WARNING, unwatched_paths,
	  "see why with checkerctl explain DEVICE, for each path MAJOR:MINOR of show "
	  "maps" },
	{ "map-one-host", FINDING_WARNING, one_host,
	  "connect the map's disk through a second HBA or controller" },
};

/* --- warnings of show status --- */

static const struct {
	const char *id;
	enum finding_severity severity;
	const char *remedy;
} warnings[] = {
	{ SNAP_WARNING_OVERDUE, FINDING_ERROR,
	  "see checkerctl show paths and checkerctl show groups" },
	{ SNAP_WARNING_DM, FINDING_WARNING, "see checkerctl show events --type dm" },
	{ SNAP_WARNING_KEPT, FINDING_WARNING, "repair a path of each of these maps" },
	{ SNAP_WARNING_PURGE, FINDING_WARNING, "see checkerctl show events" },
	{ SNAP_WARNING_SEALED, FINDING_ERROR, "report it as a defect of checkerd" },
	{ SNAP_WARNING_AIO, FINDING_WARNING,
	  "raise fs.aio-max-nr in /etc/sysctl.d; checkerd then uses it by itself" },
	{ SNAP_WARNING_REALTIME, FINDING_WARNING,
	  "start checkerd by its unit, or set realtime_priority 0" },
	{ SNAP_WARNING_FLUSHER, FINDING_WARNING, "start checkerd by its unit, as root" },
	{ SNAP_WARNING_MEMLOCK, FINDING_WARNING, "start checkerd by its unit, as root" },
	{ SNAP_WARNING_OOM, FINDING_WARNING, "start checkerd by its unit, as root" },
	{ SNAP_WARNING_DESCRIPTORS, FINDING_WARNING,
	  "raise LimitNOFILE in the unit, and systemctl restart checkerd" },
};

static bool get_warning(const struct snapshot *s, uint32_t at, struct finding *ret)
{
	if (at >= s->n_warnings)
		return false;
	/* maps_unknown() says the same. */
	if (strcmp(s->warning_ids[at], SNAP_WARNING_DM) == 0 && s->dm_error != 0)
		return false;
	/* The rules about timers have findings of their own. */
	for (size_t i = 0; i < ARRAY_LEN(warnings); i++) {
		if (strcmp(warnings[i].id, s->warning_ids[at]) != 0)
			continue;
		*ret = (struct finding){ .id = warnings[i].id,
			                 .severity = warnings[i].severity,
			                 .count = 1 };
		(void)snprintf(ret->text, sizeof(ret->text), "%s", s->warnings[at]);
		(void)snprintf(ret->remedy, sizeof(ret->remedy), "%s",
		               warnings[i].remedy);
		return true;
	}
	return false;
}

/* --- all --- */

uint32_t findings_count(void)
{
	return ARRAY_LEN(kinds) + SNAP_WARNINGS_MAX + TIMER_RULE_COUNT_;
}

bool findings_get(const struct view *v, uint32_t kind, struct finding *ret)
{
	uint32_t rule = kind - ARRAY_LEN(kinds) - SNAP_WARNINGS_MAX;

	if (kind < ARRAY_LEN(kinds)) {
		*ret = (struct finding){ .id = kinds[kind].id,
			                 .severity = kinds[kind].severity };
		(void)snprintf(ret->remedy, sizeof(ret->remedy), "%s",
		               kinds[kind].remedy);
		if (!kinds[kind].find(v, ret))
			return false;
		ret->count = MAX(ret->count, UINT32_C(1));
		return true;
	}
	if (kind < ARRAY_LEN(kinds) + SNAP_WARNINGS_MAX)
		return get_warning(v->snap, kind - ARRAY_LEN(kinds), ret);
	return v->snap->timers != NULL &&
	       timer_report_finding(v->snap->timers, (enum timer_rule)rule, ret);
}

static void key_string(struct jw *j, const char *key, const char *value)
{
	jw_key(j, key);
	jw_string(j, value);
}

void findings_write(struct jw *j, const struct finding *f)
{
	jw_object(j);
	key_string(j, "id", f->id);
	key_string(j, "severity", finding_severity_name(f->severity));
	key_string(j, "object", f->object[0] != '\0' ? f->object : NULL);
	jw_key(j, "count");
	jw_uint(j, f->count);
	key_string(j, "text", f->text);
	key_string(j, "remedy", f->remedy);
	jw_object_end(j);
}

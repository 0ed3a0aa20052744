/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing. The loop only. */
#include "checkerd/paths/dm_report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "checkerd/core/maps_entries.h"
#include "checkerd/core/maps_paths.h"
#include "checkerd/paths/outage_gather.h"

/* A map whose table is reloaded refuses commands with EBUSY for a moment. This refusal in a row is
 * reported. */
#define BUSY_MANY 6

static const char *name_of(const struct dm *dm, const struct maps_path *e)
{
	return maps_get(dm->maps, e->map)->map->name;
}

/* The path that the entry stands for. NULL: it is not a path of checkerd. */
static const struct path *path_of(const struct dm *dm, const struct maps_path *e)
{
	return e->path == MAPS_NONE ? NULL : registry_get(dm->checks->registry, e->path);
}

/* Why the path may not be used. */
static const char *why_unusable(const struct dm *dm, const struct maps_path *e)
{
	if (e->bar != BAR_NONE)
		return "another disk is there";
	return maps_is_forced(dm->maps, e->path) ? "it was failed by hand" : "it is down";
}

static const char *command_name(enum agreement_command c)
{
	return c == COMMAND_FAIL ? "fail_path" : "reinstate_path";
}

void dm_report_sync(struct dm *dm, const struct dm_record *n)
{
	uint32_t maps = maps_count(dm->maps);

	dm->trouble[0] = '\0';
	if (n->error != 0) {
		(void)snprintf(dm->trouble, sizeof(dm->trouble),
		               "multipath maps cannot be followed%s: device-mapper: %s%s",
		               dm->control ? ", and dm_control cannot be obeyed" : "",
		               strerrordesc_np(n->error),
		               n->error == EACCES || n->error == EPERM
		                       ? ": CAP_SYS_ADMIN is needed"
		                       : "");
		/* Without dm_control, checkerd works without maps. */
		events_say(dm->events, EVENT_DM, dm->control ? LOG_WARNING : LOG_INFO,
		           "%s", dm->trouble);
		return;
	}
	if (n->no_room > 0) {
		(void)snprintf(dm->trouble, sizeof(dm->trouble),
		               "%u device-mapper devices are excluded, there is no room "
		               "for them: raise max_paths and systemctl restart checkerd",
		               n->no_room);
		events_say(dm->events, EVENT_DM, LOG_ERR, "%s", dm->trouble);
	}
	if (maps > 0 || dm->error != 0)
		events_say(dm->events, EVENT_DM, LOG_INFO, "%u multipath maps found",
		           maps);
}

void dm_report_no_room(struct dm *dm, const struct map *map)
{
	if (dm->no_room)
		return;
	(void)snprintf(dm->trouble, sizeof(dm->trouble),
	               "map %s, and possibly others, are excluded, there is no room for "
	               "their paths: raise max_paths and systemctl restart checkerd",
	               map->name);
	events_say(dm->events, EVENT_DM, LOG_ERR, "%s", dm->trouble);
}

void dm_report_map(struct dm *dm, uint32_t index, unsigned change, const struct map *old,
                   struct mono now)
{
	const struct map *m = maps_get(dm->maps, index)->map;
	struct events *ev = dm->events;

	if ((change & MAPS_NEW) != 0) {
		events_new_map(ev, index);
		/* dm_report_sync() reports those of the first list in one line. */
		events_map(ev, index, m->name, dm->synced ? LOG_INFO : LOG_DEBUG, "", "",
		           now, "found, with %u paths", m->n_paths);
		return;
	}
	if ((change & MAPS_RENAMED) != 0)
		events_map(ev, index, m->name, LOG_NOTICE, "", "", now, "renamed from %s",
		           old->name);
	if ((change & MAPS_PATHS) != 0)
		events_map(ev, index, m->name, LOG_INFO, "", "", now,
		           "has another table, with %u paths", m->n_paths);
	if ((change & MAPS_QUEUEING) != 0)
		events_map(ev, index, m->name, LOG_INFO, "", "", now,
		           m->queueing ? "from now on I/O waits when no path is left"
		                       : "from now on I/O fails when no path is left");
	if ((change & MAPS_SUSPENDED) != 0)
		events_map(ev, index, m->name, LOG_DEBUG, "", "", now,
		           m->suspended ? "suspended" : "resumed");
}

void dm_report_no_handler(struct dm *dm, uint32_t index, const struct path *p,
                          struct mono now)
{
	events_map(
	        dm->events, index, maps_get(dm->maps, index)->map->name, LOG_WARNING, "",
	        "", now,
	        "path %s has no access_state, although the table names a hardware "
	        "handler: a standby port would be failed like a broken one: load the "
	        "handler's module (modprobe scsi_dh_alua, scsi_dh_rdac, scsi_dh_emc or "
	        "scsi_dh_hp_sw) and rescan the device",
	        device_name(p->device));
}

void dm_report_gone(struct dm *dm, uint32_t index, struct mono now)
{
	events_map(dm->events, index, maps_get(dm->maps, index)->map->name, LOG_NOTICE,
	           "", "", now, "removed");
}

static const char *follows_failed(const struct dm *dm, const struct maps_path *e)
{
	switch (e->verdict) {
	case VERDICT_USABLE:
		if (!path_of(dm, e)->enabled)
			return "it is disabled, and checked when it is enabled";
		if (policy_is_held(&path_of(dm, e)->hold))
			return "it is held";
		return dm->control ? "it is checked now, and reinstated when the check "
		                     "succeeds"
		                   : "it is checked now";
	case VERDICT_UNUSABLE:
		return why_unusable(dm, e);
	case VERDICT_NONE:
		break;
	}
	return "its state is not known yet";
}

void dm_report_foreign(struct dm *dm, uint32_t entry, enum agreement_foreign what,
                       struct mono now)
{
	const struct maps_path *e = maps_path(dm->maps, entry);
	const struct path *p = path_of(dm, e);

	if (p == NULL)
		return; /* Not a path of checkerd. */
	if (what == FOREIGN_FAILED && outage_foreign(dm->events, e->path, p, now))
		return;
	if (what == FOREIGN_FAILED)
		events_dm(dm->events, e->path, p, name_of(dm, e),
		          e->verdict == VERDICT_USABLE ? LOG_WARNING : LOG_INFO, "active",
		          "failed", now,
		          "failed in its map, by the kernel or another program: %s",
		          follows_failed(dm, e));
	else
		events_dm(dm->events, e->path, p, name_of(dm, e),
		          e->verdict == VERDICT_UNUSABLE ? LOG_WARNING : LOG_INFO,
		          "failed", "active", now,
		          "active in its map again, by another program%s%s%s",
		          e->verdict != VERDICT_UNUSABLE ? "" : ": ",
		          e->verdict != VERDICT_UNUSABLE ? "" : why_unusable(dm, e),
		          e->verdict == VERDICT_UNUSABLE && dm->control
		                  ? ", and is failed again"
		                  : "");
}

static const char *why_failed(const struct dm *dm, const struct maps_path *e,
                              const struct path *p, char reason[REASON_TEXT_MAX])
{
	if (e->bar != BAR_NONE)
		return "another disk is there";
	if (maps_is_forced(dm->maps, e->path))
		return "by hand";
	if (p->status.verdict == VERDICT_USABLE && policy_is_held(&p->hold))
		return hold_why_name(policy_why(&p->hold));
	return reason_format(&p->status.reason, reason, REASON_TEXT_MAX);
}

/* Does the command follow from the path's checks alone? */
static bool follows_checks(const struct dm *dm, const struct maps_path *e,
                           const struct path *p, enum agreement_command c)
{
	return e->bar == BAR_NONE && !maps_is_forced(dm->maps, e->path) && !e->released &&
	       (c == COMMAND_REINSTATE || p->status.verdict == VERDICT_UNUSABLE);
}

void dm_report_done(struct dm *dm, uint32_t entry, enum agreement_command c,
                    struct mono now)
{
	const struct maps_path *e = maps_path(dm->maps, entry);
	const struct path *p = path_of(dm, e);
	char reason[REASON_TEXT_MAX];

	if (p == NULL && c == COMMAND_REINSTATE)
		events_map(
		        dm->events, e->map, name_of(dm, e), LOG_NOTICE, "", "", now,
		        "path %u:%u is reinstated: checkerd does not check it any more",
		        e->devt_major, e->devt_minor);
	if (p == NULL)
		return; /* That its device is gone was reported. */
	if (follows_checks(dm, e, p, c) &&
	    outage_commanded(dm->events, e->path, p, c == COMMAND_FAIL, now))
		return;
	if (c == COMMAND_FAIL)
		events_dm(dm->events, e->path, p, name_of(dm, e), LOG_NOTICE, "active",
		          "failed", now, "failed in its map: %s",
		          why_failed(dm, e, p, reason));
	else
		events_dm(dm->events, e->path, p, name_of(dm, e), LOG_NOTICE, "failed",
		          "active", now,
		          e->released ? "reinstated in its map, and released"
		                      : "reinstated in its map");
}

void dm_report_refused(struct dm *dm, uint32_t entry, enum agreement_command c, int error,
                       struct mono now)
{
	const struct maps_path *e = maps_path(dm->maps, entry);
	const struct path *p = path_of(dm, e);

	if (error == EPERM || error == EACCES) {
		if (dm->forbidden)
			return;
		dm->forbidden = true;
		(void)snprintf(dm->trouble, sizeof(dm->trouble),
		               "dm_control cannot be obeyed: %s of map %s: %s: "
		               "CAP_SYS_ADMIN is needed",
		               command_name(c), name_of(dm, e), strerrordesc_np(error));
		events_say(dm->events, EVENT_DM, LOG_ERR, "%s", dm->trouble);
		return;
	}
	if (p == NULL || e->agreement.refusals != (error == EBUSY ? BUSY_MANY : 1))
		return;
	events_dm(dm->events, e->path, p, name_of(dm, e), LOG_WARNING, "", "", now,
	          "%s was refused: %s: checkerd tries again", command_name(c),
	          strerrordesc_np(error));
}

void dm_report_kept(struct dm *dm, uint32_t entry, struct mono now)
{
	const struct maps_path *e = maps_path(dm->maps, entry);
	const struct path *p = path_of(dm, e);

	if (p != NULL)
		events_dm(dm->events, e->path, p, name_of(dm, e), LOG_WARNING, "", "",
		          now, "%s, but is kept in its map: its last path",
		          why_unusable(dm, e));
}

void dm_report_spared(struct dm *dm, uint32_t entry, struct mono now)
{
	const struct maps_path *e = maps_path(dm->maps, entry);
	const struct path *p = path_of(dm, e);

	if (p != NULL && policy_is_held(&p->hold))
		events_dm(dm->events, e->path, p, name_of(dm, e), LOG_WARNING, "", "",
		          now, "held (%s), but used: last usable path",
		          hold_why_name(policy_why(&p->hold)));
}

void dm_report_barred(struct dm *dm, uint32_t entry, struct mono now)
{
	const struct maps_path *e = maps_path(dm->maps, entry);
	const struct map *m = maps_get(dm->maps, e->map)->map;
	const struct path *p = path_of(dm, e);
	const char *was = m->wwid == NULL ? "not known" : m->wwid, *is;

	if (p == NULL)
		return; /* Reported when the entry has a path. */
	is = device_wwid(p->device);
	if (e->bar == BAR_READ)
		is = "another one, says the disk";
	else if (is == NULL)
		is = "not known";
	events_dm(dm->events, e->path, p, m->name, LOG_CRIT, "", "barred", now,
	          "another disk is under %u:%u: WWID of the map: %s; WWID of the disk: "
	          "%s; barred until the path leaves the map: remove it from the map",
	          e->devt_major, e->devt_minor, was, is);
}

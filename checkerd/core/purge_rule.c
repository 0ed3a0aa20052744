/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing. Runs on the loop. */
#include "checkerd/core/purge_rule.h"

#include "checkerd/core/maps_count.h"
#include "checkerd/core/maps_paths.h"

/* Does the path's target say for long enough that it has no such unit? */
static bool is_confirmed(const struct path *p, struct mono now)
{
	return p->status.state == PATH_DISCONNECTED &&
	       p->status.no_unit >= PURGE_CHECKS &&
	       mono_diff(now, p->status.since) >= PURGE_TIME_US;
}

/* A path whose device is gone is no path of the map any more. A path that checkerd does not check
 * may work. */
static bool is_lost(struct registry *r, struct maps *m, const struct maps_path *e,
                    struct mono now)
{
	const struct path *p = e->path == MAPS_NONE ? NULL : registry_get(r, e->path);

	if (p == NULL)
		return e->gone;
	return is_confirmed(p, now) && p->enabled && !maps_is_forced(m, e->path);
}

static bool all_are_lost(struct registry *r, struct maps *m, uint32_t map,
                         struct mono now)
{
	uint32_t i = maps_get(m, map)->first;

	for (; i != MAPS_NONE; i = maps_path(m, i)->next)
		if (!is_lost(r, m, maps_path(m, i), now))
			return false;
	return true;
}

static enum purge_answer judge_entry(struct registry *r, struct maps *m, uint32_t entry,
                                     struct mono now)
{
	const struct maps_path *e = maps_path(m, entry);

	if (e->agreement.active || e->agreement.in_flight != COMMAND_NONE)
		return PURGE_IN_USE;
	if (e->bar != BAR_NONE)
		return PURGE_BARRED;
	if (!maps_has_another(m, entry) && !all_are_lost(r, m, e->map, now))
		return PURGE_LAST;
	return PURGE_ALLOWED;
}

enum purge_answer purge_rule(struct registry *r, struct maps *m, uint32_t path,
                             struct mono now)
{
	const struct path *p = registry_get(r, path);
	enum purge_answer a = PURGE_NO_MAP;

	if (!p->settings.purge)
		return PURGE_NOT_WANTED;
	if (!p->enabled || maps_is_forced(m, path))
		return PURGE_HELD;
	if (!is_confirmed(p, now) || mono_diff(now, p->last) > PURGE_FRESH_US)
		return PURGE_NOT_CONFIRMED;
	if (device_hcil(p->device) == NULL || p->device->devt_major == 0)
		return PURGE_NOT_SCSI;
	if (p->device->diskseq == 0)
		return PURGE_NO_NUMBER;
	for (uint32_t i = maps_first_of_path(m, path); i != MAPS_NONE;
	     i = maps_path(m, i)->next_of_path) {
		a = judge_entry(r, m, i, now);
		if (a != PURGE_ALLOWED)
			return a;
	}
	return a;
}

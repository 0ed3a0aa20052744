/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the record that is held. The loop only: each round takes records from discovery's ring. */
#include "checkerd/paths/inventory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "checkerd/core/maps_paths.h"
#include "checkerd/paths/membership.h"
#include "checkerd/paths/outage_gather.h"

void inventory_init(struct inventory *inv, struct discovery *d, struct checks *c,
                    struct events *ev)
{
	*inv = (struct inventory){ .discovery = d, .checks = c, .events = ev };
	observe_init(&inv->observe, c);
}

void inventory_deinit(struct inventory *inv)
{
	if (inv->holding)
		found_deinit(&inv->held);
	inv->timers = timer_report_unref(inv->timers);
	inv->holding = false;
}

void inventory_reset_counts(struct inventory *inv)
{
	inv->added = inv->removed = inv->changed = 0;
	inv->twins[0] = '\0';
}

/* reload.c reports the paths of the first configuration together, in one line. */
static bool reports_each(const struct inventory *inv)
{
	return inv->generation > 0;
}

static const char *known(const char *text)
{
	return text == NULL ? "not known" : text;
}

/* Two paths to one device are one path of its map. */
static void report_twin(struct inventory *inv, uint32_t index)
{
	struct registry *registry = inv->checks->registry;
	const struct device *d = registry_get(registry, index)->device, *other;
	uint32_t twin = maps_twin(inv->checks->maps, index);

	if (twin == MAPS_NONE)
		return;
	other = registry_get(registry, twin)->device;
	if (inv->twins[0] == '\0')
		(void)snprintf(inv->twins, sizeof(inv->twins),
		               "warning: %s and %s lead to one device, %u:%u: they count "
		               "as one path: remove one of them",
		               device_name(other), device_name(d), d->devt_major,
		               d->devt_minor);
	events_path(inv->events, EVENT_CONFIG, LOG_WARNING, d,
	            "leads to the same device as %s, %u:%u: they count as one path: "
	            "remove one of them",
	            device_name(other), d->devt_major, d->devt_minor);
}

static int add_path(struct inventory *inv, const struct found *f, struct mono now)
{
	uint32_t index;
	int r;

	r = membership_add(inv->checks, f->device, &f->settings, now, &index);
	if (r == -EAGAIN)
		return r;
	if (r == -ENOSPC) {
		inv->no_room++; /* synchronize() reports all of them in one line. */
		return 0;
	}
	if (r < 0) {
		events_path(inv->events, EVENT_PATH_ADDED, LOG_ERR, f->device,
		            "cannot be added: %s", strerrordesc_np(-r));
		return 0;
	}
	inv->added++;
	report_twin(inv, index);
	if (f->replaced)
		events_path(inv->events, EVENT_PATH_ADDED, LOG_WARNING, f->device,
		            "now another disk, WWID %s", known(device_wwid(f->device)));
	else if (reports_each(inv))
		events_path(inv->events, EVENT_PATH_ADDED, LOG_INFO, f->device, "added");
	return 0;
}

static int change_path(struct inventory *inv, uint32_t index, const struct found *f,
                       struct mono now)
{
	int r = membership_change(inv->checks, index, f->device, &f->settings, now);

	if (r == -EAGAIN)
		return r;
	if (r < 0)
		events_path(inv->events, EVENT_CONFIG, LOG_ERR, f->device,
		            "cannot be checked with its new settings: %s",
		            strerrordesc_np(-r));
	inv->changed++;
	return 0;
}

static void report_removed(struct inventory *inv, const struct found *f)
{
	if (f->replaced)
		events_path(inv->events, EVENT_PATH_REMOVED, LOG_NOTICE, f->device,
		            "another disk has its name, this one had WWID %s",
		            known(device_wwid(f->device)));
	else if (!f->gone || !outage_reports_removal(inv->events, f->device))
		events_path(inv->events, EVENT_PATH_REMOVED,
		            f->gone ? LOG_NOTICE : LOG_INFO, f->device,
		            f->gone ? "its device is gone" : "no longer configured");
}

static int remove_path(struct inventory *inv, uint32_t index, const struct found *f,
                       struct mono now)
{
	int r = membership_remove(inv->checks, index, f->gone, now);

	if (r < 0)
		return r;
	inv->removed++;
	report_removed(inv, f);
	return 0;
}

/* All records of one list were applied. */
static void synchronize(struct inventory *inv, const struct found *f)
{
	if (inv->no_room > 0)
		events_say(inv->events, EVENT_CONFIG, LOG_ERR,
		           "%u paths are not checked, there is no room for them: "
		           "raise max_paths and systemctl restart checkerd",
		           inv->no_room);
	if (f->error != 0)
		events_say(inv->events, EVENT_CONFIG, LOG_ERR,
		           "the devices cannot be listed, checkerd tries again every "
		           "second: %s",
		           strerrordesc_np(f->error));
	else if (inv->error != 0)
		events_say(inv->events, EVENT_CONFIG, LOG_NOTICE,
		           "the devices can be listed again, there are %u paths",
		           registry_count(inv->checks->registry));
	inv->no_room = 0;
	inv->excluded = f->excluded;
	inv->error = f->error;
	inv->generation = f->generation;
}

/* Logs each kind of finding once for each configuration. Notes are for checkerctl doctor only. */
static void report_timers(struct inventory *inv, const struct timer_report *r)
{
	char text[FINDING_OBJECT_MAX + FINDING_TEXT_MAX + 32];
	struct finding f;

	for (unsigned i = 0; i < TIMER_RULE_COUNT_; i++)
		if (timer_report_finding(r, (enum timer_rule)i, &f) &&
		    f.severity > FINDING_NOTE)
			events_say(inv->events, EVENT_CONFIG, LOG_WARNING, "%s",
			           finding_format(&f, text, sizeof(text)));
}

/* Logs it once, until it is over. */
static void report_peer(struct inventory *inv, const struct peer *p)
{
	struct finding f;
	bool found = peer_finding(p, &f);

	if (found && !inv->peer_reported)
		events_say(inv->events, EVENT_CONFIG, LOG_WARNING, "%s: %s", f.text,
		           f.remedy);
	inv->peer_reported = found;
}

static void take_timers(struct inventory *inv, struct found *f)
{
	bool first = inv->timers_generation != f->generation;

	inv->timers_asked = f->asked;
	if (f->timers == NULL)
		return;
	(void)timer_report_unref(inv->timers); /* NULL, always */
	inv->timers = f->timers;
	f->timers = NULL;
	inv->timers_generation = f->generation;
	if (first)
		report_timers(inv, inv->timers);
	report_peer(inv, &inv->timers->peer);
}

void inventory_suspect_peer(struct inventory *inv, struct mono now)
{
	if (mono_before(now, inv->peer_from))
		return;
	inv->peer_from = mono_add(now, INVENTORY_PEER_US);
	(void)discovery_read_timers(inv->discovery); /* nobody waits for the answer */
}

/* 0, or -EAGAIN: not now. */
static int apply_found(struct inventory *inv, struct found *f, struct mono now)
{
	bool of_path = f->op != FOUND_SYNC && f->op != FOUND_MAP && f->op != FOUND_TIMERS;
	uint32_t index = of_path ? registry_find_name(inv->checks->registry,
	                                              device_name(f->device))
	                         : REGISTRY_NONE;

	switch (f->op) {
	case FOUND_ADD:
		return add_path(inv, f, now);
	case FOUND_CHANGE:
		if (index == REGISTRY_NONE)
			return add_path(inv, f, now); /* There was no room before. */
		return change_path(inv, index, f, now);
	case FOUND_REMOVE:
		return index == REGISTRY_NONE ? 0 : remove_path(inv, index, f, now);
	case FOUND_STATE:
		observe_take(&inv->observe, index, f, now);
		return 0;
	case FOUND_MAP:
		inv->map_changed = true;
		return 0;
	case FOUND_SYNC:
		synchronize(inv, f);
		return 0;
	case FOUND_TIMERS:
		take_timers(inv, f);
		return 0;
	}
	return 0;
}

bool inventory_take(struct inventory *inv, struct mono now)
{
	inv->checks->states_read = 0;
	for (unsigned n = 0;
	     n < INVENTORY_SLICE && inv->checks->states_read < CHECKS_STATES_SLICE; n++) {
		if (!inv->holding && !discovery_next(inv->discovery, &inv->held))
			return false;
		inv->holding = true;
		if (apply_found(inv, &inv->held, now) == -EAGAIN)
			return false;
		found_deinit(&inv->held);
		inv->holding = false;
	}
	return true;
}

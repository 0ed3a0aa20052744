/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing: changes the marks of observed paths, and the counts of gathered maps in struct events.
 * The loop only.
 *
 * Invariants: all paths of a map remember the redundancy that was reported. If the path goes that has
 * the mark of a gathered map, the next states of the map's other paths bring a new mark.
 */
#include "checkerd/paths/outage_observed.h"

#include <string.h>

#include "checkerd/core/loss.h"
#include "checkerd/paths/outage_single.h"

struct tally {
	struct events_redundancy r; /* without `from` */
	struct map_loss loss;
	bool gone;              /* all paths are gone for good */
	enum observed_io io;    /* while no path is usable */
	enum redundancy before; /* as reported */
	bool reported;          /* something was */
	uint32_t gathered;      /* the path with the mark; REGISTRY_NONE: none */
};

static uint32_t next_path(const struct checks *c, const char *map, uint32_t index)
{
	do
		index = registry_next_of_map(c->registry, map, index);
	while (index != REGISTRY_NONE &&
	       !device_is_observed(registry_get(c->registry, index)->device));
	return index;
}

/* What the path's controller makes of I/O that has no path: nvme_available_path() in
 * drivers/nvme/host/multipath.c. */
static enum observed_io io_of(const struct path *p)
{
	const char *word = sysfs_word_text(p->sysfs.device);

	if (word == NULL || p->sysfs.device.layer != SYSFS_CONTROLLER)
		return OBSERVED_IO_FAILS;
	if (strcmp(word, "live") == 0 || strcmp(word, "resetting") == 0)
		return OBSERVED_IO_WAITS;
	return strcmp(word, "connecting") == 0 ? OBSERVED_IO_CONNECTS : OBSERVED_IO_FAILS;
}

static void count(struct tally *t, uint32_t index, const struct path *p, uint32_t *up,
                  uint32_t *ghosts)
{
	t->r.paths++;
	t->r.disabled += !p->enabled;
	*up += p->enabled && p->status.state == PATH_UP;
	*ghosts += p->enabled && p->status.state == PATH_GHOST;
	t->gone =
	        t->gone && loss_of(p->status.state, &p->status.reason) == LOSS_PERMANENT;
	t->before = MAX(t->before, (enum redundancy)p->map_reported);
	t->io = MAX(t->io, io_of(p));
	if (t->loss.since == 0)
		t->loss = p->map_loss;
	/* Nothing was reported of a map whose paths are all new. */
	t->reported = t->reported || p->counters.checks > 1;
	if (p->map_gathered)
		t->gathered = index;
}

static struct tally tally_of(const struct checks *c, uint32_t index)
{
	const char *map = device_map(registry_get(c->registry, index)->device);
	struct tally t = { .r.map = map, .gone = true, .gathered = REGISTRY_NONE };
	uint32_t i = REGISTRY_NONE, up = 0, ghosts = 0;

	while ((i = next_path(c, map, i)) != REGISTRY_NONE)
		count(&t, i, registry_get(c->registry, i), &up, &ghosts);
	t.r.usable = redundancy_observed(up, ghosts, t.r.disabled);
	t.r.to = redundancy_of(t.r.paths, t.r.disabled, t.r.usable);
	return t;
}

/* All paths of the map, also new ones, remember what was reported. */
static void remember(struct checks *c, const struct tally *t, enum redundancy reported)
{
	uint32_t i = REGISTRY_NONE;

	while ((i = next_path(c, t->r.map, i)) != REGISTRY_NONE) {
		struct path *p = registry_get(c->registry, i);

		if (reported != t->before ||
		    map_loss_stored(&p->map_loss) != map_loss_stored(&t->loss))
			persist_touch(&c->persist, i);
		p->map_reported = (uint8_t)reported & 3;
		p->map_loss = t->loss;
	}
}

static void let_go(struct checks *c, uint32_t gathered)
{
	struct path *p =
	        gathered == REGISTRY_NONE ? NULL : registry_get(c->registry, gathered);

	if (p == NULL)
		return;
	p->map_gathered = p->map_begins = false;
	c->events->maps_gathered -= c->events->maps_gathered > 0;
	c->events->observed_gathered -= c->events->observed_gathered > 0;
}

static void report(struct checks *c, struct tally *t, struct mono now)
{
	bool begins = t->gathered == REGISTRY_NONE
	                      ? !t->reported
	                      : registry_get(c->registry, t->gathered)->map_begins;

	t->r.from = begins ? "" : redundancy_name(t->before);
	let_go(c, t->gathered);
	if (t->r.to != t->before)
		events_observed_redundancy(
		        c->events, next_path(c, t->r.map, REGISTRY_NONE), &t->r, now);
	remember(c, t, t->r.to);
}

/* The changes of the map's paths come before what follows from them. */
static void report_paths(struct checks *c, const char *map, struct mono now)
{
	uint32_t i = REGISTRY_NONE;

	while ((i = next_path(c, map, i)) != REGISTRY_NONE) {
		const struct path *p = registry_get(c->registry, i);

		if (gather_has(c->events->gathered, i))
			outage_report_single(c->events, i, p, &p->status, now);
	}
}

static void gather(struct checks *c, uint32_t index, const struct tally *t,
                   struct mono now)
{
	struct path *p = registry_get(c->registry, index);

	p->map_gathered = true;
	p->map_begins = !t->reported;
	c->events->observed_gathered++;
	if (c->events->maps_gathered++ == 0)
		c->events->maps_first = now;
}

/*
 * A map with a disabled path is not lost: that path may work. After a map's loss was reported, only the end
 * of the loss is still to be reported: nothing else has all maps looked at again.
 */
static void note_loss(struct checks *c, struct tally *t, struct mono now)
{
	bool lost = t->r.to == REDUNDANCY_NONE && t->r.disabled == 0;
	bool known = t->loss.since != 0 && !t->loss.back && !t->loss.old &&
	             (!t->gone || t->loss.gone);

	if (lost ? !known : t->loss.since != 0)
		(void)map_loss_note(c->events->losses, &t->loss, !lost, now);
}

void outage_observed(struct checks *c, uint32_t index, struct mono now)
{
	struct tally t = tally_of(c, index);

	note_loss(c, &t, now);
	if (t.r.to == t.before) {
		let_go(c, t.gathered);
		remember(c, &t, t.before);
		return;
	}
	if (t.r.to == REDUNDANCY_NONE && !mono_before(now, c->events->urgent_map_from)) {
		c->events->urgent_map_from = mono_add(now, GATHER_ALONE_US);
		report_paths(c, t.r.map, now);
		report(c, &t, now);
		return;
	}
	remember(c, &t, t.before);
	if (t.gathered == REGISTRY_NONE)
		gather(c, index, &t, now);
}

bool outage_observed_is_gathered(const struct checks *c, uint32_t index)
{
	const struct path *p = registry_get(c->registry, index);

	return p != NULL && p->map_gathered;
}

enum redundancy outage_observed_redundancy(const struct checks *c, uint32_t index)
{
	return tally_of(c, index).r.to;
}

void outage_observed_report(struct checks *c, uint32_t index, struct mono now)
{
	struct tally t = tally_of(c, index);

	report(c, &t, now);
}

const char *outage_observed_reported(struct checks *c, uint32_t index)
{
	struct tally t = tally_of(c, index);

	let_go(c, t.gathered);
	remember(c, &t, t.r.to);
	return t.r.map;
}

bool outage_observed_loss(const struct checks *c, uint32_t index,
                          struct observed_loss *ret)
{
	const struct path *p = registry_get(c->registry, index);
	struct tally t;

	if (p == NULL || !device_is_observed(p->device) || p->map_loss.since == 0 ||
	    next_path(c, device_map(p->device), REGISTRY_NONE) != index)
		return false;
	t = tally_of(c, index);
	*ret = (struct observed_loss){ t.r.map, t.loss, t.gone, t.io };
	return true;
}

void outage_observed_loss_reported(struct checks *c, uint32_t index,
                                   enum map_loss_what what)
{
	struct tally t = tally_of(c, index);

	map_loss_reported(&t.loss, what);
	remember(c, &t, t.before);
}

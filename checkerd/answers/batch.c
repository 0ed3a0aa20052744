/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing: changes the paths of a batch. The loop's thread runs this. It allocates nothing, and
 * does little for each path: thousands of them are one round of the loop, which a check of another
 * path does not notice.
 */
#include "checkerd/answers/batch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <syslog.h>

#include "checkerd/answers/requester.h"
#include "checkerd/core/last_path.h"
#include "checkerd/core/maps_count.h"
#include "checkerd/core/maps_disks.h"
#include "checkerd/core/maps_paths.h"

/* Each path of a small batch has an event of its own; more paths have one together. */
#define EVENTS_EACH 16

static struct path *path_of(const struct batch_parts *b, const struct port_item *t)
{
	struct path *p = registry_get(b->checks->registry, t->index);

	return p != NULL && p->generation == t->generation ? p : NULL;
}

static bool takes(const struct port_request *r)
{
	return r->op == PORT_DISABLE || r->op == PORT_FAIL;
}

static bool marks(const struct port_request *r)
{
	return r->op == PORT_SET_MARGINAL || r->op == PORT_UNSET_MARGINAL;
}

/* --- may it be done? --- */

/* 0, or the errno of the refusal, from what concerns this path alone. */
static int judge(const struct batch_parts *b, const struct port_request *r,
                 const struct port_item *t)
{
	struct maps *maps = b->dm->maps;
	bool empties = r->op == PORT_DISABLE && r->batch->empty;

	/* The path may have been removed since the snapshot from which the client chose it. */
	if (path_of(b, t) == NULL)
		return ESTALE;
	if ((r->op == PORT_FAIL || r->op == PORT_REINSTATE || empties) && !b->dm->control)
		return EPERM;
	if (r->op == PORT_DISABLE || r->op == PORT_ENABLE)
		return 0;
	if (marks(r))
		return device_is_observed(path_of(b, t)->device) ? ENXIO : 0;
	if (maps_of(maps, t->index) == NULL)
		return ENXIO;
	if (r->op != PORT_FAIL && r->op != PORT_ACCEPT && maps_is_barred(maps, t->index))
		return EXDEV;
	return 0;
}

/* Is this path the last one of a map, with all paths of the batch picked? */
static bool takes_last(const struct last_path *l, const struct port_request *r,
                       struct port_item *t)
{
	uint32_t map;

	if (last_path_loses(l, t->index, &map)) {
		(void)map_unref(t->map); /* NULL, always */
		t->map = map == MAPS_NONE ? NULL : map_ref(maps_get(l->maps, map)->map);
		return true;
	}
	return r->op == PORT_FAIL && !maps_is_forced(l->maps, t->index) &&
	       maps_is_needed(l->maps, t->index);
}

/* Paths that are the last ones of a map get the error EBUSY. */
static void judge_last(const struct batch_parts *b, const struct port_request *r)
{
	const struct last_path l = {
		.registry = b->checks->registry,
		.maps = b->dm->maps,
		.maps_decide = b->events->maps_decide,
	};
	struct port_batch *batch = r->batch;

	for (uint32_t i = 0; i < batch->n; i++)
		if (batch->items[i].error == 0)
			last_path_pick(&l, batch->items[i].index);
	for (uint32_t i = 0; i < batch->n; i++)
		if (batch->items[i].error == 0 && takes_last(&l, r, &batch->items[i]))
			batch->items[i].error = EBUSY;
	for (uint32_t i = 0; i < batch->n; i++)
		if (path_of(b, &batch->items[i]) != NULL)
			last_path_drop(&l, batch->items[i].index);
}

/* 0, or the errno of the refusal of all. */
static int refusal_of(const struct port_batch *batch)
{
	uint32_t refused = 0;
	int first = 0;

	for (uint32_t i = 0; i < batch->n; i++) {
		int error = batch->items[i].error;

		if (error == EBUSY)
			return EBUSY;
		refused += error != 0;
		first = first == 0 ? error : first;
	}
	return batch->named || refused == batch->n ? first : 0;
}

/* A reference to the first map of the path, or NULL. */
static struct map *map_of(struct maps *maps, uint32_t path)
{
	uint32_t entry = maps_first_of_path(maps, path);

	return entry == MAPS_NONE
	               ? NULL
	               : map_ref(maps_get(maps, maps_path(maps, entry)->map)->map);
}

static int may_serve(const struct batch_parts *b, const struct port_request *r)
{
	struct port_batch *batch = r->batch;

	for (uint32_t i = 0; i < batch->n; i++) {
		struct port_item *t = &batch->items[i];

		t->error = judge(b, r, t);
		t->state = PATH_REMOVED;
		if (t->error != ESTALE)
			t->map = map_of(b->dm->maps, t->index);
	}
	if (takes(r) && !batch->force)
		judge_last(b, r);
	return refusal_of(batch);
}

/* --- do it --- */

static void disable(const struct batch_parts *b, const struct port_request *r,
                    uint32_t index, struct path *p, struct mono now)
{
	const struct checks_outage o = {
		.until = r->arg > 0 ? mono_add(now, r->arg) : MONO_NEVER,
		.empty = r->batch->empty,
		.even_last = r->batch->force,
	};

	checks_disable(b->checks, index, &o, now);
	/* No check will come that a client could wait for. */
	if (!p->outstanding)
		waits_complete(b->waits, index, EBUSY, p->status.state);
}

/* Also ends checkerctl fail. */
static void let_go(const struct batch_parts *b, uint32_t path)
{
	if (maps_is_forced(b->dm->maps, path))
		maps_force(b->dm->maps, path, false, false);
	maps_release(b->dm->maps, path, true);
	persist_touch(&b->checks->persist, path);
}

/* 0, or EIO: the path is reinstated when a check succeeds. */
static int reinstate(const struct batch_parts *b, const struct port_request *r,
                     uint32_t index, const struct path *p, struct mono now)
{
	if (maps_is_forced(b->dm->maps, index))
		maps_force(b->dm->maps, index, false, false);
	if (p->status.verdict == VERDICT_USABLE)
		return policy_is_held(&p->hold) ? EINPROGRESS : 0;
	if (r->batch->n <= CHECKS_SLICE)
		checks_expedite(b->checks, index, now);
	return EIO;
}

/* 0, or EAGAIN: the path is held for another reason, too. */
static int mark(const struct batch_parts *b, const struct port_request *r, uint32_t index,
                struct path *p, struct mono now)
{
	struct holds *h = &b->checks->holds;

	if (r->op == PORT_SET_MARGINAL) {
		holds_mark(h, index, p, MARK_BY_HAND, true, now);
		return 0;
	}
	holds_pardon(h, index, p, now);
	return policy_is_held(&p->hold) ? EAGAIN : 0;
}

static void accept_maps(const struct batch_parts *b, uint32_t index)
{
	struct maps *maps = b->dm->maps;
	uint32_t i = maps_first_of_path(maps, index);

	maps_accept(maps, index);
	for (; i != MAPS_NONE; i = maps_path(maps, i)->next_of_path)
		persist_touch_map(&b->checks->persist, maps_path(maps, i)->map);
}

/* dm sends the commands at the end of this round of the loop. */
static int change(const struct batch_parts *b, const struct port_request *r,
                  uint32_t index, struct path *p, struct mono now)
{
	persist_touch(&b->checks->persist, index);
	if (r->op == PORT_DISABLE)
		disable(b, r, index, p, now);
	else if (r->op == PORT_ENABLE)
		checks_enable(b->checks, index, r->batch->n > CHECKS_SLICE, now);
	else if (r->op == PORT_FAIL)
		maps_force(b->dm->maps, index, true, r->batch->force);
	else if (r->op == PORT_REINSTATE)
		return reinstate(b, r, index, p, now);
	else if (marks(r))
		return mark(b, r, index, p, now);
	else if (r->op == PORT_ACCEPT)
		accept_maps(b, index);
	else
		let_go(b, index);
	return 0;
}

/* --- say it --- */

/* "for 4 h": in the largest unit that is exact. */
static void print_time(int64_t us, char *buf, size_t size)
{
	int64_t s = us / USEC_PER_SEC;

	if (s > 0 && s % 3600 == 0)
		(void)snprintf(buf, size, "for %" PRId64 " h", s / 3600);
	else if (s > 0 && s % 60 == 0)
		(void)snprintf(buf, size, "for %" PRId64 " min", s / 60);
	else
		(void)snprintf(buf, size, "for %.0f s",
		               (double)us / (double)USEC_PER_SEC);
}

/* What was done, as the end of a sentence about one path or several. */
static const char *deed(const struct port_request *r, char buf[static 160])
{
	char name[REQUESTER_BYTES], until[64] = "until enabled";

	if (r->op == PORT_DISABLE && r->arg > 0)
		print_time(r->arg, until, sizeof(until));
	(void)requester_format(r, name);
	if (r->op == PORT_DISABLE)
		(void)snprintf(buf, 160, "disabled%s by %s %s",
		               r->batch->empty ? " and failed" : "", name, until);
	else if (r->op == PORT_ENABLE)
		(void)snprintf(buf, 160, "enabled by %s", name);
	else if (r->op == PORT_FAIL)
		(void)snprintf(buf, 160, "to be failed until reinstated, by %s", name);
	else if (r->op == PORT_REINSTATE)
		(void)snprintf(buf, 160, "no longer to be failed, by %s", name);
	else if (r->op == PORT_SET_MARGINAL)
		(void)snprintf(buf, 160, "set marginal by %s", name);
	else if (r->op == PORT_UNSET_MARGINAL)
		(void)snprintf(buf, 160, "no longer marginal, by %s", name);
	else if (r->op == PORT_ACCEPT)
		(void)snprintf(buf, 160, "counted as all paths of the map, by %s", name);
	else
		(void)snprintf(buf, 160, "released until its verdict changes, by %s",
		               name);
	return buf;
}

static enum event_type type_of(const struct port_request *r)
{
	bool config = r->op == PORT_DISABLE || r->op == PORT_ENABLE ||
	              r->op == PORT_ACCEPT || marks(r);

	return config ? EVENT_CONFIG : EVENT_DM;
}

static void say_one(const struct batch_parts *b, const struct port_request *r,
                    uint32_t index, const struct path *p, struct mono now)
{
	const struct map *map = maps_of(b->dm->maps, index);
	char words[160];

	if (type_of(r) == EVENT_CONFIG)
		events_path(b->events, EVENT_CONFIG, LOG_NOTICE, p->device, "%s",
		            deed(r, words));
	else
		events_dm(b->events, index, p, map->name, LOG_NOTICE, "", "", now, "%s",
		          deed(r, words));
}

static void say_all(const struct batch_parts *b, const struct port_request *r, uint32_t n)
{
	char words[160];

	events_say(b->events, type_of(r), LOG_NOTICE, "%u paths %s", n, deed(r, words));
}

/* Is it as the request asks for already? Then there is nothing to say. */
static bool is_so(const struct batch_parts *b, const struct port_request *r,
                  uint32_t index, const struct path *p)
{
	if (r->op == PORT_ENABLE)
		return p->enabled;
	if (marks(r))
		return policy_is_marked(&p->hold, MARK_BY_HAND) ==
		       (r->op == PORT_SET_MARGINAL);
	if (r->op == PORT_ACCEPT)
		return !maps_lacks_paths(b->dm->maps, index);
	if (r->op == PORT_FAIL || r->op == PORT_REINSTATE)
		return maps_is_forced(b->dm->maps, index) == (r->op == PORT_FAIL);
	return false;
}

int batch_serve(const struct batch_parts *b, const struct port_request *r,
                struct mono now)
{
	struct port_batch *batch = r->batch;
	int error = may_serve(b, r);
	uint32_t changed = 0;

	if (error != 0)
		return error;
	for (uint32_t i = 0; i < batch->n; i++) {
		struct port_item *t = &batch->items[i];
		struct path *p = path_of(b, t);
		bool says;

		if (t->error != 0)
			continue;
		says = !is_so(b, r, t->index, p);
		t->error = change(b, r, t->index, p, now);
		t->state = p->status.state;
		changed += says;
		if (says && batch->n <= EVENTS_EACH)
			say_one(b, r, t->index, p, now);
	}
	if (changed > 0 && batch->n > EVENTS_EACH)
		say_all(b, r, changed);
	return 0;
}

void batch_release_all(const struct batch_parts *b, const struct port_request *r)
{
	char name[REQUESTER_BYTES];

	for (uint32_t i = 0; i < registry_end(b->checks->registry); i++)
		if (registry_get(b->checks->registry, i) != NULL)
			let_go(b, i);
	maps_release(b->dm->maps, MAPS_NONE,
	             true); /* also those whose path was removed */
	events_say(b->events, EVENT_DM, LOG_NOTICE,
	           "all paths released until their verdicts change, by %s",
	           requester_format(r, name));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What must always be so of commands to device-mapper. Seen from outside of the table of maps:
 * what the loop was told of each path of each map, what it was answered, what the paths' states
 * say, and which command it gives.
 */
#include <string.h>

#include "tests/sim/calls.h"

#define PLACES_MAX 128
#define DEVTS_MAX  8192

struct known {
	bool used, seen, active, waits; /* waits: for the answer to `verb` */
	uint32_t map, devt;
	enum dm_verb verb;
	uint64_t token;
	struct mono doubted; /* it is to be checked since; us 0: it is not */
};

static struct {
	struct known places[PLACES_MAX];
	bool gone[DEVTS_MAX]; /* by number: its device is, as the loop was told */
} judge;

void judge_maps_reset(void)
{
	memset(&judge, 0, sizeof(judge));
}

void judge_gone(uint32_t devt, bool gone)
{
	judge.gone[devt % DEVTS_MAX] = gone;
}

/* The path that has this number now, REGISTRY_NONE: none of ours. */
static uint32_t path_of(uint32_t devt)
{
	uint32_t end = registry_end(sim.checks.registry);

	for (uint32_t i = 0; i < end; i++) {
		const struct path *p = registry_get(sim.checks.registry, i);

		if (p != NULL && p->device->devt_minor == devt)
			return i;
	}
	return REGISTRY_NONE;
}

/* What was decided of it, as far as its present path goes. */
static enum path_verdict verdict_of(uint32_t devt)
{
	uint32_t path = path_of(devt);

	if (path == REGISTRY_NONE)
		return judge.gone[devt % DEVTS_MAX] ? VERDICT_UNUSABLE : VERDICT_NONE;
	if (maps_is_forced(sim.dm.maps, path))
		return VERDICT_UNUSABLE;
	return registry_get(sim.checks.registry, path)->status.verdict;
}

static struct known *find(uint32_t map, uint32_t devt)
{
	for (unsigned i = 0; i < PLACES_MAX; i++)
		if (judge.places[i].used && judge.places[i].map == map &&
		    judge.places[i].devt == devt)
			return &judge.places[i];
	return NULL;
}

static struct known *find_or_new(uint32_t map, uint32_t devt)
{
	struct known *k = find(map, devt);

	for (unsigned i = 0; k == NULL && i < PLACES_MAX; i++)
		if (!judge.places[i].used) {
			k = &judge.places[i];
			*k = (struct known){ .used = true, .map = map, .devt = devt };
			k->active = true;
		}
	if (k == NULL)
		sim_fail("more paths of maps than the simulation has room for");
	return k;
}

static void take_map(const struct map *m)
{
	for (uint32_t i = 0; i < m->n_paths; i++) {
		const struct map_path *p = &m->paths[i];
		struct known *k = find_or_new(m->devt_minor, p->devt_minor);
		bool ours = k->waits && k->verb == DM_FAIL_PATH;

		if (!p->active && k->active && !ours)
			k->doubted = verdict_of(k->devt) == VERDICT_UNUSABLE
			                     ? (struct mono){ 0 }
			                     : sim.now;
		k->active = p->active;
		k->seen = true;
	}
	for (unsigned i = 0; i < PLACES_MAX; i++) {
		struct known *k = &judge.places[i];

		if (k->used && k->map == m->devt_minor && !k->seen)
			k->used = false;
		k->seen = false;
	}
}

static void take_gone(const struct map *m)
{
	for (unsigned i = 0; i < PLACES_MAX; i++)
		if (judge.places[i].map == m->devt_minor)
			judge.places[i].used = false;
}

static void take_answer(const struct dm_news *n)
{
	struct known *k = find(n->command.map_minor, n->command.path_minor);

	if (k == NULL || !k->waits || k->token != n->command.token)
		return; /* it left the map meanwhile, and may be back */
	k->waits = false;
	if (n->error != 0)
		return;
	k->active = k->verb == DM_REINSTATE_PATH;
	k->doubted = (struct mono){ 0 };
}

bool __wrap_devmapper_next(struct devmapper *d, struct dm_news *ret)
{
	if (!__real_devmapper_next(d, ret))
		return false;
	sim_trace("dm news", (int64_t)ret->op, ret->error);
	if (ret->op == DM_NEWS_MAP)
		take_map(ret->map);
	else if (ret->op == DM_NEWS_GONE)
		take_gone(ret->map);
	else if (ret->op == DM_NEWS_DONE)
		take_answer(ret);
	return true;
}

static bool has_another(const struct known *k)
{
	for (unsigned i = 0; i < PLACES_MAX; i++) {
		const struct known *o = &judge.places[i];

		if (o->used && o != k && o->map == k->map && o->active &&
		    !(o->waits && o->verb == DM_FAIL_PATH))
			return true;
	}
	return false;
}

static void judge_command(const struct dm_command *c)
{
	struct known *k = find(c->map_minor, c->path_minor);
	enum path_verdict v = verdict_of(c->path_minor);
	bool fail = c->verb == DM_FAIL_PATH;

	if (!sim.dm.control)
		sim_fail("a command, with dm_control off");
	if (k == NULL)
		sim_fail("a command for path %u, which is not in map %u", c->path_minor,
		         c->map_minor);
	if (k->waits)
		sim_fail("map %u: a second command for path %u before the answer",
		         c->map_minor, c->path_minor);
	if (v != (fail ? VERDICT_UNUSABLE : VERDICT_USABLE))
		sim_fail("map %u: path %u is to be %s, which nobody decided of the path "
		         "there is",
		         c->map_minor, c->path_minor, fail ? "failed" : "reinstated");
	if (fail && sim.dm.keep_last && !has_another(k))
		sim_fail("map %u: its last path %u is failed", c->map_minor,
		         c->path_minor);
	if (!fail && mono_before(judge_good_since(path_of(c->path_minor)), k->doubted))
		sim_fail("map %u: path %u is reinstated without a good check since "
		         "others failed it",
		         c->map_minor, c->path_minor);
	k->waits = true;
	k->verb = c->verb;
	k->token = c->token;
}

bool __wrap_devmapper_command(struct devmapper *d, const struct dm_command *c)
{
	if (!__real_devmapper_command(d, c))
		return false;
	sim_trace("dm command", c->map_minor * 1000 + c->path_minor, (int64_t)c->verb);
	judge_command(c);
	return true;
}

bool judge_agrees(uint32_t map, uint32_t devt, bool active, unsigned n_active)
{
	const struct known *k = find(map, devt);

	if (k == NULL || k->active != active || k->waits)
		return false;
	if (!sim.dm.control)
		return true;
	switch (verdict_of(devt)) {
	case VERDICT_USABLE:
		return active;
	case VERDICT_UNUSABLE:
		return !active || (sim.dm.keep_last && n_active == 1);
	case VERDICT_NONE:
		break;
	}
	return true;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The invariants of commands to device-mapper. They are judged without the table of maps:
 * by the records and answers that the loop took, the paths' states, and the commands that
 * the loop gives.
 */
#include <string.h>

#include "checkerd/core/maps_paths.h"
#include "tests/sim/calls.h"

#define PLACES_MAX 128
#define DEVTS_MAX  8192
struct known {
	/* waits: a command `verb` has no answer yet. */
	bool used, seen, active, waits;
	/* ours: failed by a command of checkerd. */
	bool ours;
	/* barred: discovery or a check found another unit than `unit` under the path's
	 * number. */
	bool barred;
	uint32_t map, devt;
	/* The unit that was found first after the path came into the map; 0: none yet. */
	uint64_t unit;
	enum dm_verb verb;
	uint64_t token;
	/* Failed since then; us 0: active. */
	struct mono doubted;
	/* When the last successful check was requested that found the same unit. */
	struct mono same;
};

static struct {
	struct known places[PLACES_MAX];
	/* By number: a predecessor failed it in one of its maps. A record has one mark for all of them. */
	bool maybe_ours[DEVTS_MAX];
	bool gone
	        [DEVTS_MAX]; /* by number: discovery has reported the device as removed */
} judge;

void judge_maps_reset(void)
{
	memset(&judge, 0, sizeof(judge));
}

/* The answers to the predecessor's commands do not come, and each disk is learned anew. */
void judge_maps_restart(void)
{
	for (unsigned i = 0; i < PLACES_MAX; i++) {
		struct known *k = &judge.places[i];

		if (k->used && (k->ours || (k->waits && k->verb == DM_FAIL_PATH)))
			judge.maybe_ours[k->devt % DEVTS_MAX] = true;
		k->ours = k->waits = k->barred = false;
		k->unit = 0;
		k->same = (struct mono){ 0 };
		if (!k->active)
			k->doubted = sim.now;
	}
}

void judge_gone(uint32_t devt, bool gone)
{
	judge.gone[devt % DEVTS_MAX] = gone;
}

/* The path that has this number now; REGISTRY_NONE: none of ours. */
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

/* The verdict about the path that has this number now. */
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

/* What distinguishes a unit from others: its WWID, else its sequence number. */
static uint64_t unit_of(uint64_t wwid, uint64_t seq)
{
	return wwid != 0 ? wwid : UINT64_MAX - seq;
}

static uint64_t unit_of_path(uint32_t path)
{
	const struct device *d = registry_get(sim.checks.registry, path)->device;

	return unit_of(d->kernel_id, d->diskseq);
}

static struct known *new_place(uint32_t map, const struct map_path *p)
{
	for (unsigned i = 0; i < PLACES_MAX; i++) {
		struct known *k = &judge.places[i];

		if (k->used)
			continue;
		*k = (struct known){ .used = true, .map = map, .devt = p->devt_minor };
		k->active = p->active;
		k->doubted = p->active ? (struct mono){ 0 } : sim.now;
		return k;
	}
	sim_fail("more paths of maps than the simulation has room for");
}

static void take_place(uint32_t map, const struct map_path *p)
{
	struct known *k = find(map, p->devt_minor);
	bool by_us;

	if (k == NULL)
		k = new_place(map, p);
	by_us = k->waits && k->verb == (p->active ? DM_REINSTATE_PATH : DM_FAIL_PATH);
	if (p->active != k->active && !by_us)
		k->ours = false;
	if (p->active != k->active)
		k->doubted = p->active ? (struct mono){ 0 } : sim.now;
	k->active = p->active;
	k->seen = true;
}

static void take_map(const struct map *m)
{
	for (uint32_t i = 0; i < m->n_paths; i++)
		take_place(m->devt_minor, &m->paths[i]);
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

static void take_answer(const struct dm_record *n)
{
	struct known *k = find(n->command.map_minor, n->command.path_minor);

	if (k == NULL || !k->waits || k->token != n->command.token)
		return; /* the path left the map meanwhile, and may have returned */
	k->waits = false;
	if (n->error != 0)
		return;
	k->active = k->verb == DM_REINSTATE_PATH;
	k->ours = !k->active;
	k->doubted = k->active ? (struct mono){ 0 } : sim.now;
}

bool __wrap_devmapper_next(struct devmapper *d, struct dm_record *ret)
{
	if (!__real_devmapper_next(d, ret))
		return false;
	sim_trace("dm news", (int64_t)ret->op, ret->error);
	if (ret->op == DM_RECORD_MAP)
		take_map(ret->map);
	else if (ret->op == DM_RECORD_GONE)
		take_gone(ret->map);
	else if (ret->op == DM_RECORD_DONE)
		take_answer(ret);
	return true;
}

/* --- which disk it is --- */

static void is_unit(struct known *k, uint64_t unit)
{
	if (k->unit == 0)
		k->unit = unit;
	k->barred = k->barred || k->unit != unit;
}

/* The path's entry in the table of maps; NULL: none. */
static const struct maps_path *entry_of(const struct known *k)
{
	uint32_t index = maps_find(sim.dm.maps, DM_MAJOR, k->map), i;

	if (index == MAPS_NONE)
		return NULL;
	i = maps_get(sim.dm.maps, index)->first;
	while (i != MAPS_NONE && maps_path(sim.dm.maps, i)->devt_minor != k->devt)
		i = maps_path(sim.dm.maps, i)->next;
	return i == MAPS_NONE ? NULL : maps_path(sim.dm.maps, i);
}

/* What discovery reported before the path came into the map may be older than the map. */
static bool is_unproven(const struct known *k)
{
	const struct maps_path *e = entry_of(k);

	return e == NULL || e->unproven;
}

void judge_disks(void)
{
	for (unsigned i = 0; i < PLACES_MAX; i++) {
		struct known *k = &judge.places[i];
		uint32_t path = k->used ? path_of(k->devt) : REGISTRY_NONE;

		if (path != REGISTRY_NONE && !is_unproven(k))
			is_unit(k, unit_of_path(path));
	}
}

void judge_read(const struct pathcheck_opened *o, struct mono asked)
{
	for (unsigned i = 0; i < PLACES_MAX; i++) {
		struct known *k = &judge.places[i];

		/* A successor may not have the map yet, and learns nothing about it. */
		if (!k->used || k->devt != o->devt_minor || entry_of(k) == NULL)
			continue;
		is_unit(k, unit_of(o->wwid, o->diskseq));
		if (!k->barred)
			k->same = asked;
	}
}

/* Asks the table of maps, which may have seen a unit that came and went at once. */
static bool is_barred(const struct known *k)
{
	const struct maps_path *e = entry_of(k);

	return e != NULL && e->bar != BAR_NONE;
}

/* --- commands --- */

/* The path that has this number is held. */
static bool is_held(uint32_t devt)
{
	uint32_t path = path_of(devt);

	return path != REGISTRY_NONE &&
	       policy_is_held(&registry_get(sim.checks.registry, path)->hold);
}

static bool is_better(uint32_t devt)
{
	return !is_held(devt) &&
	       registry_get(sim.checks.registry, path_of(devt))->enabled;
}

/* unheld: and is neither held nor disabled. */
static bool has_another(const struct known *k, bool unheld)
{
	for (unsigned i = 0; i < PLACES_MAX; i++) {
		const struct known *o = &judge.places[i];

		if (o->used && o != k && o->map == k->map && o->active && !is_barred(o) &&
		    path_of(o->devt) != REGISTRY_NONE &&
		    verdict_of(o->devt) == VERDICT_USABLE &&
		    !(o->waits && o->verb == DM_FAIL_PATH) &&
		    !(unheld && !is_better(o->devt)))
			return true;
	}
	return false;
}

/* checkerd reinstates what it failed when it releases the path. */
static bool is_released(const struct known *k)
{
	if (!(k->ours || judge.maybe_ours[k->devt % DEVTS_MAX]) || k->barred ||
	    judge.gone[k->devt % DEVTS_MAX])
		return false;
	return !sim.dm.control || path_of(k->devt) == REGISTRY_NONE;
}

bool judge_released(bool fail)
{
	for (unsigned i = 0; i < PLACES_MAX; i++) {
		const struct known *k = &judge.places[i];

		if (!k->used || k->active || !k->ours || !is_released(k) ||
		    is_barred(k) ||
		    sim.reload.ref->config->dm_release != DM_RELEASE_REINSTATE)
			continue;
		if (fail)
			sim_fail("map %u: path %u was failed by checkerd, which "
			         "released it without a reinstate",
			         k->map, k->devt);
		return false;
	}
	return true;
}

static void judge_fail(const struct known *k)
{
	bool barred = is_barred(k);

	if (!sim.dm.control)
		sim_fail("a command although dm_control is off");
	if (!barred && verdict_of(k->devt) == VERDICT_USABLE && is_held(k->devt)) {
		if (!has_another(k, true))
			sim_fail("map %u: fail_path for path %u, which is held and the "
			         "last usable one",
			         k->map, k->devt);
		return;
	}
	if (!barred && path_of(k->devt) != REGISTRY_NONE &&
	    judge_is_unproven(path_of(k->devt)) &&
	    !maps_is_forced(sim.dm.maps, path_of(k->devt)))
		sim_fail("map %u: path %u is failed by a verdict of the last daemon",
		         k->map, k->devt);
	if (!barred && verdict_of(k->devt) != VERDICT_UNUSABLE)
		sim_fail("map %u: fail_path for path %u, whose verdict is not unusable",
		         k->map, k->devt);
	if (!barred && sim.dm.keep_last && !has_another(k, false))
		sim_fail("map %u: fail_path for its last path %u", k->map, k->devt);
}

/* A held path is reinstated only as the last usable one, and not at once each time. */
static void judge_reinstate_held(const struct known *k)
{
	uint32_t path = path_of(k->devt);
	const struct path *p = registry_get(sim.checks.registry, path);

	if (!policy_is_held(&p->hold))
		return;
	if (has_another(k, true))
		sim_fail("map %u: path %u is reinstated although it is held", k->map,
		         k->devt);
	if (mono_before(sim.now, policy_reuse_at(&p->hold)))
		sim_fail("map %u: path %u, which is held, is reinstated %lld us too "
		         "early",
		         k->map, k->devt,
		         (long long)mono_diff(policy_reuse_at(&p->hold), sim.now));
}

static void judge_reinstate(const struct known *k)
{
	if (k->barred)
		sim_fail("map %u: path %u is reinstated into the map of another disk",
		         k->map, k->devt);
	if (is_released(k))
		return;
	if (!sim.dm.control)
		sim_fail("a command although dm_control is off");
	if (verdict_of(k->devt) != VERDICT_USABLE)
		sim_fail(
		        "map %u: reinstate_path for path %u, whose verdict is not usable",
		        k->map, k->devt);
	if (mono_before(k->same, k->doubted))
		sim_fail("map %u: path %u is reinstated, but no successful check "
		         "has found the same disk since it failed",
		         k->map, k->devt);
	judge_reinstate_held(k);
}

static void judge_command(const struct dm_command *c)
{
	struct known *k = find(c->map_minor, c->path_minor);

	if (k == NULL)
		sim_fail("a command for path %u, which is not in map %u", c->path_minor,
		         c->map_minor);
	if (k->waits)
		sim_fail("map %u: a second command for path %u before the answer",
		         c->map_minor, c->path_minor);
	if (k->active == (c->verb == DM_REINSTATE_PATH))
		sim_fail("map %u: path %u is %s already", c->map_minor, c->path_minor,
		         k->active ? "active" : "failed");
	if (c->verb == DM_FAIL_PATH)
		judge_fail(k);
	else
		judge_reinstate(k);
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

bool judge_agrees(uint32_t map, uint32_t devt, bool active)
{
	const struct known *k = find(map, devt);

	if (k == NULL || k->active != active || k->waits)
		return false;
	if (k->barred && !is_barred(k))
		return false;
	if (!sim.dm.control)
		return true;
	if (is_barred(k))
		return !active;
	switch (verdict_of(devt)) {
	case VERDICT_USABLE:
		return active == !(is_held(devt) && has_another(k, true));
	case VERDICT_UNUSABLE:
		return !active || (sim.dm.keep_last && !has_another(k, false));
	case VERDICT_NONE:
		break;
	}
	return true;
}

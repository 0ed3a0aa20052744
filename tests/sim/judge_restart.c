/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A daemon ends, by a signal or killed, and its successor begins with what it left. What the
 * administrator did, and each hold, go on; only what a killed daemon had not written may be missing.
 */
#include <string.h>

#include "checkerd/core/maps_paths.h"
#include "checkerd/core/policy_rules.h"
#include "tests/sim/calls.h"

/* A path as its daemon left it. */
struct left {
	/* The successor has to know it. */
	bool counts;
	uint64_t seq, scanned;
	uint32_t devt;
	bool held, forced, disabled;
	enum hold_why rule; /* of the phase; NONE: only marks */
	struct mono until;  /* disabled until then */
	enum path_state state;
};

static struct {
	struct left of[DISKS_MAX];
	/* A record of the disk's path was found; and the path that has taken it up. */
	bool found[DISKS_MAX];
	uint32_t generation[DISKS_MAX];
	/* By the registry's index: the state is the predecessor's, and the engine has said nothing yet. */
	bool unproven[PATHS_MAX];
} judge;

void judge_restart_reset(void)
{
	memset(&judge, 0, sizeof(judge));
}

static bool has(const uint64_t *set, uint32_t index)
{
	return (set[index / 64] >> index % 64 & 1) != 0;
}

/* To be put, or put and not written; or its change was reported, and the record says that it was not. */
static bool is_unwritten(uint32_t index, const struct path *p)
{
	const struct persist *ps = &sim.checks.persist;

	return has(ps->paths, index) || sim_store_has_unwritten(device_name(p->device)) ||
	       (has(ps->unreported, index) && !gather_has(ps->gathered, index));
}

static struct left left_by(const struct disk *d, bool killed)
{
	uint32_t index = host_index_of(d);
	const struct path *p = registry_get(sim.checks.registry, index);

	if (p == NULL || (killed && is_unwritten(index, p)) ||
	    p->status.state == PATH_UNCHECKED || p->status.state == PATH_PENDING)
		return (struct left){ .counts = false };
	return (struct left){
		.counts = true,
		.seq = p->device->diskseq,
		.scanned = p->device->kernel_id,
		.devt = p->device->devt_minor,
		/* No path is slow here, so the successor takes that mark away. */
		.held = p->hold.phase != HOLD_PHASE_NONE ||
		        (p->hold.marks & ~(1U << MARK_SLOW)) != 0,
		.rule = p->hold.phase == HOLD_PHASE_NONE ? HOLD_NONE : p->hold.why,
		.forced = maps_is_forced(sim.dm.maps, index),
		.disabled = p->by_hand,
		.until = p->due,
		.state = p->status.state,
	};
}

bool judge_is_unproven(uint32_t index)
{
	return judge.unproven[index];
}

void judge_proven(uint32_t index)
{
	judge.unproven[index] = false;
}

void judge_ending(bool killed)
{
	memset(judge.unproven, 0, sizeof(judge.unproven));
	memset(judge.generation, 0, sizeof(judge.generation));
	judge_natives_restart();
	judge_losses_restart();
	for (unsigned i = 0; i < sim.n_disks; i++) {
		judge.of[i] = left_by(&sim.disks[i], killed);
		if (!judge.of[i].counts)
			judge_events_forget(i);
	}
}

/* Is it the same path of the same disk? */
static bool is_same(const struct left *l, const struct device *d)
{
	return l->seq == d->diskseq && l->scanned == d->kernel_id &&
	       l->devt == d->devt_minor;
}

static void judge_path(const struct disk *d, const struct left *l, uint32_t index,
                       const struct path *p)
{
	const struct policy_rule *r = policy_rules_get((uint8_t)p->settings.rule);
	bool ends = l->rule != HOLD_NONE && r->why != l->rule;

	if (l->held && !ends && !policy_is_held(&p->hold))
		sim_fail("%s was held, and is not held after the restart", d->name);
	if (l->forced && !maps_is_forced(sim.dm.maps, index))
		sim_fail("%s was failed by hand, and is not after the restart", d->name);
	if (l->disabled && p->enabled && mono_before(sim.now, l->until))
		sim_fail("%s was disabled, and is not after the restart", d->name);
	if (p->status.state != l->state)
		sim_fail("%s was %s, and is %s after the restart", d->name,
		         path_state_name(l->state), path_state_name(p->status.state));
}

void judge_found(const char *name)
{
	unsigned native;

	if (native_index(name, &native))
		return;
	judge.found[strtoul(name + strlen("sd"), NULL, 10)] = true;
}

/* The loop has taken records of discovery: before a result, each new path is as it was left. */
void judge_taken_up(void)
{
	for (unsigned i = 0; i < sim.n_disks; i++) {
		const struct disk *d = &sim.disks[i];
		struct left *l = &judge.of[i];
		uint32_t index = host_index_of(d);
		const struct path *p = registry_get(sim.checks.registry, index);

		/* The record is also looked up when a map is found. */
		if (judge.found[i] && p != NULL && judge.generation[i] != p->generation) {
			judge_path_taken(index);
			judge.unproven[index] = true;
			judge.generation[i] = p->generation;
		}
		judge.found[i] = false;
		if (!l->counts || p == NULL)
			continue;
		if (is_same(l, p->device))
			judge_path(d, l, index, p);
		else
			judge_events_forget(i);
		l->counts = false;
	}
}

/* What was not configured in the successor's time begins again. */
void judge_all_taken_up(void)
{
	for (unsigned i = 0; i < sim.n_disks; i++)
		if (judge.of[i].counts) {
			judge.of[i].counts = false;
			judge_events_forget(i);
		}
}

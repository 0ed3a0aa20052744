/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The counters of an engine, as of now. The caller's thread. */
#include <errno.h>

#include "libcheck/caller.h"

static void count_rescuers(struct pathcheck *pc, struct pathcheck_stats *ret,
                           struct mono now)
{
	ret->rescuers_busy = shared_rescuers_busy(&pc->shared, ret->rescuers, -1, now);
	ret->rescuers_stuck =
	        shared_rescuers_busy(&pc->shared, ret->rescuers, STUCK_AFTER_US, now);
	pc->stuck_max = MAX(pc->stuck_max, ret->rescuers_stuck);
	ret->rescuers_stuck_max = pc->stuck_max;
}

int pathcheck_stats(struct pathcheck *pc, struct pathcheck_stats *ret)
{
	struct shared_header *h = pc->shared.header;
	struct mono now = mono_now();
	uint32_t groups =
	        atomic_load(&h->groups_end); /* once: the prober may write again */
	struct pathcheck_group g;

	if (ret->size != sizeof(*ret))
		return -EINVAL;
	*ret = (struct pathcheck_stats){
		.size = sizeof(*ret),
		.groups = MIN(groups, pc->limits.groups),
		.deferred_now = atomic_load(&h->deferred_now),
		.deferred_max = atomic_load(&h->deferred_max),
		.deferred_total = atomic_load(&h->deferred_total),
		.emergency_now = atomic_load(&h->emergency_now),
		.emergency_max = atomic_load(&h->emergency_max),
		.emergency_total = atomic_load(&h->emergency_total),
		.io_setup_failures = atomic_load(&h->io_setup_failures),
		.io_setup_error = wire_errno(atomic_load(&h->io_setup_error)),
		.lanes_stuck = atomic_load(&h->submitters_stuck),
		.lane_replacements = atomic_load(&h->submitter_replacements),
		.sealed_allocations = atomic_load(&h->sealed_allocations),
		.checks = pc->checks,
		.timeouts = pc->timeouts,
		.late = pc->late,
		.stale = pc->stale,
		.prober_pid = pc->process.pid,
		.prober_restarts = pc->restarts,
		.heartbeat_age_us =
		        heartbeat_age_us(&pc->heartbeat, &pc->shared, &pc->commands,
		                         pc->limits.groups, now),
		.oldest_in_flight_us = caller_oldest_us(pc, now),
		.rescuers = pc->limits.rescuers,
		.prober_end = pc->end,
		.prober_end_code = pc->end_code,
	};
	for (uint32_t i = 0; i < ret->groups; i++)
		if (pathcheck_group(pc, i, &g) == 0)
			ret->in_flight += g.in_flight + g.expired + g.orphans;
	for (uint32_t id = 0; id < pc->ids_end; id++)
		ret->blockers += pc->entries[id].state == ENTRY_USED &&
		                 atomic_load(&pc->shared.suspects[id]) != 0;
	for (unsigned i = 0; i < LINGERING_MAX; i++)
		ret->probers_lingering += pc->lingering[i].pidfd >= 0;
	count_rescuers(pc, ret, now);
	return 0;
}

int pathcheck_group(struct pathcheck *pc, uint32_t id, struct pathcheck_group *ret)
{
	struct group_view *v;
	uint32_t state, kind;

	if (id >= pc->limits.groups)
		return -ENOENT;
	v = &pc->shared.groups[id];
	state = atomic_load(&v->state);
	kind = atomic_load(&v->kind);
	if (state > PATHCHECK_GROUP_RECOVERING || kind > PATHCHECK_GROUP_SG)
		pc->wild = true;
	if (state == PATHCHECK_GROUP_UNUSED || pc->wild)
		return -ENOENT;
	*ret = (struct pathcheck_group){
		.id = id,
		.kind = (enum pathcheck_group_kind)kind,
		.state = (enum pathcheck_group_state)state,
		.slots = PATHCHECK_GROUP_SLOTS,
		.paths = atomic_load(&v->paths),
		.queued = atomic_load(&v->queued),
		.in_flight = atomic_load(&v->in_flight),
		.expired = atomic_load(&v->expired),
		.orphans = atomic_load(&v->orphans),
		.setup_error = wire_errno(atomic_load(&v->setup_error)),
	};
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What holds long after the last fault, and when all is over. */
#include "tests/sim/calls.h"

void judge_truth(const struct disk *d)
{
	const struct path *p = registry_get(sim.checks.registry, host_index_of(d));
	bool good = d->mode == DISK_GOOD || disk_is_device_error(d);
	enum path_state wanted = good         ? PATH_UP
	                         : d->no_unit ? PATH_DISCONNECTED
	                                      : PATH_DOWN;

	if (p != NULL && p->device->diskseq != d->seq)
		sim_fail("%s has the sequence number of the previous disk, long after "
		         "the last fault",
		         d->name);
	if (p == NULL || p->status.state != wanted)
		sim_fail("%s is %s and not %s, long after the last fault", d->name,
		         p == NULL ? "no path" : path_state_name(p->status.state),
		         path_state_name(wanted));
}

bool judge_nothing_deferred(void)
{
	struct pathcheck_stats s = { .size = sizeof(s) };

	return pathcheck_stats(sim.checks.engine, &s) == 0 && s.deferred_now == 0;
}

void judge_peace(void)
{
	struct pathcheck_stats s = { .size = sizeof(s) };

	if (pathcheck_stats(sim.checks.engine, &s) < 0)
		sim_fail("no counters");
	if (s.rescuers_stuck > 0)
		sim_fail("%u rescuers are stuck, long after the last fault",
		         s.rescuers_stuck);
}

void judge_end(void)
{
	if (sim.threads && (fibers_alive() > 0 || kernel_contexts() > 0 ||
	                    fds_open() > 0 || memory_blocks() > 0))
		sim_fail("after the end: %u threads, %u contexts, %u descriptors, %u "
		         "blocks of memory",
		         fibers_alive(), kernel_contexts(), fds_open(), memory_blocks());
}

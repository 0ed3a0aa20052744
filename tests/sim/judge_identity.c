/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which disk a check has read: what the engine says of it is what that disk said since it was asked,
 * and the verdict on another device than the path's moves no path.
 */
#include <errno.h>
#include <string.h>

#include "tests/sim/calls.h"

/* Of each path: how many results the daemon has yet to take, and that one is of another device. */
static struct {
	unsigned results;
	bool to_drop;
} paths[DISKS_MAX + 16];

void judge_identity_reset(void)
{
	memset(paths, 0, sizeof(paths));
}

bool judge_is_of_another(const struct pathcheck_result *r,
                         const struct pathcheck_opened *o)
{
	const struct path *p = registry_get(sim.checks.registry, (uint32_t)r->cookie);

	return r->opened != 0 && p != NULL && o->devt_minor != p->device->devt_minor;
}

void judge_settled(uint32_t index, int error)
{
	/* Of a timeout and an answer taken together nobody knows which one this is. */
	if (paths[index].to_drop && paths[index].results == 1 && error != ESTALE)
		sim_fail("path %u is judged by another device than its own", index);
	paths[index].to_drop = false;
}

static void judge_wwid(const struct disk *d, const struct pathcheck_opened *o,
                       struct mono asked)
{
	switch (o->wwid_state) {
	case PATHCHECK_WWID_NOT_ASKED:
		/* Its unit was asked first, and was not waited for: what the read said was told. */
		if (mono_before(d->failed_at[EREMOTEIO], asked))
			sim_fail("%s was to be asked who it is, and was not", d->name);
		break;
	case PATHCHECK_WWID_UNREADABLE:
		if (mono_before(d->no_wwid_at, asked))
			sim_fail("%s is said not to say who it is, and was not asked",
			         d->name);
		break;
	case PATHCHECK_WWID_NONE:
	case PATHCHECK_WWID_READ:
		if (mono_before(d->wwid_at, asked) || d->wwid != o->wwid)
			sim_fail("%s is said to be a disk that it did not say", d->name);
		break;
	}
}

void judge_opened(const struct pathcheck_result *r, const struct pathcheck_opened *o,
                  bool identify, struct mono asked)
{
	uint32_t index = (uint32_t)r->cookie;
	const struct disk *d = host_disk_of(index);
	bool good = r->verdict == PATHCHECK_OK || r->verdict == PATHCHECK_DEVICE_ERROR;

	paths[index].results++;
	paths[index].to_drop = judge_is_of_another(r, o);
	if (good && r->opened != 0 && o->diskseq != d->seq &&
	    mono_before(d->exchanged, asked))
		sim_fail("%s: another disk than the one there is was read", d->name);
	if (!good || !identify)
		return;
	if (r->opened == 0)
		sim_fail("%s was to be asked who it is, and nothing is said of it",
		         d->name);
	judge_wwid(d, o, asked);
	if ((o->wwid_state == PATHCHECK_WWID_READ ||
	     o->wwid_state == PATHCHECK_WWID_NONE) &&
	    !paths[index].to_drop)
		judge_read(o, asked);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which disk a check has read. The identity that the engine reports has to be one that the
 * disk reported after the request. A verdict about another device must not change the
 * path's state.
 */
#include <errno.h>
#include <string.h>

#include "tests/sim/calls.h"

/*
 * Of each path: how many results the daemon has yet to take, and whether one is of another
 * device.
 */
static struct {
	unsigned results;
	bool to_drop;
} paths[PATHS_MAX];

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
	/* If a timeout and an answer were taken together, the test cannot know which of the
	 * two this is. */
	if (paths[index].to_drop && paths[index].results == 1 && error != ESTALE)
		sim_fail("path %u got the verdict about another device", index);
	paths[index].to_drop = false;
}

static void judge_wwid(const struct disk *d, const struct pathcheck_opened *o,
                       struct mono asked)
{
	switch (o->wwid_state) {
	case PATHCHECK_WWID_NOT_ASKED:
		/* The unit's inquiry came first and timed out: the engine has reported the
		 * read's result only. */
		if (mono_before(d->failed_at[EREMOTEIO], asked))
			sim_fail("%s should have been identified, but was not asked",
			         d->name);
		break;
	case PATHCHECK_WWID_UNREADABLE:
		if (mono_before(d->no_wwid_at, asked))
			sim_fail("%s is reported without a WWID, but was not asked",
			         d->name);
		break;
	case PATHCHECK_WWID_NONE:
	case PATHCHECK_WWID_READ:
		if (mono_before(d->wwid_at, asked) || d->wwid != o->wwid)
			sim_fail("%s is reported with a WWID that it did not give",
			         d->name);
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
		sim_fail("%s: the check read another disk than the present one", d->name);
	if (!good || !identify)
		return;
	if (r->opened == 0)
		sim_fail("%s should have been identified, but the result has no identity",
		         d->name);
	judge_wwid(d, o, asked);
	if ((o->wwid_state == PATHCHECK_WWID_READ ||
	     o->wwid_state == PATHCHECK_WWID_NONE) &&
	    !paths[index].to_drop)
		judge_read(o, asked);
}

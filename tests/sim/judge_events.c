/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is reported about a path is a story without gaps: each change begins where the last one ended,
 * and in the end the story is in the path's state. That gathers for changes that are reported one by
 * one, and for those that are members of an event about many paths.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/calls.h"

/* Each turn has a few groups, and singles. */
#define ROUNDS_MAX 64

static struct {
	/* Where the story of each disk's path is, and behind them of each native path; "": not known. */
	char at[DISKS_MAX + NATIVES_MAX][16];
	/* Of the group whose records come. */
	uint32_t members;
	/* Rounds in a row that ended with changes that are due. */
	unsigned rounds;
} judge;

void judge_events_reset(void)
{
	memset(&judge, 0, sizeof(judge));
}

void judge_events_forget(unsigned disk)
{
	judge.at[disk][0] = '\0';
}

void judge_events_forget_native(unsigned native)
{
	judge.at[DISKS_MAX + native][0] = '\0';
}

static char *story_of(const char *path)
{
	unsigned native;

	if (native_index(path, &native))
		return judge.at[DISKS_MAX + native];
	return judge.at[strtoul(path + strlen("sd"), NULL, 10)];
}

static void judge_names(const struct event *e)
{
	for (const char *s = e->message; *s != '\0'; s++)
		judge.members += *s == EVENT_NAME_END;
}

void judge_event(const struct event *e)
{
	char *at;

	if (e->part == EVENT_NAMES) {
		judge_names(e);
		return;
	}
	if (e->part == EVENT_WHOLE && e->name_records > 0) {
		if (judge.members != e->members)
			sim_fail("an event about %u paths has %u members", e->members,
			         judge.members);
		judge.members = 0;
	}
	if (e->path[0] == '\0')
		return;
	at = story_of(e->path);
	/* A path that was removed begins again. */
	if (e->type == EVENT_PATH_REMOVED || e->type == EVENT_PATH_ADDED)
		at[0] = '\0';
	/* A device error leaves the path as it is. */
	if (e->type != EVENT_PATH_STATE || strstr(e->message, "the path stays") != NULL)
		return;
	if (strcmp(e->from, e->to) == 0)
		sim_fail("%s: %s -> %s is reported", e->path, e->from, e->to);
	if (at[0] != '\0' && strcmp(at, "removed") != 0 && strcmp(at, e->from) != 0)
		sim_fail("%s: %s -> %s is reported, but the path was last %s", e->path,
		         e->from, e->to, at);
	(void)strcpy(at, e->to);
}

/* The path's story ends in its state. */
static void judge_state(const char *name, const char *at)
{
	uint32_t index = registry_find_name(sim.checks.registry, name);
	const struct path *p = registry_get(sim.checks.registry, index);

	if (p == NULL || gather_has(sim.outage.events->gathered, index) ||
	    at[0] == '\0' || strcmp(at, "removed") == 0)
		return;
	if (strcmp(at, path_state_name(p->status.state)) != 0)
		sim_fail("%s is %s, and was reported to be %s", name,
		         path_state_name(p->status.state), at);
}

void judge_events(struct mono now)
{
	char name[32];

	/* One turn after the other is reported. */
	judge.rounds = mono_before(now, outage_next(&sim.outage)) ? 0 : judge.rounds + 1;
	if (judge.rounds > ROUNDS_MAX)
		sim_fail("changes are due and not reported");
	for (unsigned i = 0; i < sim.n_disks; i++)
		judge_state(sim.disks[i].name + strlen("/dev/"), judge.at[i]);
	for (unsigned i = 0; i < NATIVES_MAX; i++) {
		native_name(i, name);
		judge_state(name, judge.at[DISKS_MAX + i]);
	}
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is reported of the maps of native NVMe multipathing: a story without gaps that ends in the
 * redundancy that follows from the states of the paths. A map is reported after its paths. What one
 * controller did to all its paths is one event, and one event for their maps.
 */
#include <string.h>

#include "tests/sim/calls.h"

static struct {
	/* The reported word of each map; "": not known. */
	char word[NAMESPACES_MAX][16];
	bool spoken[NAMESPACES_MAX]; /* in this round */
	uint32_t generation[NATIVES_MAX];
	/* Maps, and how many paths, that the group whose records come has. */
	bool pending[NAMESPACES_MAX];
	unsigned n_pending, n_paths;
	/* While a controller is cut off. */
	bool cut;
	unsigned singles, causes, map_groups;
} judge;

void judge_natives_reset(void)
{
	memset(&judge, 0, sizeof(judge));
	for (unsigned i = 0; i < NAMESPACES_MAX; i++)
		(void)strcpy(judge.word[i], "full");
}

void judge_natives_restart(void)
{
	memset(judge.word, 0, sizeof(judge.word));
	memset(judge.generation, 0, sizeof(judge.generation));
	for (unsigned i = 0; i < NATIVES_MAX; i++)
		judge_events_forget_native(i);
}

static const struct path *path_of(unsigned i, uint32_t *ret_index)
{
	char name[32];

	native_name(i, name);
	*ret_index = registry_find_name(sim.checks.registry, name);
	return registry_get(sim.checks.registry, *ret_index);
}

/* The changes of a map's paths have been reported, unless they are newer, or come without end. */
static void judge_order(unsigned n)
{
	const struct events *ev = sim.outage.events;

	for (unsigned i = n; i < NATIVES_MAX; i += NAMESPACES_MAX) {
		uint32_t index;
		const struct path *p = path_of(i, &index);

		if (p == NULL || !gather_has(ev->gathered, index) ||
		    mono_diff(sim.now, p->status.since) <= GATHER_ALONE_US ||
		    mono_diff(sim.now, ev->maps_first) >= GATHER_LONGEST_US ||
		    mono_diff(sim.now, sim.paused) < GATHER_LONGEST_US)
			continue;
		sim_fail("map nvme0n%u is reported before its path %s", n + 1,
		         device_name(p->device));
	}
}

static void judge_word(unsigned n, const char *from, const char *to)
{
	if (from[0] != '\0' && judge.word[n][0] != '\0' &&
	    strcmp(from, judge.word[n]) != 0)
		sim_fail("map nvme0n%u: %s -> %s is reported, but it was last %s", n + 1,
		         from, to, judge.word[n]);
	(void)strcpy(judge.word[n], to);
	judge.spoken[n] = true;
	judge_order(n);
}

static void note_names(const struct event *e)
{
	unsigned native;

	for (const char *s = e->message; *s != '\0'; s = strchr(s, EVENT_NAME_END) + 1) {
		int n = natives_namespace(s);

		judge.n_paths += native_index(s, &native);
		if (n < 0)
			continue;
		judge.pending[n] = true;
		judge.n_pending++;
	}
}

static void end_group(const struct event *e)
{
	if (judge.cut && judge.n_paths > 0 && judge.n_paths != natives_namespaces())
		sim_fail("a controller was cut off, and %u of its %u paths are reported "
		         "together",
		         judge.n_paths, natives_namespaces());
	if (judge.cut && judge.n_pending > 0 && judge.n_pending != natives_namespaces())
		sim_fail("a controller was cut off, and %u of %u maps are reported "
		         "together",
		         judge.n_pending, natives_namespaces());
	judge.causes += judge.n_paths > 0;
	judge.map_groups += judge.n_pending > 0;
	for (unsigned n = 0; n < NAMESPACES_MAX; n++)
		if (judge.pending[n] && e->type == EVENT_MAP)
			judge_word(n, "", e->to);
	memset(judge.pending, 0, sizeof(judge.pending));
	judge.n_pending = judge.n_paths = 0;
}

void judge_natives_event(const struct event *e, bool loss)
{
	unsigned native;
	int n;

	if (e->part == EVENT_NAMES) {
		note_names(e);
		return;
	}
	if (e->part != EVENT_WHOLE)
		return;
	if (loss) {
		memset(judge.pending, 0, sizeof(judge.pending));
		judge.n_pending = 0;
		return;
	}
	if (e->name_records > 0) {
		end_group(e);
		return;
	}
	n = e->type == EVENT_MAP ? natives_namespace(e->map) : -1;
	if (n >= 0)
		judge_word((unsigned)n, e->from, e->to);
	judge.singles +=
	        n >= 0 || (e->type == EVENT_PATH_STATE && native_index(e->path, &native));
}

/* A map whose paths are all new begins again. */
static void judge_generations(unsigned n)
{
	bool same = false;
	uint32_t index;

	for (unsigned i = n; i < NATIVES_MAX; i += NAMESPACES_MAX) {
		const struct path *p = path_of(i, &index);
		uint32_t is = p == NULL ? 0 : p->generation;

		same = same || (is != 0 && is == judge.generation[i]);
		judge.generation[i] = is;
	}
	if (!same && !judge.spoken[n] && judge.word[n][0] != '\0')
		(void)strcpy(judge.word[n], "full");
	judge.spoken[n] = false;
}

static void judge_map(unsigned n)
{
	uint32_t index, up = 0, ghosts = 0, paths = 0;
	bool gathered = false;
	const char *is;

	for (unsigned i = n; i < NATIVES_MAX; i += NAMESPACES_MAX) {
		const struct path *p = path_of(i, &index);

		if (p == NULL)
			continue;
		paths++;
		up += p->status.state == PATH_UP;
		ghosts += p->status.state == PATH_GHOST;
		gathered = gathered || p->map_gathered;
	}
	is = redundancy_name(redundancy_of(paths, 0, up == 0 ? 0 : up + ghosts));
	if (paths > 0 && !gathered && judge.word[n][0] != '\0' &&
	    strcmp(is, judge.word[n]) != 0)
		sim_fail("map nvme0n%u is %s, and was reported to be %s", n + 1, is,
		         judge.word[n]);
}

void judge_natives(struct mono now)
{
	(void)now;
	for (unsigned n = 0; n < natives_namespaces(); n++)
		judge_generations(n);
	/* In between, states of some paths of a map may have been taken. */
	if (natives_is_updating() || !finder_idle() || sim.inventory.holding)
		return;
	for (unsigned n = 0; n < natives_namespaces(); n++)
		judge_map(n);
}

void judge_natives_begin_cut(void)
{
	/* Else some paths are shaky while others are down already. */
	judge.cut = natives_fail_at_once();
	judge.singles = judge.causes = judge.map_groups = 0;
}

void judge_natives_end_cut(void)
{
	if (judge.cut &&
	    (judge.singles > 0 || judge.causes != 1 || judge.map_groups != 1))
		sim_fail("a controller was cut off: %u events about one path or map, %u "
		         "about its paths, %u about their maps",
		         judge.singles, judge.causes, judge.map_groups);
	judge.cut = false;
}

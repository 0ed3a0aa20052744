/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is reported of maps of native NVMe multipathing that have had no usable path for long: in time,
 * not too early, once, and their end. A predecessor that was killed may not have written what it
 * reported, so after a restart either is right.
 */
#include <string.h>

#include "tests/sim/calls.h"

/* How late it may be: a path's state may be read while a reload holds the loop. */
#define LATE_US (2 * USEC_PER_SEC + GATHER_LONGEST_US)

enum told { NOT_TOLD, TOLD, MAYBE_TOLD };

static struct {
	struct {
		/* When the paths were last seen to be in order: one was up; none was up. */
		struct mono usable, lost;
		bool is_lost;
		enum told told, gone; /* that it is lost; that all is gone */
		bool spoken;          /* in this round */
		bool fresh;           /* no path was seen since the restart */
	} of[NAMESPACES_MAX];
	uint32_t generation[NATIVES_MAX];
	bool pending[NAMESPACES_MAX]; /* a group that is being made has them */
} judge;

void judge_losses_reset(void)
{
	memset(&judge, 0, sizeof(judge));
}

void judge_losses_restart(void)
{
	memset(&judge, 0, sizeof(judge));
	for (unsigned n = 0; n < NAMESPACES_MAX; n++) {
		judge.of[n].told = judge.of[n].gone = MAYBE_TOLD;
		judge.of[n].fresh = true;
	}
}

static const struct path *path_of(unsigned i)
{
	char name[32];

	native_name(i, name);
	return registry_get(sim.checks.registry,
	                    registry_find_name(sim.checks.registry, name));
}

struct count {
	unsigned paths, up, disabled;
	bool same; /* one of them was there in the last round */
};

static struct count count_of(unsigned n)
{
	struct count c = { .paths = 0 };

	for (unsigned i = n; i < NATIVES_MAX; i += NAMESPACES_MAX) {
		const struct path *p = path_of(i);

		if (p == NULL)
			continue;
		c.paths++;
		c.up += p->enabled && p->status.state == PATH_UP;
		c.disabled += !p->enabled;
		c.same = c.same || p->generation == judge.generation[i];
	}
	return c;
}

/* In between, states of some paths of a map may have been taken. */
static bool is_quiet(void)
{
	return !natives_is_updating() && finder_idle() && !sim.inventory.holding;
}

static void begin_anew(unsigned n)
{
	judge.of[n].told = judge.of[n].gone = NOT_TOLD;
	judge.of[n].usable = judge.of[n].lost = (struct mono){ 0 };
	judge.of[n].is_lost = false;
}

static void tell_lost(unsigned n, struct mono now)
{
	if (judge.of[n].told == TOLD || judge.of[n].gone == TOLD)
		sim_fail("map nvme0n%u is reported to be lost again", n + 1);
	if (judge.of[n].usable.us != 0 &&
	    mono_diff(now, judge.of[n].usable) < LOSS_TIME_US)
		sim_fail("map nvme0n%u is reported to be lost, but had a path %lld ms "
		         "ago",
		         n + 1,
		         (long long)(mono_diff(now, judge.of[n].usable) / USEC_PER_MSEC));
	judge.of[n].told = TOLD;
}

static void tell(unsigned n, const char *word)
{
	const struct count c = count_of(n);

	if (!c.same && !judge.of[n].spoken && !judge.of[n].fresh)
		begin_anew(n);
	judge.of[n].spoken = true;
	if (strcmp(word, "usable") == 0) {
		if (judge.of[n].told == NOT_TOLD && judge.of[n].gone == NOT_TOLD)
			sim_fail("map nvme0n%u is reported to be usable again, but it "
			         "was not lost",
			         n + 1);
		if (is_quiet() && c.paths > 0 && c.up + c.disabled == 0)
			sim_fail("map nvme0n%u is reported to be usable, and has no "
			         "path",
			         n + 1);
		judge.of[n].told = judge.of[n].gone = NOT_TOLD;
		judge.of[n].usable = judge.of[n].lost = (struct mono){ 0 };
		return;
	}
	if (is_quiet() && c.up > 0)
		sim_fail("map nvme0n%u is reported to be %s, and has a path", n + 1,
		         word);
	if (strcmp(word, "lost") == 0) {
		tell_lost(n, sim.now);
	} else {
		if (judge.of[n].gone == TOLD)
			sim_fail("map nvme0n%u is reported to be gone again", n + 1);
		judge.of[n].gone = TOLD;
	}
}

bool judge_losses_event(const struct event *e)
{
	bool loss = e->type == EVENT_MAP && e->part == EVENT_WHOLE &&
	            (strcmp(e->to, "lost") == 0 || strcmp(e->to, "gone") == 0 ||
	             strcmp(e->to, "usable") == 0);
	int n;

	if (e->part == EVENT_NAMES) {
		for (const char *s = e->message; *s != '\0';
		     s = strchr(s, EVENT_NAME_END) + 1) {
			n = natives_namespace(s);
			if (n >= 0)
				judge.pending[n] = true;
		}
		return false;
	}
	if (e->part != EVENT_WHOLE)
		return false;
	if (loss && e->name_records == 0) {
		n = natives_namespace(e->map);
		if (n >= 0)
			tell((unsigned)n, e->to);
	}
	for (unsigned i = 0; i < NAMESPACES_MAX; i++)
		if (loss && judge.pending[i])
			tell(i, e->to);
	if (e->name_records > 0)
		memset(judge.pending, 0, sizeof(judge.pending));
	return loss;
}

static void judge_map(unsigned n, const struct count *c, struct mono now)
{
	bool lost = c->paths > 0 && c->up + c->disabled == 0;
	bool told = judge.of[n].told != NOT_TOLD || judge.of[n].gone != NOT_TOLD;

	if (c->up > 0)
		judge.of[n].usable = now;
	if (!lost) {
		judge.of[n].is_lost = false;
		return;
	}
	if (!judge.of[n].is_lost)
		judge.of[n].lost = now;
	judge.of[n].is_lost = true;
	if (!told && mono_diff(now, judge.of[n].lost) > LOSS_TIME_US + LATE_US &&
	    mono_diff(now, sim.paused) > LATE_US)
		sim_fail("map nvme0n%u has had no path for %lld ms, and nothing is "
		         "reported",
		         n + 1,
		         (long long)(mono_diff(now, judge.of[n].lost) / USEC_PER_MSEC));
}

/* A map that is in order again is reported, too: at peace, all are in order. */
void judge_losses_end(void)
{
	for (unsigned n = 0; n < natives_namespaces(); n++)
		if (judge.of[n].told == TOLD || judge.of[n].gone == TOLD)
			sim_fail("map nvme0n%u was reported to be lost, and its end was "
			         "not",
			         n + 1);
}

void judge_losses(struct mono now)
{
	for (unsigned n = 0; n < natives_namespaces(); n++) {
		const struct count c = count_of(n);

		if (!c.same && !judge.of[n].spoken && !judge.of[n].fresh)
			begin_anew(n);
		judge.of[n].spoken = false;
		judge.of[n].fresh = judge.of[n].fresh && !c.same;
		for (unsigned i = n; i < NATIVES_MAX; i += NAMESPACES_MAX) {
			const struct path *p = path_of(i);

			judge.generation[i] = p == NULL ? 0 : p->generation;
		}
		if (is_quiet() && map_losses_time(sim.outage.events->losses) > 0)
			judge_map(n, &c, now);
	}
}

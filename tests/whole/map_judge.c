/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing. Judges commands and the last state by what the loop was told, and not by what the
 * table of maps made of it.
 */
#include "checkerd/core/maps_count.h"
#include "tests/whole/map_world.h"

static const struct shadow *of(unsigned path)
{
	return &mw.s->of[path];
}

/* A command for the path has no answer yet. */
static bool waits(unsigned path, enum agreement_command verb)
{
	return of(path)->flight == verb ||
	       (mw.s->record == RECORD_ANSWER && mw.s->record_path == path &&
	        mw.s->record_verb == verb);
}

static enum path_verdict verdict_of(unsigned path)
{
	const struct shadow *p = of(path);

	if (!p->known)
		return p->gone ? VERDICT_UNUSABLE : VERDICT_NONE;
	return p->forced || p->emptied ? VERDICT_UNUSABLE : (enum path_verdict)p->verdict;
}

/* By a check of this daemon, or by an administrator. */
static enum path_verdict decided(unsigned path)
{
	return of(path)->old && !of(path)->forced && !of(path)->emptied
	               ? VERDICT_NONE
	               : verdict_of(path);
}

/* unheld: and not held. */
static bool has_another(unsigned path, bool unheld)
{
	for (unsigned i = 0; i < mw.n; i++)
		if (i != path && of(i)->view && of(i)->known &&
		    decided(i) == VERDICT_USABLE && !of(i)->disabled && !of(i)->barred &&
		    !waits(i, COMMAND_FAIL) && !(unheld && of(i)->held))
			return true;
	return false;
}

static bool is_released(unsigned path)
{
	const struct shadow *p = of(path);

	return p->ours && !p->barred && !p->gone && (!mw.s->control || !p->known);
}

static void judge_fail(unsigned path)
{
	const struct shadow *p = of(path);

	if (!mw.s->control)
		explore_fail("a command although dm_control is off");
	if (p->barred)
		return;
	if (decided(path) == VERDICT_USABLE && p->held) {
		if (!has_another(path, true))
			explore_fail("path %u is held, the last usable one, and failed",
			             path);
		return;
	}
	if (decided(path) != VERDICT_UNUSABLE)
		explore_fail("path %u is failed, but was not decided to be unusable",
		             path);
	if (mw.s->keep && !p->last && !has_another(path, false))
		explore_fail("path %u is the last one, and failed", path);
}

static void judge_reinstate(unsigned path)
{
	const struct shadow *p = of(path);

	if (p->barred)
		explore_fail("path %u is reinstated into the map of another disk", path);
	if (is_released(path))
		return;
	if (!mw.s->control)
		explore_fail("a command although dm_control is off");
	if (decided(path) != VERDICT_USABLE)
		explore_fail("path %u is reinstated, but was not decided to be usable",
		             path);
	if (!p->same)
		explore_fail(
		        "path %u is reinstated, but no good check found its disk since "
		        "it failed",
		        path);
	if (p->held && has_another(path, true))
		explore_fail("path %u is held, and reinstated although it is not needed",
		             path);
	if (p->held && p->reuse)
		explore_fail("path %u is held, and reinstated too early", path);
}

void map_judge_order(unsigned path, bool fail)
{
	if (waits(path, COMMAND_FAIL) || waits(path, COMMAND_REINSTATE))
		explore_fail("a second command for path %u before the answer", path);
	if (of(path)->view != fail)
		explore_fail("a command for path %u that changes nothing", path);
	if (fail)
		judge_fail(path);
	else
		judge_reinstate(path);
}

/* Is the kernel's view what follows from everything that the loop was told? */
static bool is_right(unsigned path)
{
	const struct shadow *p = of(path);

	/* Given back, as dm_release asks for. */
	if (!mw.s->control || (!p->known && !p->gone))
		return p->view || !is_released(path);
	if (p->barred)
		return !p->view;
	switch (decided(path)) {
	case VERDICT_USABLE:
		/* A disabled path is not checked, so no check can find its disk again. */
		return p->disabled || p->view == !(p->held && has_another(path, true));
	case VERDICT_UNUSABLE:
		return !p->view || (mw.s->keep && !p->last && !has_another(path, false));
	case VERDICT_NONE:
		break;
	}
	return true;
}

void map_judge_agreement(void)
{
	for (unsigned i = 0; i < mw.n; i++) {
		if (of(i)->flight != COMMAND_NONE || mw.s->record != RECORD_NONE)
			explore_fail("the commands do not end");
		if (of(i)->view != of(i)->active)
			explore_fail("path %u: the kernel's view is not known", i);
		if (!is_right(i))
			explore_fail(
			        "path %u: all is quiet, and the kernel does not agree",
			        i);
	}
	/* One command for each path, and one more because another path came back. */
	if (mw.sent > 2 * mw.n)
		explore_fail("%u commands until all is quiet", mw.sent);
}

/* --- the table --- */

static void judge_entry(const struct maps_path *e)
{
	unsigned path = e->devt_minor;
	const struct shadow *p = of(path);

	if (e->agreement.active != p->view)
		explore_fail("path %u: the table has another view", path);
	if (!e->agreement.active && e->agreement.ours != p->ours)
		explore_fail("path %u: the table does not know who failed it", path);
	if ((e->bar != BAR_NONE) != p->barred)
		explore_fail("path %u: the bar is wrong", path);
	if ((e->path != MAPS_NONE) != p->known)
		explore_fail("path %u: the entry has the wrong path", path);
	if ((e->agreement.in_flight != COMMAND_NONE) !=
	    (waits(path, COMMAND_FAIL) || waits(path, COMMAND_REINSTATE)))
		explore_fail("path %u: the command in flight is forgotten", path);
	if (maps_decided(mw.maps, e) != decided(path) && !p->barred)
		explore_fail("path %u: the table has another decision", path);
	if (e->kept && (e->verdict != VERDICT_UNUSABLE || !e->agreement.active))
		explore_fail("path %u is kept without a reason", path);
	if (e->list == LIST_TODO)
		explore_fail("path %u: an order waits after the round", path);
}

void map_judge_table(void)
{
	const struct maps_map *map = maps_get(mw.maps, 0);
	uint32_t n = 0, usable = 0, disabled = 0;

	for (uint32_t i = map->first; i != MAPS_NONE; i = maps_path(mw.maps, i)->next) {
		const struct maps_path *e = maps_path(mw.maps, i);
		unsigned path = e->devt_minor;

		judge_entry(e);
		n++;
		disabled += of(path)->disabled;
		usable += of(path)->view && !of(path)->barred && !of(path)->disabled &&
		          verdict_of(path) != VERDICT_UNUSABLE;
	}
	if (n != mw.n)
		explore_fail("the map has %u paths", n);
	if (maps_usable(mw.maps, map) != usable ||
	    maps_disabled(mw.maps, map) != disabled)
		explore_fail("%u of the paths are usable, and %u are counted", usable,
		             maps_usable(mw.maps, map));
}

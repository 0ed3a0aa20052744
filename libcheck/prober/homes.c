/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which group a path calls home, and from which one its check gets a slot. Groups are set up when
 * paths need them, and retire when no path calls them home. Runs on the lane only.
 */
#include "libcheck/prober/prober.h"
#include "util/thread.h"

enum pathcheck_group_state homes_state(struct group *g)
{
	enum pathcheck_group_state state;

	pthread_mutex_lock(&g->lock);
	state = g->state;
	pthread_mutex_unlock(&g->lock);
	return state;
}

/* An unused group, set up from now on; NULL: none, or no thread for it. */
static struct group *activate(struct prober *p)
{
	struct group *g = NULL;

	for (uint32_t i = 0; i < p->limits.groups && g == NULL; i++)
		if (homes_state(&p->groups[i]) == PATHCHECK_GROUP_UNUSED)
			g = &p->groups[i];
	if (g == NULL)
		return NULL;
	if (!g->has_reaper) {
		/* Until it says so itself: it is awake. */
		atomic_store(&p->shared->groups[g->id].wake_by_us, mono_now().us);
		if (thread_start(&g->reaper, "pc-reaper", PROBER_STACK_BYTES, reaper_main,
		                 g) < 0) {
			/* Nothing would tell when there is a thread to be had. */
			p->shortage_until = mono_add(mono_now(), SHORTAGE_RETRY_US);
			return NULL;
		}
		g->has_reaper = true;
	}
	group_fill(g);
	if (g->id >= p->groups_end) {
		p->groups_end = g->id + 1;
		atomic_store(&p->shared->header->groups_end, p->groups_end);
	}
	pthread_mutex_lock(&g->lock);
	g->state = PATHCHECK_GROUP_SETTING_UP;
	g->setup_running = true;
	g->setup_by = mono_add(mono_now(), p->setup_timeout_us);
	group_publish(g);
	pthread_mutex_unlock(&g->lock);
	reaper_wake(g);
	rescuers_enqueue(p, &g->setup, JOB_SETUP);
	return g;
}

/* A retiring group whose context the reaper has not begun to destroy serves again. */
static bool take_back(struct group *g)
{
	bool taken = false;

	pthread_mutex_lock(&g->lock);
	if (g->state == PATHCHECK_GROUP_RETIRING && !g->destroying) {
		g->state = group_working_state(g);
		if (g->state != PATHCHECK_GROUP_READY && !g->setup_running)
			g->setup_by = mono_now();
		taken = true;
		group_publish(g);
	}
	pthread_mutex_unlock(&g->lock);
	if (taken)
		reaper_wake(g);
	return taken;
}

static bool takes_paths(struct group *g)
{
	enum pathcheck_group_state state = homes_state(g);

	return state != PATHCHECK_GROUP_UNUSED && state != PATHCHECK_GROUP_RETIRING;
}

struct group *homes_find(struct prober *p)
{
	struct group *least = NULL, *g;

	for (uint32_t i = 0; i < p->groups_end; i++) {
		g = &p->groups[i];
		if (!takes_paths(g))
			continue;
		if (g->members < PATHCHECK_GROUP_SLOTS)
			return g;
		if (least == NULL || g->members < least->members)
			least = g;
	}
	for (uint32_t i = 0; i < p->groups_end; i++)
		if (take_back(&p->groups[i]))
			return &p->groups[i];
	g = activate(p);
	if (g != NULL)
		return g;
	/* No thread for the very first group: its home is that one all the same. */
	return least != NULL ? least : p->groups;
}

void homes_count(struct prober *p, struct group *g, int by)
{
	g->members += (uint32_t)by;
	atomic_store(&p->shared->groups[g->id].paths, g->members);
}

void homes_retire(struct prober *p)
{
	for (uint32_t i = 1; i < p->groups_end; i++) {
		struct group *g = &p->groups[i];

		if (g->members > 0 || !takes_paths(g))
			continue;
		pthread_mutex_lock(&g->lock);
		g->state = PATHCHECK_GROUP_RETIRING;
		group_publish(g);
		pthread_mutex_unlock(&g->lock);
		reaper_wake(g);
	}
}

/* A slot to read with, when the descriptor is known. */
static struct slot *take_from(struct group *g, uint32_t id)
{
	struct prober *p = g->prober;
	struct probed_path *path = &p->paths[id];
	bool wake = false;
	struct slot *s;

	pthread_mutex_lock(&g->lock);
	/* The reaper may have retired it by now. */
	s = g->state == PATHCHECK_GROUP_UNUSED ? NULL
	                                       : group_take(g, id, path->generation);
	if (s != NULL) {
		p->slots_taken++;
		p->host_taken[path->host]++;
		s->host = path->host;
		s->target = path->target;
		s->stage = PATHCHECK_STAGE_READ;
		s->fd = path->fd;
		s->block = path->block;
		s->timeout_us = (int64_t)path->timeout_us;
		s->silent_ms = path->silent_ms;
		s->silent_stage = path->silent_stage;
		s->late = path->late;
		s->told = path->told;
		s->identify = path->identify;
		s->opened = path->opened;
		if (g->state == PATHCHECK_GROUP_SETTING_UP) {
			wake = group_wait(g, s, mono_now());
			group_publish(g);
		}
	}
	pthread_mutex_unlock(&g->lock);
	if (wake)
		reaper_wake(g);
	return s;
}

struct slot *homes_take_slot(struct prober *p, uint32_t id)
{
	struct probed_path *path = &p->paths[id];
	struct slot *s = take_from(&p->groups[path->home], id);
	struct group *g;

	for (uint32_t i = 0; i < p->groups_end && s == NULL; i++)
		if (takes_paths(&p->groups[i]))
			s = take_from(&p->groups[i], id);
	/* One that retires, for want of paths, may be kept by a few orphans only. */
	for (uint32_t i = 0; i < p->groups_end && s == NULL; i++)
		if (take_back(&p->groups[i]))
			s = take_from(&p->groups[i], id);
	if (s != NULL)
		return s;
	g = activate(p);
	if (g == NULL)
		return NULL;
	if (path->used) {
		homes_count(p, &p->groups[path->home], -1);
		path->home = g->id;
		homes_count(p, g, 1);
	}
	return take_from(g, id);
}

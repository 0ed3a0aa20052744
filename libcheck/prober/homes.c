/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sets up and retires groups, and takes slots from them. Runs on the submitter only. */
#include "libcheck/prober/homes.h"

#include "util/thread.h"

enum pathcheck_group_state homes_state(struct group *g)
{
	enum pathcheck_group_state state;

	pthread_mutex_lock(&g->lock);
	state = g->state;
	pthread_mutex_unlock(&g->lock);
	return state;
}

/* An unused group, which is set up from now on; NULL: none, or no thread for it. */
static struct group *activate(struct homes *h, bool sends)
{
	/* ending.pml: ACTIVATE */
	struct group *g = NULL;

	for (uint32_t i = 0; i < h->limits->groups && g == NULL; i++)
		if (homes_state(&h->groups[i]) == PATHCHECK_GROUP_UNUSED)
			g = &h->groups[i];
	if (g == NULL)
		return NULL;
	if (!g->has_reaper) {
		/* Its reaper counts as awake, until it has written when it will be. */
		atomic_store(&h->posts->shared->groups[g->id].wake_by_us, mono_now().us);
		if (thread_start(&g->reaper, "pc-reaper", PROBER_STACK_BYTES,
		                 h->reaper_main, g) < 0) {
			h->thread_refused = true;
			return NULL;
		}
		g->has_reaper = true;
	}
	group_fill(g);
	if (g->id >= h->groups_end) {
		h->groups_end = g->id + 1;
		atomic_store(&h->posts->shared->header->groups_end, h->groups_end);
	}
	pthread_mutex_lock(&g->lock);
	g->state = PATHCHECK_GROUP_SETTING_UP;
	g->sends = sends;
	g->setup_running = true;
	g->setup_by = mono_add(mono_now(), h->setup_timeout_us);
	group_publish(g);
	pthread_mutex_unlock(&g->lock);
	group_wake(g);
	jobs_add(h->jobs, &g->setup, JOB_SETUP);
	return g;
}

/*
 * A retiring group of that kind serves again, unless the reaper destroys its context already.
 */
static bool take_back(struct group *g, bool sends)
{
	bool taken = false;

	pthread_mutex_lock(&g->lock);
	if (g->state == PATHCHECK_GROUP_RETIRING && !g->destroying && g->sends == sends) {
		g->state = group_working_state(g);
		if (g->state != PATHCHECK_GROUP_READY && !g->setup_running)
			g->setup_by = mono_now();
		taken = true;
		group_publish(g);
	}
	pthread_mutex_unlock(&g->lock);
	if (taken)
		group_wake(g);
	return taken;
}

static bool is_serving(struct group *g)
{
	enum pathcheck_group_state state = homes_state(g);

	return state != PATHCHECK_GROUP_UNUSED && state != PATHCHECK_GROUP_RETIRING;
}

/* Only this thread changes group.sends. */
static bool takes_paths(struct group *g, bool sends)
{
	return is_serving(g) && g->sends == sends;
}

struct group *homes_find(struct homes *h, bool sends)
{
	struct group *least = NULL, *g;

	for (uint32_t i = 0; i < h->groups_end; i++) {
		g = &h->groups[i];
		if (!takes_paths(g, sends))
			continue;
		if (g->members < PATHCHECK_GROUP_SLOTS)
			return g;
		if (least == NULL || g->members < least->members)
			least = g;
	}
	for (uint32_t i = 0; i < h->groups_end; i++)
		if (take_back(&h->groups[i], sends))
			return &h->groups[i];
	g = activate(h, sends);
	if (g != NULL)
		return g;
	/* There is no thread for the first group: it is the home nevertheless. */
	return least != NULL ? least : h->groups;
}

void homes_count(struct homes *h, struct group *g, int by)
{
	g->members += (uint32_t)by;
	atomic_store(&h->posts->shared->groups[g->id].paths, g->members);
}

void homes_retire(struct homes *h)
{
	/* ending.pml: END */
	for (uint32_t i = 1; i < h->groups_end; i++) {
		struct group *g = &h->groups[i];

		if (g->members > 0 || !is_serving(g))
			continue;
		pthread_mutex_lock(&g->lock);
		g->state = PATHCHECK_GROUP_RETIRING;
		group_publish(g);
		pthread_mutex_unlock(&g->lock);
		group_wake(g);
	}
}

static void take_checker(struct slot *s, const struct probed_path *path)
{
	s->checker = path->checker;
	s->reads = path->reads_in == 0;
}

/* A slot with all that a read of the path needs, if its descriptor is open. */
static struct slot *take_from(struct homes *h, struct group *g,
                              const struct probed_path *path, uint32_t id)
{
	bool wake = false;
	struct slot *s;

	pthread_mutex_lock(&g->lock);
	/* The reaper may have retired it by now. */
	s = g->state == PATHCHECK_GROUP_UNUSED || g->sends != path->sends
	            ? NULL
	            : group_take(g, id, path->generation);
	if (s != NULL) {
		h->slots_taken++;
		h->host_taken[path->host]++;
		s->host = path->host;
		s->target = path->target;
		s->stage = PATHCHECK_STAGE_READ;
		s->fd = path->fd;
		s->block = path->block;
		s->timeout_us = (int64_t)path->timeout_us;
		s->waited_ms = path->waited_ms;
		s->waited_stage = path->waited_stage;
		s->late = path->late;
		s->reported = path->reported;
		s->identify = path->identify;
		s->opened = path->opened;
		if (path->checker != 0) /* DIRECTIO, as group_take() has it */
			take_checker(s, path);
		if (g->state == PATHCHECK_GROUP_SETTING_UP) {
			wake = group_wait(g, s, mono_now());
			group_publish(g);
		}
	}
	pthread_mutex_unlock(&g->lock);
	if (wake)
		group_wake(g);
	return s;
}

struct slot *homes_take_slot(struct homes *h, struct probed_path *path, uint32_t id)
{
	/* ending.pml: HOME */
	struct slot *s = take_from(h, &h->groups[path->home], path, id);
	bool sends = path->sends;
	struct group *g;

	for (uint32_t i = 0; i < h->groups_end && s == NULL; i++)
		if (takes_paths(&h->groups[i], sends))
			s = take_from(h, &h->groups[i], path, id);
	/* A group that retires because it is no path's home may have free slots. */
	for (uint32_t i = 0; i < h->groups_end && s == NULL; i++)
		if (take_back(&h->groups[i], sends))
			s = take_from(h, &h->groups[i], path, id);
	if (s != NULL)
		return s;
	g = activate(h, sends);
	if (g == NULL)
		return NULL;
	if (path->used) {
		homes_count(h, &h->groups[path->home], -1);
		path->home = (uint16_t)g->id;
		homes_count(h, g, 1);
	}
	return take_from(h, g, path, id);
}

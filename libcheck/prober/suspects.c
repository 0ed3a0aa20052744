/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The paths of a batch that blocks: suspects.h. Runs on the watcher, which becomes the
 * submitter.
 */
#include "libcheck/prober/suspects.h"

#include <fcntl.h>
#include <unistd.h>

/* With lock held. It is in that batch, and neither answered nor launched. */
static bool is_unanswered(const struct slot *s, uint64_t batch)
{
	return s->in_kernel && s->waiting && s->batch == batch;
}

/* With lock held. The same, and its path is there. */
static bool is_in_doubt(const struct slot *s, uint64_t batch)
{
	return is_unanswered(s, batch) && s->state != SLOT_ORPHANED;
}

void suspects_note(struct group *g, uint64_t batch)
{
	struct mono now = mono_now();
	unsigned unanswered = 0;
	bool wake = false;

	pthread_mutex_lock(&g->lock);
	for (uint32_t i = 0; i < PATHCHECK_GROUP_SLOTS; i++) {
		struct slot *s = &g->slots[i];

		unanswered += is_unanswered(s, batch);
		if (g->sends && is_unanswered(s, batch))
			runners_note_slow(g->with.runners, s->host);
		else if (is_in_doubt(s, batch))
			path_set_suspect(g->with.paths, g->with.posts->shared, s->path);
	}
	for (uint32_t i = 0; i < PATHCHECK_GROUP_SLOTS; i++) {
		struct slot *s = &g->slots[i];

		if (is_in_doubt(s, batch) &&
		    (unanswered == 1 && !g->sends ? group_launch(g, s, now)
		                                  : group_wait(g, s, s->started)))
			wake = true;
	}
	/* The reaper was not told yet of commands that were answered at once. */
	wake = wake || !slot_list_empty(&g->done);
	group_publish(g);
	pthread_mutex_unlock(&g->lock);
	if (wake)
		group_wake(g);
}

/*
 * Its slot is an orphan from now on, with the descriptor; the path has the copy. False: it was
 * answered or launched meanwhile.
 */
static bool make_orphan(struct group *g, struct slot *s, uint64_t batch, int copy)
{
	struct probed_path *path;
	bool ours;

	pthread_mutex_lock(&g->lock);
	ours = is_in_doubt(s, batch);
	if (ours) {
		path = &g->with.paths[s->path];
		path->reported = s->reported;
		path->late = s->late;
		path->slot = NULL;
		path->fd = copy;
		group_orphan(g, s);
		group_publish(g);
	}
	pthread_mutex_unlock(&g->lock);
	return ours;
}

/*
 * Takes the path's check away from the thread that is stuck. A path that is opened for each
 * check has no descriptor of its own: the old slot keeps what it opened, and closes it.
 */
static bool take_over(struct group *g, struct slot *old, uint32_t id, uint64_t batch)
{
	struct probed_path *path = &g->with.paths[id];
	int copy = -1;

	if (!path->close_each) {
		copy = fcntl(path->fd, F_DUPFD_CLOEXEC, 0);
		if (copy < 0)
			return false;
	}
	if (make_orphan(g, old, batch, copy))
		return true;
	if (copy >= 0)
		(void)close(copy); /* a copy: closing it waits for nothing */
	return false;
}

/* The next slot of the batch whose check is to be made in another way; NULL: none. */
static struct slot *next_in_doubt(struct group *g, uint64_t batch, uint32_t *at)
{
	struct slot *found = NULL;

	pthread_mutex_lock(&g->lock);
	while (found == NULL && *at < PATHCHECK_GROUP_SLOTS) {
		struct slot *s = &g->slots[(*at)++];

		if (is_in_doubt(s, batch))
			found = s;
	}
	pthread_mutex_unlock(&g->lock);
	return found;
}

void suspects_rescue(struct submitter *sub, struct group *g, uint64_t batch)
{
	struct slot *old, *s;
	uint32_t at = 0, id;

	if (g->sends)
		return; /* its one command waits for the stuck thread */
	while ((old = next_in_doubt(g, batch, &at)) != NULL) {
		id = atomic_load(&old->path);
		/*
		 * At a limit, or without a descriptor, it waits for the stuck thread, deferred.
		 */
		if (id == NO_PATH || sub->paths[id].slot != old ||
		    !submitter_may_take(sub, id))
			continue;
		if (!take_over(g, old, id, batch))
			continue;
		s = homes_take_slot(sub->homes, &sub->paths[id], id);
		sub->paths[id].slot = s;
		if (s == NULL)
			submitter_defer(sub, id, 0);
		else if (sub->paths[id].close_each)
			submitter_open(&sub->paths[id], s);
		else
			submit_to_rescuer(s, JOB_READ);
	}
}

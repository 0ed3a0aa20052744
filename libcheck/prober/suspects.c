/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A batch that blocks its submit thread. The kernel does not tell which request of it blocks, so
 * each of them that has no answer is a suspect: its path is read by rescuers until one of these
 * reads is quick. A caller's next prober is told of suspects (shared.suspects).
 *
 * The first one without an answer was handed to the kernel by now: its time runs, since those before
 * it may be what took so long. The others may still be in the hands of the thread that is stuck, so
 * nothing can be said of their devices. Their checks get other slots, and are read by rescuers. The
 * old slots become orphans: the kernel may take them when the thread goes on. An orphan keeps the
 * path's descriptor, and the path gets a copy, so that no number is used again meanwhile.
 */
#include <fcntl.h>
#include <unistd.h>

#include "libcheck/prober/prober.h"

void suspects_clear(struct prober *p, uint32_t id)
{
	atomic_fetch_and(&p->paths[id].flags, (uint8_t)~PATH_SUSPECT);
	atomic_store(&p->shared->suspects[id], 0);
}

/* With lock held. It is in the batch of that turn, and neither answered nor launched. */
static bool is_unanswered(const struct slot *s, uint64_t turn)
{
	return s->in_kernel && s->waiting && s->turn == turn;
}

/* The same of a path that is there. */
static bool is_in_doubt(const struct slot *s, uint64_t turn)
{
	return is_unanswered(s, turn) && s->state != SLOT_ORPHANED;
}

void suspects_note(struct group *g, uint64_t turn)
{
	struct prober *p = g->prober;
	struct slot *first = NULL;
	struct mono now = mono_now();
	bool wake = false;

	pthread_mutex_lock(&g->lock);
	for (uint32_t i = 0; i < PATHCHECK_GROUP_SLOTS; i++) {
		struct slot *s = &g->slots[i];

		if (is_unanswered(s, turn) &&
		    (first == NULL || s->turn_at < first->turn_at))
			first = s;
		if (!is_in_doubt(s, turn))
			continue;
		atomic_fetch_or(&p->paths[s->path].flags, PATH_SUSPECT);
		atomic_store(&p->shared->suspects[s->path], 1);
	}
	for (uint32_t i = 0; i < PATHCHECK_GROUP_SLOTS; i++) {
		struct slot *s = &g->slots[i];

		if (is_in_doubt(s, turn) &&
		    (s == first ? group_launch(g, s, now) : group_wait(g, s, s->started)))
			wake = true;
	}
	group_publish(g);
	pthread_mutex_unlock(&g->lock);
	if (wake)
		reaper_wake(g);
}

/* Its slot is an orphan from now on, with the descriptor; the path has the copy. False: it is
 * answered or told of meanwhile. */
static bool orphan(struct group *g, struct slot *s, uint64_t turn, int copy)
{
	struct probed_path *path;
	bool ours;

	pthread_mutex_lock(&g->lock);
	ours = is_in_doubt(s, turn);
	if (ours) {
		path = &g->prober->paths[s->path];
		path->told = s->told;
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
 * Takes the path's check out of the hands of the one that is stuck. A path that is opened for each
 * check has no descriptor of its own: the old slot keeps what it opened, and closes it.
 */
static bool take_over(struct group *g, struct slot *old, uint32_t id, uint64_t turn)
{
	struct probed_path *path = &g->prober->paths[id];
	int copy = -1;

	if (!path->close_each) {
		copy = fcntl(path->fd, F_DUPFD_CLOEXEC, 0);
		if (copy < 0)
			return false;
	}
	if (orphan(g, old, turn, copy))
		return true;
	if (copy >= 0)
		(void)close(copy); /* not the last one: nothing to wait for */
	return false;
}

/* The next of the batch that is to be read by other means; NULL: none. */
static struct slot *next_in_doubt(struct group *g, uint64_t turn, uint32_t *at)
{
	struct slot *found = NULL;

	pthread_mutex_lock(&g->lock);
	while (found == NULL && *at < PATHCHECK_GROUP_SLOTS) {
		struct slot *s = &g->slots[(*at)++];

		if (is_in_doubt(s, turn))
			found = s;
	}
	pthread_mutex_unlock(&g->lock);
	return found;
}

void suspects_rescue(struct group *g, uint64_t turn)
{
	struct prober *p = g->prober;
	struct slot *old, *s;
	uint32_t at = 0, id;

	while ((old = next_in_doubt(g, turn, &at)) != NULL) {
		id = atomic_load(&old->path);
		/* Without a cap's leave or a descriptor it waits for the stuck one, deferred. */
		if (id == NO_PATH || p->paths[id].slot != old || !lane_may_take(p, id))
			continue;
		if (!take_over(g, old, id, turn))
			continue;
		s = homes_take_slot(p, id);
		p->paths[id].slot = s;
		if (s == NULL)
			lane_defer(p, id, 0);
		else if (p->paths[id].close_each)
			lane_open(p, &p->paths[id], s);
		else
			lane_to_rescuer(p, s, JOB_READ);
	}
}

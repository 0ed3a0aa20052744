/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_PROBER_HOMES_H
#define LIBCHECK_PROBER_HOMES_H

/*
 * A path has a home: the group that its checks take slots from first. Groups are set up when
 * paths need them, and retire when they are no path's home any more. Submitter only.
 */
#include "libcheck/prober/group.h"

struct homes {
	struct group *groups;        /* [init] limits->groups of them */
	const struct limits *limits; /* [init] */
	struct posts *posts;         /* [init] */
	struct jobs *jobs;           /* [init] */
	int64_t setup_timeout_us;    /* [init] */
	void *(*reaper_main)(
	        void *); /* [init] the thread of a group, which it is given */
	/* Slots ever taken, of all and of each HBA: see posts.slots_back. */
	uint32_t slots_taken, host_taken[PATHCHECK_HOSTS_MAX];
	uint32_t groups_end; /* groups that were ever used end before this one */
	bool thread_refused; /* a reaper could not start: the submitter clears it */
};

/* Slots that are taken: never more than limits.in_flight and those that only close. */
static inline uint32_t homes_slots_used(const struct homes *h)
{
	return h->slots_taken - atomic_load(&h->posts->slots_back);
}

static inline uint32_t homes_host_used(const struct homes *h, uint32_t host)
{
	return h->host_taken[host] - atomic_load(&h->posts->host_back[host]);
}

enum pathcheck_group_state homes_state(struct group *g);
/* A home for a new path of that kind: with homes_count() the path is a member. */
struct group *homes_find(struct homes *h, bool sends);
/* One member more (1), or one less (-1). */
void homes_count(struct homes *h, struct group *g, int by);
/* Groups that are no path's home any more retire; the first one stays. */
void homes_retire(struct homes *h);
/*
 * A slot to read with, QUEUED: of the path's home, of another group, or, when orphans hold all
 * of them, of a further group, which is the path's home then. NULL: none.
 */
struct slot *homes_take_slot(struct homes *h, struct probed_path *path, uint32_t id);

#endif

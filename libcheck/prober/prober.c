/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Start and end of the probing side, and what its parts are connected to. It takes all memory
 * before its first thread starts. Runs on the caller's thread, or on the prober's first thread.
 */
#include "libcheck/prober/prober.h"

#include <errno.h>
#include <stdlib.h>

#include "libcheck/prober/reaper.h"
#include "util/thread.h"

uint64_t prober_bytes(const struct limits *l)
{
	return (uint64_t)l->groups *
	               (sizeof(struct group) + BUFFERS_BYTES + BACKEND_CONTEXT_BYTES +
	                PATHCHECK_GROUP_SLOTS * sizeof(struct slot)) +
	       (uint64_t)l->ids * sizeof(struct probed_path) +
	       (uint64_t)l->rescuers * (sizeof(struct seat) + SCRATCH_BYTES) +
	       (uint64_t)l->threads * sizeof(pthread_t) + RUNNERS_BYTES +
	       sizeof(struct prober);
}

/* What can fail comes later: prober_stop() undoes this, too. */
static void connect_parts(struct prober *p, struct shared *shared)
{
	const struct pathcheck_options *o = &shared->header->options;

	*p = (struct prober){
		.shared = shared,
		.limits = shared->header->limits,
		.homes = { .limits = &p->limits,
		           .posts = &p->posts,
		           .jobs = &p->jobs,
		           .setup_timeout_us = (int64_t)o->setup_timeout_us,
		           .reaper_main = reaper_main },
		.handover = { .timer_fd = -1 },
		.submitter = { .limits = &p->limits,
		               .posts = &p->posts,
		               .jobs = &p->jobs,
		               .homes = &p->homes,
		               .handover = &p->handover,
		               .runners = &p->runners },
		.rescuers = { .limits = &p->limits,
		              .posts = &p->posts,
		              .jobs = &p->jobs,
		              .submitter = &p->submitter,
		              .watch = &p->watch,
		              .setup_retry_us = (int64_t)o->setup_retry_us },
	};
	posts_init(&p->posts, shared);
	jobs_init(&p->jobs, &p->limits, shared);
	runners_init(&p->runners, &p->jobs);
	submitter_init(&p->submitter);
	watch_init(&p->watch, &p->submitter);
	rescuers_init(&p->rescuers);
}

static int init_groups(struct prober *p, const struct backends *backends)
{
	const struct group_parts with = { .posts = &p->posts,
		                          .jobs = &p->jobs,
		                          .paths = p->paths,
		                          .limits = &p->limits,
		                          .runners = &p->runners,
		                          .backends = *backends,
		                          .checkers = checker_table };
	int r = 0;

	for (uint32_t i = 0; i < p->limits.groups && r == 0; i++)
		r = group_init(&p->groups[i], i, &with);
	return r;
}

static int reserve(struct prober *p, const struct backends *backends)
{
	int r;

	p->groups = calloc(p->limits.groups, sizeof(*p->groups));
	if (p->groups == NULL)
		return -ENOMEM;
	/* Before anything else can fail: prober_stop() closes what it finds here. */
	for (uint32_t i = 0; i < p->limits.groups; i++)
		p->groups[i].wake_fd = -1;
	p->paths = calloc(p->limits.ids, sizeof(*p->paths));
	if (p->paths == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < p->limits.ids; i++)
		p->paths[i].fd = -1;
	p->homes.groups = p->groups;
	p->submitter.paths = p->paths;
	r = runners_reserve(&p->runners);
	if (r == 0)
		r = handover_init(&p->handover);
	return r < 0 ? r : init_groups(p, backends);
}

int prober_init(struct prober *p, struct shared *shared, const struct backends *backends)
{
	int r;

	connect_parts(p, shared);
	r = reserve(p, backends);
	if (r < 0)
		prober_stop(p);
	return r;
}

int prober_start(struct prober *p, struct shared *shared, const struct backends *backends)
{
	int r;

	r = prober_init(p, shared, backends);
	if (r < 0)
		return r;
	r = rescuers_start(&p->rescuers);
	if (r < 0)
		prober_stop(p);
	return r;
}

void prober_stop(struct prober *p)
{
	/* ending.pml: STOP */
	atomic_store(&p->posts.stopping, true);
	posts_wake_submitter(&p->posts);
	rescuers_wait_for_submitter(&p->rescuers);
	atomic_store(&p->posts.ended, true);
	for (uint32_t i = 0; p->groups != NULL && i < p->limits.groups; i++)
		if (p->groups[i].has_reaper) {
			group_wake(&p->groups[i]);
			pthread_join(p->groups[i].reaper, NULL);
		}
	rescuers_stop(&p->rescuers);
	for (uint32_t i = 0; p->groups != NULL && i < p->limits.groups; i++)
		group_deinit(&p->groups[i]);
	handover_deinit(&p->handover);
	free(p->groups);
	free(p->paths);
	runners_deinit(&p->runners);
	jobs_deinit(&p->jobs);
	posts_deinit(&p->posts);
	*p = (struct prober){ .shared = NULL };
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Start and end of the probing side. All its memory is taken here, before its first thread. */
#include "libcheck/prober/prober.h"

#include <errno.h>
#include <stdlib.h>

#include "util/thread.h"

uint64_t prober_bytes(const struct limits *l)
{
	return (uint64_t)l->groups * (sizeof(struct group) + BUFFERS_BYTES +
	                              PATHCHECK_GROUP_SLOTS * sizeof(struct slot)) +
	       (uint64_t)l->ids * sizeof(struct probed_path) +
	       (uint64_t)l->rescuers * (sizeof(struct rescuer) + SCRATCH_BYTES) +
	       (uint64_t)l->threads * sizeof(pthread_t) + sizeof(struct prober);
}

static void init(struct prober *p, struct shared *shared, const struct backend *backend)
{
	const struct pathcheck_options *o = &shared->header->options;

	*p = (struct prober){
		.shared = shared,
		.backend = backend,
		.limits = shared->header->limits,
		.setup_timeout_us = (int64_t)o->setup_timeout_us,
		.setup_retry_us = (int64_t)o->setup_retry_us,
		.deferred_head = NO_PATH,
		.deferred_tail = NO_PATH,
		.watch = { .fd = -1 },
	};
	pthread_mutex_init(&p->results_lock, NULL);
	pthread_mutex_init(&p->inbox_lock, NULL);
	pthread_mutex_init(&p->rescuers.lock, NULL);
	pthread_cond_init(&p->rescuers.work, NULL);
	pthread_cond_init(&p->rescuers.over, NULL);
	slot_list_init(&p->inbox);
	for (int c = 0; c < CLASS_COUNT_; c++) {
		p->rescuers.tail[c] = &p->rescuers.head[c];
		p->rescuers.held_tail[c] = &p->rescuers.held_head[c];
	}
}

static int reserve(struct prober *p)
{
	int r;

	p->groups = calloc(p->limits.groups, sizeof(*p->groups));
	if (p->groups == NULL)
		return -ENOMEM;
	/* Before anything else can fail: the end closes what it finds here. */
	for (uint32_t i = 0; i < p->limits.groups; i++)
		p->groups[i].wake_fd = -1;
	p->paths = calloc(p->limits.ids, sizeof(*p->paths));
	if (p->paths == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < p->limits.ids; i++)
		p->paths[i].fd = -1;
	r = watch_init(p);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < p->limits.groups; i++) {
		r = group_init(&p->groups[i], i, p);
		if (r < 0)
			return r;
	}
	return 0;
}

int prober_init(struct prober *p, struct shared *shared, const struct backend *backend)
{
	int r;

	init(p, shared, backend);
	r = reserve(p);
	if (r < 0)
		prober_stop(p);
	return r;
}

int prober_start(struct prober *p, struct shared *shared, const struct backend *backend)
{
	int r;

	r = prober_init(p, shared, backend);
	if (r < 0)
		return r;
	r = rescuers_start(p);
	if (r < 0)
		prober_stop(p);
	return r;
}

void prober_stop(struct prober *p)
{
	atomic_store(&p->stopping, true);
	if (p->has_lane) {
		lane_wake(p);
		rescuers_wait_for_lane(p);
	}
	for (uint32_t i = 0; p->groups != NULL && i < p->limits.groups; i++)
		if (p->groups[i].has_reaper) {
			reaper_wake(&p->groups[i]);
			pthread_join(p->groups[i].reaper, NULL);
		}
	rescuers_stop(p);
	for (uint32_t i = 0; p->groups != NULL && i < p->limits.groups; i++)
		group_deinit(&p->groups[i]);
	watch_deinit(p);
	free(p->groups);
	free(p->paths);
	pthread_cond_destroy(&p->rescuers.over);
	pthread_cond_destroy(&p->rescuers.work);
	pthread_mutex_destroy(&p->rescuers.lock);
	pthread_mutex_destroy(&p->inbox_lock);
	pthread_mutex_destroy(&p->results_lock);
	*p = (struct prober){ .has_lane = false };
}

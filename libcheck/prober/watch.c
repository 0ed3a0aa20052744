/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Watches the submitter, and replaces it: watch.h. Runs on one rescuer thread at a time. */
#include "libcheck/prober/watch.h"

#include <sys/prctl.h>
#include <unistd.h>

#include "libcheck/prober/suspects.h"

void watch_init(struct watch *w, struct submitter *submitter)
{
	w->submitter = submitter;
	w->job = (struct job){ .kind = JOB_WATCH };
}

void watch_wake(struct watch *w)
{
	handover_set_timer(w->submitter->handover, (struct mono){ 1 });
}

/* Once a batch: who was first in it is known from then on. */
static void suspect(struct watch *w, struct group *g, uint64_t batch)
{
	if (w->suspected == batch)
		return;
	w->suspected = batch;
	suspects_note(g, batch);
}

/* True: the submitter was stuck in that batch, and this thread is the submitter now. */
static bool take_over(struct watch *w, uint64_t batch)
{
	/* handover.pml: TAKE, RESCUE */
	struct submitter *sub = w->submitter;
	struct shared_header *h = sub->posts->shared->header;
	struct handover *handover = sub->handover;

	if (!jobs_spare_thread(sub->jobs)) {
		/* The caller will replace the prober, and its next one is told of suspects. */
		suspect(w, atomic_load(&handover->group), batch);
		return false;
	}
	if (!handover_take(handover, batch)) {
		jobs_return_thread(sub->jobs); /* the submitter has gone on just now */
		return false;
	}
	/* Also tells of those that were pushed before. Of reads there are none. */
	if (handover->results.posts != NULL)
		results_push(&handover->results, true);
	atomic_fetch_add(&h->submitters_stuck, 1);
	atomic_fetch_add(&h->submitter_replacements, 1);
	suspect(w, atomic_load(&handover->group), batch);
	suspects_rescue(sub, atomic_load(&handover->group), batch);
	atomic_store(&handover->armed, false);
	return true;
}

/*
 * The watcher looks long after the time, and for the first time in that batch: the watcher did
 * not run, so maybe the submitter did not run either. The submitter has as much time again.
 */
static bool is_doubtful(struct watch *w, uint64_t batch, int64_t stands_us)
{
	if (stands_us < SUBMITTER_STUCK_US + LATE_WAKE_US || w->looked == batch)
		return false;
	w->looked = batch;
	return true;
}

/* The timer has fired. True: this thread is the submitter now. */
static bool look(struct watch *w)
{
	/* handover.pml: LOOK */
	struct handover *handover = w->submitter->handover;
	uint64_t batch = atomic_load(&handover->batch);
	struct mono now = mono_now(), since = now;
	int64_t stands_us;

	if (!atomic_load(&handover->armed))
		return false; /* the submitter sleeps, and sets the timer when it goes on */
	atomic_store(&w->submitter->posts->shared->header->alive_us, now.us);
	if (batch % 2 == 1) {
		since = (struct mono){ atomic_load(&handover->since_us) };
		stands_us = mono_diff(now, since);
		if (!handover_is_ours(handover,
		                      batch)) { /* `since` is of another batch */
			since = now;
		} else if (stands_us >= SUBMITTER_STUCK_US) {
			if (!is_doubtful(w, batch, stands_us) && take_over(w, batch))
				return true;
			w->looked = batch;
			since = now;
		}
	}
	handover_set_timer(handover, mono_add(since, SUBMITTER_STUCK_US));
	return false;
}

bool watch_submitter(struct watch *w)
{
	struct jobs *jobs = w->submitter->jobs;
	uint64_t n;

	(void)prctl(PR_SET_NAME, "pc-watch"); /* only cosmetic, and so is the next one */
	while (!jobs_stopping(jobs)) {
		if (read(w->submitter->handover->timer_fd, &n, sizeof(n)) < 0)
			continue; /* the timer was set again meanwhile */
		if (!jobs_stopping(jobs) && look(w)) {
			(void)prctl(PR_SET_NAME, "pc-submitter");
			return true;
		}
	}
	return false;
}

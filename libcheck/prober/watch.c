/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who looks after the lane: one rescuer sleeps on a timer that the lane sets before it hands
 * reads to the kernel and takes back before it sleeps. When the lane has stood in the kernel
 * with one batch for LANE_STUCK_US, this rescuer is the lane from then on: it goes on with the
 * caller's ring and the table of paths, and another rescuer watches it. The one that is stuck
 * owns nothing of the lane's any more, finishes its batch when the kernel lets it, and is a
 * rescuer then. What it had in its hands is read by other means: suspects.c.
 *
 * watch.turn decides whose the lane is: odd while a batch is being handed over. The lane ends
 * its turn, or the watcher ends it in its place: by an exchange that only one of them can make.
 */
#include <errno.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "libcheck/prober/prober.h"

int watch_init(struct prober *p)
{
	p->watch.job = (struct job){ .kind = JOB_WATCH };
	p->watch.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	return p->watch.fd < 0 ? -errno : 0;
}

void watch_deinit(struct prober *p)
{
	if (p->watch.fd >= 0)
		close(p->watch.fd);
	p->watch.fd = -1;
}

/* us 0: never. */
static void set_timer(struct prober *p, struct mono at)
{
	struct itimerspec its = {
		.it_value = { .tv_sec = at.us / USEC_PER_SEC,
		              .tv_nsec = at.us % USEC_PER_SEC * NSEC_PER_USEC },
	};

	/* Fails for times out of range only. */
	(void)timerfd_settime(p->watch.fd, TFD_TIMER_ABSTIME, &its, NULL);
}

void watch_wake(struct prober *p)
{
	set_timer(p, (struct mono){ 1 });
}

/* --- the lane's side --- */

uint64_t watch_next_turn(struct prober *p)
{
	return atomic_load(&p->watch.turn) + 1;
}

void watch_begin(struct prober *p, struct group *g, struct mono now)
{
	atomic_store(&p->watch.group, g);
	atomic_store(&p->watch.since_us, now.us);
	atomic_fetch_add(&p->watch.turn, 1);
	if (!atomic_load(&p->watch.armed)) {
		atomic_store(&p->watch.armed, true);
		set_timer(p, mono_add(now, LANE_STUCK_US));
	}
}

bool watch_is_lane(struct prober *p, uint64_t turn)
{
	return atomic_load(&p->watch.turn) == turn;
}

bool watch_end(struct prober *p, uint64_t turn)
{
	return atomic_compare_exchange_strong(&p->watch.turn, &turn, turn + 1);
}

void watch_rest(struct prober *p)
{
	if (!atomic_load(&p->watch.armed))
		return;
	atomic_store(&p->watch.armed, false);
	set_timer(p, (struct mono){ 0 });
}

/* --- the watcher's side --- */

/* Once a turn: who is first in the batch is known then. */
static void suspect(struct prober *p, uint64_t turn)
{
	struct group *g = atomic_load(&p->watch.group);

	if (p->watch.suspected == turn)
		return;
	p->watch.suspected = turn;
	suspects_note(g, turn);
}

/* True: the lane stood still in that turn, and is ours now. */
static bool take_over(struct prober *p, uint64_t turn)
{
	struct shared_header *h = p->shared->header;

	if (!rescuers_spare_one(p)) {
		suspect(p,
		        turn); /* the prober will be replaced, and its successor told */
		return false;
	}
	if (!atomic_compare_exchange_strong(&p->watch.turn, &turn, turn + 3)) {
		rescuers_have_back(p); /* it has moved just now */
		return false;
	}
	atomic_fetch_add(&h->lanes_stuck, 1);
	atomic_fetch_add(&h->lane_replacements, 1);
	suspect(p, turn);
	suspects_rescue(atomic_load(&p->watch.group), turn);
	atomic_store(&p->watch.armed, false);
	return true;
}

/*
 * We look long after the time, and for the first time in that turn: we did not run, and the lane
 * may not have run either. It has as long again.
 */
static bool is_doubtful(struct prober *p, uint64_t turn, int64_t stands_us)
{
	if (stands_us < LANE_STUCK_US + LATE_WAKE_US || p->watch.looked == turn)
		return false;
	p->watch.looked = turn;
	return true;
}

/* The timer has fired. True: we are the lane. */
static bool look(struct prober *p)
{
	uint64_t turn = atomic_load(&p->watch.turn);
	struct mono now = mono_now(), since = now;
	int64_t stands_us;

	if (!atomic_load(&p->watch.armed))
		return false; /* it sleeps, and sets the timer when it goes on */
	atomic_store(&p->shared->header->alive_us, now.us);
	if (turn % 2 == 1) {
		since = (struct mono){ atomic_load(&p->watch.since_us) };
		stands_us = mono_diff(now, since);
		if (!watch_is_lane(p, turn)) { /* since when is another turn's */
			since = now;
		} else if (stands_us >= LANE_STUCK_US) {
			if (!is_doubtful(p, turn, stands_us) && take_over(p, turn))
				return true;
			p->watch.looked = turn;
			since = now;
		}
	}
	set_timer(p, mono_add(since, LANE_STUCK_US));
	return false;
}

bool watch_lane(struct prober *p)
{
	uint64_t n;

	(void)prctl(PR_SET_NAME, "pc-watch"); /* only cosmetic, and so is the next one */
	while (!rescuers_stopping(p)) {
		if (read(p->watch.fd, &n, sizeof(n)) < 0)
			continue; /* it was set anew meanwhile */
		if (!rescuers_stopping(p) && look(p)) {
			(void)prctl(PR_SET_NAME, "pc-lane");
			return true;
		}
	}
	return false;
}

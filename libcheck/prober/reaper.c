/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The thread of one group, which completes its slots: reaper.h. */
#include "libcheck/prober/reaper.h"

#include <errno.h>
#include <poll.h>

#include "util/seal.h"

/* What a round leads to, and does when the lock is released. */
struct reaper_work {
	struct result_batch results;
	struct slot_list to_rescuers, to_submitter;
	bool setup;     /* io_setup is to be tried again */
	bool destroy;   /* the emptied context */
	bool freed;     /* a slot */
	bool submitter; /* has to look */
	bool tell;      /* the caller of successes that were not told */
};

/* --- slots --- */

/* With lock held. Its path is gone: a rescuer closes its descriptor. */
static void complete_orphan(struct group *g, struct slot *s, struct reaper_work *w)
{
	group_leave(g, s);
	if (s->fd < 0) {
		group_give_back(g, s);
		w->freed = true;
		return;
	}
	s->job.kind = JOB_CLOSE;
	slot_list_append(&w->to_rescuers, s);
}

/* With lock held. A rescuer continues with it. */
static void to_rescuer(struct group *g, struct slot *s, enum job_kind kind,
                       struct mono now, struct reaper_work *w)
{
	group_requeue(g, s);
	(void)group_wait(g, s, now); /* it plans its sleep after this */
	s->job.kind = kind;
	s->job.blocks = false;
	slot_list_append(&w->to_rescuers, s);
}

/* With lock held. The submitter tries it again meanwhile; it waits since the first time. */
static void would_block(struct group *g, struct slot *s, struct mono now,
                        struct reaper_work *w)
{
	if (s->blocked_from.us == 0)
		s->blocked_from = now;
	to_rescuer(g, s, JOB_READ, s->blocked_from, w);
	s->job.blocks = true;
	/* Once for all reads that come before the submitter has looked. */
	if (!atomic_exchange(&g->with.posts->would_block, true))
		w->submitter = true;
}

/* With lock held. The submitter continues with it. */
static void to_submitter(struct group *g, struct slot *s, struct reaper_work *w)
{
	group_requeue(g, s);
	slot_list_append(&w->to_submitter, s);
}

/* With lock held. A rescuer's read of a path whose submit may block. */
static bool is_quick_suspect(const struct group *g, const struct slot *s, struct mono now)
{
	return (atomic_load(&g->with.paths[s->path].flags) & PATH_SUSPECT) != 0 &&
	       s->engine == PATHCHECK_ENGINE_SYNC && s->stage == PATHCHECK_STAGE_READ &&
	       mono_diff(now, s->started) < SUBMITTER_STUCK_US;
}

/* With lock held. The request is answered, and a rescuer's command comes before its result. */
static void call_rescuer(struct group *g, struct slot *s, uint8_t command, int64_t result,
                         struct mono now, struct reaper_work *w)
{
	s->command = command;
	s->refines = group_checker(g, s)->commands[command].refines;
	if (s->refines)
		s->waited_ms = 0; /* it has answered */
	if (s->answered.us == 0)
		s->answered = now;
	s->result = (int32_t)result;
	to_rescuer(g, s, JOB_COMMAND, now, w);
}

/* With lock held. The submitter sends the next SCSI command of the check. */
static void send_next(struct group *g, struct slot *s, uint8_t step,
                      struct reaper_work *w)
{
	assert(s->tries < CHECKER_SENDS_MAX);
	s->step = step & 3;
	s->tries = (s->tries + 1) & 15;
	s->waited_ms = 0; /* it has answered */
	to_submitter(g, s, w);
}

/* A status or a host byte goes where the code of sense data is: see enum pathcheck_said. */
static struct sense said_code(const struct checker_judgement *j,
                              const struct scsi_answer *a)
{
	struct sense s = { .valid = false };

	if (j->said == PATHCHECK_SAID_STATUS)
		s.code = a->status;
	else if (j->said == PATHCHECK_SAID_TRANSPORT)
		s.code = a->host;
	return s;
}

/* With lock held. What the result says beside the verdict. */
static void note_judgement(const struct group *g, struct slot *s,
                           const struct checker_judgement *j)
{
	s->said = j->said & 31;
	if (group_checker(g, s)->command != NULL)
		s->sense = j->said == PATHCHECK_SAID_SENSE
		                   ? s->request.scsi.answer.sense
		                   : said_code(j, &s->request.scsi.answer);
}

/* With lock held. The check ends. */
static void conclude(struct group *g, struct slot *s, const struct checker_judgement *j,
                     struct mono now, struct reaper_work *w)
{
	if (!j->answered)
		atomic_fetch_or(&g->with.paths[s->path].flags, PATH_LOOK_AGAIN);
	if (is_quick_suspect(g, s, now))
		path_clear_suspect(g->with.paths, g->with.posts->shared, s->path);
	/* A read takes no longer because more was asked after it. */
	if (s->answered.us != 0 && !s->late)
		now = s->answered;
	if (j->said != PATHCHECK_SAID_NOTHING)
		note_judgement(g, s, j);
	results_add(&w->results, s, j->verdict, j->error, now);
	if (s->closes && s->fd >= 0) {
		group_close(g, s);
		s->job.kind = JOB_CLOSE;
		slot_list_append(&w->to_rescuers, s);
		return;
	}
	group_give_back(g, s);
	w->freed = true;
}

/* With lock held. A driver that does not know the commands is not asked again. */
static enum checker_replied replied(const struct group *g, const struct slot *s)
{
	_Atomic uint8_t *flags = &g->with.paths[s->path].flags;

	if (s->replied == CHECKER_NOT_SENT &&
	    (atomic_load(flags) & PATH_NO_COMMANDS) != 0)
		return CHECKER_UNKNOWN;
	if (s->replied == CHECKER_UNKNOWN)
		atomic_fetch_or(flags, PATH_NO_COMMANDS);
	return (enum checker_replied)s->replied;
}

/* With lock held. */
static struct checker_judgement judge(const struct group *g, const struct slot *s,
                                      int64_t result)
{
	struct checker_answer a = {
		.opening = s->stage == PATHCHECK_STAGE_OPEN,
		.nowait = s->engine == PATHCHECK_ENGINE_AIO,
		.learned = s->learned,
		.replied = replied(g, s),
		.sense = s->sense,
		.said = s->said,
		.block = s->block,
		.result = result,
	};
	_Atomic uint16_t *memory = &g->with.paths[s->path].memory;
	struct checker_judgement j;

	if (group_checker(g, s)->command != NULL && !a.opening) {
		a.step = s->step;
		a.tries = s->tries;
		a.reads = s->reads;
		a.identify = s->identify && !s->identified;
		a.memory = atomic_load(memory);
		if (result == 0)
			a.scsi = s->request.scsi.answer;
		a.data = s->request.buffer;
	}
	j = group_checker(g, s)->judge(&a);
	if (j.memory != 0)
		atomic_store(memory, j.memory);
	return j;
}

/* With lock held. In short, since most answers are good. */
static bool is_good(const struct group *g, const struct slot *s, int64_t result)
{
	const struct checker *c = group_checker(g, s);

	if (s->stage != PATHCHECK_STAGE_READ)
		return false;
	if (c->is_good != NULL)
		return c->is_good(s->block, result);
	return c->is_good_answer != NULL && result == 0 &&
	       c->is_good_answer(&s->request.scsi.answer);
}

/* With lock held. The kernel, or a rescuer, has answered. */
static void complete(struct group *g, struct slot *s, int64_t result, struct mono now,
                     struct reaper_work *w)
{
	struct checker_judgement j = CHECKER_GOOD;

	assert(s->state != SLOT_FREE);
	if (s->state == SLOT_ORPHANED) {
		complete_orphan(g, s, w);
		return;
	}
	if (!is_good(g, s, result))
		j = judge(g, s, result);
	switch (j.next) {
	case CHECKER_FINAL:
		if (j.answered && s->identify && !s->identified)
			call_rescuer(g, s, group_checker(g, s)->identify, result, now, w);
		else
			conclude(g, s, &j, now, w);
		break;
	case CHECKER_SHORTAGE:
		s->resource = true;
		s->result = -j.error;
		to_submitter(g, s, w);
		break;
	case CHECKER_LEARN:
		s->learn = s->learned = true;
		s->waited_ms = 0; /* it has answered */
		to_submitter(g, s, w);
		break;
	case CHECKER_NO_NOWAIT:
		atomic_fetch_or(&g->with.paths[s->path].flags, PATH_BLOCKS);
		to_rescuer(g, s, JOB_READ, now, w);
		break;
	case CHECKER_BLOCKS:
		would_block(g, s, now, w);
		break;
	case CHECKER_COMMAND:
		call_rescuer(g, s, j.command, result, now, w);
		break;
	case CHECKER_SEND:
		send_next(g, s, j.step, w);
		break;
	}
}

/*
 * With lock held. The command that refines the read has no reply in time, or no rescuer was
 * free to send it. The read's answer is reported, but a device that answered and was to be
 * identified is not judged. The slot is given back when the rescuer is done with it; its
 * descriptor is closed then if it is the slot's own.
 */
static void conclude_unrefined(struct group *g, struct slot *s, struct mono now,
                               struct reaper_work *w)
{
	struct checker_judgement j;

	s->replied = CHECKER_NO_REPLY;
	j = judge(g, s, s->result);
	assert(j.next == CHECKER_FINAL);
	if (!j.answered)
		atomic_fetch_or(&g->with.paths[s->path].flags, PATH_LOOK_AGAIN);
	else if (s->identify && !s->identified)
		j.verdict =
		        PATHCHECK_NOT_JUDGED; /* it is not known which disk that was */
	if (j.said != PATHCHECK_SAID_NOTHING)
		note_judgement(g, s, &j);
	results_add(&w->results, s, j.verdict, j.error, s->late ? now : s->answered);
	if (!s->closes)
		s->fd = -1;
	group_close(g, s);
}

static void expire(struct group *g, struct mono now, struct reaper_work *w)
{
	struct slot *s;

	while (!results_full(&w->results) && (s = group_expire(g, now)) != NULL) {
		if (s->refines && !mono_before(now, s->deadline)) {
			conclude_unrefined(g, s, now, w);
			continue;
		}
		if (s->state == SLOT_QUEUED) {
			/* Once a check, and not after TIMED_OUT: wire_take_verdict() */
			if (!s->reported && !s->late)
				results_add(&w->results, s, PATHCHECK_DEFERRED, 0, now);
			s->reported = true;
			if (g->sends && !atomic_exchange(&g->with.runners->wait, true))
				w->submitter = true;
			continue;
		}
		if (!s->late)
			results_add(&w->results, s, PATHCHECK_TIMED_OUT, ETIMEDOUT, now);
		s->late = true;
	}
}

/* With lock held. io_setup is slow, or is to be tried again. */
static void setup_timer(struct group *g, struct mono now, struct reaper_work *w)
{
	if (mono_before(now, g->setup_by))
		return;
	g->setup_by = MONO_NEVER;
	if (g->state == PATHCHECK_GROUP_SETTING_UP) {
		g->state = PATHCHECK_GROUP_FALLBACK;
		g->setup_error = ETIMEDOUT;
		w->submitter =
		        true; /* reads that waited for the context go to rescuers */
	} else if ((g->state == PATHCHECK_GROUP_FALLBACK ||
	            g->state == PATHCHECK_GROUP_RECOVERING) &&
	           !g->setup_running && g->draining == NULL) {
		g->setup_running = true;
		w->setup = true;
	}
}

/* With lock held. The last event of the small context has come: a rescuer destroys it. */
static void end_of_drain(struct group *g, struct reaper_work *w)
{
	if (g->draining == NULL || g->in_draining > 0 || g->setup_running)
		return;
	g->emptied = g->draining;
	g->draining = NULL;
	g->drain_more = false;
	g->setup_running = true;
	w->destroy = true;
}

static void hand_on(struct group *g, struct reaper_work *w)
{
	struct posts *posts = g->with.posts;
	struct jobs *jobs = g->with.jobs;

	results_push(&w->results, w->tell);
	if (!slot_list_empty(&w->to_rescuers))
		jobs_add_slots(jobs, &w->to_rescuers);
	if (!slot_list_empty(&w->to_submitter))
		posts_to_submitter(posts, &w->to_submitter);
	if (w->setup)
		jobs_add(jobs, &g->setup, JOB_SETUP);
	if (w->destroy)
		jobs_add(jobs, &g->setup, JOB_DESTROY);
	if (w->submitter || (w->freed && atomic_load(&posts->waiting) > 0))
		posts_wake_submitter(posts);
	w->setup = w->destroy = w->freed = w->submitter = w->tell = false;
}

static void work_init(struct reaper_work *w, const struct group *g)
{
	results_init(&w->results, g->with.posts, g->id);
	w->setup = w->destroy = w->freed = w->submitter = w->tell = false;
	slot_list_init(&w->to_rescuers);
	slot_list_init(&w->to_submitter);
}

/* With lock held. */
static struct mono next_deadline(const struct group *g)
{
	struct mono next = group_deadline(g);

	return mono_before(next, g->patient_until) ? g->patient_until : next;
}

/*
 * With lock held. Most answers of a batch are successes and come one after the other: to wake the
 * caller for each of them would cost more than the requests.
 */
static void plan_news(struct group *g, struct reaper_work *w, struct mono now)
{
	bool more = g->count[SLOT_QUEUED] + g->count[SLOT_IN_FLIGHT] > 0;

	if (w->results.n > 0)
		g->tell_by = mono_min(g->tell_by, mono_add(now, GOOD_NEWS_US));
	if (mono_is_never(g->tell_by))
		return;
	w->tell = !more || w->results.urgent || !mono_before(now, g->tell_by);
	if (w->tell)
		g->tell_by = MONO_NEVER;
}

/*
 * With lock held. The last request is answered, and the next pause will be as long as the last one.
 * Requests that are launched after it have later deadlines than that and half a time limit, and need not
 * wake the reaper; nor does it wake meanwhile. Between the parts of one batch there is no pause: a request
 * was submitted before the part before it was answered, or right after that.
 */
static struct mono begin_pause(struct group *g, const struct slot *last, struct mono now)
{
	int64_t pause_us = mono_diff(last->started, g->idle_from);

	if (g->idle_from.us != 0 && pause_us >= PAUSE_LEAST_US)
		g->pause_us = pause_us;
	g->idle_from = now;
	return mono_add(now, g->pause_us + last->timeout_us / 2);
}

static struct slot *slot_of_event(const struct backend_event *e)
{
	return container_of(e->request, struct slot, request);
}

struct mono reaper_step(struct group *g, const struct backend_event *events, int n,
                        struct mono now)
{
	struct reaper_work w;
	struct mono wake;
	bool again;
	int taken = 0;

	work_init(&w, g);
	do {
		pthread_mutex_lock(&g->lock);
		g->wake_sent = false;
		while (taken < n && !results_full(&w.results)) {
			struct slot *s = slot_of_event(&events[taken]);

			group_leave(g, s);
			complete(g, s, events[taken].result, now, &w);
			taken++;
		}
		while (!slot_list_empty(&g->done) && !results_full(&w.results)) {
			struct slot *s = slot_list_take(&g->done);

			complete(g, s, s->result, now, &w);
		}
		/*
		 * After a full batch there may be more answers: timeouts are judged after all
		 * of them.
		 */
		if (n < REAP_BATCH && !mono_before(now, g->patient_until))
			expire(g, now, &w);
		end_of_drain(g, &w);
		setup_timer(g, now, &w);
		again = taken < n || !slot_list_empty(&g->done) ||
		        results_full(&w.results);
		plan_news(g, &w, now);
		wake = mono_min(next_deadline(g), mono_min(g->setup_by, g->tell_by));
		if (mono_is_never(wake) && n > 0)
			wake = begin_pause(g, slot_of_event(&events[n - 1]), now);
		g->asleep_until = again ? (struct mono){ 0 } : wake;
		if (!again)
			atomic_store(group_wake_by(g), wake.us);
		group_publish(g);
		pthread_mutex_unlock(&g->lock);
		hand_on(g, &w);
	} while (again);
	return wake;
}

/* With lock held. The group holds nothing any more: the submitter may use it again. */
static void retired(struct group *g)
{
	assert(g->context == NULL && g->draining == NULL && g->emptied == NULL &&
	       g->in_context == 0 && g->in_draining == 0 && group_used(g) == 0);
	g->state = PATHCHECK_GROUP_UNUSED;
	g->setup_error = 0;
	g->setup_by = MONO_NEVER;
	group_publish(g);
}

/*
 * A group without paths destroys its context when the kernel holds none of its requests any
 * more: until then the submitter may take the group back into use. When the engine ends,
 * io_destroy waits here for the requests that are left: no other thread waits for this one.
 */
static void retire(struct group *g)
{
	/* ending.pml: RETIRE, GIVE */
	bool stopping = atomic_load(&g->with.posts->stopping);
	struct reaper_work w;
	void *contexts[2];

	pthread_mutex_lock(&g->lock);
	if (g->state != PATHCHECK_GROUP_RETIRING || g->setup_running ||
	    g->submitting > 0 || group_live(g) > 0 || (group_used(g) > 0 && !stopping)) {
		pthread_mutex_unlock(&g->lock);
		return;
	}
	contexts[0] = g->context;
	contexts[1] = g->draining;
	g->context = g->draining = NULL;
	g->drain_more = false;
	g->destroying = true;
	pthread_mutex_unlock(&g->lock);

	atomic_store(group_wake_by(g), INT64_MAX);
	for (unsigned i = 0; i < ARRAY_LEN(contexts); i++)
		if (contexts[i] != NULL)
			group_backend(g)->destroy(contexts[i]);

	work_init(&w, g);
	pthread_mutex_lock(&g->lock);
	g->destroying = false;
	for (uint32_t i = 0; i < PATHCHECK_GROUP_SLOTS; i++)
		if (g->slots[i].state == SLOT_ORPHANED && g->slots[i].in_kernel)
			complete_orphan(g, &g->slots[i], &w);
	group_show_back(g);
	if (group_used(g) == 0)
		retired(g);
	w.submitter = true; /* it may use the group again */
	pthread_mutex_unlock(&g->lock);
	hand_on(g, &w);
}

static int sleep_on_eventfd(struct group *g, int64_t timeout_us)
{
	struct pollfd pfd = { .fd = g->wake_fd, .events = POLLIN };
	struct timespec ts = { .tv_sec = timeout_us / USEC_PER_SEC,
		               .tv_nsec = timeout_us % USEC_PER_SEC * NSEC_PER_USEC };

	if (ppoll(&pfd, 1, timeout_us < 0 ? NULL : &ts, NULL) > 0)
		shared_drain(g->wake_fd);
	return 0;
}

/* Takes what both contexts have, after the first n events. */
static int reap_more(struct group *g, void *context, void *draining,
                     struct backend_event *events, int n)
{
	/* reaper.pml: DRAIN */
	const struct backend *b = group_backend(g);

	if (context != NULL && n < REAP_BATCH)
		n += b->reap(context, events + n, (unsigned)(REAP_BATCH - n), 0);
	if (draining != NULL && n < REAP_BATCH)
		n += b->reap(draining, events + n, (unsigned)(REAP_BATCH - n), 0);
	return n;
}

/*
 * With lock held. How long further answers get after these n events, or after a command whose
 * writer has read its answer. 0: too few are to come.
 */
static int64_t gather_time_us(const struct group *g, const struct backend_event *events,
                              int n)
{
	uint32_t young = g->count[SLOT_QUEUED] + g->count[SLOT_IN_FLIGHT];
	const struct slot *s;

	/* Of the commands in `done` none is in the heap any more. */
	if (n == 0)
		return g->sends && !slot_list_empty(&g->done) &&
		                       g->heap_size >= GATHER_LEAST
		               ? GATHER_MAX_US
		               : 0;
	if (MIN(g->in_context, young) < (uint32_t)n + GATHER_LEAST)
		return 0;
	s = slot_of_event(events);
	return MIN(MAX(mono_diff(mono_now(), s->started), GATHER_MIN_US), GATHER_MAX_US);
}

/*
 * To be woken by each of many answers would cost more than the requests themselves. So after the
 * first answer the others get as much time as it took, within limits, and are taken together.
 */
static bool gather(struct group *g, const struct backend_event *events, int n)
{
	struct timespec ts = { 0 };

	if (n == REAP_BATCH)
		return false;
	pthread_mutex_lock(&g->lock);
	ts.tv_nsec = gather_time_us(g, events, n) * NSEC_PER_USEC;
	pthread_mutex_unlock(&g->lock);
	if (ts.tv_nsec == 0)
		return false;
	(void)ppoll(NULL, 0, &ts, NULL);
	return true;
}

/*
 * With lock held. If this thread sees a deadline LATE_WAKE_US late, the machine or this process
 * was paused. The kernel and the rescuers may have answers that were not taken yet, so nothing
 * times out for LATE_GRACE_US. That is granted once a deadline, and again only after another
 * long pause: on an overloaded machine timeouts have to be reported in the end.
 */
static void be_patient(struct group *g, struct mono now, struct mono due)
{
	bool first = mono_before(g->patient_until, due);

	if (first ? mono_diff(now, due) >= LATE_WAKE_US
	          : mono_diff(now, g->patient_until) >= LATE_GRACE_US)
		g->patient_until = mono_add(now, LATE_GRACE_US);
}

/*
 * Sleeps until `wake`, an answer, or group_wake(); returns the events. *ret_now is earlier than
 * the last look at the contexts: a request that is not among the events was not answered by
 * *ret_now. So a pause between the two times out no request that was answered.
 */
static int sleep_until(struct group *g, struct mono wake, struct backend_event *events,
                       struct mono *ret_now)
{
	/* reaper.pml: SLEEP, DRAIN */
	int64_t timeout_us = -1;
	void *context, *draining;
	struct mono due;
	bool gathered;
	int n;

	if (!mono_is_never(wake)) {
		/*
		 * Separately: MAX() would read the clock twice. Less than 0 would be for ever.
		 */
		timeout_us = mono_diff(wake, mono_now());
		timeout_us = MAX(timeout_us, 0);
	}
	if (g->drain_more)
		timeout_us = 0;
	pthread_mutex_lock(&g->lock);
	context = g->context;
	draining = g->draining;
	pthread_mutex_unlock(&g->lock);

	if (context != NULL)
		n = group_backend(g)->reap(context, events, REAP_BATCH, timeout_us);
	else
		n = sleep_on_eventfd(g, timeout_us);
	gathered = gather(g, events, n);
	*ret_now = mono_now();
	pthread_mutex_lock(&g->lock);
	due = group_deadline(g);
	atomic_store(group_wake_by(g), ret_now->us);
	atomic_store(&g->with.posts->shared->header->alive_us, ret_now->us);
	be_patient(g, *ret_now, due);
	pthread_mutex_unlock(&g->lock);
	if (gathered || !mono_before(*ret_now, due))
		n = reap_more(g, context, draining, events, n);
	else if (draining != NULL) /* each of its events has written to wake_fd */
		n = reap_more(g, NULL, draining, events, n);
	g->drain_more = draining != NULL && n == REAP_BATCH;
	return n;
}

struct mono reaper_round(struct group *g, struct mono wake)
{
	/* reaper.pml: STEP */
	struct backend_event events[REAP_BATCH];
	struct mono now;
	int n = sleep_until(g, wake, events, &now);

	return reaper_step(g, events, n, now);
}

void *reaper_main(void *group)
{
	/* ending.pml: ROUND, LAST */
	struct group *g = group;
	struct mono wake;

	seal_begin();
	wake = reaper_step(g, NULL, 0, mono_now());
	/* While it stops, too, the submitter may use an unused group: to close a descriptor. */
	do {
		wake = reaper_round(g, wake);
		retire(g);
	} while (!atomic_load(&g->with.posts->ended));
	atomic_store(group_wake_by(g), INT64_MAX);
	return NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The invariants. Each answer of the engine is compared with what the simulated kernel did, and
 * counters with what exists. After the faults, each state is compared with its disk.
 */
#include <errno.h>
#include <string.h>

#include "libcheck/region/limits.h"
#include "tests/sim/calls.h"

/* The engine reports a deferred check after DEFER_AFTER_US, and a stuck submitter as late. */
#define REPORTED_WITHIN_US (2 * DEFER_AFTER_US + 60 * USEC_PER_MSEC)
/* A thread sees a change after at most this time. */
#define SEEN_WITHIN_US (20 * USEC_PER_MSEC)

#define IDS_MAX (2 * DISKS_MAX + 256)
/* More than the registry has entries. */
#define REGISTRY_PLACES 4096

struct seen {
	bool reported, late, failed, disabled;
	/* identify: the check has to identify the disk. */
	bool identify;
	/* generation and seq: of the path that this entry had last, and of its disk. */
	uint32_t generation;
	uint64_t seq;
	struct mono asked, excused;
	/* submitters: threads that had been replaced when the check was requested. */
	uint64_t timeout_us, submitters;
	/* The longest interval and timeout since the path was added. */
	int64_t interval_us, longest_timeout_us;
};

static struct {
	struct seen of[PATHS_MAX];
	struct prober *prober;
	unsigned quiet;
	/* Submit threads that were replaced: of the present prober, and of all probers. */
	uint64_t submitters, all_submitters;
	/* What the previous prober left: when it handed over each request, by the engine's
	 * id; when it last reported itself alive. */
	struct mono handed[IDS_MAX], alive, started;
	/* Each disk's path before the loop took discovery's records. */
	struct taken {
		bool there, touched, replaced, outstanding;
		uint32_t index, generation, checks;
		struct mono due, started;
	} before[DISKS_MAX];
} judge;

void judge_reset(void)
{
	memset(&judge, 0, sizeof(judge));
	judge_overdue_reset();
	judge_events_reset();
	judge_identity_reset();
}

void judge_restart(void)
{
	memset(&judge, 0, sizeof(judge));
	judge_overdue_reset();
	judge_identity_reset();
	judge_maps_restart();
	judge_holds_reset();
}

void judge_excuse(struct mono until)
{
	sim.excused.us = MAX(sim.excused.us, until.us);
}

/* --- paths that come, change and go --- */

static void new_path(uint32_t index, const struct path *p)
{
	judge.of[index] = (struct seen){
		.asked = sim.now,
		.excused = sim.now,
		.generation = p->generation,
		.seq = p->device->diskseq,
	};
}

static struct taken look_at(const struct disk *d)
{
	uint32_t index = host_index_of(d);
	const struct path *p;

	if (index == REGISTRY_NONE)
		return (struct taken){ .there = false };
	p = registry_get(sim.checks.registry, index);
	return (struct taken){
		.there = true,
		.outstanding = p->outstanding,
		.index = index,
		.generation = p->generation,
		.checks = p->counters.checks,
		.due = p->due,
		.started = p->started,
	};
}

void judge_taking(void)
{
	for (unsigned i = 0; i < sim.n_disks; i++)
		judge.before[i] = look_at(&sim.disks[i]);
	if (sim.inventory.holding && sim.inventory.held.device != NULL)
		judge_touched(device_name(sim.inventory.held.device),
		              sim.inventory.held.op == FOUND_CHANGE);
}

void judge_touched(const char *name, bool stays)
{
	struct taken *t = &judge.before[strtoul(name + strlen("sd"), NULL, 10)];

	t->touched = true;
	t->replaced |= !stays;
}

/*
 * Whatever discovery reports about the path, the path stays the same and its check
 * continues.
 */
static void judge_stays(const struct disk *d, const struct taken *was,
                        const struct taken *is)
{
	if (was->index != is->index || was->generation != is->generation)
		sim_fail("%s became another path without a reason", d->name);
	if (was->outstanding != is->outstanding || was->checks != is->checks ||
	    was->started.us != is->started.us)
		sim_fail("%s has lost its check", d->name);
}

static void judge_untouched(const struct disk *d, const struct taken *was,
                            const struct taken *is)
{
	if (was->there != is->there || was->due.us != is->due.us)
		sim_fail("%s changed without a record of discovery", d->name);
	if (was->there)
		judge_stays(d, was, is);
}

void judge_taken(void)
{
	judge_disks();
	for (unsigned i = 0; i < sim.n_disks; i++) {
		const struct disk *d = &sim.disks[i];
		const struct taken *was = &judge.before[i], is = look_at(d);
		const struct path *p = registry_get(sim.checks.registry, is.index);
		struct seen *s = &judge.of[is.index];

		if (!was->touched)
			judge_untouched(d, was, &is);
		if (!is.there)
			continue;
		if (p->generation != s->generation)
			new_path(is.index, p);
		if (s->seq != p->device->diskseq)
			sim_fail("%s is another disk, but kept its path", d->name);
		if (was->there && !was->replaced)
			judge_stays(d, was, &is);
	}
}

/* --- answers --- */

/*
 * A read has failed since the check was requested: the unit's inquiry then has the check's
 * timeout again.
 */
static bool asks_unit(const struct disk *d, const struct seen *s)
{
	return !mono_before(d->failed_at[EIO], s->asked);
}

static void judge_timeout(const struct pathcheck_result *r, const struct disk *d,
                          const struct seen *s)
{
	const struct ended *e = &sim.ended[d - sim.disks];
	/* The operation was paused together with the machine; its answer follows. */
	struct mono could = { sim.paused.us + PAUSE_ANSWERS_US };
	struct mono by = { sim.paused.us - LATE_WAKE_US - PAUSE_ANSWERS_US };
	struct mono latest = { r->finished_us - (int64_t)s->timeout_us + SEEN_WITHIN_US };

	if (sim.pause_counts && r->finished_us >= sim.paused.us &&
	    r->finished_us <= could.us &&
	    mono_before((struct mono){ r->started_us + (int64_t)s->timeout_us }, by) &&
	    kernel_answers_soon(d, by))
		sim_fail("%s timed out during a pause of the machine", d->name);
	/* Operations of a killed prober count, because the next prober continues their
	 * checks. */
	if (kernel_had_op_since(d, latest) || mono_before(sim.now, sim.excused))
		return;
	if (!mono_before(latest, e->begun) &&
	    e->end.us >= r->finished_us - SEEN_WITHIN_US)
		return;
	/* A read has failed since: the inquiry of the unit then takes longer than the
	 * check. */
	if (asks_unit(d, s))
		return;
	sim_fail("%s timed out after %lld us, but had answered", d->name,
	         (long long)s->timeout_us);
}

static void judge_failure(const struct pathcheck_result *r, const struct disk *d,
                          const struct seen *s)
{
	int error = r->error;
	struct mono at;

	if (error <= 0 || error >= ERRNOS)
		sim_fail("%s failed with the invalid error %d", d->name, error);
	at = r->stage == PATHCHECK_STAGE_OPEN ? d->open_failed_at[error]
	                                      : d->failed_at[error];
	if (r->stage == PATHCHECK_STAGE_READ && error == ENODATA &&
	    r->verdict == PATHCHECK_FAILED)
		at = d->short_at;
	if (r->verdict == PATHCHECK_DISCONNECTED && mono_before(d->no_unit_at, s->asked))
		sim_fail("%s is disconnected, but its target did not report that",
		         d->name);
	if (mono_before(at, s->asked))
		sim_fail("%s failed with %d, but had not answered with that", d->name,
		         error);
	if (error == EMFILE || error == ENOMEM || error == EAGAIN ||
	    (error == EINVAL && r->verdict == PATHCHECK_FAILED))
		sim_fail("a shortage (%d) was reported as an answer of %s", error,
		         d->name);
}

static bool is_failure(enum pathcheck_verdict v)
{
	return v == PATHCHECK_FAILED || v == PATHCHECK_DISCONNECTED;
}

static void judge_result(const struct pathcheck_result *r, bool dropped)
{
	uint32_t index = (uint32_t)r->cookie;
	struct path *p = registry_get(sim.checks.registry, index);
	struct disk *d = host_disk_of(index);
	struct seen *s;

	sim_trace("result", index, (int64_t)r->verdict * 1000 + r->error);
	if (p == NULL || d == NULL || p->generation != (uint32_t)(r->cookie >> 32))
		sim_fail("a result for a path that was removed");
	s = &judge.of[index];
	if (!p->outstanding)
		sim_fail("%s: a result without a request", d->name);
	if (r->verdict == PATHCHECK_DEFERRED) {
		/* Only another prober may report a second one. */
		s->reported = true;
		s->excused = sim.now;
	} else if (r->verdict == PATHCHECK_TIMED_OUT) {
		judge_timeout(r, d, s);
		s->late = s->failed = true;
	} else if (r->verdict == PATHCHECK_OK) {
		if (mono_before(d->good_at, s->asked))
			sim_fail("%s was reported good, but had not answered", d->name);
		s->failed = s->failed && dropped;
	} else {
		judge_failure(r, d, s);
		s->failed =
		        is_failure(r->verdict) ||
		        (s->failed && (dropped || r->verdict == PATHCHECK_NOT_JUDGED));
	}
	if (r->verdict != PATHCHECK_DEFERRED && r->verdict != PATHCHECK_NOT_JUDGED &&
	    !dropped)
		judge_overdue_heard(index, (struct mono){ r->finished_us });
	if (r->verdict == PATHCHECK_FAILED && r->error == ENOENT)
		judge_overdue_doubtful(index);
	if (s->reported)
		s->excused = sim.now;
}

static void note_asked(uint32_t id, uint64_t timeout_us, bool identify)
{
	uint32_t end = registry_end(sim.checks.registry);

	for (uint32_t i = 0; i < end; i++) {
		struct path *p = registry_get(sim.checks.registry, i);

		if (p == NULL || p->engine_id != id)
			continue;
		judge.of[i].asked = sim.now;
		judge.of[i].timeout_us = timeout_us;
		judge.of[i].submitters = judge.all_submitters;
		judge.of[i].reported = judge.of[i].late = false;
		judge.of[i].identify = identify;
		sim_trace("check", i, (int64_t)timeout_us);
	}
}

int __wrap_pathcheck_check(struct pathcheck *pc, uint32_t id, uint64_t timeout_us)
{
	int r = __real_pathcheck_check(pc, id, timeout_us);

	if (r == 0)
		note_asked(id, timeout_us, false);
	return r;
}

int __wrap_pathcheck_identify(struct pathcheck *pc, uint32_t id, uint64_t timeout_us)
{
	int r = __real_pathcheck_identify(pc, id, timeout_us);

	if (r == 0)
		note_asked(id, timeout_us, true);
	return r;
}

int __wrap_pathcheck_results(struct pathcheck *pc, struct pathcheck_result *results,
                             size_t n)
{
	int got = __real_pathcheck_results(pc, results, n);

	judge_identity_reset(); /* the daemon has taken the previous results */
	for (int i = 0; i < got; i++) {
		struct pathcheck_opened o = { .size = sizeof(o) };
		const struct seen *s = &judge.of[(uint32_t)results[i].cookie];

		if (results[i].opened != 0 && pathcheck_opened(pc, results[i].id, &o) < 0)
			sim_fail("pathcheck_opened() does not know what was opened");
		judge_result(&results[i], judge_is_of_another(&results[i], &o));
		judge_opened(&results[i], &o, s->identify, s->asked);
		judge_proven((uint32_t)results[i].cookie);
	}
	return got;
}

/* --- counters --- */

int __wrap_prober_start(struct prober *p, struct shared *shared,
                        const struct backends *backends)
{
	(void)backends; /* libaio's, or sim_backend already */
	judge.prober = p;
	judge.submitters = 0;
	return __real_prober_start(p, shared,
	                           &(struct backends){ &sim_backend, &sim_sg_backend });
}

void judge_replacing(void)
{
	if (!sim.over && sim.blocked == 0 && mono_before(sim.may_stall, sim.now))
		sim_fail("a prober was replaced that had not stalled");
}

void judge_path_taken(uint32_t index)
{
	judge.of[index].failed = true;
}

static struct prober *prober(void)
{
	struct sim_process *last = &sim.processes[sim.n_processes - 1];

	if (sim.over)
		return NULL;
	if (!sim.threads && (last->killed || last->prober.groups == NULL))
		return NULL;
	return judge.prober == NULL || judge.prober->groups == NULL ? NULL : judge.prober;
}

void judge_op(uint32_t of_host)
{
	if (kernel_ops(0, true) > sim.limits.in_flight)
		sim_fail("more in flight than max_in_flight");
	if (of_host != 0 && kernel_ops(of_host, false) > sim.limits.in_flight_host)
		sim_fail("more in flight than max_in_flight_host");
}

/* Reads the lock without a call: no other fiber runs now, but a fiber may own the lock. */
static bool is_locked(const pthread_mutex_t *m)
{
	return *(const uint32_t *)(const void *)m != 0;
}

/*
 * The next prober knows every disk that had blocked a submitter for a second. A replaced
 * thread continues with its batch when the kernel releases it. A disk that has hung since
 * then can block that thread again; no path waits for it.
 */
void judge_blocked(struct disk *d, bool watched)
{
	uint32_t process = fiber_process(), index = host_index_of(d);
	struct path *p = registry_get(sim.checks.registry, index);
	uint32_t generation = p == NULL ? 0 : p->generation * REGISTRY_PLACES + index;
	const struct sim_process *before = &sim.processes[d->blocked_process];

	/* A successor does not know what blocked its predecessor's prober. */
	if (d->blocked_process >= MAX(sim.first_process, 1U) &&
	    d->blocked_process != process && !sim.over &&
	    d->blocked_generation == generation &&
	    mono_diff(before->killed_at, d->blocked_at) > USEC_PER_SEC &&
	    mono_diff(before->killed_at, sim.paused) > USEC_PER_SEC &&
	    mono_before(before->frozen_until, d->blocked_at))
		sim_fail("%s blocks a second prober, which did not know of it", d->name);
	if (!watched)
		return;
	d->blocked_process = process;
	d->blocked_generation = generation;
	d->blocked_at = sim.now;
}

void judge_started(const struct sim_process *before)
{
	memset(judge.handed, 0, sizeof(judge.handed));
	judge.alive = (struct mono){ 0 };
	judge.started = sim.now;
	/* The predecessor's prober hands nothing over. */
	if (!before->used || before->prober.limits.ids == 0 ||
	    before < &sim.processes[sim.first_process])
		return;
	judge.alive.us = before->shared.header->alive_us;
	for (uint32_t id = 0; id < MIN(before->prober.limits.ids, (uint32_t)IDS_MAX);
	     id++)
		judge.handed[id].us = before->shared.handed_us[id];
}

/* A check's time continues from where the previous prober was replaced. */
static void judge_age(uint32_t index, const struct path *path, const struct disk *d,
                      struct prober *p)
{
	uint32_t id = path->engine_id;
	const struct seen *seen = &judge.of[index];
	struct mono handed = judge.handed[MIN(id, (uint32_t)IDS_MAX - 1)];
	int64_t silent_us = mono_diff(judge.alive, handed), least;
	const struct slot *s;

	if (id >= IDS_MAX || !path->outstanding || seen->late || handed.us == 0 ||
	    mono_before(handed, mono_add(seen->asked, 2)) || silent_us <= 0)
		return;
	/* The present prober has answered this one, for instance with a shortage of
	 * descriptors. */
	if (mono_before(judge.started, sim.ended[d - sim.disks].youngest))
		return;
	s = p->paths[id].slot;
	if (!p->paths[id].used || s == NULL || s->state != SLOT_IN_FLIGHT ||
	    s->path != id || s->generation != p->paths[id].generation ||
	    s->stage != (handed.us & 1) || s->learned || s->answered.us != 0)
		return;
	least = MIN((int64_t)seen->timeout_us, LATE_GRACE_US);
	if (mono_diff(s->deadline, s->started) >
	    MAX((int64_t)seen->timeout_us - silent_us, least) + 2 * USEC_PER_MSEC)
		sim_fail("the time of path %u restarted with a new prober", index);
}

/*
 * A batch that the kernel keeps for long is an injected fault; a batch whose thread was not
 * scheduled is none.
 */
static void judge_submitter(const struct prober *p)
{
	uint64_t replaced = atomic_load(&p->shared->header->submitter_replacements);

	if (replaced != judge.submitters && sim.blocked == 0 && sim.writes_asleep == 0 &&
	    mono_before(sim.may_stall, sim.now))
		sim_fail("a submitter was replaced that had not stalled");
	judge.all_submitters += replaced - judge.submitters;
	judge.submitters = replaced;
}

void judge_step(void)
{
	struct prober *p = prober();

	if (p != NULL)
		judge_submitter(p);
	for (uint32_t i = 0; p != NULL && i < p->homes.groups_end; i++) {
		const struct group *g = &p->groups[i];
		uint32_t sum = 0;

		if (is_locked(&g->lock))
			continue;
		for (int s = 0; s < SLOT_STATE_COUNT_; s++)
			sum += g->count[s];
		if (sum != PATHCHECK_GROUP_SLOTS)
			sim_fail("%u slots in all", sum);
		if (g->heap_size > PATHCHECK_GROUP_SLOTS - g->count[SLOT_FREE])
			sim_fail("more deadlines than slots in use");
	}
}

static void judge_groups(struct prober *p)
{
	uint32_t used = 0, deferred = 0, may_be_open = 0;
	bool locked = false;

	for (uint32_t i = 0; i < p->homes.groups_end; i++) {
		struct group *g = &p->groups[i];

		if (g->state == PATHCHECK_GROUP_UNUSED)
			continue;
		locked |= is_locked(&g->lock);
		group_assert(g);
		used += PATHCHECK_GROUP_SLOTS - g->count[SLOT_FREE];
		/* A submitter that sleeps in a write has not shown yet what it gave back. */
		if (sim.writes_asleep > 0)
			used += g->back;
		for (uint32_t s = 0; s < PATHCHECK_GROUP_SLOTS; s++) {
			deferred += g->slots[s].deferred;
			may_be_open += g->slots[s].closes;
		}
	}
	for (uint32_t id = 0; id < p->limits.ids; id++)
		deferred += p->paths[id].deferred && !p->paths[id].closing;
	if (locked)
		sim_fail("all threads wait while a lock is held");
	if (fds_close_each() > may_be_open)
		sim_fail("a descriptor is open between two checks");
	if (used != homes_slots_used(&p->homes))
		sim_fail("%u slots are in use, %u are counted", used,
		         homes_slots_used(&p->homes));
	if (deferred != atomic_load(&p->shared->header->deferred_now))
		sim_fail("%u checks are deferred, %u are counted", deferred,
		         atomic_load(&p->shared->header->deferred_now));
}

static bool has_rescuer(struct prober *p, const char *device)
{
	for (uint32_t i = 0; i < p->limits.rescuers; i++)
		if (strcmp(p->jobs.seats[i].device, device) == 0)
			return true;
	return false;
}

/* Hung opens and reads, however many, must not delay a look at an open descriptor. */
static void judge_looks(struct prober *p)
{
	const struct jobs *r = &p->jobs;

	if (r->seats == NULL || is_locked(&r->lock) || kernel_looks() > 0)
		return;
	/* A stalled prober starts nothing. */
	if (!sim.threads &&
	    mono_before(sim.now, sim.processes[sim.n_processes - 1].frozen_until))
		return;
	for (unsigned c = 0; c < 2 * CLASS_COUNT_; c++) {
		struct job *job =
		        c < CLASS_COUNT_ ? r->head[c] : r->held_head[c - CLASS_COUNT_];

		for (; job != NULL; job = job->next)
			if (job->kind == JOB_LOOK && !job->cancelled &&
			    !has_rescuer(p, jobs_device(&p->jobs, job)))
				sim_fail("a look at an open descriptor waits, but "
				         "none is in progress");
	}
}

static bool is_bad(const struct disk *d)
{
	return !d->present || (d->mode == DISK_ERROR && !disk_is_device_error(d)) ||
	       d->mode == DISK_SHORT || d->mode == DISK_HUNG;
}

/* The check was requested long ago, and the engine has reported nothing since. */
static bool is_overlong(const struct seen *s, const struct disk *d)
{
	uint64_t submitters = judge.all_submitters - s->submitters;
	/* One stuck submitter is within the limit. If the next submitter gets stuck as
	 * well, the jobs that it took wait for the same time again. */
	int64_t most =
	        REPORTED_WITHIN_US +
	        (submitters > 1 ? (int64_t)(submitters - 1) * SUBMITTER_STUCK_US : 0);

	if (asks_unit(d, s))
		most += s->longest_timeout_us;
	return mono_diff(sim.now, s->asked) > most &&
	       mono_diff(sim.now, sim.ended[d - sim.disks].end) > most &&
	       mono_diff(sim.now, sim.excused) > most;
}

/* The disk may stay silent for its path's timeout before the path has to be down. */
static bool may_be_silent(const struct disk *d, const struct seen *s)
{
	return d->mode == DISK_HUNG || d->open_hangs || asks_unit(d, s) ||
	       mono_diff(sim.now, d->open_hung) <= SEEN_WITHIN_US;
}

static void judge_path(uint32_t index, const struct path *p, const struct disk *d)
{
	struct seen *s = &judge.of[index];
	struct mono since = d->changed;
	int64_t bound;

	s->interval_us = MAX(s->interval_us, path_max_interval_us(&p->settings));
	s->longest_timeout_us = MAX(s->longest_timeout_us, p->settings.timeout_us);
	/* Also for one step after the path was enabled again. */
	if (!p->enabled || s->disabled)
		s->excused = sim.now;
	s->disabled = !p->enabled;
	judge_overdue_path(index, p);
	if (p->enabled && !p->outstanding && p->sched_slot == REGISTRY_NONE)
		sim_fail("%s will never be checked again", d->name);
	if ((p->status.state == PATH_DOWN || p->status.state == PATH_SHAKY ||
	     p->status.state == PATH_TIMEOUT || p->status.state == PATH_DISCONNECTED) &&
	    !s->failed)
		sim_fail("%s is %s without a failed or timed out check", d->name,
		         path_state_name(p->status.state));
	if (p->outstanding && !s->reported && !s->late && is_overlong(s, d) &&
	    !kernel_has_op_since(d, MONO_NEVER))
		sim_fail("%s: the check is late, but not reported as deferred", d->name);
	since.us = MAX(MAX(since.us, s->excused.us), MAX(sim.excused.us, d->good_at.us));
	bound = s->interval_us + (may_be_silent(d, s) ? s->longest_timeout_us : 0) +
	        SEEN_WITHIN_US + (sim.calm ? 0 : 2 * USEC_PER_SEC);
	if (is_bad(d) && path_state_usable(p->status.state) &&
	    !(p->outstanding && s->reported) && mono_diff(sim.now, since) > bound)
		sim_fail("%s does not work for %lld us, but is still %s", d->name,
		         (long long)mono_diff(sim.now, since),
		         path_state_name(p->status.state));
}

void judge_quiet(void)
{
	struct prober *p = prober();
	uint32_t end;

	if (sim.over || sim.checks.registry == NULL || sim.checks.engine == NULL)
		return;
	if (p != NULL)
		judge_looks(p);
	if (p != NULL && judge.quiet++ % 16 == 0)
		judge_groups(p);
	if (sim.allocations > 0)
		sim_fail("memory is allocated after the start");
	/* The limit of stuck submitters is reached: the engine waits for the next one that
	 * gets stuck. */
	if (p != NULL && atomic_load(&p->shared->header->submitters_stuck) >=
	                         p->limits.submitters_stuck)
		judge_excuse(mono_add(sim.now, REPORTED_WITHIN_US));
	end = registry_end(sim.checks.registry);
	for (uint32_t i = 0; i < end; i++) {
		const struct path *path = registry_get(sim.checks.registry, i);
		const struct disk *d = host_disk_of(i);

		if (path != NULL && d != NULL)
			judge_path(i, path, d);
		if (path != NULL && d != NULL && p != NULL)
			judge_age(i, path, d, p);
	}
}

void judge_empty(void)
{
	struct prober *p = prober();
	uint32_t groups = 0;

	if (p == NULL)
		sim_fail("no prober at the end");
	for (uint32_t i = 0; i < p->homes.groups_end; i++)
		groups += p->groups[i].count[SLOT_FREE] != PATHCHECK_GROUP_SLOTS;
	if (groups > 0 || homes_slots_used(&p->homes) > 0)
		sim_fail("slots are in use without a path");
	if (atomic_load(&p->shared->header->emergency_now) > 0)
		sim_fail("emergency checks are counted without a path");
	for (uint32_t id = 0; id < p->limits.ids; id++)
		if (p->paths[id].fd >= 0)
			sim_fail("a removed path has a descriptor");
	if (fds_disks() > 0)
		sim_fail("%u descriptors of disks are left", fds_disks());
}

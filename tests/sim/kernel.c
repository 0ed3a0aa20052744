/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The simulated kernel: disks that are opened and read, contexts for asynchronous reads,
 * and processes. The kernel owns a read until it has answered it, even if the caller is
 * gone. Until then the read's memory must not be freed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/sim/calls.h"

#define CONTEXTS_MAX 64
#define DONE_MAX     2048

struct kcontext {
	bool used, destroyed;
	/* SCSI commands: an epoll descriptor, which needs no quota. */
	bool sends;
	unsigned slots, n_done, in_kernel;
	int wake_fd;
	uint32_t process;
	struct backend_event done[DONE_MAX];
};

static struct kcontext contexts[CONTEXTS_MAX];
static unsigned ops_end;

void kernel_reset(void)
{
	memset(contexts, 0, sizeof(contexts));
	memset(sim.ops, 0, sizeof(sim.ops));
	ops_end = 0;
}

/* --- ops --- */

struct op *op_new(struct disk *d, uint64_t seq)
{
	struct op *op = NULL;

	for (unsigned i = 0; i < OPS_MAX && op == NULL; i++)
		if (!sim.ops[i].used)
			op = &sim.ops[i];
	if (op == NULL)
		sim_fail("too many operations in the simulated kernel");
	ops_end = MAX(ops_end, (unsigned)(op - sim.ops) + 1);
	*op = (struct op){ .used = true,
		           .disk = d,
		           .seq = seq,
		           .process = fiber_process(),
		           .begun = sim.now };
	sim.processes[op->process].ops++;
	judge_op(d->host);
	return op;
}

/* The kernel writes to the read's buffer, so no other read may have bytes of it. */
void op_set_buffer(struct op *op, void *buffer, uint32_t len)
{
	const char *from = buffer, *to = from + len;

	for (unsigned i = 0; i < ops_end; i++) {
		const struct op *other = &sim.ops[i];
		const char *at = other->buffer;

		if (other != op && other->used && !other->done && at != NULL && at < to &&
		    from < at + other->len && !sim.processes[other->process].ended)
			sim_fail("two reads in the kernel share bytes of a buffer");
	}
	if ((uintptr_t)buffer % MIN(len, 4096) != 0)
		sim_fail("a buffer is not aligned to the block of its read");
	op->buffer = buffer;
	op->len = len;
}

static void process_may_end(struct sim_process *p);

void op_over(struct op *op)
{
	struct sim_process *p = &sim.processes[op->process];
	struct ended *e = &sim.ended[op->disk - sim.disks];

	e->begun = op->begun;
	e->end = sim.now;
	e->youngest.us = MAX(e->youngest.us, op->begun.us);
	op->used = false;
	p->ops--;
	process_may_end(p);
}

static void note_answer(struct disk *d, int64_t result, uint32_t len)
{
	if (result == (int64_t)len)
		d->good_at = sim.now;
	else if (result >= 0)
		d->short_at = sim.now;
	else
		d->failed_at[-result] = sim.now;
}

void op_answer(void *arg)
{
	struct op *op = arg;
	struct kcontext *c = op->context;

	if (!op->used || op->done)
		return;
	if (op->command != NULL)
		sg_answer(op);
	sim_trace("answer", op->disk - sim.disks, op->result);
	op->done = true;
	if (op->command == NULL && op->result != -EAGAIN && op->result != -EOPNOTSUPP &&
	    !op->is_open)
		note_answer(op->disk, op->result, op->len);
	if (op->sync) {
		fiber_wake_all(op);
		return;
	}
	c->in_kernel--;
	if (c->sends && c->destroyed)
		c->used = c->in_kernel > 0;
	if (!sim.processes[op->process].killed && !c->destroyed) {
		if ((op->command == NULL && !memory_is_live(op->buffer, op->len)) ||
		    !memory_is_live(op->request, sizeof(*op->request)))
			sim_fail("a read's memory was freed while it was in the kernel");
		if (op->command == NULL)
			memset(op->buffer, 0x5a, 64);
		c->done[c->n_done++] = (struct backend_event){ op->request, op->result };
		fiber_wake_all(c);
		if (c->slots < PATHCHECK_GROUP_SLOTS)
			fd_signal(c->wake_fd);
	}
	fiber_wake_all(&c->in_kernel);
	op_over(op);
}

static int64_t disk_says(const struct disk *d, uint64_t seq, uint32_t len)
{
	if (!d->present || d->seq != seq)
		return -EIO;
	if (len % d->block != 0)
		return -EINVAL; /* the present disk has larger blocks */
	if (d->mode == DISK_ERROR)
		return -d->error;
	return d->mode == DISK_SHORT ? len / 2 : len;
}

/* When the disk will answer; MONO_NEVER: it hangs. */
static struct mono answer_time(const struct disk *d)
{
	int64_t us = sim_between(60, 900);

	if (d->mode == DISK_HUNG && d->present)
		return MONO_NEVER;
	if (d->mode == DISK_SLOW)
		us = sim_between(1000, 1500000);
	else if (!sim.calm && sim_one_in(30))
		us = sim_between(1000, 90000); /* overtaken by later reads */
	return mono_add(sim.now, us);
}

void op_ask(struct op *op, bool nowait)
{
	struct mono at = answer_time(op->disk);

	if (op->command == NULL)
		op->result = disk_says(op->disk, op->seq, op->len);
	if (nowait && op->disk->no_nowait) {
		op->result = -EOPNOTSUPP;
		at = mono_add(sim.now, 30);
	} else if (nowait && op->disk->tags_full && sim_one_in(2)) {
		op->result = -EAGAIN;
		at = mono_add(sim.now, 30);
	}
	if (!mono_is_never(at)) {
		op->at = 1;
		(void)event_at(at, op_answer, op);
	}
}

void kernel_pause(int64_t us)
{
	bool in_a_row = mono_diff(sim.now, sim.paused) < USEC_PER_SEC;

	/* A short pause looks like a stuck submitter, and the engine makes up for the first
	 * of two pauses in a row only. */
	if (us < SUBMITTER_STUCK_US + 2 * LATE_WAKE_US || in_a_row)
		sim.may_stall.us =
		        MAX(sim.may_stall.us, sim.now.us + us + 3 * USEC_PER_SEC);
	else if (mono_before(sim.now, sim.may_stall))
		sim.may_stall = mono_add(sim.may_stall, us);
	sim.now = mono_add(sim.now, us);
	sim.paused = sim.now;
	sim.pause_counts = !in_a_row || us > 3 * LATE_GRACE_US;
	judge_excuse(mono_add(sim.now, USEC_PER_SEC));
	sim_trace("pause", us, in_a_row);
	events_delay(op_answer, sim.now, PAUSE_ANSWERS_US);
}

bool kernel_answers_soon(const struct disk *d, struct mono begun_by)
{
	for (unsigned i = 0; i < ops_end; i++) {
		const struct op *op = &sim.ops[i];

		if (op->used && op->disk == d && op->process != 0 && op->at != 0 &&
		    !op->is_open && !sim.processes[op->process].killed &&
		    d->mode != DISK_SLOW && mono_before(op->begun, begun_by))
			return true;
	}
	return false;
}

void kernel_release(struct disk *d, int64_t result)
{
	d->blocked_process = 0;
	for (unsigned i = 0; i < ops_end; i++) {
		struct op *op = &sim.ops[i];

		if (!op->used || op->done || op->disk != d || op->at != 0 ||
		    op->submitting)
			continue;
		op->result = op->is_open ? 0 : result < 0 ? result : op->len;
		op->at = 1;
		(void)event_at(mono_add(sim.now, sim_between(10, 3000)), op_answer, op);
	}
}

uint32_t kernel_ops(uint32_t host, bool any_host)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < ops_end; i++)
		n += sim.ops[i].used && !sim.processes[sim.ops[i].process].killed &&
		     (any_host || sim.ops[i].disk->host == host);
	return n;
}

static bool has_op_since(const struct disk *d, struct mono latest, bool of_killed)
{
	for (unsigned i = 0; i < ops_end; i++) {
		const struct op *op = &sim.ops[i];

		if (op->used && op->disk == d &&
		    (of_killed ? !op->plugged : !sim.processes[op->process].killed) &&
		    !mono_before(latest, op->begun))
			return true;
	}
	return false;
}

bool kernel_has_op_since(const struct disk *d, struct mono latest)
{
	return has_op_since(d, latest, false);
}

bool kernel_had_op_since(const struct disk *d, struct mono latest)
{
	return has_op_since(d, latest, true);
}

unsigned kernel_looks(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < ops_end; i++)
		n += sim.ops[i].used && sim.ops[i].is_look;
	return n;
}

bool kernel_may_use(const void *p, size_t n)
{
	const char *from = p, *to = from + n;

	for (unsigned i = 0; i < ops_end; i++) {
		const struct op *op = &sim.ops[i];

		if (!op->used || op->done || sim.processes[op->process].ended)
			continue;
		if ((const char *)op->buffer >= from && (const char *)op->buffer < to)
			return true;
		if ((const char *)op->request >= from && (const char *)op->request < to)
			return true;
	}
	return false;
}

/* --- asynchronous reads, and SCSI commands --- */

static struct kcontext *context_new(unsigned slots, int wake_fd)
{
	struct kcontext *c = NULL;

	for (unsigned i = 0; i < CONTEXTS_MAX && c == NULL; i++)
		if (!contexts[i].used)
			c = &contexts[i];
	if (c != NULL)
		*c = (struct kcontext){ .used = true,
			                .slots = slots,
			                .wake_fd = wake_fd,
			                .process = fiber_process() };
	return c;
}

static int setup(unsigned slots, int wake_fd, void **ret_context)
{
	struct kcontext *c;

	if (*fiber_locks() > 0)
		sim_fail("io_setup with a lock held");
	sim.setups++;
	sim_trace("io_setup", slots, sim.setup_answer);
	if (sim.setup_takes_us > 0)
		(void)fiber_wait(&sim.quota, mono_add(sim.now, sim.setup_takes_us), true);
	if (sim.setup_answer < 0)
		return sim.setup_answer;
	if (slots > sim.quota)
		return -EAGAIN;
	c = context_new(slots, wake_fd);
	if (c == NULL)
		return -ENOMEM;
	sim.quota -= slots;
	*ret_context = c;
	return 0;
}

static int sg_setup(unsigned slots, int wake_fd, void **ret_context)
{
	struct kcontext *c;

	if (*fiber_locks() > 0)
		sim_fail("epoll_create1 with a lock held");
	if (sim.setup_answer < 0)
		return -EMFILE;
	c = context_new(slots, wake_fd);
	if (c == NULL)
		return -ENOMEM;
	c->sends = true;
	*ret_context = c;
	return 0;
}

/*
 * The batch of this process's submitter: it changes when another thread becomes the
 * submitter.
 */
static _Atomic uint64_t *submit_batch(void)
{
	return &sim.processes[fiber_process()].prober.handover.batch;
}

/* A killed thread stays blocked as well. batch: the submitter's when the call began. */
static void block(struct disk *d, uint64_t batch)
{
	judge_blocked(d, atomic_load(submit_batch()) == batch);
	sim_trace("blocks", d - sim.disks, 0);
	sim.blocked++;
	while (d->blocks)
		(void)fiber_wait(&d->blocks, MONO_NEVER, true);
	sim.blocked--;
	sim.may_stall.us = MAX(sim.may_stall.us, sim.now.us + 30 * USEC_PER_SEC);
}

/* Gives the request to its disk. */
static void hand_over(struct op *op, uint64_t batch)
{
	op->plugged = false;
	if (op->disk->blocks)
		block(op->disk, batch);
	if (sim.submit_blocks_us > 0 && sim_one_in(6))
		(void)fiber_wait(&op->submitting, mono_add(sim.now, sim.submit_blocks_us),
		                 true);
	if (sim.pause_us > 0) {
		kernel_pause(sim.pause_us);
		sim.pause_us = 0;
		(void)fiber_wait(&sim.pause_us, mono_add(sim.now, 50), true);
	}
	op->submitting = false;
	op_ask(op, true);
}

/*
 * The kernel may keep several requests in a plug first. It then submits the last one first.
 */
static int submit(void *context, struct backend_request *const *requests, unsigned n)
{
	struct kcontext *c = context;
	unsigned taken = 0, most = sim_one_in(8) ? 1 + (unsigned)sim_below(n) : n;
	uint64_t batch = atomic_load(submit_batch());
	bool plug = n > 2 && sim_one_in(2), refused = false;
	struct op *ops[SUBMIT_BATCH];

	if (*fiber_locks() > 0)
		sim_fail("io_submit with a lock held");
	if (!c->used || c->destroyed)
		sim_fail("io_submit to a context that does not exist");
	for (; taken < most; taken++) {
		const struct backend_request *r = requests[taken];
		uint64_t seq;
		struct disk *d = fd_disk(r->fd, &seq);
		struct op *op;

		if (c->in_kernel + c->n_done >= c->slots) {
			sim_fail("more reads than the context has slots");
		}
		if (!memory_is_live(r->buffer, r->len))
			sim_fail("a read into memory that is not allocated");
		/* Some drivers return -EOPNOTSUPP from io_submit. */
		if (d->no_nowait && sim_one_in(2)) {
			refused = true;
			break;
		}
		op = ops[taken] = op_new(d, seq);
		op->context = c;
		op->request = requests[taken];
		op_set_buffer(op, r->buffer, r->len);
		c->in_kernel++;
		op->submitting = true; /* must not be released before it is submitted */
		op->plugged = plug;
		if (!plug)
			hand_over(op, batch);
	}
	for (unsigned i = taken; plug && i > 0; i--)
		hand_over(ops[i - 1], batch);
	if (refused && taken == 0)
		return -EOPNOTSUPP;
	fiber_point();
	return (int)taken;
}

void kernel_enter(struct op *op, void *context, struct backend_request *r)
{
	struct kcontext *c = context;

	if (!c->used || c->destroyed)
		sim_fail("a command to a context that does not exist");
	op->context = c;
	op->request = r;
	c->in_kernel++;
}

static int reap(void *context, struct backend_event *events, unsigned n,
                int64_t timeout_us)
{
	struct kcontext *c = context;
	struct mono until = timeout_us < 0 ? MONO_NEVER : mono_add(sim.now, timeout_us);
	unsigned got;

	if (*fiber_locks() > 0)
		sim_fail("io_getevents with a lock held");
	if (timeout_us != 0)
		while (c->n_done == 0 && !fd_readable(c->wake_fd)) {
			/* Either wakes this fiber: it waits for the context and for the
			 * wake-up descriptor. */
			if (!fiber_wait_two(c, fd_sleeper(c->wake_fd), until, false))
				break;
		}
	if (fd_readable(c->wake_fd))
		shared_drain(c->wake_fd);
	got = MIN(n, c->n_done);
	memcpy(events, c->done, got * sizeof(*events));
	memmove(c->done, c->done + got, (c->n_done - got) * sizeof(*events));
	c->n_done -= got;
	fiber_point();
	return (int)got;
}

static void destroy(void *context)
{
	struct kcontext *c = context;

	if (*fiber_locks() > 0)
		sim_fail("io_destroy with a lock held");
	if (!c->used || c->destroyed)
		sim_fail("a context is destroyed twice");
	c->destroyed = true;
	sim.quota += c->slots;
	(void)fiber_wait(c, mono_add(sim.now, sim_between(100, 40000)), true);
	while (c->in_kernel > 0)
		(void)fiber_wait(&c->in_kernel, MONO_NEVER, true);
	c->used = false;
}

const struct backend sim_backend = {
	.setup = setup,
	.submit = submit,
	.reap = reap,
	.destroy = destroy,
};

/* It waits for nothing; the commands in the kernel are the kernel's alone. */
static void sg_destroy(void *context)
{
	struct kcontext *c = context;

	if (*fiber_locks() > 0)
		sim_fail("a context is destroyed with a lock held");
	if (!c->used || c->destroyed)
		sim_fail("a context is destroyed twice");
	c->destroyed = true;
	c->used = c->in_kernel > 0;
}

const struct backend sim_sg_backend = {
	.setup = sg_setup,
	.submit = sg_submit,
	.reap = reap,
	.destroy = sg_destroy,
};

unsigned kernel_contexts(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < CONTEXTS_MAX; i++)
		n += contexts[i].used;
	return n;
}

/* --- processes --- */

static void process_may_end(struct sim_process *p)
{
	uint32_t number = (uint32_t)(p - sim.processes);

	if (!p->killed || p->ended || p->ops > 0 || p->fibers > 0)
		return;
	p->ended = true;
	for (unsigned i = 0; i < CONTEXTS_MAX; i++)
		if (contexts[i].process == number)
			contexts[i].used = false;
	fds_close_of(number);
	memory_free_of(number);
	if (!p->forgotten)
		fd_signal(p->pidfd);
	sim_trace("process ended", number, 0);
}

static void look_at_end(void *process)
{
	struct sim_process *p = process;

	for (unsigned i = 0; i < ops_end; i++) {
		struct op *op = &sim.ops[i];

		/* The operation's thread ended with the process. */
		if (op->used && &sim.processes[op->process] == p && p->fibers == 0 &&
		    ((op->sync && op->done) || op->submitting))
			op_over(op);
	}
	process_may_end(p);
	if (!p->ended)
		(void)event_at(mono_add(sim.now, 5000), look_at_end, p);
}

void kernel_kill(struct sim_process *p)
{
	uint32_t number = (uint32_t)(p - sim.processes);

	if (p->killed)
		return;
	p->killed = true;
	p->killed_at = sim.now;
	sim_trace("kill", number, p->ops);
	for (unsigned i = 0; i < CONTEXTS_MAX; i++)
		if (contexts[i].used && contexts[i].process == number &&
		    !contexts[i].destroyed) {
			contexts[i].destroyed = true;
			sim.quota += contexts[i].sends ? 0 : contexts[i].slots;
		}
	fibers_kill(number);
	(void)event_at(mono_add(sim.now, sim_between(10, 2000)), look_at_end, p);
}

static void *prober_main(void *process)
{
	struct sim_process *p = process;
	int r = __wrap_prober_start(&p->prober, &p->shared,
	                            &(struct backends){ &sim_backend, &sim_sg_backend });

	if (r < 0)
		sim_fail("a prober does not start: %d", r);
	return NULL;
}

int __wrap_process_start(struct process *ret, const char *program, int program_fd,
                         const struct shared *s)
{
	uint32_t number = sim.n_processes++;
	struct sim_process *p = &sim.processes[number];

	(void)program;
	(void)program_fd;
	if (number == PROCESSES_MAX)
		sim_fail("too many probers were started");
	*p = (struct sim_process){ .used = true, .shared = *s };
	p->shared.fd = fd_share(s->fd, number);
	p->shared.names_fd = fd_share(s->names_fd, number);
	p->shared.submitter_fd = fd_share(s->submitter_fd, number);
	p->shared.caller_fd = fd_share(s->caller_fd, number);
	p->pidfd = fd_new(ENGINE_PROCESS, FD_OTHER, NULL);
	p->frozen_until = mono_add(
	        sim.now, sim_between(100, 40000)); /* until the program is loaded */
	*ret = (struct process){ .pid = (pid_t)number, .pidfd = p->pidfd, .life_fd = -1 };
	judge_started(p - 1);
	(void)fiber_new("pc-main", number, prober_main, p);
	return 0;
}

bool __wrap_process_ended(const struct process *p)
{
	return p->pidfd >= 0 && sim.processes[p->pid].ended;
}

bool __wrap_process_dying(const struct process *p)
{
	return p->pid != 0 && sim.processes[p->pid].killed;
}

void __wrap_process_kill(struct process *p)
{
	if (p->pidfd < 0)
		return;
	if (!sim.processes[p->pid].killed)
		judge_replacing();
	kernel_kill(&sim.processes[p->pid]);
}

static void forget(struct process *p)
{
	if (p->pidfd >= 0) {
		sim.processes[p->pid].forgotten = true;
		(void)__wrap_close(p->pidfd);
	}
	*p = (struct process)PROCESS_NULL;
}

bool __wrap_process_collect(struct process *p)
{
	if (p->pidfd < 0)
		return true;
	if (!sim.processes[p->pid].ended)
		return false;
	forget(p);
	return true;
}

void __wrap_process_collect_by(struct process *p, struct mono limit)
{
	if (p->pidfd >= 0)
		(void)fd_wait(p->pidfd, limit);
	forget(p);
}

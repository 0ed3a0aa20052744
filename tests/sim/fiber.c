/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the fibers and the order in which they run. One fiber runs at a time, until it waits
 * or until fiber_point() switches. The seed decides which fiber runs next.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "tests/sim/sim.h"

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif

#ifdef WITH_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define STACK_BYTES (512 * 1024)
#else
#define STACK_BYTES (128 * 1024)
#endif

#define STEPS_MAX 20000000

enum fiber_state { FIBER_FREE, FIBER_READY, FIBER_WAITS };

struct fiber {
	ucontext_t context;
	enum fiber_state state;
	const char *name;
	uint32_t process;
	void *(*fn)(void *);
	void *arg;
	const void *on[FIBER_ON_MAX];
	struct mono until;
	bool held, woken, doomed;
	int locks, saved_errno;
	void *stack;
};

static struct {
	struct fiber all[FIBERS_MAX];
	unsigned end;
	struct fiber *self;
	ucontext_t scheduler;
	const void *scheduler_stack;
	size_t scheduler_size;
} fibers;

void *__real_mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset);

static void switch_to(struct fiber *f)
{
#ifdef WITH_ASAN
	void *fake = NULL;

	__sanitizer_start_switch_fiber(&fake, f->stack, STACK_BYTES);
#endif
	fibers.self = f;
	(void)swapcontext(&fibers.scheduler,
	                  &f->context); /* cannot fail: the stack is allocated */
	fibers.self = NULL;
#ifdef WITH_ASAN
	__sanitizer_finish_switch_fiber(fake, NULL, NULL);
#endif
}

static void switch_back(struct fiber *f, bool over)
{
#ifdef WITH_ASAN
	void *fake = NULL;

	__sanitizer_start_switch_fiber(over ? NULL : &fake, fibers.scheduler_stack,
	                               fibers.scheduler_size);
#endif
	(void)over;
	(void)swapcontext(&f->context,
	                  &fibers.scheduler); /* cannot fail, see switch_to() */
#ifdef WITH_ASAN
	__sanitizer_finish_switch_fiber(fake, &fibers.scheduler_stack,
	                                &fibers.scheduler_size);
#endif
}

static void fiber_main(void)
{
	struct fiber *f = fibers.self;

#ifdef WITH_ASAN
	__sanitizer_finish_switch_fiber(NULL, &fibers.scheduler_stack,
	                                &fibers.scheduler_size);
#endif
	(void)f->fn(f->arg); /* the thread's result is not used */
	f->state = FIBER_FREE;
	sim.processes[f->process].fibers--;
	fiber_wake_all(f);
	switch_back(f, true);
	abort();
}

void fibers_reset(void)
{
	for (unsigned i = 0; i < FIBERS_MAX; i++)
		fibers.all[i] = (struct fiber){ .stack = fibers.all[i].stack };
	fibers.end = 0;
}

struct fiber *fiber_new(const char *name, uint32_t process, void *(*fn)(void *),
                        void *arg)
{
	struct fiber *f;

	if (fibers.end == FIBERS_MAX)
		sim_fail("too many threads were started");
	f = &fibers.all[fibers.end++];
	if (f->stack == NULL)
		f->stack =
		        __real_mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
		                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
#ifdef WITH_ASAN
	__asan_unpoison_memory_region(f->stack, STACK_BYTES);
#endif
	*f = (struct fiber){ .state = FIBER_READY,
		             .name = name,
		             .process = process,
		             .fn = fn,
		             .arg = arg,
		             .stack = f->stack };
	(void)getcontext(&f->context); /* cannot fail */
	f->context.uc_stack.ss_sp = f->stack;
	f->context.uc_stack.ss_size = STACK_BYTES;
	makecontext(&f->context, fiber_main, 0);
	sim.processes[process].fibers++;
	return f;
}

struct fiber *fiber_self(void)
{
	return fibers.self;
}

void fiber_rename(const char *name)
{
	fibers.self->name = name;
}

const char *fiber_name(void)
{
	return fibers.self == NULL ? "kernel" : fibers.self->name;
}

bool fiber_is_helper(void)
{
	static const char *const helpers[] = { "devmapper", "discovery" };
	const char *name = fiber_name();

	return strcmp(name, helpers[0]) == 0 || strcmp(name, helpers[1]) == 0;
}

uint32_t fiber_process(void)
{
	return fibers.self == NULL ? 0 : fibers.self->process;
}

int *fiber_locks(void)
{
	static int none;

	return fibers.self == NULL ? &none : &fibers.self->locks;
}

bool fiber_over(const struct fiber *f)
{
	return f->state == FIBER_FREE;
}

unsigned fibers_alive(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < fibers.end; i++)
		n += fibers.all[i].state != FIBER_FREE;
	return n;
}

void fibers_show(void)
{
	for (unsigned i = 0; i < fibers.end; i++) {
		const struct fiber *f = &fibers.all[i];

		(void)fprintf(stderr, "%3u %-12s process %u %s%s until %lld\n", i,
		              f->name, f->process,
		              f->state == FIBER_FREE    ? "over"
		              : f->state == FIBER_READY ? "ready"
		                                        : "waits",
		              f->held ? " in the kernel" : "", (long long)f->until.us);
	}
}

void fiber_point(void)
{
	if (fibers.self != NULL && sim_one_in(sim.preempt))
		switch_back(fibers.self, false);
}

bool fiber_wait(const void *on, struct mono until, bool held)
{
	const void *const one[FIBER_ON_MAX] = { on };

	return fiber_wait_any(one, until, held);
}

bool fiber_wait_two(const void *on, const void *or_on, struct mono until, bool held)
{
	const void *const two[FIBER_ON_MAX] = { on, or_on };

	return fiber_wait_any(two, until, held);
}

bool fiber_wait_any(const void *const on[FIBER_ON_MAX], struct mono until, bool held)
{
	struct fiber *f = fibers.self;

	if (f->locks > 0)
		sim_fail("%s waits with a lock held", f->name);
	f->state = FIBER_WAITS;
	memcpy(f->on, on, sizeof(f->on));
	f->until = until;
	f->held = held;
	f->woken = false;
	switch_back(f, false);
	f->held = false;
	return f->woken;
}

static void wake(struct fiber *f, bool woken)
{
	f->woken = woken;
	memset(f->on, 0, sizeof(f->on));
	if (f->doomed) {
		f->state = FIBER_FREE;
		sim.processes[f->process].fibers--;
	} else {
		f->state = FIBER_READY;
	}
}

static bool waits_on(const struct fiber *f, const void *on)
{
	bool is_on = false;

	for (unsigned i = 0; i < FIBER_ON_MAX; i++)
		is_on |= f->on[i] == on;
	return f->state == FIBER_WAITS && is_on;
}

void fiber_wake_one(const void *on)
{
	unsigned n = 0, nth;

	for (unsigned i = 0; i < fibers.end; i++)
		n += waits_on(&fibers.all[i], on);
	if (n == 0)
		return;
	nth = (unsigned)sim_below(n);
	for (unsigned i = 0; i < fibers.end; i++)
		if (waits_on(&fibers.all[i], on) && nth-- == 0) {
			wake(&fibers.all[i], true);
			return;
		}
}

void fiber_wake_all(const void *on)
{
	for (unsigned i = 0; i < fibers.end; i++)
		if (waits_on(&fibers.all[i], on))
			wake(&fibers.all[i], true);
}

void fibers_kill(uint32_t process)
{
	for (unsigned i = 0; i < fibers.end; i++) {
		struct fiber *f = &fibers.all[i];

		if (f->process != process || f->state == FIBER_FREE)
			continue;
		f->doomed = true;
		if (f->state == FIBER_WAITS && f->held)
			continue;
		f->state = FIBER_FREE;
		sim.processes[process].fibers--;
	}
}

static bool may_run(const struct fiber *f)
{
	return f->state == FIBER_READY &&
	       !mono_before(sim.now, sim.processes[f->process].frozen_until);
}

static struct fiber *pick(void)
{
	unsigned n = 0, nth;

	for (unsigned i = 0; i < fibers.end; i++)
		n += may_run(&fibers.all[i]);
	if (n == 0)
		return NULL;
	nth = (unsigned)sim_below(n);
	for (unsigned i = 0; i < fibers.end; i++)
		if (may_run(&fibers.all[i]) && nth-- == 0)
			return &fibers.all[i];
	return NULL;
}

/* Fires due events and wakes fibers whose time has come. Returns the next time. */
static struct mono look_at_time(void)
{
	struct mono next = MONO_NEVER;

	events_fire();
	while (fibers.end > 0 && fibers.all[fibers.end - 1].state == FIBER_FREE)
		fibers.end--;
	for (unsigned i = 0; i < fibers.end; i++) {
		struct fiber *f = &fibers.all[i];

		if (f->state == FIBER_READY)
			next = mono_min(next, sim.processes[f->process].frozen_until);
		if (f->state != FIBER_WAITS)
			continue;
		if (!mono_before(sim.now, f->until))
			wake(f, false);
		else
			next = mono_min(next, f->until);
	}
	return mono_min(next, event_next());
}

void fibers_run(struct fiber *until)
{
	struct mono next = look_at_time();

	while (!fiber_over(until)) {
		struct fiber *f;

		if (!mono_before(sim.now, next))
			next = look_at_time();
		f = pick();
		if (f == NULL) {
			next = look_at_time();
			f = pick();
		}
		if (f == NULL) {
			if (mono_is_never(next))
				sim_fail("all threads wait for ever");
			judge_quiet();
			if (mono_before(sim.now, next))
				sim.now = next;
			continue;
		}
		if (++sim.steps > STEPS_MAX)
			sim_fail("too many steps: a loop does not end");
		sim_trace(f->name, (int64_t)(f - fibers.all), f->process);
		switch_to(f);
		sim.now.us += 1 + (int64_t)sim_below(sim.step_us);
		judge_step();
		next = mono_min(next, event_next());
		/* The fiber may wait, or may have made another fiber wait, until an earlier
		 * time. */
		if (f->state == FIBER_WAITS)
			next = mono_min(next, f->until);
	}
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One life of the engine, while tests/nth/nth.c makes the Nth call fail:
 *
 *   LD_PRELOAD=…/nth.so NTH=FILE engine threads|process PROBER FILE…
 *
 * The first life has no failures: it makes what is made only once. The second life has the
 * failures. The engine starts or returns an error; each path is reported good, twice, and never
 * anything else. At the end the process holds what it held before. Each violation is printed, and
 * the exit status is then 1.
 */
#include "tests/nth/nth.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcheck/pathcheck.h"
#include "util/mono.h"

#define PATHS_MAX 8
#define ROUNDS    2
/* A check's timeout: later than the end of the test. */
#define TIMEOUT_US (60 * USEC_PER_SEC)
/* The limit for each step, on a busy machine. */
#define LIMIT_US (40 * USEC_PER_SEC)
/* Failures that last end this long after the Nth call. */
#define LASTS_US (150 * USEC_PER_MSEC)
#define RETRY_US (50 * USEC_PER_MSEC)

static struct nth *nth;
static bool wrong;

static struct life {
	struct pathcheck_options options;
	const char *const *devices;
	uint32_t paths;
	struct pathcheck *pc;
	uint32_t id[PATHS_MAX];
	uint32_t good[PATHS_MAX];
	struct mono lasts_until;
} life;

struct holds {
	int64_t memory;
	unsigned descriptors, threads;
};

_printf_(1, 2) static void complain(const char *format, ...)
{
	va_list args;

	wrong = true;
	va_start(args, format);
	(void)vprintf(format, args);
	va_end(args);
	(void)putchar('\n');
}

static unsigned count(const char *directory)
{
	DIR *d = opendir(directory);
	unsigned n = 0;

	while (d != NULL &&
	       readdir(d) != NULL) /* NOLINT(concurrency-mt-unsafe): its own */
		n++;
	if (d != NULL)
		(void)closedir(d); /* cannot lose data: it was only read */
	return n;
}

static struct holds holds_now(void)
{
	return (struct holds){
		.memory = atomic_load(&nth->live),
		.descriptors = count("/proc/self/fd"),
		.threads = count("/proc/self/task"),
	};
}

/* Ends a shortage that has lasted for LASTS_US. */
static void relieve(struct mono now)
{
	if (atomic_load(&nth->lasting) != 0 && !mono_before(now, life.lasts_until))
		atomic_store(&nth->armed, 0);
}

/* Sleeps shortly, and calls pathcheck_tend() as callers have to. */
static void wait_a_moment(void)
{
	struct pollfd pfd = { .fd = pathcheck_fd(life.pc), .events = POLLIN };

	relieve(mono_now());
	(void)poll(
	        &pfd, 1,
	        (int)(RETRY_US / USEC_PER_MSEC)); /* a signal only shortens the sleep */
	(void)pathcheck_tend(life.pc);            /* the next call tries again */
}

static void take_results(void)
{
	struct pathcheck_result results[PATHS_MAX];
	int n = pathcheck_results(life.pc, results, PATHS_MAX);

	for (int i = 0; i < n; i++) {
		const struct pathcheck_result *r = &results[i];

		if (r->verdict == PATHCHECK_OK)
			life.good[r->cookie]++;
		else if (r->verdict != PATHCHECK_DEFERRED)
			complain("false state: path %u: verdict %d, error %d (%s)",
			         (unsigned)r->cookie, (int)r->verdict, r->error,
			         strerrordesc_np(r->error));
	}
}

static bool late(struct mono limit, const char *what)
{
	if (mono_before(mono_now(), limit))
		return false;
	complain("%s took longer than %d s", what, (int)(LIMIT_US / USEC_PER_SEC));
	return true;
}

/* -EAGAIN asks the caller to try again. */
static int again(int r, struct mono limit, const char *what)
{
	if (r != -EAGAIN) {
		if (r < 0)
			complain("%s: %s", what, strerrordesc_np(-r));
		return r;
	}
	if (late(limit, what))
		return -ETIMEDOUT;
	pathcheck_flush(life.pc);
	take_results();
	wait_a_moment();
	return r;
}

static void add_all(void)
{
	struct mono limit = mono_add(mono_now(), LIMIT_US);

	for (uint32_t i = 0; i < life.paths; i++) {
		struct pathcheck_path path = { .size = sizeof(path),
			                       .device = life.devices[i],
			                       .cookie = i,
			                       .flags = i % 2 == 0 ? PATHCHECK_PATH_CLOSE
			                                           : 0 };

		while (again(pathcheck_add(life.pc, &path, &life.id[i]), limit, "add") ==
		       -EAGAIN)
			continue;
	}
}

static bool all_good(uint32_t rounds)
{
	for (uint32_t i = 0; i < life.paths; i++)
		if (life.good[i] < rounds)
			return false;
	return true;
}

static void check_all(uint32_t round)
{
	struct mono limit = mono_add(mono_now(), LIMIT_US);

	for (uint32_t i = 0; i < life.paths; i++)
		while (again(round % 2 == 0
		                     ? pathcheck_identify(life.pc, life.id[i], TIMEOUT_US)
		                     : pathcheck_check(life.pc, life.id[i], TIMEOUT_US),
		             limit, "check") == -EAGAIN)
			continue;
	pathcheck_flush(life.pc);
	take_results();
	while (!wrong && !all_good(round) && !late(limit, "a check")) {
		wait_a_moment();
		take_results();
	}
}

static void remove_all(void)
{
	struct mono limit = mono_add(mono_now(), LIMIT_US);

	for (uint32_t i = 0; i < life.paths; i++)
		while (again(pathcheck_remove(life.pc, life.id[i]), limit, "remove") ==
		       -EAGAIN)
			continue;
	pathcheck_flush(life.pc);
}

/* Returns 0, or the engine's error at the start. */
static int live(void)
{
	int r;

	memset(life.good, 0, sizeof(life.good));
	life.lasts_until = mono_add(mono_now(), LASTS_US);
	r = pathcheck_new(&life.pc, &life.options);
	if (r < 0)
		return r;
	add_all();
	for (uint32_t round = 1; !wrong && round <= ROUNDS; round++)
		check_all(round);
	remove_all();
	life.pc = pathcheck_free(life.pc);
	return 0;
}

/* A prober that has to end, and a joined thread, disappear a moment later. */
static struct holds settle(struct holds before)
{
	struct mono limit = mono_add(mono_now(), LIMIT_US);
	struct holds after;
	bool child;

	do {
		child = waitid(P_ALL, 0, &(siginfo_t){ 0 }, WEXITED | WNOHANG) == 0;
		after = holds_now();
		if (!child && after.threads == before.threads)
			return after;
		(void)poll(NULL, 0, 1); /* cannot fail */
	} while (mono_before(mono_now(), limit));
	if (child)
		complain("leak: a prober does not end");
	return after;
}

static bool has_children(void)
{
	siginfo_t info;

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

static void compare(struct holds before)
{
	struct holds after = settle(before);

	if (before.memory != after.memory)
		complain("leak: %lld allocations, mappings or contexts",
		         (long long)(after.memory - before.memory));
	if (before.descriptors != after.descriptors)
		complain("leak: %d descriptors",
		         (int)(after.descriptors - before.descriptors));
	if (before.threads != after.threads)
		complain("leak: %d threads", (int)(after.threads - before.threads));
}

static bool open_shared(void)
{
	const char *name = getenv("NTH"); /* NOLINT(concurrency-mt-unsafe): one thread */
	int fd = name == NULL ? -1 : open(name, O_RDWR | O_CLOEXEC);
	void *p;

	if (fd < 0)
		return false;
	p = mmap(NULL, sizeof(*nth), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return false;
	nth = p;
	atomic_store(&nth->pid, (int32_t)getpid());
	return true;
}

int main(int argc, char **argv)
{
	struct holds alone, before;
	int r;

	if (argc < 4 || argc - 3 > PATHS_MAX || !open_shared()) {
		(void)fprintf(stderr,
		              "usage: NTH=FILE engine threads|process PROBER FILE…\n");
		return 2;
	}
	pathcheck_options_init(&life.options);
	life.options.mode =
	        strcmp(argv[1], "process") == 0 ? PATHCHECK_PROCESS : PATHCHECK_THREADS;
	life.options.prober = argv[2];
	life.options.max_paths = PATHS_MAX;
	life.options.rescuers = PATHCHECK_RESCUERS_MIN;
	life.options.setup_retry_us = 100 * USEC_PER_MSEC;
	life.devices = (const char *const *)argv + 3;
	life.paths = (uint32_t)argc - 3;

	(void)setvbuf(stdout, NULL, _IONBF, 0); /* its buffer must not count as a leak */
	alone = holds_now();
	r = live();
	if (r < 0)
		complain("without a failure: %s", strerrordesc_np(-r));
	before = settle(alone);
	atomic_store(&nth->armed, 1);
	r = live();
	atomic_store(&nth->armed, 0);
	/* With more than one failure any of them may be the cause. */
	if (r < 0 && r != -atomic_load(&nth->error) && atomic_load(&nth->failed) < 2)
		complain("refused with %s, for %s", strerrorname_np(-r),
		         strerrorname_np(atomic_load(&nth->error)));
	else if (r < 0)
		(void)printf("refused\n");
	/* Without an engine this process collects the prober. */
	if (r < 0 && has_children())
		complain("leak: a prober that is not collected");
	compare(before);
	return wrong ? 1 : 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The library as a program uses it: requests a check of each path, submits them at once,
 * and takes the results as they arrive. The engine runs in this process or in the prober.
 */
#include "tests/bench/subject.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "libcheck/pathcheck.h"

#define TIMEOUT_US UINT64_C(30000000)
/* Results taken at a time. */
#define TAKEN 256

static struct {
	struct pathcheck *pc;
	uint32_t n, *ids;
} it;

static void start(const struct devices *d, enum pathcheck_mode mode, uint32_t flags)
{
	struct pathcheck_options o;
	int r;

	pathcheck_options_init(&o);
	o.mode = mode;
	o.max_paths = d->n;
	r = pathcheck_new(&it.pc, &o);
	if (r < 0)
		bench_fail("pathcheck_new", -r);
	it.n = d->n;
	it.ids = bench_alloc(d->n, sizeof(*it.ids));
	for (uint32_t i = 0; i < d->n; i++) {
		struct pathcheck_path p = { .size = sizeof(p),
			                    .device = d->names[i],
			                    .flags = flags };

		r = pathcheck_add(it.pc, &p, &it.ids[i]);
		if (r < 0)
			bench_fail("pathcheck_add", -r);
	}
	pathcheck_flush(it.pc);
}

static void threads_start(const struct devices *d)
{
	start(d, PATHCHECK_THREADS, 0);
}

static void opened_each_start(const struct devices *d)
{
	start(d, PATHCHECK_THREADS, PATHCHECK_PATH_CLOSE);
}

static void process_start(const struct devices *d)
{
	start(d, PATHCHECK_PROCESS, 0);
}

static void wait_for_results(void)
{
	struct pollfd pfd = { .fd = pathcheck_fd(it.pc), .events = POLLIN };

	while (poll(&pfd, 1, -1) < 0)
		if (errno != EINTR)
			bench_fail("poll", errno);
}

static void engine_round(struct round *ret)
{
	struct pathcheck_result results[TAKEN];
	uint32_t left = it.n;
	int r;

	for (uint32_t i = 0; i < it.n; i++) {
		r = pathcheck_check(it.pc, it.ids[i], TIMEOUT_US);
		if (r < 0)
			bench_fail("pathcheck_check", -r);
	}
	pathcheck_flush(it.pc);
	while (left > 0) {
		wait_for_results();
		do {
			r = pathcheck_results(it.pc, results, TAKEN);
			for (int i = 0; i < r; i++) {
				if (results[i].verdict == PATHCHECK_DEFERRED)
					continue; /* a result follows */
				left--;
				ret->checks++;
				ret->failed += results[i].verdict != PATHCHECK_OK;
				ret->other_way +=
				        results[i].engine != PATHCHECK_ENGINE_AIO;
			}
		} while (r == TAKEN);
	}
}

static void engine_stop(void)
{
	it.pc = pathcheck_free(it.pc);
	free(it.ids);
}

static pid_t prober(void)
{
	struct pathcheck_stats s = { .size = sizeof(s) };

	if (it.pc == NULL || pathcheck_stats(it.pc, &s) < 0)
		return 0;
	return s.prober_pid;
}

const struct subject subject_threads = {
	.name = "threads",
	.start = threads_start,
	.round = engine_round,
	.stop = engine_stop,
};

const struct subject subject_opened_each = {
	.name = "opened-each",
	.start = opened_each_start,
	.round = engine_round,
	.stop = engine_stop,
};

const struct subject subject_process = {
	.name = "process",
	.start = process_start,
	.round = engine_round,
	.stop = engine_stop,
	.helper = prober,
};

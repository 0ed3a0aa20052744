/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tests/sim/sim: runs seeds, prints their totals, and how to run a failed seed again. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/sim/sim.h"

struct sim sim;

/* The calls of this program itself are not simulated. */
ssize_t __real_read(int fd, void *buf, size_t n);
ssize_t __real_write(int fd, const void *buf, size_t n);
int __real_close(int fd);

static struct {
	uint64_t first, n;
	unsigned jobs;
	bool tracing;
} options = { .first = 1, .n = 100, .jobs = 1 };

struct totals {
	uint64_t digest;
	int64_t path_us, seeds;
};

uint64_t sim_below(uint64_t n)
{
	return n == 0 ? 0 : random_below(&sim.random, n);
}

bool sim_one_in(uint64_t n)
{
	return sim_below(n) == 0;
}

int64_t sim_between(int64_t from, int64_t to)
{
	return from + (int64_t)sim_below((uint64_t)(to - from + 1));
}

static void digest(uint64_t v)
{
	sim.digest = (sim.digest ^ v) * UINT64_C(0x100000001b3);
	sim.digest ^= sim.digest >> 29;
}

void sim_trace(const char *what, int64_t a, int64_t b)
{
	digest((uint64_t)sim.now.us);
	for (const char *c = what; *c != '\0'; c++)
		digest((unsigned char)*c);
	digest((uint64_t)a);
	digest((uint64_t)b);
	if (sim.tracing)
		(void)fprintf(stderr, "%12lld %-14s %lld %lld\n", (long long)sim.now.us,
		              what, (long long)a, (long long)b);
}

void sim_failed(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)fprintf(stderr, "seed %llu at %.6f s: ", (unsigned long long)sim.seed,
	              (double)sim.now.us / 1e6);
	(void)vfprintf(stderr, format, args);
	(void)fputc('\n', stderr);
	va_end(args);
	if (sim.tracing)
		fibers_show();
	_exit(EXIT_FAILURE);
}

static void begin(uint64_t seed)
{
	memset(&sim, 0, sizeof(sim));
	sim.seed = seed;
	sim.digest = UINT64_C(0xcbf29ce484222325);
	sim.random.state = seed * UINT64_C(0x9e3779b97f4a7c15);
	sim.tracing = options.tracing;
	sim.now.us = 1000 * USEC_PER_SEC;
	sim.n_processes = ENGINE_PROCESS + 1;
	events_reset();
	fibers_reset();
	calls_reset();
	kernel_reset();
	judge_reset();
	judge_maps_reset();
	judge_holds_reset();
	judge_restart_reset();
	sim_store_reset();
	dm_world_reset();
	finder_reset();
	natives_reset();
	judge_natives_reset();
	judge_losses_reset();
}

static void run(uint64_t seed, struct totals *t)
{
	begin(seed);
	host_run();
	t->digest ^= sim.digest * (2 * seed + 1);
	t->path_us += sim.path_us;
	t->seeds++;
	kernel_reset();
	memory_reset();
}

/* Runs every options.jobs-th seed in a child process, and writes its totals at the end. */
static void work(unsigned job, int seed_fd, int totals_fd)
{
	struct totals t = { 0 };

	for (uint64_t i = job; i < options.n; i += options.jobs) {
		uint64_t seed = options.first + i;

		/* The parent reads the seed if this child fails during it. */
		if (pwrite(seed_fd, &seed, sizeof(seed), (off_t)(job * sizeof(seed))) < 0)
			_exit(2);
		run(seed, &t);
	}
	if (__real_write(totals_fd, &t, sizeof(t)) != sizeof(t))
		_exit(2);
	_exit(EXIT_SUCCESS);
}

static bool all_well(const pid_t *children, int seed_fd, const char *program)
{
	bool well = true;

	for (unsigned i = 0; i < options.jobs; i++) {
		uint64_t seed = 0;
		int status;

		if (waitpid(children[i], &status, 0) < 0 || status == 0)
			continue;
		well = false;
		(void)!pread(seed_fd, &seed, sizeof(seed),
		             i * sizeof(seed)); /* the seed stays 0 on failure */
		(void)fprintf(stderr,
		              "FAILED: seed %llu\nto see it again: %s -s %llu "
		              "-n 1 -t\n",
		              (unsigned long long)seed, program,
		              (unsigned long long)seed);
	}
	return well;
}

static int run_all(const char *program)
{
	struct totals sum = { 0 }, t;
	FILE *seeds = tmpfile();
	pid_t children[64];
	int ends[2];
	bool well;

	if (seeds == NULL || pipe(ends) < 0)
		return EXIT_FAILURE;
	for (unsigned i = 0; i < options.jobs; i++) {
		children[i] = fork();
		if (children[i] == 0)
			work(i, fileno(seeds), ends[1]);
	}
	(void)__real_close(ends[1]);
	well = all_well(children, fileno(seeds), program);
	while (__real_read(ends[0], &t, sizeof(t)) == sizeof(t)) {
		sum.digest ^= t.digest;
		sum.path_us += t.path_us;
		sum.seeds += t.seeds;
	}
	printf("%lld seeds from %llu, %.1f simulated path-hours, digest %016llx\n",
	       (long long)sum.seeds, (unsigned long long)options.first,
	       (double)sum.path_us / 3.6e9, (unsigned long long)sum.digest);
	return well ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "s:n:j:t")) != -1) {
		if (c == 's')
			options.first = strtoull(optarg, NULL, 0);
		else if (c == 'n')
			options.n = strtoull(optarg, NULL, 0);
		else if (c == 'j')
			options.jobs = (unsigned)MIN(strtoul(optarg, NULL, 0), 64UL);
		else if (c == 't')
			options.tracing = true;
		else
			return 2;
	}
	options.jobs = MAX(options.jobs, 1U);
	(void)fflush(stdout);
	return run_all(argv[0]);
}

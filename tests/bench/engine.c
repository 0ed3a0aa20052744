/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The library as a program uses it: requests a check of each path, submits them at once,
 * and takes the results as they arrive. The engine runs in this process or in the prober. A check is
 * a direct read, a TEST UNIT READY, or a read of an NVMe namespace.
 */
#include "tests/bench/subject.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "libcheck/pathcheck.h"

#define TIMEOUT_US UINT64_C(30000000)
/* Results taken at a time. */
#define TAKEN 256

static struct {
	struct pathcheck *pc;
	uint32_t n, *ids;
	enum pathcheck_engine way; /* of each check */
} it;

/* A number for the HBA of a SCSI device; 0: it is none. */
static uint32_t hba_of(const char *name)
{
	char file[64], link[64];
	unsigned hba;
	struct stat st;
	ssize_t n;

	if (stat(name, &st) < 0)
		bench_fail(name, errno);
	(void)snprintf(file, sizeof(file), "/sys/dev/block/%u:%u/device",
	               major(st.st_rdev), minor(st.st_rdev));
	n = readlink(file, link, sizeof(link) - 1);
	if (n < 0)
		return 0;
	link[n] = '\0';
	/* "../../../2:0:0:1" */
	if (strrchr(link, '/') == NULL ||
	    sscanf(strrchr(link, '/') + 1, "%u:", &hba) != 1)
		return 0;
	return 1 + hba % (PATHCHECK_HOSTS_MAX - 1);
}

static void start(const struct devices *d, enum pathcheck_mode mode, uint32_t flags,
                  enum pathcheck_checker checker)
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
	it.way = checker == PATHCHECK_TUR ? PATHCHECK_ENGINE_SG : PATHCHECK_ENGINE_AIO;
	it.ids = bench_alloc(d->n, sizeof(*it.ids));
	for (uint32_t i = 0; i < d->n; i++) {
		struct pathcheck_path p = { .size = sizeof(p),
			                    .device = d->names[i],
			                    .flags = flags,
			                    .checker = (uint16_t)checker };

		/* Each HBA has threads of its own for SCSI commands. */
		if (checker == PATHCHECK_TUR)
			p.host = hba_of(d->names[i]);
		r = pathcheck_add(it.pc, &p, &it.ids[i]);
		if (r < 0)
			bench_fail("pathcheck_add", -r);
	}
	pathcheck_flush(it.pc);
}

static void threads_start(const struct devices *d)
{
	start(d, PATHCHECK_THREADS, 0, PATHCHECK_DIRECTIO);
}

static void opened_each_start(const struct devices *d)
{
	start(d, PATHCHECK_THREADS, PATHCHECK_PATH_CLOSE, PATHCHECK_DIRECTIO);
}

static void process_start(const struct devices *d)
{
	start(d, PATHCHECK_PROCESS, 0, PATHCHECK_DIRECTIO);
}

static void tur_threads_start(const struct devices *d)
{
	start(d, PATHCHECK_THREADS, 0, PATHCHECK_TUR);
}

static void tur_process_start(const struct devices *d)
{
	start(d, PATHCHECK_PROCESS, 0, PATHCHECK_TUR);
}

static void nvme_threads_start(const struct devices *d)
{
	start(d, PATHCHECK_THREADS, 0, PATHCHECK_NVME);
}

static void nvme_process_start(const struct devices *d)
{
	start(d, PATHCHECK_PROCESS, 0, PATHCHECK_NVME);
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
				ret->other_way += results[i].engine != it.way;
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

const struct subject subject_tur_threads = {
	.name = "tur-threads",
	.start = tur_threads_start,
	.round = engine_round,
	.stop = engine_stop,
};

const struct subject subject_tur_process = {
	.name = "tur-process",
	.start = tur_process_start,
	.round = engine_round,
	.stop = engine_stop,
	.helper = prober,
};

const struct subject subject_nvme_threads = {
	.name = "nvme-threads",
	.start = nvme_threads_start,
	.round = engine_round,
	.stop = engine_stop,
};

const struct subject subject_nvme_process = {
	.name = "nvme-process",
	.start = nvme_process_start,
	.round = engine_round,
	.stop = engine_stop,
	.helper = prober,
};

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * usage: subject KIND NAMES COUNT BLOCK
 *
 * Reads the first COUNT devices named in the file NAMES, one name a line, BLOCK bytes of each, in
 * the way of KIND. Prints the cost of the start and of the first round. Then it executes the
 * lines of its standard input and answers each with a line of JSON:
 *   rounds N    reads all devices N times
 *   stop        releases everything, and ends
 */
#include "tests/bench/subject.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static const struct subject *const subjects[] = {
	&subject_floor,        &subject_paced,        &subject_threads,
	&subject_process,      &subject_opened_each,  &subject_thread_each,
	&subject_context_each, &subject_sg_floor,     &subject_tur_threads,
	&subject_tur_process,  &subject_nvme_threads, &subject_nvme_process
};

void bench_fail(const char *what, int error)
{
	(void)fprintf(stderr, "subject: %s: %s\n", what, strerror(error));
	exit(EXIT_FAILURE);
}

void *bench_alloc(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (p == NULL)
		bench_fail("memory", errno);
	return p;
}

int bench_open(const char *name)
{
	int fd = open(name, O_RDONLY | O_DIRECT | O_CLOEXEC);

	if (fd < 0)
		bench_fail(name, errno);
	return fd;
}

void *bench_buffer(void)
{
	void *buffer;
	int r = posix_memalign(&buffer, 65536, 65536);

	if (r != 0)
		bench_fail("memory", r);
	return buffer;
}

/* --- what it costs --- */

struct cost {
	int64_t wall_ns;
	int64_t cpu_ns, helper_cpu_ns;
	/* Context switches of the process and of its helper. */
	uint64_t slept, preempted;
};

static int64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts) < 0)
		bench_fail("clock_gettime", errno);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

static void count_switches(const char *status, struct cost *c)
{
	FILE *f = fopen(status, "re");
	char line[256];
	unsigned long n;

	if (f == NULL)
		return; /* a thread that has just ended */
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "voluntary_ctxt_switches: %lu", &n) == 1)
			c->slept += n;
		else if (sscanf(line, "nonvoluntary_ctxt_switches: %lu", &n) == 1)
			c->preempted += n;
	}
	(void)fclose(f);
}

/* Sums up all threads that exist now. */
static void add_switches(pid_t pid, struct cost *c)
{
	char name[320];
	struct dirent *e;
	DIR *d;

	(void)snprintf(name, sizeof(name), "/proc/%d/task", (int)pid);
	d = opendir(name);
	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(name, sizeof(name), "/proc/%d/task/%s/status", (int)pid,
		               e->d_name);
		count_switches(name, c);
	}
	(void)closedir(d);
}

/* The clocks are read last before and first after the measured work. */
static struct cost cost_before(pid_t helper)
{
	struct cost c = { 0 };
	clockid_t clock;

	add_switches(getpid(), &c);
	if (helper != 0) {
		add_switches(helper, &c);
		if (clock_getcpuclockid(helper, &clock) == 0)
			c.helper_cpu_ns = clock_ns(clock);
	}
	c.wall_ns = clock_ns(CLOCK_MONOTONIC);
	c.cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	return c;
}

static struct cost cost_since(const struct cost *before, pid_t helper)
{
	struct cost c = { .cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID),
		          .wall_ns = clock_ns(CLOCK_MONOTONIC) };
	clockid_t clock;

	if (helper != 0) {
		if (clock_getcpuclockid(helper, &clock) == 0)
			c.helper_cpu_ns = clock_ns(clock);
		add_switches(helper, &c);
	}
	add_switches(getpid(), &c);
	c.wall_ns -= before->wall_ns;
	c.cpu_ns -= before->cpu_ns;
	c.helper_cpu_ns -= before->helper_cpu_ns;
	c.slept -= before->slept;
	c.preempted -= before->preempted;
	return c;
}

static pid_t helper_of(const struct subject *s)
{
	return s->helper == NULL ? 0 : s->helper();
}

static void tell(const struct subject *s, const char *what, const struct cost *c,
                 const struct round *r)
{
	printf("{\"subject\":\"%s\",\"what\":\"%s\",\"wall_ns\":%lld,\"cpu_ns\":%lld,"
	       "\"helper_cpu_ns\":%lld,\"slept\":%llu,\"preempted\":%llu,"
	       "\"checks\":%llu,\"failed\":%llu,\"other_way\":%llu,"
	       "\"pid\":%d,\"helper\":%d}\n",
	       s->name, what, (long long)c->wall_ns, (long long)c->cpu_ns,
	       (long long)c->helper_cpu_ns, (unsigned long long)c->slept,
	       (unsigned long long)c->preempted, (unsigned long long)r->checks,
	       (unsigned long long)r->failed, (unsigned long long)r->other_way,
	       (int)getpid(), (int)helper_of(s));
	if (fflush(stdout) != 0)
		bench_fail("stdout", errno);
}

/* --- the devices --- */

static void read_names(struct devices *d, const char *file)
{
	FILE *f = fopen(file, "re");
	size_t size = 0;
	ssize_t length;

	if (f == NULL)
		bench_fail(file, errno);
	d->names = bench_alloc(d->n, sizeof(*d->names));
	for (uint32_t i = 0; i < d->n; i++) {
		length = getline(&d->names[i], &size, f);
		if (length <= 0)
			bench_fail("fewer names than devices wanted", EINVAL);
		if (d->names[i][length - 1] == '\n')
			d->names[i][length - 1] = '\0';
		size = 0;
	}
	(void)fclose(f);
}

static void free_names(struct devices *d)
{
	for (uint32_t i = 0; i < d->n; i++)
		free(d->names[i]);
	free(d->names);
}

/* Raises the limit of descriptors to its maximum. */
static void raise_descriptors(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) < 0)
		bench_fail("RLIMIT_NOFILE", errno);
	rl.rlim_cur = rl.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &rl) < 0)
		bench_fail("RLIMIT_NOFILE", errno);
}

/* --- the commands --- */

static void run_rounds(const struct subject *s, unsigned long n)
{
	pid_t helper = helper_of(s);
	struct cost before = cost_before(helper), cost;
	struct round r = { 0 };

	for (unsigned long i = 0; i < n; i++)
		s->round(&r);
	cost = cost_since(&before, helper);
	tell(s, "rounds", &cost, &r);
}

static void serve(const struct subject *s)
{
	char line[64];
	unsigned long n;

	while (fgets(line, sizeof(line), stdin) != NULL) {
		if (strcmp(line, "stop\n") == 0)
			return;
		n = strncmp(line, "rounds ", 7) == 0 ? strtoul(line + 7, NULL, 10) : 0;
		if (n == 0)
			bench_fail("not a command", EINVAL);
		run_rounds(s, n);
	}
}

static const struct subject *find_subject(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(subjects); i++)
		if (strcmp(subjects[i]->name, name) == 0)
			return subjects[i];
	bench_fail(name, ENOENT);
}

int main(int argc, char **argv)
{
	struct round first = { 0 }, none = { 0 };
	const struct subject *s;
	struct cost before, cost;
	struct devices d = { 0 };

	if (argc != 5) {
		(void)fprintf(stderr, "usage: subject KIND NAMES COUNT BLOCK\n");
		return 2;
	}
	s = find_subject(argv[1]);
	d.n = (uint32_t)strtoul(argv[3], NULL, 10);
	d.block = (uint32_t)strtoul(argv[4], NULL, 10);
	read_names(&d, argv[2]);
	raise_descriptors();

	before = cost_before(0);
	s->start(&d);
	s->round(&first);
	cost = cost_since(&before, helper_of(s));
	tell(s, "start", &cost, &first);

	serve(s);

	before = cost_before(0);
	s->stop();
	cost = cost_since(&before, 0);
	tell(s, "stop", &cost, &none);
	free_names(&d);
	return 0;
}

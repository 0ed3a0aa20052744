/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/libcheck/pathcheck-bed.h"

static int set_up(void **state, enum pathcheck_mode mode)
{
	struct bed *b = calloc(1, sizeof(*b));
	char here[sizeof(b->dir) - 32];

	/* Here and not in /tmp, which may not know direct I/O. */
	if (b == NULL)
		return -1;
	*state = b;
	b->mode = mode;
	if (getcwd(here, sizeof(here)) == NULL)
		return -1;
	(void)snprintf(b->dir, sizeof(b->dir), "%s/test-bed-XXXXXX", here);
	if (mkdtemp(b->dir) == NULL)
		return -1;
	return 0;
}

int bed_setup_threads(void **state)
{
	return set_up(state, PATHCHECK_THREADS);
}

int bed_setup_process(void **state)
{
	return set_up(state, PATHCHECK_PROCESS);
}

int bed_teardown(void **state)
{
	struct bed *b = *state;
	struct dirent *e;
	DIR *dir;

	bed_end(b);
	dir = opendir(b->dir);
	if (dir == NULL)
		return -1;
	while ((e = readdir(dir)) != NULL)
		(void)unlinkat(dirfd(dir), e->d_name, 0); /* but for . and .. */
	closedir(dir);
	if (rmdir(b->dir) < 0)
		return -1;
	free(b);
	return 0;
}

struct pathcheck_options bed_options(const struct bed *b, uint32_t max_paths)
{
	struct pathcheck_options o;

	pathcheck_options_init(&o);
	o.mode = b->mode;
	o.max_paths = max_paths;
	o.rescuers = 4;
	o.prober = BUILT_PROBER;
	o.setup_timeout_us = BED_TIMEOUT_US;
	o.stall_timeout_us = BED_TIMEOUT_US;
	return o;
}

void bed_start(struct bed *b, uint32_t max_paths)
{
	struct pathcheck_options o = bed_options(b, max_paths);

	assert_int_equal(pathcheck_new(&b->pc, &o), 0);
}

void bed_end(struct bed *b)
{
	b->pc = pathcheck_free(b->pc);
	/* All were killed by now: this waits for no more than their end. */
	while (waitpid(-1, NULL, 0) > 0)
		continue;
	assert_int_equal(errno, ECHILD);
}

const char *bed_name(const struct bed *b, unsigned number)
{
	static char names[8][PATHCHECK_DEVICE_MAX];
	static unsigned next;
	char *name = names[next++ % 8];

	(void)snprintf(name, PATHCHECK_DEVICE_MAX, "%s/disk%u", b->dir, number);
	return name;
}

void bed_file(const struct bed *b, unsigned number, int bytes)
{
	static const char data[BED_FILE_BYTES];
	int fd =
	        open(bed_name(b, number), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, (size_t)bytes), bytes);
	close(fd);
}

void bed_remove(const struct bed *b, unsigned number)
{
	assert_int_equal(unlink(bed_name(b, number)), 0);
}

uint32_t bed_add(struct bed *b, unsigned number, uint64_t cookie)
{
	struct pathcheck_path p = { .size = sizeof(p),
		                    .device = bed_name(b, number),
		                    .cookie = cookie };
	uint32_t id = PATHCHECK_NO_ID;

	assert_int_equal(pathcheck_add(b->pc, &p, &id), 0);
	return id;
}

void bed_wait(struct bed *b)
{
	struct pollfd pfd = { .fd = pathcheck_fd(b->pc), .events = POLLIN };

	assert_int_equal(poll(&pfd, 1, BED_LIMIT_MS), 1);
}

struct pathcheck_result bed_next(struct bed *b, bool tend)
{
	struct pathcheck_result r;

	while (pathcheck_results(b->pc, &r, 1) == 0 || r.verdict == PATHCHECK_DEFERRED) {
		if (tend)
			assert_true(pathcheck_tend(b->pc) >= 0);
		bed_wait(b);
	}
	return r;
}

struct pathcheck_result bed_check(struct bed *b, uint32_t id)
{
	struct pathcheck_result r;

	assert_int_equal(pathcheck_check(b->pc, id, BED_TIMEOUT_US), 0);
	pathcheck_flush(b->pc);
	r = bed_next(b, false);
	assert_int_equal(r.id, id);
	return r;
}

struct pathcheck_stats bed_stats(struct bed *b)
{
	struct pathcheck_stats s = { .size = sizeof(s) };

	assert_int_equal(pathcheck_stats(b->pc, &s), 0);
	return s;
}

unsigned bed_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

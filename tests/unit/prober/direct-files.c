/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/prober/direct-files.h"

#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static char directory[FILE_NAME_MAX - 64];

void files_name(char name[FILE_NAME_MAX], const char *file)
{
	assert(strlen(file) < 60);
	(void)snprintf(name, FILE_NAME_MAX, "%s/%s", directory, file);
}

static bool direct_works(void)
{
	char name[FILE_NAME_MAX];
	int fd;

	files_make("probe", 4096);
	files_name(name, "probe");
	fd = open(name, O_RDONLY | O_DIRECT | O_CLOEXEC);
	if (fd >= 0)
		(void)close(fd); /* nothing was written to it */
	files_unlink("probe");
	return fd >= 0;
}

void files_begin(void)
{
	static const char *const elsewhere[] = { NULL, "/var/tmp", "/dev/shm" };
	char here[PATH_MAX];

	for (unsigned i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
		const char *in = elsewhere[i];

		if (in == NULL)
			in = getcwd(here, sizeof(here));
		if (in == NULL || strlen(in) > sizeof(directory) - 32)
			continue;
		(void)snprintf(directory, sizeof(directory), "%.100s/test-files.XXXXXX",
		               in);
		if (mkdtemp(directory) == NULL)
			continue;
		if (direct_works())
			return;
		(void)rmdir(directory); /* it is empty */
	}
	assert(!"no directory whose files can be read with O_DIRECT");
}

void files_end(void)
{
	struct dirent *e;
	DIR *d = opendir(directory);

	assert(d != NULL);
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			files_unlink(e->d_name);
	closedir(d);
	(void)rmdir(directory); /* or what is left in it tells of a mistake */
}

void files_make(const char *file, size_t bytes)
{
	char name[FILE_NAME_MAX];
	int fd;

	files_name(name, file);
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert(fd >= 0);
	for (size_t written = 0; written < bytes;) {
		static const char data[4096] = { 'p' };
		size_t n =
		        bytes - written < sizeof(data) ? bytes - written : sizeof(data);

		assert(write(fd, data, n) == (ssize_t)n);
		written += n;
	}
	assert(close(fd) == 0);
}

void files_link(const char *file, const char *to)
{
	char from[FILE_NAME_MAX], name[FILE_NAME_MAX];

	files_name(from, to);
	files_name(name, file);
	assert(link(from, name) == 0);
}

void files_unlink(const char *file)
{
	char name[FILE_NAME_MAX];

	files_name(name, file);
	if (unlink(name) < 0)
		assert(rmdir(name) == 0);
}

unsigned files_open(void)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;
	unsigned n = 0;

	assert(d != NULL);
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	closedir(d);
	return n - 1; /* but the directory's */
}

uint64_t files_no_limit(void)
{
	struct rlimit rl;

	assert(getrlimit(RLIMIT_NOFILE, &rl) == 0);
	rl.rlim_cur = rl.rlim_max;
	assert(setrlimit(RLIMIT_NOFILE, &rl) == 0);
	return rl.rlim_cur;
}

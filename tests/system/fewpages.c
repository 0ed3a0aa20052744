/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory that is short for the thread "discovery" while the file FEW_PAGES exists, to be preloaded: no
 * page can be made present and locked.
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "tests/preload.h"

static const char *file;

__attribute__((constructor)) static void begin(void)
{
	file = getenv("FEW_PAGES"); /* NOLINT(concurrency-mt-unsafe): one thread */
}

static bool is_short(void)
{
	char name[16];

	return file != NULL && access(file, F_OK) == 0 && prctl(PR_GET_NAME, name) == 0 &&
	       strcmp(name, "discovery") == 0;
}

int mlock(const void *from, size_t bytes)
{
	int (*next)(const void *, size_t);

	if (is_short()) {
		errno = ENOMEM;
		return -1;
	}
	FIND(next, "mlock");
	return next(from, bytes);
}

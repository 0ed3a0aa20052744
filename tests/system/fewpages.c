/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory that is short for the thread "discovery" while the file FEW_PAGES exists, to be preloaded: no
 * page can be made present.
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "tests/preload.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

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

int madvise(void *from, size_t bytes, int advice)
{
	int (*next)(void *, size_t, int);

	if (advice == MADV_POPULATE_WRITE && is_short()) {
		errno = ENOMEM;
		return -1;
	}
	FIND(next, "madvise");
	return next(from, bytes, advice);
}

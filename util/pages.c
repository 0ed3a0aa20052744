/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/pages.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/macro.h"

static size_t whole(size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (MAX(bytes, (size_t)1) + page - 1) / page * page;
}

void *pages_new(size_t bytes)
{
	void *p = mmap(NULL, whole(bytes), PROT_READ | PROT_WRITE,
	               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	/* mlockall() with MCL_FUTURE means it, too. Where nothing is locked this does nothing. */
	(void)munlock(p, whole(bytes));
	return p;
}

void pages_free(void *pages, size_t bytes)
{
	if (pages != NULL)
		(void)munmap(pages, whole(bytes)); /* what was mapped can be unmapped */
}

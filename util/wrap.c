/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the linker puts in the place of the program's own allocations (-Wl,--wrap, see
 * util/local.mk): the same, after a word to seal.c. Programs only: a library must not.
 */
#include <stddef.h>

#include "util/seal.h"

/* The linker's names. NOLINTBEGIN(bugprone-reserved-identifier) */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);

void *__wrap_malloc(size_t size)
{
	seal_note();
	return __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	seal_note();
	return __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	seal_note();
	return __real_realloc(p, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	seal_note();
	return __real_aligned_alloc(alignment, size);
}

char *__wrap_strdup(const char *s)
{
	seal_note();
	return __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n)
{
	seal_note();
	return __real_strndup(s, n);
}
/* NOLINTEND(bugprone-reserved-identifier) */

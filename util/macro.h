/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_MACRO_H
#define UTIL_MACRO_H

/*
 * Small things the language lacks. Assertions are for our own mistakes and stay on:
 * nothing here or in the build defines NDEBUG, and this refuses a build that does.
 */
#ifdef NDEBUG
#error "assertions stay on: do not build with NDEBUG"
#endif

#include <assert.h>
#include <stddef.h>

#define _cleanup_(f)   __attribute__((__cleanup__(f)))
#define _must_check_   __attribute__((__warn_unused_result__))
#define _unused_       __attribute__((__unused__))
#define _printf_(a, b) __attribute__((__format__(__printf__, a, b)))

/* Cast by way of what is named: an array decays only where it is meant to. */
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#define container_of(ptr, type, member) \
	((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

#endif

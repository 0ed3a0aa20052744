/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

/* What every unit test includes first: cmocka.h wants the four headers before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* cmocka 2 deprecates the name that both have, and takes a common word for a macro. */
#ifdef assert_uint_in_range
#undef assert_in_range
#define assert_in_range(value, least, most) assert_uint_in_range(value, least, most)
#endif
#ifdef stop
#undef stop
#endif

/*
 * The linker's name of a function with a size, offset or inode number of a file, for --wrap. Where long has
 * 32 bits the C library has another function for large files. local.mk has to name both.
 */
#if __SIZEOF_LONG__ == 4
#define WRAP_OF_FILE(name) __wrap_##name##64
#define REAL_OF_FILE(name) __real_##name##64
#else
#define WRAP_OF_FILE(name) __wrap_##name
#define REAL_OF_FILE(name) __real_##name
#endif

#endif

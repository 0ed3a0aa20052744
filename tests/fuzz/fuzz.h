/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

/*
 * What the fuzz targets share. A target is one fuzz_one(), which reads bytes that nobody chose
 * and holds what comes out against what must be so. Linked with libFuzzer it is handed
 * inputs without end; with replay.c, those that are kept.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Once, before the first input. */
void fuzz_begin(void);
/* Size bytes that are not to be written to, nothing before and behind them. */
void fuzz_one(const uint8_t *data, size_t size);

/* What must be so whatever the input is; unlike assert() it says what was found. */
#define REQUIRE(condition, ...)                                                  \
	do {                                                                     \
		if (!(condition)) {                                              \
			(void)fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, \
			              #condition);                               \
			(void)fprintf(stderr, __VA_ARGS__);                      \
			(void)fputc('\n', stderr);                               \
			abort();                                                 \
		}                                                                \
	} while (0)

/* UTF-8, and no control character but those of `also`; RFC 3629. */
bool fuzz_is_plain(const char *s, size_t size, const char *also);
/* The same for a string. NULL is nothing, and plain. */
bool fuzz_is_plain_text(const char *s);

/* The input as it is taken apart, from its beginning. */
struct fuzz_input {
	const uint8_t *data;
	size_t size;
};

/* The next byte, 0 when there is none. */
uint8_t fuzz_byte(struct fuzz_input *in);
/* The next `size` bytes, little-endian; those that are missing are 0. At most 8. */
uint64_t fuzz_number(struct fuzz_input *in, size_t size);
/* The bytes up to the next `end`, or all that are left, as a string with nothing behind it. */
char *fuzz_string(struct fuzz_input *in, uint8_t end);

#endif

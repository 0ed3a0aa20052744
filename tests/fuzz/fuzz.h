/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

/*
 * The fuzz targets' common part. A target is one fuzz_one(), which reads arbitrary bytes
 * and checks its invariants. libFuzzer gives it endless inputs; replay.c gives it the
 * stored ones.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Called once, before the first input. */
void fuzz_begin(void);
/*
 * Copies to `size` bytes that must not be written; an access before or behind them is
 * detected.
 */
void fuzz_one(const uint8_t *data, size_t size);

/* An invariant for every input. Unlike assert() it prints the values. */
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

/* Valid UTF-8 (RFC 3629) without control characters, except those in `also`. */
bool fuzz_is_plain(const char *s, size_t size, const char *also);
/* The same for a string. NULL counts as plain. */
bool fuzz_is_plain_text(const char *s);

/* The rest of the input, which is consumed from its beginning. */
struct fuzz_input {
	const uint8_t *data;
	size_t size;
};

/* Takes the next byte; 0 at the end. */
uint8_t fuzz_byte(struct fuzz_input *in);
/* Takes `size` bytes, at most 8, little-endian; missing bytes are 0. */
uint64_t fuzz_number(struct fuzz_input *in, size_t size);
/*
 * Takes the bytes before the next `end`, or all that remain, as a string at the end of its
 * block.
 */
char *fuzz_string(struct fuzz_input *in, uint8_t end);

#endif

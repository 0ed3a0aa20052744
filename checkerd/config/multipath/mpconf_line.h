/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_MULTIPATH_MPCONF_LINE_H
#define CHECKERD_CONFIG_MULTIPATH_MPCONF_LINE_H

/*
 * Splits a line as multipathd does. Everything is a matter of one line there: quotes and values end
 * with it, and of the bytes outside of quotes all that are not ASCII are blanks.
 */
#include <stdbool.h>
#include <stddef.h>

#define MPCONF_LINE_BYTES 1023 /* multipathd reads a longer line as several ones */
#define MPCONF_TOKENS_MAX 5    /* no later one has an effect */

struct mpconf_token {
	unsigned column; /* from 1, bytes */
	bool is_quote;   /* the mark alone; what stands in quotes is the next token */
	const char *text;
};

struct mpconf_line {
	unsigned n; /* 0: blank, or a comment */
	struct mpconf_token tokens[MPCONF_TOKENS_MAX];
	/* Columns of bytes that the reader reports. 0: the line has no such byte. */
	unsigned odd_blank; /* a byte outside of quotes that is not ASCII */
	unsigned cut_word;  /* a comment that begins within a word */
	unsigned cut_line;  /* a carriage return or NUL with more behind it */
	char store[MPCONF_LINE_BYTES + MPCONF_TOKENS_MAX + 1]; /* of the tokens' text */
};

/* Takes a line, or a part of a very long one, from text, and splits it. Returns the bytes taken, at
 * least 1 of the `size` that there are. column: of text[0]. */
size_t mpconf_line_take(const char *text, size_t size, unsigned column,
                        struct mpconf_line *ret);

#endif

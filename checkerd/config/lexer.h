/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_LEXER_H
#define CHECKERD_CONFIG_LEXER_H

/* Text into words, braces and ends of lines, by the rules of multipath.conf(5). */
#include "checkerd/config/problem.h"

#define TOKEN_BYTES_MAX 4095 /* of one word, quotes not counted */

enum token_kind {
	TOKEN_END, /* of the file: again and again */
	TOKEN_NEWLINE,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_WORD,
	TOKEN_BAD, /* the problem is recorded */
};

struct token {
	enum token_kind kind;
	bool quoted;
	struct position at;             /* of its first byte, a quote included */
	char text[TOKEN_BYTES_MAX + 1]; /* of a word; quotes taken off */
};

struct lexer {
	const char *text; /* borrowed */
	size_t size, next;
	struct position at; /* of text[next] */
	struct problems *problems;
};

/*
 * name: for messages, outlives every position. What is no text (control characters, not
 * UTF-8, a byte-order mark) is recorded here, and control characters are left out of words; a
 * text with a NUL byte has no words at all.
 */
void lexer_init(struct lexer *l, const char *name, const char *text, size_t size,
                struct problems *problems);
void lexer_next(struct lexer *l, struct token *ret);

#endif

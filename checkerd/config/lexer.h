/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_LEXER_H
#define CHECKERD_CONFIG_LEXER_H

/* Splits text into words, braces and ends of lines, by the rules of multipath.conf(5). */
#include "checkerd/config/problem.h"

#define TOKEN_BYTES_MAX 4095 /* of one word, quotes not counted */

enum token_kind {
	TOKEN_END, /* of the file; each further token is TOKEN_END, too */
	TOKEN_NEWLINE,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_WORD,
	TOKEN_BAD, /* the error is recorded */
};

struct token {
	enum token_kind kind;
	bool quoted;
	struct position at;             /* of the first byte, which may be a quote */
	char text[TOKEN_BYTES_MAX + 1]; /* of a word, without its quotes */
};

struct lexer {
	const char *text; /* borrowed */
	size_t size, next;
	struct position at; /* of text[next] */
	struct problems *problems;
};

/*
 * Records bytes that are no text: control characters, bytes that are not UTF-8, a byte-order mark.
 * Words do not contain control characters, and a text with a NUL byte has no words. name: for
 * messages; it outlives every position.
 */
void lexer_init(struct lexer *l, const char *name, const char *text, size_t size,
                struct problems *problems);
void lexer_next(struct lexer *l, struct token *ret);

#endif

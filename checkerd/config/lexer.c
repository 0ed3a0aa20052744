/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing: the text and the list of problems are borrowed. Runs on the thread that reads the
 * configuration. The first pass looks for bytes that are no text; the second one splits the text.
 * Columns are counted in bytes from 1, and a tab is one byte.
 */
#include "checkerd/config/lexer.h"

#include <assert.h>
#include <string.h>

#include "util/utf8.h"

#define BYTE_ORDER_MARK      "\xef\xbb\xbf"
#define BYTE_ORDER_MARK_SIZE (sizeof(BYTE_ORDER_MARK) - 1)

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

/* Is the byte a control character, which is not allowed anywhere? */
static bool is_control(char c)
{
	return ((unsigned char)c < ' ' && c != '\n' && !is_blank(c)) || c == 0x7f;
}

/* Does the byte end a word without quotes? */
static bool is_delimiter(char c)
{
	return is_blank(c) || c == '\n' || c == '"' || c == '#' || c == '!' || c == '{' ||
	       c == '}';
}

/* Records the first byte of each line that is no text. False: the whole file is no text. */
static bool check_bytes(struct lexer *l)
{
	bool binary = l->size > 0 && memchr(l->text, '\0', l->size) != NULL;
	struct position at = l->at;
	bool reported = false; /* an error of this line */
	size_t size;

	for (size_t i = l->next; i < l->size; i += size, at.column += (unsigned)size) {
		unsigned char c = (unsigned char)l->text[i];

		size = utf8_length(l->text + i, l->size - i);
		if (c == '\n') {
			at = (struct position){ at.file, at.line + 1, 0 };
			reported = false;
		} else if (c == '\0') {
			problem_error(l->problems, &at,
			              "NUL byte: this is no text file, or a damaged one");
			return false;
		} else if (binary || reported) {
			/* A NUL, or one error in a line, is enough. */
		} else if (size == 0) {
			reported = true;
			problem_error(l->problems, &at,
			              "byte 0x%02x is not UTF-8: save the file as UTF-8",
			              c);
		} else if (is_control((char)c)) {
			reported = true;
			problem_error(l->problems, &at,
			              "control character 0x%02x: remove it", c);
		}
		size = MAX(size, 1U);
	}
	return true;
}

void lexer_init(struct lexer *l, const char *name, const char *text, size_t size,
                struct problems *problems)
{
	*l = (struct lexer){ text, size, 0, { name, 1, 1 }, problems };
	if (size >= BYTE_ORDER_MARK_SIZE &&
	    memcmp(text, BYTE_ORDER_MARK, BYTE_ORDER_MARK_SIZE) == 0) {
		problem_error(problems, &l->at,
		              "byte-order mark: save the file as UTF-8 without one");
		l->next = BYTE_ORDER_MARK_SIZE;
		l->at.column += BYTE_ORDER_MARK_SIZE;
	}
	if (!check_bytes(l))
		l->next = l->size;
}

/* The next byte; '\n' at the end of the text. */
static char peek(const struct lexer *l)
{
	return l->next < l->size ? l->text[l->next] : '\n';
}

static void step(struct lexer *l)
{
	assert(l->next < l->size); /* at the end of the text nobody steps */
	if (peek(l) == '\n') {
		l->at.line++;
		l->at.column = 1;
	} else {
		l->at.column++;
	}
	l->next++;
}

/* Appends the next byte to the word, or reports once that the word is too long. */
static void take_byte(struct lexer *l, struct token *t, size_t *used)
{
	char c = peek(l);

	step(l);
	if (is_control(c) || t->kind == TOKEN_BAD)
		return;
	if (*used < TOKEN_BYTES_MAX) {
		t->text[(*used)++] = c;
		return;
	}
	problem_error(l->problems, &t->at,
	              "longer than %d bytes: shorten it or use several lines",
	              TOKEN_BYTES_MAX);
	t->kind = TOKEN_BAD;
}

static void lex_quoted(struct lexer *l, struct token *t, size_t *used)
{
	t->quoted = true;
	step(l);
	for (;;) {
		if (peek(l) == '\n') {
			problem_error(l->problems, &t->at,
			              "the quotes are not closed on this line: add '\"'");
			t->kind = TOKEN_BAD;
			return;
		}
		if (peek(l) == '"') {
			step(l);
			if (peek(l) != '"')
				return;
		}
		take_byte(l, t, used);
	}
}

static void lex_word(struct lexer *l, struct token *t, size_t *used)
{
	while (!is_delimiter(peek(l)))
		take_byte(l, t, used);
	if (peek(l) == '#' || peek(l) == '!')
		problem_warning(
		        l->problems, &l->at,
		        "'%c' begins a comment here: put a blank before it, or quotes "
		        "around the value that it belongs to",
		        peek(l));
}

void lexer_next(struct lexer *l, struct token *ret)
{
	size_t used = 0;

	while (is_blank(peek(l)) || is_control(peek(l)))
		step(l);
	if (peek(l) == '#' || peek(l) == '!')
		while (peek(l) != '\n')
			step(l);

	ret->kind = TOKEN_WORD;
	ret->quoted = false;
	ret->at = l->at;
	if (l->next >= l->size) {
		ret->kind = TOKEN_END;
	} else if (peek(l) == '\n') {
		ret->kind = TOKEN_NEWLINE;
		step(l);
	} else if (peek(l) == '{' || peek(l) == '}') {
		ret->kind = peek(l) == '{' ? TOKEN_OPEN : TOKEN_CLOSE;
		step(l);
	} else if (peek(l) == '"') {
		lex_quoted(l, ret, &used);
	} else {
		lex_word(l, ret, &used);
	}
	ret->text[used] = '\0';
}

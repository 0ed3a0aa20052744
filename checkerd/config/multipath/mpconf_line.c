/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing. Pure; any thread. */
#include "checkerd/config/multipath/mpconf_line.h"

#include <string.h>

#include "util/macro.h"

/* The part of a line that counts, and where reading it has come to. */
struct cursor {
	const char *start, *next, *end;
	unsigned column; /* of start[0] */
	size_t stored;
	bool in_quotes;
};

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_ascii(char c)
{
	return (unsigned char)c < 0x80;
}

static bool begins_comment(char c)
{
	return c == '!' || c == '#';
}

static unsigned column_of(const struct cursor *c, const char *at)
{
	return c->column + (unsigned)(at - c->start);
}

static void skip_blanks(struct cursor *c, struct mpconf_line *line)
{
	for (; c->next < c->end && (is_space(*c->next) || !is_ascii(*c->next)); c->next++)
		if (!is_ascii(*c->next) && line->odd_blank == 0)
			line->odd_blank = column_of(c, c->next);
}

/* Appends the text up to c->next as a token. Inside of quotes marks are in pairs, which mean one. */
static void add_token(struct cursor *c, struct mpconf_line *line, const char *from,
                      bool is_quote)
{
	char *text = line->store + c->stored;

	if (line->n == MPCONF_TOKENS_MAX)
		return;
	line->tokens[line->n++] =
	        (struct mpconf_token){ column_of(c, from), is_quote, text };
	for (const char *s = from; s < c->next; s++) {
		line->store[c->stored++] = *s;
		if (c->in_quotes && *s == '"' && s + 1 < c->next)
			s++;
	}
	line->store[c->stored++] = '\0';
}

/* Does a pair of marks, which means one, stand here? */
static bool at_pair(const struct cursor *c)
{
	return c->in_quotes && c->end - c->next >= 2 && c->next[0] == '"' &&
	       c->next[1] == '"';
}

static void take_quoted_text(struct cursor *c)
{
	while (c->next < c->end && (*c->next != '"' || at_pair(c)))
		c->next += at_pair(c) ? 2 : 1;
}

static void take_word(struct cursor *c, struct mpconf_line *line)
{
	while (c->next < c->end && !is_space(*c->next) && is_ascii(*c->next) &&
	       strchr("!#{}\"", *c->next) == NULL)
		c->next++;
	if (c->next < c->end && begins_comment(*c->next))
		line->cut_word = column_of(c, c->next);
}

static void take_token(struct cursor *c, struct mpconf_line *line)
{
	const char *from = c->next;

	if (*c->next == '"' && !at_pair(c)) {
		c->next++;
		add_token(c, line, from, true);
		c->in_quotes = !c->in_quotes;
	} else if (c->in_quotes) {
		take_quoted_text(c);
		add_token(c, line, from, false);
	} else if (*c->next == '{' || *c->next == '}') {
		c->next++;
		add_token(c, line, from, false);
	} else {
		take_word(c, line);
		add_token(c, line, from, false);
	}
}

/* The text that counts ends at a carriage return, which may also stand before it, or at NUL. */
static const char *end_of_line(const char *start, const char *end)
{
	const char *at = start;

	while (at < end && (*at == '\r' || *at == '\n'))
		at++;
	while (at < end && *at != '\r' && *at != '\n' && *at != '\0')
		at++;
	return at;
}

size_t mpconf_line_take(const char *text, size_t size, unsigned column,
                        struct mpconf_line *ret)
{
	struct cursor c = { .start = text, .next = text, .column = column };
	size_t limit = MIN(size, (size_t)MPCONF_LINE_BYTES);
	const char *newline = memchr(text, '\n', limit);
	size_t taken = newline != NULL ? (size_t)(newline - text) + 1 : limit;

	ret->n = 0;
	ret->odd_blank = ret->cut_word = ret->cut_line = 0;
	c.end = end_of_line(text, text + taken);
	for (const char *s = c.end; s < text + taken; s++)
		if (!is_space(*s) && *s != '\0')
			ret->cut_line = column_of(&c, c.end);
	for (skip_blanks(&c, ret); c.next < c.end; skip_blanks(&c, ret)) {
		if (begins_comment(*c.next))
			break;
		do
			take_token(&c, ret);
		while (c.in_quotes && c.next < c.end);
	}
	if (ret->n == 0)
		ret->odd_blank = 0;
	return taken;
}

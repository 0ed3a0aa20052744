/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing: follows the syntax of a text of megabytes without making objects of it. Any thread.
 */
#include "checkerctl/json_text.h"

#include <string.h>

struct reader {
	const char *at, *end;
};

static bool is_one_of(const struct reader *r, const char *set)
{
	return r->at < r->end && *r->at != '\0' && strchr(set, *r->at) != NULL;
}

static bool take(struct reader *r, char c)
{
	if (r->at == r->end || *r->at != c)
		return false;
	r->at++;
	return true;
}

/* RFC 8259 allows ends of lines as well, which a text on one line does not have. */
static void skip_space(struct reader *r)
{
	while (is_one_of(r, " \t"))
		r->at++;
}

static bool take_digits(struct reader *r)
{
	const char *from = r->at;

	while (is_one_of(r, "0123456789"))
		r->at++;
	return r->at > from;
}

static bool take_escape(struct reader *r)
{
	if (is_one_of(r, "\"\\/bfnrt")) {
		r->at++;
		return true;
	}
	if (!take(r, 'u'))
		return false;
	for (unsigned i = 0; i < 4; i++) {
		if (!is_one_of(r, "0123456789abcdefABCDEF"))
			return false;
		r->at++;
	}
	return true;
}

static bool take_string(struct reader *r)
{
	if (!take(r, '"'))
		return false;
	while (r->at < r->end && (unsigned char)*r->at >= ' ') {
		char c = *r->at++;

		if (c == '"')
			return true;
		if (c == '\\' && !take_escape(r))
			return false;
	}
	return false;
}

static bool take_number(struct reader *r)
{
	(void)take(r, '-');
	if (!take(r, '0') && !take_digits(r))
		return false;
	if (take(r, '.') && !take_digits(r))
		return false;
	if (!is_one_of(r, "eE"))
		return true;
	r->at++;
	if (!take(r, '-'))
		(void)take(r, '+');
	return take_digits(r);
}

static bool take_word(struct reader *r, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(r->end - r->at) < n || memcmp(r->at, word, n) != 0)
		return false;
	r->at += n;
	return true;
}

static bool take_scalar(struct reader *r)
{
	if (is_one_of(r, "\""))
		return take_string(r);
	return take_word(r, "true") || take_word(r, "false") || take_word(r, "null") ||
	       take_number(r);
}

static bool take_key(struct reader *r)
{
	skip_space(r);
	if (!take_string(r))
		return false;
	skip_space(r);
	return take(r, ':');
}

/* After a value: takes the ends of what it ends, and what leads to the next value. */
static bool take_ends(struct reader *r, const char *closers, unsigned *depth)
{
	for (;;) {
		if (*depth == 0)
			return true;
		skip_space(r);
		if (take(r, ','))
			return closers[*depth - 1] == ']' || take_key(r);
		if (!take(r, closers[*depth - 1]))
			return false;
		(*depth)--;
	}
}

bool json_text_is_object(const char *text, size_t length)
{
	struct reader r = { text, text + length };
	char closers[JSON_TEXT_DEPTH_MAX];
	unsigned depth = 0;

	if (!is_one_of(&r, "{"))
		return false;
	do {
		bool object;

		skip_space(&r);
		object = is_one_of(&r, "{");
		if (!object && !is_one_of(&r, "[")) {
			if (!take_scalar(&r) || !take_ends(&r, closers, &depth))
				return false;
			continue;
		}
		if (depth == JSON_TEXT_DEPTH_MAX)
			return false;
		r.at++;
		closers[depth++] = object ? '}' : ']';
		skip_space(&r);
		if (take(&r, closers[depth - 1])) {
			depth--;
			if (!take_ends(&r, closers, &depth))
				return false;
		} else if (object && !take_key(&r)) {
			return false;
		}
	} while (depth > 0);
	return r.at == r.end;
}

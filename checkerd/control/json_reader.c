/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The grammar: RFC 8259. */
#include "checkerd/control/json_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CHARACTER_MAX 4 /* bytes of one in UTF-8 */
#define REPLACEMENT   0xfffd

/* --- whether it is JSON --- */

/* What is checked, and in what it is: bit n, that the nth of them is an object. */
struct check {
	const char *at, *end;
	unsigned depth, depth_max;
	uint32_t objects;
};

static_assert(JR_DEPTH_MAX <= 32, "a bit for each");

/* The next byte, NUL: there is none. A NUL of the text is right nowhere. */
static char peek(const struct check *c)
{
	return c->at < c->end ? *c->at : '\0';
}

static bool take(struct check *c, char wanted)
{
	if (wanted == '\0' || peek(c) != wanted)
		return false;
	c->at++;
	return true;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void check_space(struct check *c)
{
	while (is_space(peek(c)))
		c->at++;
}

static bool check_digits(struct check *c)
{
	if (!is_digit(peek(c)))
		return false;
	while (is_digit(peek(c)))
		c->at++;
	return true;
}

static bool check_number(struct check *c)
{
	(void)take(c, '-'); /* it need not be there */
	if (!take(c, '0') && !check_digits(c))
		return false;
	if (take(c, '.') && !check_digits(c))
		return false;
	if (take(c, 'e') || take(c, 'E')) {
		if (!take(c, '+'))
			(void)take(c, '-'); /* nor this one */
		return check_digits(c);
	}
	return true;
}

static bool check_word(struct check *c, const char *word)
{
	for (; *word != '\0'; word++)
		if (!take(c, *word))
			return false;
	return true;
}

/* -1: that is none. */
static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool check_escape(struct check *c, bool nul_allowed)
{
	static const char letters[] = "\"\\/bfnrt";
	unsigned value = 0;

	if (!take(c, 'u')) {
		if (peek(c) == '\0' || !strchr(letters, peek(c)))
			return false;
		c->at++;
		return true;
	}
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(peek(c));

		if (digit < 0)
			return false;
		value = value << 4 | (unsigned)digit;
		c->at++;
	}
	return value != 0 || nul_allowed;
}

static bool check_string(struct check *c, bool nul_allowed)
{
	if (!take(c, '"'))
		return false;
	while (!take(c, '"')) {
		if (take(c, '\\')) {
			if (!check_escape(c, nul_allowed))
				return false;
		} else if ((unsigned char)peek(c) < 0x20) {
			return false; /* the end, too */
		} else {
			c->at++;
		}
	}
	return true;
}

static bool check_key(struct check *c)
{
	check_space(c);
	if (!check_string(c, false))
		return false;
	check_space(c);
	return take(c, ':');
}

static bool check_scalar(struct check *c)
{
	switch (peek(c)) {
	case '"':
		return check_string(c, true);
	case 't':
		return check_word(c, "true");
	case 'f':
		return check_word(c, "false");
	case 'n':
		return check_word(c, "null");
	default:
		return check_number(c);
	}
}

static bool in_object(const struct check *c)
{
	return (c->objects >> (c->depth - 1) & 1) != 0;
}

/*
 * A value begins: all of a scalar, the beginning of an object or array up to its first value.
 * ret_whole: it has ended, too.
 */
static bool check_begin(struct check *c, bool *ret_whole)
{
	bool object;

	check_space(c);
	object = peek(c) == '{';
	if (!object && peek(c) != '[') {
		*ret_whole = true;
		return check_scalar(c);
	}
	if (c->depth == c->depth_max)
		return false;
	c->at++;
	check_space(c);
	*ret_whole = take(c, object ? '}' : ']');
	if (*ret_whole)
		return true;
	c->objects &= ~(UINT32_C(1) << c->depth);
	c->objects |= (uint32_t)object << c->depth;
	c->depth++;
	return !object || check_key(c);
}

/* A value has ended: whatever ends with it, up to the next value or to the end of the text. */
static bool check_end(struct check *c)
{
	while (c->depth > 0) {
		check_space(c);
		if (take(c, ','))
			return !in_object(c) || check_key(c);
		if (!take(c, in_object(c) ? '}' : ']'))
			return false;
		c->depth--;
	}
	return true;
}

bool jr_check(const char *text, size_t size, unsigned depth)
{
	struct check c = { .at = text, .end = text + size, .depth_max = depth };

	assert(depth <= JR_DEPTH_MAX);
	check_space(&c);
	if (peek(&c) != '{')
		return false;
	do {
		bool whole;

		if (!check_begin(&c, &whole) || (whole && !check_end(&c)))
			return false;
	} while (c.depth > 0);
	check_space(&c);
	return c.at == c.end;
}

/* --- from here on it is --- */

enum jr_type jr_type(const char *value)
{
	switch (*value) {
	case '{':
		return JR_OBJECT;
	case '[':
		return JR_ARRAY;
	case '"':
		return JR_STRING;
	case 't':
	case 'f':
		return JR_BOOL;
	case 'n':
		return JR_NULL;
	default:
		return JR_NUMBER;
	}
}

static char *skip_space(char *at)
{
	while (is_space(*at))
		at++;
	return at;
}

static char *skip_string(char *at)
{
	for (at++; *at != '"'; at++)
		if (*at == '\\')
			at++;
	return at + 1;
}

/* What is inside need not be looked at: as many end as begin. */
static char *skip_container(char *at)
{
	unsigned depth = 0;

	do {
		if (*at == '"') {
			at = skip_string(at);
			continue;
		}
		if (*at == '{' || *at == '[')
			depth++;
		else if (*at == '}' || *at == ']')
			depth--;
		at++;
	} while (depth > 0);
	return at;
}

static char *skip_value(char *at)
{
	enum jr_type type = jr_type(at);

	if (type == JR_STRING)
		return skip_string(at);
	if (type == JR_OBJECT || type == JR_ARRAY)
		return skip_container(at);
	/* It is in something, which goes on or ends behind it. */
	while (*at != ',' && *at != '}' && *at != ']' && !is_space(*at))
		at++;
	return at;
}

void jr_begin(struct jr *j, char *container)
{
	container = skip_space(container);
	assert(*container == '{' || *container == '[');
	*j = (struct jr){ .at = container + 1, .object = *container == '{' };
}

bool jr_next(struct jr *j)
{
	char *at = skip_space(j->at);

	if (*at == '}' || *at == ']')
		return false;
	if (*at == ',')
		at = skip_space(at + 1);
	if (j->object) {
		j->key = at;
		at = skip_space(skip_string(at));
		at = skip_space(at + 1); /* the colon */
	}
	j->value = at;
	j->at = skip_value(at);
	return true;
}

bool jr_bool(const char *value)
{
	return *value == 't';
}

/* What stands behind a number is no part of one for these two, either. */
double jr_double(const char *number)
{
	return strtod(number, NULL);
}

bool jr_int(const char *number, int64_t *ret)
{
	long long v;
	char *end;

	static_assert(sizeof(v) == sizeof(*ret),
	              "what does not fit one does not fit the other");
	errno = 0;
	v = strtoll(number, &end, 10);
	if (errno != 0 || *end == '.' || *end == 'e' || *end == 'E')
		return false;
	*ret = v;
	return true;
}

static uint32_t four_digits(const char *at)
{
	uint32_t value = 0;

	for (int i = 0; i < 4; i++)
		value = value << 4 | (uint32_t)hex_digit(at[i]);
	return value;
}

/* Behind a \u. */
static uint32_t escaped_character(const char **at)
{
	uint32_t c = four_digits(*at), low;

	*at += 4;
	if (c < 0xd800 || c > 0xdfff)
		return c;
	if (c > 0xdbff || (*at)[0] != '\\' || (*at)[1] != 'u')
		return REPLACEMENT;
	low = four_digits(*at + 2);
	if (low < 0xdc00 || low > 0xdfff)
		return REPLACEMENT;
	*at += 6;
	return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

static size_t put_utf8(uint32_t c, char to[static CHARACTER_MAX])
{
	static const uint8_t first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	if (n == 1) {
		to[0] = (char)c;
		return n;
	}
	for (size_t i = n - 1; i > 0; i--, c >>= 6)
		to[i] = (char)(0x80 | (c & 0x3f));
	to[0] = (char)(first[n] | c);
	return n;
}

/* One character, or one byte of it, of a string that has not ended; how many bytes it is. */
static size_t next_character(const char **at, char to[static CHARACTER_MAX])
{
	static const char escapes[] = "b\bf\fn\nr\rt\t";
	char c = *(*at)++;

	to[0] = c;
	if (c != '\\')
		return 1;
	c = *(*at)++;
	if (c == 'u')
		return put_utf8(escaped_character(at), to);
	to[0] = c;
	for (size_t i = 0; i + 1 < sizeof(escapes); i += 2)
		if (escapes[i] == c)
			to[0] = escapes[i + 1];
	return 1;
}

bool jr_is(const char *string, const char *word)
{
	const char *at = string + 1;
	char c[CHARACTER_MAX];

	while (*at != '"') {
		size_t n = next_character(&at, c);

		/* Not beyond the word's end: it has none of these bytes, and no NUL. */
		for (size_t i = 0; i < n; i++, word++)
			if (c[i] != *word || c[i] == '\0')
				return false;
	}
	return *word == '\0';
}

size_t jr_string(const char *string, char *to)
{
	const char *at = string + 1;
	char c[CHARACTER_MAX];
	size_t used = 0;

	while (*at != '"') {
		size_t n = next_character(&at, c);

		memcpy(to + used, c, n);
		used += n;
	}
	to[used] = '\0';
	return used;
}

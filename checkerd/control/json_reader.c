/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reader of JSON, RFC 8259; it owns nothing. Any thread. */
#include "checkerd/control/json_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CHARACTER_MAX 4 /* bytes of one in UTF-8 */
#define REPLACEMENT   0xfffd

/* --- whether it is JSON --- */

/* A check of a text. */
struct check {
	const char *at, *end;
	unsigned depth, depth_max;
	/* Bit n: what is open at depth n + 1 is an object, and not an array. */
	uint32_t objects;
};

static_assert(JR_DEPTH_MAX <= 32, "each depth has a bit");

/* The next byte; NUL: the text ends, or it has a NUL, which is an error anywhere. */
static char peek(const struct check *c)
{
	return c->at < c->end ? *c->at : '\0';
}

static bool check_byte(struct check *c, char wanted)
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
	(void)check_byte(c, '-'); /* optional */
	if (!check_byte(c, '0') && !check_digits(c))
		return false;
	if (check_byte(c, '.') && !check_digits(c))
		return false;
	if (check_byte(c, 'e') || check_byte(c, 'E')) {
		if (!check_byte(c, '+'))
			(void)check_byte(c, '-'); /* optional */
		return check_digits(c);
	}
	return true;
}

static bool check_word(struct check *c, const char *word)
{
	for (; *word != '\0'; word++)
		if (!check_byte(c, *word))
			return false;
	return true;
}

/* -1: c is no such digit. */
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

	if (!check_byte(c, 'u')) {
		if (peek(c) == '\0' || strchr(letters, peek(c)) == NULL)
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
	if (!check_byte(c, '"'))
		return false;
	while (!check_byte(c, '"')) {
		if (check_byte(c, '\\')) {
			if (!check_escape(c, nul_allowed))
				return false;
		} else if ((unsigned char)peek(c) < 0x20) {
			return false; /* also at the end of the text */
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
	return check_byte(c, ':');
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
 * Checks the beginning of a value: all of a scalar, or an object or array up to its first value.
 * *ret_whole: the value has ended, too.
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
	*ret_whole = check_byte(c, object ? '}' : ']');
	if (*ret_whole)
		return true;
	c->objects &= ~(UINT32_C(1) << c->depth);
	c->objects |= (uint32_t)object << c->depth;
	c->depth++;
	return !object || check_key(c);
}

/* Checks what follows a value that has ended, up to the next value or the end of the text. */
static bool check_end(struct check *c)
{
	while (c->depth > 0) {
		check_space(c);
		if (check_byte(c, ','))
			return !in_object(c) || check_key(c);
		if (!check_byte(c, in_object(c) ? '}' : ']'))
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

/* --- values of a text that was checked --- */

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

/* The text was checked, so brackets of both kinds can be counted together. */
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
	/* The value is in an object or array, which goes on or ends after it. */
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

/* strtod() and strtoll() stop where the number ends, as JSON has it. */
double jr_double(const char *number)
{
	return strtod(number, NULL);
}

bool jr_int(const char *number, int64_t *ret)
{
	long long v;
	char *end;

	static_assert(sizeof(v) == sizeof(*ret), "strtoll() has the range of int64_t");
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

/* The character after a \u; the other half of a surrogate pair may follow. */
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

/* Reads one character, or one byte of one, of a string that has not ended. Returns how many bytes
 * it put in `to`. */
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

		/* `word` is not read past its NUL: any other byte differs from it. */
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

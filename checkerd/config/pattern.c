/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the text of each pattern and its compiled form. A pattern is immutable; any thread.
 *
 * An expression without special characters, such as an identifier, is compared without the C
 * library, which needs kilobytes for the simplest expression. regcomp() needs memory and stack in
 * proportion to the expression with its repetitions written out, so that size is limited first.
 * Back-references are refused, because they make matching exponential.
 */
#include "checkerd/config/pattern.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * An alternative, a loop or an empty group counts as this many elements: the memory of regcomp()
 * grows with the square of their number, and its time with the cube.
 */
#define BRANCH_ELEMENTS 32

/* The elements read so far in each open group, and those of its last element. */
struct estimate {
	uint64_t total[PATTERN_NESTING_MAX + 1];
	uint64_t last[PATTERN_NESTING_MAX + 1];
	unsigned depth;
};

static void add_element(struct estimate *e, uint64_t size)
{
	e->total[e->depth] += size;
	e->last[e->depth] = size;
}

/* Counts the last element `times` times instead of once, each time with `more` elements added. */
static void repeat_last(struct estimate *e, uint64_t times, uint64_t more)
{
	uint64_t size = (e->last[e->depth] + more) * MAX(times, 1U);

	e->total[e->depth] += size - e->last[e->depth];
	e->last[e->depth] = size;
}

/* s follows '['. Returns the text after the bracket expression, or the end of the text. */
static const char *skip_bracket(const char *s)
{
	if (*s == '^')
		s++;
	if (*s == ']')
		s++;
	while (*s != '\0' && *s != ']') {
		if (*s == '[' && (s[1] == ':' || s[1] == '.' || s[1] == '=')) {
			char kind = s[1];

			for (s += 2; *s != '\0' && (s[0] != kind || s[1] != ']'); s++)
				;
			if (*s != '\0')
				s++;
		}
		if (*s != '\0')
			s++;
	}
	return *s != '\0' ? s + 1 : s;
}

/* Counts the interval at *s, which follows '{', and moves *s behind its '}'. */
static void take_interval(struct estimate *e, const char **s)
{
	uint64_t times = 0, number = 0;
	bool open = false;
	const char *end;

	for (end = *s; *end != '\0' && *end != '}'; end++) {
		if (*end == ',') {
			times = number + 1; /* "{m,}": m elements and a loop */
			number = 0;
			open = true;
		} else if (*end >= '0' && *end <= '9') {
			number = MIN(number * 10 + (uint64_t)(*end - '0'), 100000U);
		} else {
			return;
		}
	}
	if (*end == '\0')
		return;
	*s = end + 1;
	repeat_last(e, MAX(times, number), open ? BRANCH_ELEMENTS : 0);
}

/* The remedy if the expression must not be compiled, else NULL. */
static const char *find_excess(const char *text)
{
	struct estimate e = { .depth = 0 };

	for (const char *s = text; *s != '\0';) {
		char c = *s++;

		if (c == '\\' && *s >= '1' && *s <= '9')
			return "a back-reference is no part of an extended expression";
		if (c == '\\' && *s != '\0') {
			s++;
			add_element(&e, 1);
		} else if (c == '[') {
			s = skip_bracket(s);
			add_element(&e, 1);
		} else if (c == '(') {
			if (e.depth == PATTERN_NESTING_MAX)
				return "more than 16 parentheses in each other: simplify "
				       "it";
			e.depth++;
			e.total[e.depth] = e.last[e.depth] = 0;
		} else if (c == ')' && e.depth > 0) {
			e.depth--;
			add_element(&e, e.total[e.depth + 1] == 0
			                        ? BRANCH_ELEMENTS
			                        : e.total[e.depth + 1] + 1);
		} else if (c == '{') {
			take_interval(&e, &s);
		} else if (c == '*' || c == '?' || c == '+') {
			repeat_last(&e, c == '+' ? 2 : 1,
			            BRANCH_ELEMENTS); /* x+ is xx* */
		} else if (c == '|') {
			add_element(&e, BRANCH_ELEMENTS);
			e.last[e.depth] = 0;
		} else {
			add_element(&e, 1);
		}
		if (e.total[e.depth] > PATTERN_ELEMENTS_MAX)
			return "too many repetitions: use fewer, or lower numbers in "
			       "braces";
	}
	return NULL;
}

/* Takes an expression that has no special characters but '^' and '$' at its ends. False: it has. */
static bool take_literal(struct pattern *p, const char *expression)
{
	size_t size = strlen(expression);

	p->from_begin = expression[0] == '^';
	p->literal = expression + (p->from_begin ? 1 : 0);
	size -= p->from_begin ? 1 : 0;
	p->to_end = size > 0 && p->literal[size - 1] == '$';
	p->literal_size = size - (p->to_end ? 1 : 0);
	return strcspn(p->literal, ".[](){}*+?|^$\\") == p->literal_size;
}

static int compile(struct pattern *p, const char *expression, char *error,
                   size_t error_size)
{
	const char *excess;
	int r;

	if (take_literal(p, expression))
		return 0;
	p->literal = NULL;
	excess = find_excess(expression);
	if (excess != NULL) {
		snprintf(error, error_size, "%s", excess);
		return -E2BIG;
	}
	r = regcomp(&p->regex, expression, REG_EXTENDED);
	if (r != 0)
		regerror(r, &p->regex, error, error_size);
	return r == 0 ? 0 : r == REG_ESPACE ? -ENOMEM : -EINVAL;
}

int pattern_new(struct pattern **ret, const char *text, bool may_negate, char *error,
                size_t error_size)
{
	static_assert(PATTERN_NESTING_MAX == 16, "the message above has this number");
	bool negated = may_negate && text[0] == '!';
	struct pattern *p;
	int r;

	if (text[negated] == '\0') {
		snprintf(error, error_size,
		         "nothing after '!': write what is not to match");
		return -EINVAL;
	}
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return -ENOMEM;
	p->negated = negated;
	p->text = strdup(text);
	r = p->text != NULL ? compile(p, p->text + negated, error, error_size) : -ENOMEM;
	if (r < 0) {
		free(p->text);
		free(p);
		return r;
	}
	*ret = p;
	return 0;
}

struct pattern *pattern_free(struct pattern *p)
{
	if (p == NULL)
		return NULL;
	if (p->literal == NULL)
		regfree(&p->regex);
	free(p->text);
	free(p);
	return NULL;
}

static bool match_literal(const struct pattern *p, const char *subject)
{
	size_t size = strlen(subject);

	if (size < p->literal_size)
		return false;
	if (p->from_begin)
		return memcmp(subject, p->literal, p->literal_size) == 0 &&
		       (!p->to_end || size == p->literal_size);
	if (p->to_end)
		return memcmp(subject + size - p->literal_size, p->literal,
		              p->literal_size) == 0;
	return memmem(subject, size, p->literal, p->literal_size) != NULL;
}

static bool has_match(const struct pattern *p, const char *subject)
{
	return p->literal != NULL ? match_literal(p, subject)
	                          : regexec(&p->regex, subject, 0, NULL, 0) == 0;
}

bool pattern_match(const struct pattern *p, const char *subject)
{
	return pattern_match_either(p, subject, NULL);
}

bool pattern_match_either(const struct pattern *p, const char *subject, const char *other)
{
	bool found;

	if (subject == NULL)
		return false;
	found = has_match(p, subject) || (other != NULL && has_match(p, other));
	return found != p->negated;
}

bool pattern_match_whole(const struct pattern *p, const char *subject)
{
	regmatch_t match;

	assert(!p->negated); /* a negated pattern has no match to compare */
	if (subject == NULL)
		return false;
	if (p->literal != NULL)
		return strlen(subject) == p->literal_size && match_literal(p, subject);
	if (regexec(&p->regex, subject, 1, &match, 0) != 0)
		return false;
	return match.rm_so == 0 && subject[match.rm_eo] == '\0';
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing. Pure; any thread. */
#include "checkerd/config/multipath/mpconf_value.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "checkerd/config/pattern.h"
#include "util/digits.h"
#include "util/mono.h"

#define SPACES " \t\n\v\f\r"

/* Is it one of the words that blanks separate? */
static bool is_word(const char *words, const char *text)
{
	size_t size = strlen(text), n;

	for (const char *s = words; s != NULL && *s != '\0'; s += n + (s[n] == ' ')) {
		n = strcspn(s, " ");
		if (n == size && memcmp(s, text, n) == 0)
			return true;
	}
	return false;
}

/* A decimal number, blanks around it allowed. */
static bool take_number(const char *text, int64_t *ret)
{
	char *end;
	int64_t number = strtoll(text, &end, 10); /* out of range: the nearest one */

	if (end == text || end[strspn(end, SPACES)] != '\0')
		return false;
	*ret = number;
	return true;
}

static enum mpconf_verdict judge_int(const struct mpconf_keyword *row, const char *text,
                                     int64_t *ret, char *error)
{
	int64_t number;

	if (is_word(row->words, text)) {
		*ret = -1;
		return MPCONF_GOOD;
	}
	if (!take_number(text, &number)) {
		snprintf(error, VALUE_ERROR_SIZE, "is no number that multipathd takes");
		return MPCONF_BAD;
	}
	*ret = MAX(MIN(number, (int64_t)row->max), (int64_t)row->min);
	return *ret == number ? MPCONF_GOOD : MPCONF_CAPPED;
}

static enum mpconf_verdict judge_digits(const struct mpconf_keyword *row,
                                        const char *text, char *error)
{
	if (is_word(row->words, text) || digits_is(text[strspn(text, SPACES)]))
		return MPCONF_GOOD;
	snprintf(error, VALUE_ERROR_SIZE, "is no number that multipathd takes");
	return MPCONF_BAD;
}

static enum mpconf_verdict judge_uint(const char *text, int64_t *ret, char *error)
{
	if (take_number(text, ret) && *ret >= 0 && *ret <= (int64_t)UINT_MAX)
		return MPCONF_GOOD;
	snprintf(error, VALUE_ERROR_SIZE, "is no number that multipathd takes");
	return MPCONF_BAD;
}

/* "round-robin 0": `before` words, the number of arguments, and these. */
static enum mpconf_verdict judge_arguments(int before, const char *text, char *error)
{
	int64_t expected = -1, n = 0;
	char *end;

	for (const char *s = text + strspn(text, SPACES); *s != '\0'; n++) {
		if (n == before) {
			expected = strtoll(s, &end, 10);
			if (end == s || strcspn(end, SPACES) != 0)
				expected = -1;
		}
		s += strcspn(s, SPACES);
		s += strspn(s, SPACES);
	}
	if (expected >= 0 && expected == n - before - 1)
		return MPCONF_GOOD;
	snprintf(error, VALUE_ERROR_SIZE,
	         "has not as many arguments as it says, or does not say how many");
	return MPCONF_BAD;
}

static enum mpconf_verdict judge_regex(const char *text, char *error)
{
	struct pattern *p = NULL;
	char why[VALUE_ERROR_SIZE / 2];
	int r;

	if (*text == '\0')
		return MPCONF_GOOD; /* it matches everything */
	if (strcmp(text, "!") == 0) {
		snprintf(error, VALUE_ERROR_SIZE, "matches nothing");
		return MPCONF_BAD;
	}
	r = pattern_new(&p, text, true, why, sizeof(why));
	pattern_free(p);
	if (r == 0 || r == -ENOMEM)
		return MPCONF_GOOD; /* without memory it fails again, and is reported */
	snprintf(error, VALUE_ERROR_SIZE, "%s (%s)",
	         r == -E2BIG ? "is too much for checkerd" : "is no regular expression",
	         why);
	return r == -E2BIG ? MPCONF_BAD : MPCONF_FATAL;
}

static enum mpconf_verdict judge_key(const struct mpconf_keyword *row, const char *text,
                                     char *error)
{
	size_t size;

	if (is_word(row->words, text))
		return MPCONF_GOOD;
	text += *text == '0';
	text += *text == 'x' || *text == 'X';
	size = strspn(text, "0123456789abcdefABCDEF");
	if (size >= 1 && size <= 16 && (text[size] == '\0' || text[size] == ':'))
		return MPCONF_GOOD;
	snprintf(error, VALUE_ERROR_SIZE, "is no key");
	return MPCONF_FATAL;
}

enum mpconf_verdict mpconf_value_judge(const struct mpconf_keyword *row, const char *text,
                                       int64_t *ret_number, char error[VALUE_ERROR_SIZE])
{
	*ret_number = -1;
	switch (row->form) {
	case MPCONF_TEXT:
		return MPCONF_GOOD;
	case MPCONF_NAME:
		if (strchr(text, '/') == NULL)
			return MPCONF_GOOD;
		snprintf(error, VALUE_ERROR_SIZE, "has a '/'");
		return MPCONF_BAD;
	case MPCONF_REGEX:
		return judge_regex(text, error);
	case MPCONF_ARGUMENTS:
		return judge_arguments(row->min, text, error);
	case MPCONF_WORDS:
		if (is_word(row->words, text))
			return MPCONF_GOOD;
		snprintf(error, VALUE_ERROR_SIZE, "is none of: %s", row->words);
		return MPCONF_BAD;
	case MPCONF_INT:
		return judge_int(row, text, ret_number, error);
	case MPCONF_UINT:
		return judge_uint(text, ret_number, error);
	case MPCONF_DIGITS:
		return judge_digits(row, text, error);
	case MPCONF_KEY:
		return judge_key(row, text, error);
	}
	assert(!"every form is judged");
	return MPCONF_BAD;
}

bool mpconf_value_translate(const struct keyword *k, const char *text, int64_t number,
                            char ret[VALUE_TEXT_SIZE])
{
	int64_t unit = k->type == VALUE_TIME ? USEC_PER_SEC : 1, kept;

	if (k->type == VALUE_SWITCH) {
		bool on = strcmp(text, "yes") == 0 || strcmp(text, "1") == 0;

		(void)snprintf(ret, VALUE_TEXT_SIZE, "%s", on ? "yes" : "no");
		return false;
	}
	assert(k->type == VALUE_TIME || k->type == VALUE_COUNT);
	if (number <= 0) {
		(void)snprintf(ret, VALUE_TEXT_SIZE, "%s", k->zero);
		return false;
	}
	kept = MAX(MIN((int64_t)number, k->max / unit), (k->min + unit - 1) / unit);
	(void)snprintf(ret, VALUE_TEXT_SIZE, "%" PRId64, kept);
	return kept != number;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing. Pure, except for the FILE that values are printed to; any thread.
 */
#include "checkerd/config/value.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "checkerd/config/nearest.h"
#include "checkerd/config/problem.h"
#include "util/digits.h"
#include "util/duration.h"
#include "util/mono.h"

#define GROUP_CHARACTERS \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-$"

/* Seconds as a decimal number, without zeros at its end. */
static const char *format_seconds(int64_t us, char buf[VALUE_TEXT_SIZE])
{
	int n = snprintf(buf, VALUE_TEXT_SIZE, "%" PRId64 ".%06" PRId64,
	                 us / USEC_PER_SEC, us % USEC_PER_SEC);

	while (buf[n - 1] == '0')
		n--;
	if (buf[n - 1] == '.')
		n--;
	buf[n] = '\0';
	return buf;
}

/* In the largest unit of which the time, which is not 0, is a multiple; the smallest unit is a second. */
static const char *format_time(int64_t us, char buf[VALUE_TEXT_SIZE])
{
	static const struct {
		const char *name;
		int64_t us;
	} units[] = { { "h", 3600 * USEC_PER_SEC }, { "m", 60 * USEC_PER_SEC } };
	char seconds[VALUE_TEXT_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (us % units[i].us != 0)
			continue;
		snprintf(buf, VALUE_TEXT_SIZE, "%" PRId64 " %s", us / units[i].us,
		         units[i].name);
		return buf;
	}
	snprintf(buf, VALUE_TEXT_SIZE, "%.20s s", format_seconds(us, seconds));
	return buf;
}

const char *value_range(const struct keyword *k, char *buf, size_t size)
{
	char least[VALUE_TEXT_SIZE], most[VALUE_TEXT_SIZE];
	size_t used = 0;

	if (k->type == VALUE_TIME) {
		snprintf(buf, size, "between %s and %s%s%s", format_time(k->min, least),
		         format_time(k->max, most), k->zero != NULL ? ", or " : "",
		         k->zero != NULL ? k->zero : "");
		return buf;
	}
	if (k->type == VALUE_COUNT) {
		snprintf(buf, size, "between %" PRId64 " and %" PRId64 "%s%s", k->min,
		         k->max, k->zero != NULL ? ", or " : "",
		         k->zero != NULL ? k->zero : "");
		return buf;
	}
	snprintf(buf, size, "%s", k->type == VALUE_SWITCH ? "yes or no" : "");
	if (k->type != VALUE_WORD)
		return buf;
	for (const struct word *w = k->words; w->name != NULL; w++) {
		const char *between = w == k->words       ? ""
		                      : w[1].name != NULL ? ", "
		                                          : " or ";

		used += (size_t)snprintf(buf + used, size - used, "%s%s", between,
		                         w->name);
		assert(used < size); /* the words of the table fit */
	}
	return buf;
}

/* Where `no` means 0, multipath.conf(5) takes 0, too. */
static bool is_zero(const struct keyword *k, const char *text)
{
	if (k->zero == NULL)
		return false;
	return strcmp(text, k->zero) == 0 ||
	       (strcmp(k->zero, "no") == 0 && strcmp(text, "0") == 0);
}

static int parse_number(const struct keyword *k, const char *text, struct value *v,
                        char *error)
{
	char range[VALUE_ERROR_SIZE / 2], word[PROBLEM_QUOTE_SIZE];
	const char *s = text;
	int r = 0;

	if (is_zero(k, text)) {
		v->number = 0;
		return 0;
	}
	if (k->type == VALUE_TIME)
		r = duration_parse(text, &v->number);
	else if (!digits_take(&s, &v->number) || *s != '\0')
		r = -EINVAL;
	value_range(k, range, sizeof(range));
	problem_word(word, text);
	if (r == -ERANGE)
		snprintf(error, VALUE_ERROR_SIZE,
		         "%s %s: finer than a microsecond: round it", k->name, word);
	else if (r < 0 && k->type == VALUE_TIME)
		snprintf(error, VALUE_ERROR_SIZE,
		         "%s %s: not a time: must be seconds, or a number and us, ms, s, "
		         "m, h or d, %s",
		         k->name, word, range);
	else if (r < 0)
		snprintf(error, VALUE_ERROR_SIZE,
		         "%s %s: not a whole number: must be one %s", k->name, word,
		         range);
	else if (v->number < k->min || v->number > k->max)
		snprintf(error, VALUE_ERROR_SIZE, "%s %s: must be %s", k->name, word,
		         range);
	else
		return 0;
	return -EINVAL;
}

static int parse_word(const struct keyword *k, const char *text, struct value *v,
                      char *error)
{
	static const struct word switch_words[] = {
		{ "yes", 1 }, { "no", 0 }, { "on", 1 }, { "off", 0 }, { NULL, 0 },
	};
	const struct word *words = k->type == VALUE_SWITCH ? switch_words : k->words;
	char range[VALUE_ERROR_SIZE / 2], quoted[PROBLEM_QUOTE_SIZE];
	struct nearest near;

	nearest_init(&near, text);
	for (const struct word *w = words; w->name != NULL; w++) {
		if (strcmp(w->name, text) == 0) {
			v->number = w->number;
			return 0;
		}
		nearest_try(&near, w->name);
	}
	snprintf(error, VALUE_ERROR_SIZE, "%s %s: must be %s%s%s%s", k->name,
	         problem_word(quoted, text), value_range(k, range, sizeof(range)),
	         near.best != NULL ? ": did you mean " : "",
	         near.best != NULL ? near.best : "", near.best != NULL ? "?" : "");
	return -EINVAL;
}

/* The remedy if the text is no valid name, else NULL. */
static const char *name_remedy(const struct keyword *k, const char *text)
{
	static_assert(CONFIG_NAME_MAX == 63 && CONFIG_ALIAS_MAX == 127 &&
	                      CONFIG_DEVICE_MAX == 255,
	              "the messages below have these numbers");
	size_t size = strlen(text);

	if (k->type == VALUE_GROUP && text[strspn(text, GROUP_CHARACTERS)] != '\0')
		return "no name of a group: use letters, digits and _ . - $";
	if (k->type == VALUE_GROUP)
		return size > CONFIG_NAME_MAX ? "longer than 63 bytes: shorten it" : NULL;
	if (k->type == VALUE_FILE && size == 0)
		return NULL;
	if (size == 0)
		return "empty: write a value or remove the line";
	if (k->type == VALUE_FILE && text[0] != '/')
		return "not an absolute name: write one like /etc/multipath.conf";
	if (k->type == VALUE_FILE)
		return NULL;
	if (k->type == VALUE_DEVICE && text[0] != '/')
		return "not an absolute name: write one like /dev/sda";
	if (k->type == VALUE_DEVICE)
		return size > CONFIG_DEVICE_MAX
		               ? "longer than 255 bytes: use a shorter link to it"
		               : NULL;
	if (k->type == VALUE_ALIAS && strchr(text, '/') != NULL)
		return "device-mapper takes no name with '/': leave it out";
	if (k->type == VALUE_ALIAS)
		return size > CONFIG_ALIAS_MAX ? "longer than 127 bytes, and "
		                                 "device-mapper takes no more: "
		                                 "shorten it"
		                               : NULL;
	if (k->type != VALUE_NAME)
		return NULL;
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~' || *text == '/')
			return "use printable ASCII characters, without blanks and '/'";
	return size > CONFIG_NAME_MAX ? "longer than 63 bytes: shorten it" : NULL;
}

int value_parse(const struct keyword *k, const char *text, struct value *ret,
                char error[VALUE_ERROR_SIZE])
{
	char quoted[PROBLEM_QUOTE_SIZE];
	struct value v = { .text = text };
	const char *remedy;
	int r = 0;

	switch (k->type) {
	case VALUE_TIME:
	case VALUE_COUNT:
		r = parse_number(k, text, &v, error);
		break;
	case VALUE_SWITCH:
	case VALUE_WORD:
		r = parse_word(k, text, &v, error);
		break;
	case VALUE_STRING:
		break;
	case VALUE_GROUP:
	case VALUE_NAME:
	case VALUE_ALIAS:
	case VALUE_FILE:
	case VALUE_DEVICE:
	case VALUE_TEXT:
	case VALUE_REGEX:
	case VALUE_NEGATED_REGEX:
		remedy = name_remedy(k, text);
		if (remedy == NULL)
			break;
		snprintf(error, VALUE_ERROR_SIZE, "%s %s: %s", k->name,
		         problem_word(quoted, text), remedy);
		r = -EINVAL;
		break;
	}
	if (r == 0)
		*ret = v;
	return r;
}

size_t value_size(const struct keyword *k)
{
	switch (k->type) {
	case VALUE_TIME:
		return sizeof(int64_t);
	case VALUE_SWITCH:
		return sizeof(bool);
	case VALUE_COUNT:
	case VALUE_WORD:
		return sizeof(uint32_t);
	case VALUE_GROUP:
	case VALUE_NAME:
	case VALUE_ALIAS:
	case VALUE_FILE:
	case VALUE_DEVICE:
	case VALUE_TEXT:
	case VALUE_STRING:
	case VALUE_REGEX:
	case VALUE_NEGATED_REGEX:
		break;
	}
	assert(!"a string is not stored by value");
	return 0;
}

void value_store(const struct keyword *k, const struct value *v, void *field)
{
	uint32_t count = (uint32_t)v->number;
	bool on = v->number != 0;
	int number = (int)v->number;

	/* memcpy(), because the compiler chooses the type of an enum. */
	if (k->type == VALUE_TIME)
		memcpy(field, &v->number, sizeof(v->number));
	else if (k->type == VALUE_COUNT)
		memcpy(field, &count, sizeof(count));
	else if (k->type == VALUE_SWITCH)
		memcpy(field, &on, sizeof(on));
	else {
		assert(k->type == VALUE_WORD); /* a string is not stored by value */
		memcpy(field, &number, sizeof(number));
	}
}

void value_print_text(const char *text, FILE *out)
{
	if (*text != '\0' && text[strcspn(text, " \t\r\f\v\"#!{}")] == '\0') {
		fputs(text, out);
		return;
	}
	putc('"', out);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			putc('"', out);
		putc(*text, out);
	}
	putc('"', out);
}

static const char *word_name(const struct keyword *k, int number)
{
	for (const struct word *w = k->words; w->name != NULL; w++)
		if (w->number == number)
			return w->name;
	return "";
}

/* The same words as in the default: dm_control is on or off. */
static const char *switch_name(const struct keyword *k, bool on)
{
	if (strcmp(k->fallback, "on") == 0 || strcmp(k->fallback, "off") == 0)
		return on ? "on" : "off";
	return on ? "yes" : "no";
}

const char *value_format(const struct keyword *k, const void *field,
                         char buf[static VALUE_TEXT_SIZE])
{
	int64_t us;
	uint32_t count;
	bool on;
	int number;

	if (k->type == VALUE_TIME) {
		memcpy(&us, field, sizeof(us));
		return us == 0 && k->zero != NULL ? k->zero : format_seconds(us, buf);
	}
	if (k->type == VALUE_COUNT) {
		memcpy(&count, field, sizeof(count));
		if (count == 0 && k->zero != NULL)
			return k->zero;
		(void)snprintf(buf, VALUE_TEXT_SIZE, "%" PRIu32, count);
		return buf;
	}
	if (k->type == VALUE_SWITCH) {
		memcpy(&on, field, sizeof(on));
		return switch_name(k, on);
	}
	assert(k->type == VALUE_WORD); /* a string is not printed by value */
	memcpy(&number, field, sizeof(number));
	return word_name(k, number);
}

void value_print(const struct keyword *k, const void *field, FILE *out)
{
	char buf[VALUE_TEXT_SIZE];

	fputs(value_format(k, field, buf), out);
}

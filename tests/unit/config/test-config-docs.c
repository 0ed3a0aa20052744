/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of keywords, the sample and the manual say the same: every keyword is in
 * each, with the same default and, in the manual, the same range.
 */
#include "tests/unit/unit.h"

#include "checkerd/config/reader.h"
#include "checkerd/config/value.h"
#include "libcheck/pathcheck.h"
#include "tests/unit/config/config-text.h"

#define SAMPLE TEST_SRCDIR "/conf/checkerd.conf"
#define MANUAL TEST_SRCDIR "/man/checkerd.conf.5"

/* Includes go one way: the numbers are written twice and compared here. */
static_assert(CONFIG_PATHS_MAX == PATHCHECK_PATHS_MAX, "paths the engine has room for");
static_assert(CONFIG_RESCUERS_MIN == PATHCHECK_RESCUERS_MIN, "rescuers the engine needs");
static_assert(CONFIG_RESCUERS_MAX == PATHCHECK_RESCUERS_MAX,
              "rescuers the engine can have");
static_assert(CONFIG_DEVICE_MAX + 1 == PATHCHECK_DEVICE_MAX,
              "a device's name and its NUL");

static bool is_default(const struct keyword *k)
{
	return (k->sections & 1U << SECTION_DEFAULTS) != 0;
}

/* multipathd allows the keyword in a section `multipath`, too. */
static bool is_in_multipath(const struct keyword *k)
{
	static const char *const prefixes[] = { "purge_disconnected", "san_path_err_",
		                                "marginal_path_", "delay_w",
		                                "uid_attribute" };

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (strncmp(k->name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

static void the_table_is_sound(void **state)
{
	char error[VALUE_ERROR_SIZE];
	struct value v;

	(void)state; /* no fixture */
	assert_true(keyword_count <= KEYWORDS_MAX);
	for (size_t i = 0; i < keyword_count; i++) {
		const struct keyword *k = &keyword_table[i];

		assert_true(k->sections != 0);
		assert_true(!keywords_is_setting(SECTION_DEVICE, k) ||
		            i < KEYWORDS_OVERLAY_BITS);
		assert_true(k->doc && *k->doc && !strchr(k->doc, '\n'));
		assert_int_equal(is_default(k), k->fallback != NULL);
		if (is_default(k) && k->type != VALUE_GROUP && k->type != VALUE_FILE)
			assert_int_equal(value_parse(k, k->fallback, &v, error), 0);
		/* A keyword has no meaning only in sections where checkerd has no use for
		 * it. */
		for (unsigned s = 0; s < SECTION_COUNT_; s++)
			assert_int_equal(keywords_ignored((enum section)s, k->name) >= 0,
			                 (s == SECTION_MULTIPATH && is_in_multipath(k)) ||
			                         (s == SECTION_PROTOCOL &&
			                          strcmp(k->name, "uid_attribute") == 0));
	}
}

static void the_bounds_are_accepted_and_nothing_past_them(void **state)
{
	char text[64], error[VALUE_ERROR_SIZE];
	struct value v;

	(void)state; /* no fixture */
	for (size_t i = 0; i < keyword_count; i++) {
		const struct keyword *k = &keyword_table[i];
		long long unit = k->type == VALUE_TIME ? 1000000 : 1;

		if (k->type != VALUE_TIME && k->type != VALUE_COUNT)
			continue;
		for (int past = 0; past <= 1; past++) {
			snprintf(text, sizeof(text), "%lld",
			         (long long)k->max / unit + past);
			assert_int_equal(value_parse(k, text, &v, error) < 0, past);
		}
		snprintf(text, sizeof(text), "%lldms", (long long)k->min / 1000);
		if (k->type == VALUE_COUNT)
			snprintf(text, sizeof(text), "%lld", (long long)k->min);
		assert_int_equal(value_parse(k, text, &v, error), 0);
		assert_int_equal(v.number, k->min);
		snprintf(text, sizeof(text), "%lldms", (long long)k->min / 1000 - 1);
		if (k->type == VALUE_COUNT)
			snprintf(text, sizeof(text), "%lld", (long long)k->min - 1);
		/* 0 may be a word for "no". */
		assert_true(value_parse(k, text, &v, error) < 0 ||
		            (v.number == 0 && strcmp(k->zero, "no") == 0));
	}
}

/* The sample with its settings no longer commented out; free() it. */
static char *uncommented(const char *sample, size_t size)
{
	char *text = calloc(1, size + 1);
	size_t used = 0;

	assert_non_null(text);
	for (size_t i = 0; i < size; i++) {
		bool line_begins = i == 0 || sample[i - 1] == '\n';

		/* Prose has a blank after its '#'. */
		if (line_begins && sample[i] == '#' && sample[i + 1] != ' ')
			continue;
		text[used++] = sample[i];
	}
	return text;
}

static void the_sample_changes_nothing(void **state)
{
	size_t size;
	char *sample = text_read(SAMPLE, &size), *dumped, *wanted;
	struct config *c = text_parse(sample), *empty = text_parse("");

	(void)state; /* no fixture */
	dumped = text_dump(c);
	wanted = text_dump(empty);
	assert_string_equal(dumped, wanted);
	assert_int_equal(c->n_problems, 0);
	free(sample);
	free(dumped);
	free(wanted);
	config_free(c);
	config_free(empty);
}

static void the_sample_shows_the_defaults(void **state)
{
	size_t size;
	char *sample = text_read(SAMPLE, &size), *text = uncommented(sample, size);
	struct config *c = text_parse(text), *empty = text_parse("");
	char *dumped = text_dump(c), *wanted = text_dump(empty);

	(void)state; /* no fixture */
	/* Its paths are an example, its discovery the default. */
	assert_int_equal(c->n_problems, 1);
	assert_contains(c->problems[0].message, "'discovery static' only");
	/* The defaults come first in what is printed, and that is all of an empty one. */
	assert_memory_equal(dumped, wanted, strlen(wanted));
	for (size_t i = 0; i < keyword_count; i++) {
		const struct keyword *k = &keyword_table[i];
		char line[128];

		if (is_default(k)) {
			snprintf(line, sizeof(line), "\n#\t%-20s %s\n", k->name,
			         k->fallback);
			assert_contains(sample, line);
			snprintf(line, sizeof(line), "\n# %s\n", k->doc);
			assert_contains(sample, line);
		} else {
			snprintf(line, sizeof(line), "\t%s ", k->name);
			assert_contains(text, line);
		}
	}
	for (unsigned s = SECTION_TOP + 1; s < SECTION_COUNT_; s++)
		assert_contains(text, section_table[s].name);
	free(sample);
	free(text);
	free(dumped);
	free(wanted);
	config_free(c);
	config_free(empty);
}

/* From begin up to the nearer of two ends; free() it. */
static char *excerpt(const char *from, const char *begin, const char *end,
                     const char *or_end)
{
	const char *found = strstr(from, begin), *stop, *or_stop;
	char *text;

	if (!found)
		fail_msg("the manual has no \"%s\"", begin);
	stop = strstr(found + strlen(begin), end);
	or_stop = strstr(found + strlen(begin), or_end);
	if (!stop || (or_stop && or_stop < stop))
		stop = or_stop;
	assert_non_null(stop);
	text = strndup(found, (size_t)(stop - found));
	assert_non_null(text);
	return text;
}

/* The keyword's item is in this part of the manual, with its range and default. */
static void check_item(const char *part, const struct keyword *k)
{
	char wanted[512];
	char *item;

	snprintf(wanted, sizeof(wanted), "\n.It Cm %s Ar ", k->name);
	item = excerpt(part, wanted, "\n.It ", "\n.El");
	if (k->type == VALUE_TIME || k->type == VALUE_COUNT)
		assert_contains(item, value_range(k, wanted, sizeof(wanted)));
	for (const struct word *w = k->words; w && w->name; w++) {
		snprintf(wanted, sizeof(wanted), "\n.Cm %s", w->name);
		assert_contains(item, wanted);
	}
	if (k->fallback) {
		snprintf(wanted, sizeof(wanted), "\n.Pq default Cm %s .",
		         strcmp(k->fallback, "\"\"") == 0 ? "\\(dq\\(dq" : k->fallback);
		assert_contains(item, wanted);
	}
	free(item);
}

static void the_manual_has_every_keyword(void **state)
{
	static const struct {
		enum section section;
		const char *heading;
	} headings[] = {
		{ SECTION_DEFAULTS, ".Ss Section defaults\n" },
		{ SECTION_PATH, ".Ss Section paths\n" },
		{ SECTION_BLACKLIST,
		  ".Ss Sections blacklist and blacklist_exceptions\n" },
		{ SECTION_DEVICE, ".Ss Section devices\n" },
		{ SECTION_MULTIPATH, ".Ss Section multipaths\n" },
		{ SECTION_WINDOW, ".Ss Section maintenance\n" },
	};
	size_t size;
	char *manual = text_read(MANUAL, &size);

	(void)state; /* no fixture */
	for (size_t h = 0; h < ARRAY_LEN(headings); h++) {
		char *section = excerpt(manual, headings[h].heading, "\n.Ss ", "\n.Sh ");

		for (size_t i = 0; i < keyword_count; i++) {
			const struct keyword *k = &keyword_table[i];

			if ((k->sections & 1U << headings[h].section) == 0)
				continue;
			/* Settings of a device are described where their defaults are. */
			if (headings[h].section == SECTION_DEVICE && is_default(k))
				assert_contains(section, k->name);
			else
				check_item(section, k);
		}
		free(section);
	}
	for (unsigned s = SECTION_TOP + 1; s < SECTION_COUNT_; s++)
		assert_contains(manual, section_table[s].name);
	free(manual);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_sound),
		cmocka_unit_test(the_bounds_are_accepted_and_nothing_past_them),
		cmocka_unit_test(the_sample_changes_nothing),
		cmocka_unit_test(the_sample_shows_the_defaults),
		cmocka_unit_test(the_manual_has_every_keyword),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

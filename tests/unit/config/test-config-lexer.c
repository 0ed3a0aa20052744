/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words, quotes, comments and characters of a configuration. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <syslog.h>

#include "checkerd/config/filter.h"
#include "checkerd/config/rules.h"
#include "tests/unit/config/config-text.h"

static void quotes_and_comments(void **state)
{
	struct config *c =
	        text_parse("! a comment\n"
	                   "# { another\n"
	                   "defaults { # and one\r\n"
	                   "	log_level debug ! here\n"
	                   "	socket_group \"disk\"# and here\n"
	                   "} # the end\n"
	                   "multipaths {\n"
	                   "	multipath { wwid \"2.5\"\" SSD # ! { }\" alias a }\n"
	                   "	multipath { wwid \"\"\"\" alias b }\n"
	                   "	multipath { wwid \"\"\"x\"\"\" alias c }\n"
	                   "	multipath { wwid \"  x	\" alias d }\n"
	                   "}");

	(void)state; /* no fixture */
	assert_int_equal(c->log_level, LOG_DEBUG);
	assert_string_equal(c->socket_group, "disk");
	assert_string_equal(filter_map_alias(c, "2.5\" SSD # ! { }"), "a");
	assert_string_equal(filter_map_alias(c, "\""), "b");
	assert_string_equal(filter_map_alias(c, "\"x\""), "c");
	assert_string_equal(filter_map_alias(c, "  x	"), "d");
	assert_int_equal(c->n_problems, 0);
	config_free(c);
}

/* A value of UTF-8 and of other bytes, at the limits of RFC 3629. */
static void characters(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
		{ "~", true },
		{ "\x7f", false },
		{ "\x1f", false },
		{ "\t", true },
		{ "\xc2\x80", true },
		{ "\xc1\xbf", false },
		{ "\xe0\xa0\x80", true },
		{ "\xe0\x9f\xbf", false },
		{ "\xed\x9f\xbf", true },
		{ "\xed\xa0\x80", false },
		{ "\xef\xbf\xbf", true },
		{ "\xf0\x90\x80\x80", true },
		{ "\xf0\x8f\xbf\xbf", false },
		{ "\xf4\x8f\xbf\xbf", true },
		{ "\xf4\x90\x80\x80", false },
		{ "\xf5\x80\x80\x80", false },
		{ "\x80", false },
		{ "\xe2\x82", false },
		{ "\xe2\x82z", false },
	};

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct config *c = NULL;
		char text[128];
		int n = snprintf(text, sizeof(text),
		                 "multipaths { multipath { alias a wwid \"x%s\" } }",
		                 rows[i].text);

		assert_int_equal(load_text(TEST_NAME, text, (size_t)n, &c),
		                 rows[i].good ? 0 : -EINVAL);
		if (rows[i].good)
			assert_string_equal(c->rules->maps[0].wwid + 1, rows[i].text);
		else
			assert_int_equal(c->problems[0].column, 41);
		config_free(c);
	}
	/* Cut off by the end of the text. */
	for (size_t size = 1; size < 4; size++) {
		char *text = strndup("\xf4\x8f\xbf\xbf", size);
		struct config *c = NULL;

		assert_non_null(text);
		assert_int_equal(load_text(TEST_NAME, text, size, &c), -EINVAL);
		config_free(c);
		free(text);
	}
}

static void the_longest_word(void **state)
{
	static const char begin[] = "multipaths { multipath { alias a wwid ";
	char text[8192], wwid[4096];
	struct config *c;

	(void)state; /* no fixture */
	memset(wwid, 'w', sizeof(wwid) - 1);
	wwid[sizeof(wwid) - 1] = '\0';
	snprintf(text, sizeof(text), "%s%s } }", begin, wwid);
	c = text_parse(text);
	assert_string_equal(filter_map_alias(c, wwid), "a");
	config_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes_and_comments),
		cmocka_unit_test(characters),
		cmocka_unit_test(the_longest_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

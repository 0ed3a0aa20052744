/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lists of rules and devices, and the formats of multipathd. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/checkerctl/ctl-fake.h"
#include "tests/unit/checkerctl/ctl-replies.h"
#include "util/macro.h"

static void assert_whole(struct fake *f, const char *line, const char *out)
{
	struct outcome o = run_line(f, 0, line);

	assert_int_equal(o.code, 0);
	assert_string_equal(o.out, out);
	outcome_free(&o);
}

#define RULE_A                                                                       \
	"{\"section\":\"blacklist\",\"keyword\":\"devnode\",\"expression\":\"^sd\"," \
	"\"file\":null,\"line\":null}"
#define RULE_B                                                                         \
	"{\"section\":\"blacklist_exceptions\",\"keyword\":\"device\",\"expression\":" \
	"\"IBM, S\",\"file\":\"/etc/c.conf\",\"line\":7}"

static void test_lists(void **state)
{
	static const struct fake_answer answers[] = {
		REPLY("GetRules",
		      "{\"parameters\":{\"rules\":{\"filters\":[" RULE_A "," RULE_B
		      "],\"hardware\":[{\"vendor\":\"IBM\",\"product\":\"1722\","
		      "\"checker\":\"rdac\"}]}}}"),
		{ "\"device\":\"sda\"", FAKE_WELL,
		  "{\"parameters\":{\"device\":\"sda\",\"watched\":true,\"why\":\"w\","
		  "\"rule\":" RULE_A ",\"exception\":" RULE_B
		  ",\"path\":{\"state\":\"up\"}}}",
		  0 },
		{ "\"device\":\"sdb\"", FAKE_WELL,
		  "{\"parameters\":{\"device\":\"sdb\",\"watched\":false,\"why\":\"no "
		  "disk\","
		  "\"rule\":null,\"exception\":null,\"path\":null}}",
		  0 },
		/* Those of the host on which the test runs are removed just now. */
		REPLY("Explain", "{\"error\":\"io.checkerd.Control.NoSuchDevice\","
		                 "\"parameters\":{\"device\":\"x\"}}"),
		REPLY("ListPaths", "{\"parameters\":{\"paths\":[{\"name\":\"sda\"}]}}"),
		REPLY("ListMaps", MAPS),
		{ 0 },
	};
	struct fake *f = fake_start(answers);

	(void)state;
	assert_whole(f, "show blacklist --raw --no-headings",
	             "blacklist devnode ^sd built\\x20in\n"
	             "blacklist_exceptions device IBM,\\x20S /etc/c.conf:7\n");
	assert_outcome(f, "show blacklist --json", 0, "{\"filters\":[{\"section\":", "");
	assert_whole(f, "show hardware --raw --no-headings", "IBM 1722 rdac\n");
	assert_whole(
	        f, "show hardware --json",
	        "{\"hardware\":[{\"vendor\":\"IBM\",\"product\":\"1722\",\"checker\":"
	        "\"rdac\"}]}\n");
	assert_whole(f,
	             "show devices sda sdb --raw --no-headings -o "
	             "NAME,WATCHED,PLACE,STATE,WHY",
	             "sda yes /etc/c.conf:7 up w\nsdb no - - no\\x20disk\n");
	assert_outcome(f, "show devices --raw --no-headings -o NAME,DECIDED_BY", 0,
	               "sda blacklist_exceptions\\x20device\\x20\"IBM,\\x20S\"\n", "");
	assert_outcome(f, "show devices sdx", 5, "", "no such device: sdx");
	assert_outcome(f, "show devices sda --json", 0,
	               "{\"devices\":[{\"device\":\"sda\"", "");
	fake_stop(f);
	f = fake_start(good);
	assert_whole(f, "show maps raw format %n=%N=%d", "m1=1=dm-0\nm2=2=undef\n");
	assert_whole(f, "show paths raw format %d|%T", "sda|ready\nsdb|faulty\n");
	assert_outcome(f, "show maps format %n|%Q m1", 0, "name|queueing\n", "");
	assert_outcome(f, "show maps format %i", 2, "", "there is no wildcard '%i'");
	assert_outcome(f, "show wildcards", 0, "multipath format wildcards:\n%n  name\n",
	               "");
	assert_outcome(f, "show wildcards", 0, "\npath format wildcards:\n%w  uuid\n",
	               "");
	fake_stop(f);
}

/* A reply as checkerd writes it is printed as it came; what is none is refused. */
static void test_json_as_it_came(void **state)
{
	static const struct {
		const char *reply;
		int code;
		const char *out, *err;
	} cases[] = {
		{ "{\"parameters\":{\"paths\":[{\"name\":\"a}\\\"]\",\"n\":1.50}]}}", 0,
		  "{\"paths\":[{\"name\":\"a}\\\"]\",\"n\":1.50}]}\n", "" },
		{ "{\"parameters\":{\"a\":\"\\u009b\\\\\"}}", 0, "{\"a\":\"", "" },
		{ "{\"parameters\":{}}", 0, "{}\n", "" },
		/* Another order, or spaces: other programs write so. */
		{ "{ \"parameters\": {\"paths\":[]}}", 0, "{\"paths\":[]}\n", "" },
		{ "{\"parameters\":{\"paths\":[]},\"x\":{}}", 0, "{\"paths\":[]}\n", "" },
		{ "{}", 0, "{}\n", "" },
		{ "{\"parameters\":{\"reason\":\"r\"},\"error\":"
		  "\"io.checkerd.Control.Busy\"}",
		  1, "", "checkerd is busy: r" },
		{ "{\"parameters\":{\"paths\":[]}", 1, "", "not a JSON object" },
		{ "{\"parameters\":{\"paths\":[}", 1, "", "not a JSON object" },
		{ "{\"parameters\":{}}}", 1, "", "not a JSON object" },
		{ "{\"parameters\":{\"a\":\"}}", 1, "", "not a JSON object" },
		{ "{\"parameters\":\"\"}}", 1, "", "not a JSON object" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct fake_answer answers[] = {
			REPLY("ListPaths", cases[i].reply),
			{ 0 },
		};
		struct fake *f = fake_start(answers);

		assert_outcome(f, "show paths --json", cases[i].code, cases[i].out,
		               cases[i].err);
		fake_stop(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_lists, ctl_arm),
		cmocka_unit_test_setup(test_json_as_it_came, ctl_arm),
	};

	setenv("LC_ALL", "C.UTF-8", 1);
	return cmocka_run_group_tests_name("ctl-lists", tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* explain: its request, its text, and its exit status. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/checkerctl/ctl-fake.h"
#include "util/macro.h"

#define WATCHED                                                                          \
	"{\"parameters\":{\"device\":\"sda\",\"node\":\"/dev/sda\",\"devt\":\"8:0\","    \
	"\"wwid\":\"3600a\",\"vendor\":\"ACME\",\"product\":null,"                       \
	"\"protocol\":\"scsi:fcp\",\"host\":\"host3\",\"watched\":true,"                 \
	"\"why\":\"an exception wins over the rule that excludes it\","                  \
	"\"checker\":\"tur\",\"checker_why\":\"configured\","                            \
	"\"rule\":{\"section\":\"blacklist\",\"keyword\":\"devnode\","                   \
	"\"expression\":\"^sd\",\"file\":\"/etc/checkerd.conf\",\"line\":7},"            \
	"\"exception\":{\"section\":\"blacklist_exceptions\",\"keyword\":\"wwid\","      \
	"\"expression\":\"3600\",\"file\":\"/etc/checkerd.conf.d/a.conf\",\"line\":2},"  \
	"\"settings\":[{\"keyword\":\"path_checker\",\"value\":\"tur\","                 \
	"\"section\":\"devices\",\"file\":\"/etc/checkerd.conf\",\"line\":12},"          \
	"{\"keyword\":\"checker_timeout\",\"value\":\"auto: 30\","                       \
	"\"section\":\"device\",\"file\":null,\"line\":null},"                           \
	"{\"keyword\":\"fail_checks\",\"value\":\"1\","                                  \
	"\"section\":null,\"file\":null,\"line\":null},"                                 \
	"{\"keyword\":\"recover_checks\",\"value\":\"3\","                               \
	"\"section\":null,\"file\":null,\"line\":null}],"                                \
	"\"path\":{\"state\":\"down\",\"state_since\":\"2020-01-01T00:00:00Z\","         \
	"\"reason\":\"read: I/O error (EIO)\\u0007\"},"                                  \
	"\"next\":[\"it is checked again in 2.5 s\",\"it comes up after this number of " \
	"successful checks in a row: 1, and one more word\"]}}"

#define EXCLUDED                                                                  \
	"{\"parameters\":{\"device\":\"sdb\",\"node\":null,\"devt\":null,"        \
	"\"wwid\":null,\"watched\":false,\"why\":\"it has no medium\","           \
	"\"checker\":null,\"checker_why\":null,\"rule\":null,\"exception\":null," \
	"\"settings\":[],\"path\":null,\"next\":[]}}"

static const char unknown[] = "{\"error\":\"io.checkerd.Control.NoSuchDevice\","
                              "\"parameters\":{\"device\":\"x\"}}";

static const struct fake_answer answers[] = {
	{ "\"device\":\"sda\"", FAKE_WELL, WATCHED, 0 },
	{ "\"device\":\"sdb\"", FAKE_WELL, EXCLUDED, 0 },
	{ "\"device\":\"1:3\"", FAKE_WELL, EXCLUDED, 0 },
	{ "\"device\":\"busy\"", FAKE_WELL,
	  "{\"error\":\"io.checkerd.Control.Busy\",\"parameters\":{\"reason\":\"soon\"}}",
	  0 },
	{ "", FAKE_WELL, unknown, 0 },
	{ NULL, FAKE_WELL, NULL, 0 },
};

static void test_text(void **state _unused_)
{
	struct fake *f = fake_start(answers);

	assert_outcome(
	        f, "explain sda", 0,
	        "sda        watched: an exception wins over the rule that excludes it\n"
	        "rule       blacklist devnode \"^sd\" at /etc/checkerd.conf:7\n"
	        "exception  blacklist_exceptions wwid \"3600\" at "
	        "/etc/checkerd.conf.d/a.conf:2\n"
	        "device     /dev/sda, 8:0, ACME, host3, scsi:fcp\n"
	        "wwid       3600a\n"
	        "checker    tur, configured\n"
	        "settings   path_checker    tur        devices at "
	        "/etc/checkerd.conf:12\n"
	        "           checker_timeout auto: 30   the device's own\n"
	        "           built in: fail_checks 1, recover_checks 3\n"
	        "state      down for ",
	        "");
	assert_outcome(
	        f, "explain sda", 0,
	        ": read: I/O error (EIO)\\x07\n"
	        "next       it is checked again in 2.5 s\n"
	        "           it comes up after this number of successful checks in a "
	        "row: 1, and one more word\n",
	        "");
	assert_outcome(f, "explain sdb", 0, "sdb        not watched: it has no medium\n",
	               "");
	assert_outcome(f, "explain sdb --json", 0, "{\"device\":\"sdb\",", "");
	fake_stop(f);
}

static void test_terminal(void **state _unused_)
{
	struct fake *f = fake_start(answers);
	struct outcome o = run_line(f, RUN_TERMINAL, "explain sda");

	assert_int_equal(o.code, 0);
	assert_has(o.out, "next       it is checked again in 2.5 s\r\n"
	                  "           it comes up after this number of successful checks "
	                  "in a row: 1, and\r\n           one more word\r\n");
	for (const char *line = o.out; *line != '\0';) {
		size_t n = strcspn(line, "\r\n");

		assert_true(n <= 80);
		line += n + strspn(line + n, "\r\n");
	}
	outcome_free(&o);
	fake_stop(f);
}

static void test_names(void **state _unused_)
{
	struct fake *f = fake_start(answers);

	assert_outcome(f, "explain x", 5, "", "no such device: x\n");
	assert_outcome(f, "explain /dev/null/x", 5, "", "no such device: /dev/null/x\n");
	assert_outcome(f, "explain busy", 1, "", "checkerd is busy: soon\n");
	assert_outcome(f, "explain", 2, "", "'explain' needs DEVICE");
	assert_outcome(f, "explain sda sdb", 2, "", "too many operands");
	fake_stop(f);
}

/* A name that the daemon does not know is repeated as the file that it leads to. */
static void test_links(void **state _unused_)
{
	static const struct fake_answer of_link[] = {
		{ "\"device\":\"/dev/null\"", FAKE_WELL, EXCLUDED, 0 },
		{ "", FAKE_WELL, unknown, 0 },
		{ NULL, FAKE_WELL, NULL, 0 },
	};
	char dir[] = "/tmp/test-ctl-explain-XXXXXX", link[64], line[80];
	struct fake *f = fake_start(of_link);

	assert_non_null(mkdtemp(dir));
	(void)snprintf(link, sizeof(link), "%s/link", dir);
	assert_int_equal(symlink("/dev/null", link), 0);
	(void)snprintf(line, sizeof(line), "explain %s", link);
	assert_outcome(f, line, 0, "sdb        not watched", "");
	assert_int_equal(unlink(link), 0);
	assert_int_equal(rmdir(dir), 0);
	fake_stop(f);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, ctl_arm)
	const struct CMUnitTest tests[] = {
		TEST(test_text),
		TEST(test_terminal),
		TEST(test_names),
		TEST(test_links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

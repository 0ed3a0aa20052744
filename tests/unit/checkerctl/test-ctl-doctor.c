/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* doctor: the daemon's findings and the host's, in words, as JSON, and as an exit status. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkerctl/doctor_host.h"
#include "config.h"
#include "tests/unit/checkerctl/ctl-fake.h"
#include "util/macro.h"

#define STATUS                                                                    \
	"{\"parameters\":{\"version\":\"" PACKAGE_VERSION "\",\"pid\":999999999," \
	"\"dm_control\":\"on\",\"prober\":{\"pid\":null}}}"
#define FINDING(severity, id, object, count)                                  \
	"{\"id\":\"" id "\",\"severity\":\"" severity "\",\"object\":" object \
	",\"count\":" count ",\"text\":\"text of " id "\",\"remedy\":\"cure " id "\"}"
#define FINDINGS(list) "{\"parameters\":{\"findings\":[" list "]}}"

#define ANSWERS(findings)                                                               \
	{                                                                               \
		{ "GetStatus", FAKE_WELL, STATUS, 0 },                                  \
		        { "ReadTimers", FAKE_WELL, "{}", 0 },                           \
		        { "GetFindings", FAKE_WELL, (findings), 0 },                    \
		        { "GetMemory", FAKE_WELL, "{\"parameters\":{\"memory\":{}}}",   \
			  0 },                                                          \
		        { "ListMaps", FAKE_WELL, "{\"parameters\":{\"maps\":[]}}", 0 }, \
		        { NULL, FAKE_WELL, NULL, 0 },                                   \
	}

static void exit_status(void **state _unused_)
{
	static const struct fake_answer none[] = ANSWERS(FINDINGS(""));
	static const struct fake_answer notes[] =
	        ANSWERS(FINDINGS(FINDING("note", "n", "null", "1")));
	static const struct fake_answer warnings[] =
	        ANSWERS(FINDINGS(FINDING("note", "n", "null", "1") "," FINDING(
	                "warning", "w", "\"session2\"", "3")));
	static const struct fake_answer errors[] =
	        ANSWERS(FINDINGS(FINDING("warning", "b", "null", "1") "," FINDING(
	                "warning", "a", "null", "1") "," FINDING("error", "e", "null",
	                                                         "1")));
	struct fake *f = fake_start(none);

	assert_outcome(f, "doctor", 0,
	               "nothing found that keeps paths from being checked\n", "");
	assert_outcome(f, "doctor --json", 0, "{\"findings\":[]}\n", "");
	fake_stop(f);
	f = fake_start(notes);
	assert_outcome(f, "doctor", 0, "note: text of n. Remedy: cure n. [n]\n", "");
	fake_stop(f);
	f = fake_start(warnings);
	assert_outcome(f, "doctor", 1,
	               "warning: session2 and 2 more: text of w. Remedy: cure w. [w]\n"
	               "note: text of n. Remedy: cure n. [n]\n",
	               "");
	assert_outcome(f, "doctor --json", 1, "\"object\":\"session2\",\"count\":3", "");
	fake_stop(f);
	f = fake_start(errors);
	assert_outcome(f, "doctor", 2,
	               "error: text of e. Remedy: cure e. [e]\n"
	               "warning: text of a. Remedy: cure a. [a]\n"
	               "warning: text of b. Remedy: cure b. [b]\n",
	               "");
	fake_stop(f);
}

static void no_daemon(void **state _unused_)
{
	const char *const args[] = { "-s", "/nonexistent/socket", "doctor", NULL };
	struct outcome o = run_ctl(0, args);

	assert_int_equal(o.code, 2);
	assert_has(o.out, "error: checkerd does not answer: ");
	assert_has(o.out, "[daemon-not-running]\n");
	assert_has(o.err, "checkerd is not running");
	outcome_free(&o);
}

/* Discovery may hang; an old daemon may know less. */
static void half_an_answer(void **state _unused_)
{
	static const char busy[] = "{\"error\":\"io.checkerd.Control.Busy\","
	                           "\"parameters\":{\"reason\":\"no answer\"}}";
	static const struct fake_answer slow[] = {
		{ "GetStatus", FAKE_WELL, STATUS, 0 },
		{ "ReadTimers", FAKE_WELL, busy, 0 },
		{ "GetFindings", FAKE_WELL, FINDINGS(FINDING("note", "n", "null", "1")),
		  0 },
		{ "GetMemory", FAKE_WELL, "{\"parameters\":{}}", 0 },
		{ "ListMaps", FAKE_WELL, "{\"parameters\":{}}", 0 },
		{ NULL, FAKE_WELL, NULL, 0 },
	};
	static const struct fake_answer old[] = {
		{ "GetStatus", FAKE_WELL,
		  "{\"parameters\":{\"version\":\"0.0.1\",\"pid\":999999999}}", 0 },
		{ "", FAKE_WELL,
		  "{\"error\":\"org.varlink.service.MethodNotFound\","
		  "\"parameters\":{\"method\":\"io.checkerd.Control.GetFindings\"}}",
		  0 },
		{ NULL, FAKE_WELL, NULL, 0 },
	};
	struct fake *f = fake_start(slow);

	assert_outcome(f, "doctor", 1, "[discovery-slow]\nnote: text of n.", "busy");
	fake_stop(f);
	f = fake_start(old);
	assert_outcome(f, "doctor", 2, "[incomplete]\n", "too old");
	assert_outcome(f, "doctor", 2,
	               "warning: checkerd 0.0.1 is running, and checkerctl is "
	               "" PACKAGE_VERSION ". Remedy: systemctl restart checkerd. "
	               "[version-mismatch]\n",
	               "too old");
	fake_stop(f);
}

/* On a terminal lines are wrapped, and no word is lost. */
static void wraps(void **state _unused_)
{
	static const struct fake_answer answers[] = ANSWERS(FINDINGS(
	        "{\"id\":\"long\",\"severity\":\"warning\",\"object\":\"rport-3:0-1\","
	        "\"count\":8,\"text\":\"one two three four five six seven eight nine ten "
	        "eleven twelve thirteen fourteen fifteen\",\"remedy\":\"do it\"}"));
	struct fake *f = fake_start(answers);
	struct outcome o = run_line(f, RUN_TERMINAL, "doctor");

	assert_int_equal(o.code, 1);
	assert_has(o.out, "warning: rport-3:0-1 and 7 more: one two three four five six "
	                  "seven eight nine\r\n    ten eleven twelve thirteen fourteen "
	                  "fifteen. Remedy: do it. [long]\r\n");
	for (const char *line = o.out; *line != '\0';) {
		size_t n = strcspn(line, "\r\n");

		assert_true(n <= 80);
		line += n + strspn(line + n, "\r\n");
	}
	outcome_free(&o);
	fake_stop(f);
}

/* --- the host --- */

static char root[] = "/tmp/test-ctl-doctor-XXXXXX";

static void file(const char *name, const char *text)
{
	char path[512];
	FILE *f;

	(void)snprintf(path, sizeof(path), "mkdir -p $(dirname %s%s)", root, name);
	assert_int_equal(system(path), 0); /* NOLINT(concurrency-mt-unsafe): one thread */
	(void)snprintf(path, sizeof(path), "%s%s", root, name);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* The ids of what is found, each with a blank. */
static const char *host(const char *status, const char *memory, const char *maps)
{
	static char text[512];
	struct doctor_host h = {
		.root = root,
		.status = status == NULL ? NULL : json_tokener_parse(status),
		.memory = memory == NULL ? NULL : json_tokener_parse(memory),
		.maps = maps == NULL ? NULL : json_tokener_parse(maps),
		.findings = json_object_new_array(),
	};

	doctor_host_examine(&h);
	text[0] = '\0';
	for (size_t i = 0; i < json_object_array_length(h.findings); i++) {
		json_object *f = json_object_array_get_idx(h.findings, i);

		strcat(text, json_object_get_string(json_object_object_get(f, "id")));
		strcat(text, " ");
	}
	json_object_put(h.status);
	json_object_put(h.memory);
	json_object_put(h.maps);
	json_object_put(h.findings);
	return text;
}

#define ON                                \
	"{\"version\":\"" PACKAGE_VERSION \
	"\",\"pid\":77,\"dm_control\":\"on\",\"prober\":{\"pid\":78}}"
#define OFF                               \
	"{\"version\":\"" PACKAGE_VERSION \
	"\",\"pid\":77,\"dm_control\":\"off\",\"prober\":{\"pid\":78}}"
#define MAP "{\"maps\":[{\"name\":\"a\",\"devt\":\"253:0\"}]}"
/* A map that is only a name. */
#define NAME "{\"maps\":[{\"name\":\"a\",\"devt\":null}]}"

static void host_multipathd(void **state _unused_)
{
	file("/proc/net/unix", "Num RefCount Protocol Flags Type St Inode Path\n"
	                       "0000: 00000002 00000000 00010000 0001 01 12 /run/x\n");
	assert_string_equal(host(ON, NULL, MAP), "");
	assert_string_equal(host(OFF, NULL, MAP), "dm-not-controlled ");
	assert_string_equal(host(OFF, NULL, NAME), "");
	file("/proc/net/unix",
	     "0000: 2 0 10000 1 1 12 @/org/kernel/linux/storage/multipathd\n");
	assert_string_equal(host(ON, NULL, MAP), "");
	assert_string_equal(host(OFF, NULL, MAP), "");
	file("/proc/net/unix", "");
}

static void host_programs(void **state _unused_)
{
	char link[512];

	file("/proc/77/cgroup", "0::/system.slice/checkerd.service\n");
	file("/sys/fs/cgroup/system.slice/checkerd.service/pids.max", "20\n");
	(void)snprintf(link, sizeof(link), "%s/proc/77/exe", root);
	assert_int_equal(symlink("/usr/sbin/checkerd", link), 0);
	assert_string_equal(host(ON, "{\"memory\":{\"threads\":20}}", NULL), "");
	assert_string_equal(host(ON, "{\"memory\":{\"threads\":21}}", NULL),
	                    "tasks-limit ");
	file("/sys/fs/cgroup/system.slice/checkerd.service/pids.max", "max\n");
	assert_string_equal(host(ON, "{\"memory\":{\"threads\":21}}", NULL), "");
	assert_int_equal(unlink(link), 0);
	assert_int_equal(symlink("/usr/sbin/checkerd (deleted)", link), 0);
	assert_string_equal(host(ON, NULL, NULL), "program-replaced ");
	assert_string_equal(host("{\"version\":\"0.0.1\",\"pid\":5}", NULL, NULL),
	                    "version-mismatch ");
}

static void host_without_a_daemon(void **state _unused_)
{
	assert_string_equal(host(NULL, NULL, NULL), "udevd-missing ");
	file("/run/udev/control", "");
	assert_string_equal(host(NULL, NULL, NULL), "");
	file("/proc/sys/fs/aio-max-nr", "65536\n");
	file("/proc/sys/fs/aio-nr", "64512\n");
	assert_string_equal(host(NULL, NULL, NULL), "");
	file("/proc/sys/fs/aio-nr", "64513\n");
	assert_string_equal(host(NULL, NULL, NULL), "aio-quota ");
	/* checkerd itself knows what it got. */
	assert_string_equal(host(ON, NULL, NULL), "program-replaced ");
}

static int set_up(void **state)
{
	return mkdtemp(root) == NULL ? -1 : ctl_arm(state);
}

static int tear_down(void **state _unused_)
{
	char command[64];

	(void)snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command); /* NOLINT(concurrency-mt-unsafe): one thread */
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, ctl_arm)
	const struct CMUnitTest tests[] = {
		TEST(exit_status),           TEST(no_daemon),
		TEST(half_an_answer),        TEST(wraps),
		TEST(host_multipathd),       TEST(host_programs),
		TEST(host_without_a_daemon),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

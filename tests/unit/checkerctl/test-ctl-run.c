/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command itself against a daemon that answers: its requests, its output, its exit
 * status.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/checkerctl/ctl-fake.h"
#include "tests/unit/checkerctl/ctl-replies.h"
#include "util/macro.h"

/* --- requests and output --- */

static void test_requests(void **state)
{
	static const struct {
		const char *line, *request;
	} cases[] = {
		{ "show paths", "ListPaths\"" },
		{ "show paths sda 8:16", "\"paths\":[\"sda\",\"8:16\"]" },
		{ "show maps m1", "\"maps\":[\"m1\"]" },
		{ "show events --since 7", "\"since\":7" },
		{ "show history sda",
		  "ListHistory\",\"parameters\":{\"paths\":[\"sda\"]" },
		{ "check sda", "\"wait\":false" },
		{ "disable sda --for 1h30m", "\"for_s\":5400" },
		{ "enable sda sdb", "\"paths\":[\"sda\",\"sdb\"]" },
		{ "fail sda sdb", "Fail\",\"parameters\":{\"paths\":[\"sda\",\"sdb\"]" },
		{ "reinstate sda", "Reinstate\",\"parameters\":{\"paths\":[\"sda\"]" },
		{ "release", "Release\"" },
		{ "release sda", "Release\",\"parameters\":{\"paths\":[\"sda\"]" },
		{ "log-level debug", "\"level\":\"debug\"" },
		{ "reload", "io.checkerd.Control.Reload" },
		{ "ping --json", "io.checkerd.Control.Ping" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake *f = fake_start(good);
		struct outcome o = run_line(f, 0, cases[i].line);

		assert_int_equal(o.code, 0);
		assert_string_equal(o.err,
		                    strstr(cases[i].line, "events")
		                            ? "checkerctl: 3 earlier events are not kept "
		                              "any more\n"
		                            : "");
		assert_non_null(fake_request(f, 0));
		assert_has(fake_request(f, 0), cases[i].request);
		assert_null(fake_request(f, 1));
		outcome_free(&o);
		fake_stop(f);
	}
	/* the results, then the reasons of the states */
	struct fake *f = fake_start(good);

	assert_outcome(f, "check sda --wait", 0, "", "");
	assert_has(fake_request(f, 0), "\"wait\":true");
	assert_has(fake_request(f, 1), "ListPaths\",\"parameters\":{\"paths\":[\"sda\"]");
	fake_stop(f);
	/* without names the request has none, which means all paths */
	f = fake_start(good);

	assert_outcome(f, "show paths", 0, "sda", "");
	assert_null(strstr(fake_request(f, 0), "\"paths\""));
	fake_stop(f);
}

static void test_output(void **state)
{
	struct fake *f = fake_start(good);

	(void)state;
	assert_outcome(f, "show paths", 0, "NAME MAP STATE", "");
	assert_outcome(f, "show paths", 0,
	               "any of the ones that were tried after it since then",
	               ""); /* a pipe gets the uncut line */
	assert_outcome(f, "show paths --raw --no-headings -o NAME,STATE", 0,
	               "sda up\nsdb down\n", "");
	assert_outcome(f, "show paths --raw -o name,next", 0,
	               "NAME NEXT\nsda 2.5s\nsdb disabled", "");
	assert_outcome(f, "show paths --raw -o +DEVT", 0, "REASON DEVT\n", "");
	assert_outcome(f, "show paths --raw --no-headings -o REASON", 0, "no\\x20answer",
	               "");
	assert_outcome(f, "show paths format %d=%t=%T --raw", 0,
	               "sda=active=ready\nsdb=undef=faulty\n", "");
	assert_outcome(f, "show latency --raw --no-headings", 0,
	               "sda m1 up 850us 900us 1.2ms 7us .._# -\n", "");
	assert_outcome(f, "show maps --raw --no-headings", 0,
	               "m1 dm-0 last 1 2 yes no sda,8:99\n", "");
	assert_outcome(f,
	               "show topology --raw --no-headings -o NAME,STATE,DM_STATE,REASON",
	               0, "sdb down - no\\x20answer", "");
	assert_outcome(
	        f, "show topology --raw --no-headings -o NAME,STATE,DM_STATE,REASON", 0,
	        "m1 last - 1\\x20of\\x202\\x20paths\\x20up,\\x20queueing\n"
	        "group\\x201 active - -\n"
	        "sda up active kept:\\x20the\\x20last\\x20path\n"
	        "group\\x202 enabled - -\n"
	        "8:99 - failed "
	        "not\\x20checked\\x20here;\\x20device-mapper\\x20refuses:\\x20EBUSY\n"
	        "m2 full - 2\\x20of\\x202\\x20paths\\x20up\n"
	        "sdb down - no\\x20answer",
	        "");
	assert_outcome(f, "show groups", 0,
	               " 0 aio   1024      1         2       3       4 ready", "");
	assert_outcome(f, "show groups", 0,
	               "rescuers   11 of 16 busy, 12 stuck, 13 at most", "");
	assert_outcome(f, "show status", 0, "paths          2: 1 up, 1 down\n", "");
	assert_outcome(f, "show status", 0, "warning        first\\x07\n", "");
	assert_outcome(f, "show config", 0, "defaults {\n\tdiscovery udev\n}\n", "");
	assert_outcome(f, "show memory", 0, "2048  (2.0 KiB)\n", "");
	assert_outcome(f, "show memory", 0, "terms.0.paths", "");
	assert_outcome(f, "metrics", 0, "x{path=\"\u00e9\"} 1\n?y 2\n# EOF\n", "");
	assert_outcome(f, "show events", 0, "8 2026-01-01T00:00:00Z sda is up",
	               "3 earlier events");
	assert_outcome(f, "show history sda", 0,
	               "2025-01-01T00:00:00.000000Z up       1m down read: Input/output "
	               "error (EIO)\nnow                         up ",
	               "");
	assert_outcome(f, "show history sda --raw --no-headings -o FROM,LASTED_S,TO,SEQ",
	               0, "up 90.5 down 9\nup ", "");
	assert_outcome(f, "check sda --wait", 0, "sda  up", "");
	assert_outcome(f, "reload", 0, "3 paths added\n", "");
	assert_outcome(f, "ping", 0, "checkerd answered in", "");
	assert_outcome(f, "--version", 0, "checkerctl ", "");
	assert_outcome(f, "--help", 0, "Commands:", "");
	fake_stop(f);
}

static void assert_whole(struct fake *f, const char *line, const char *out)
{
	struct outcome o = run_line(f, 0, line);

	assert_int_equal(o.code, 0);
	assert_string_equal(o.out, out);
	outcome_free(&o);
}

static void test_json(void **state)
{
	struct fake *f = fake_start(good);

	(void)state;
	assert_whole(f, "show paths --json", "{\"paths\":[" PATH_A "," PATH_B "]}\n");
	assert_whole(f, "--json ping", "{}\n");
	assert_whole(f, "enable --json sda", "{}\n");
	assert_whole(f, "reload --json", "{\"message\":\"3 paths added\"}\n");
	assert_whole(f, "check --json sda",
	             "{\"results\":[{\"path\":\"sda\",\"state\":\"up\"}]}\n");
	assert_whole(
	        f, "show events --json --type dm,map",
	        "{\"events\":[{\"seq\":9,\"type\":\"map\",\"map\":\"m2\"},{\"seq\":10,"
	        "\"type\":\"map\",\"map\":\"m1\"}],\"lost\":3}\n");
	assert_whole(f, "show events --json --type map --map m1",
	             "{\"events\":[{\"seq\":10,\"type\":\"map\",\"map\":\"m1\"}],"
	             "\"lost\":3}\n");
	assert_whole(f, "show events --json --type dm", "{\"events\":[],\"lost\":3}\n");
	assert_whole(f, "disable sda", "");
	assert_outcome(f, "show topology --json", 0, "{\"maps\":[{\"name\":\"m1\"", "");
	assert_outcome(f, "show topology --json", 0, "],\"paths\":[{\"name\":\"sda\"",
	               "");
	fake_stop(f);
}

/* All paths are sorted; named paths stay in the user's order, and JSON in the daemon's. */
static void test_order(void **state)
{
	static const struct fake_answer answers[] = {
		REPLY("ListPaths",
		      "{\"parameters\":{\"paths\":[{\"name\":\"disk10\"},"
		      "{\"name\":\"disk9\"},{\"name\":\"sdaa\",\"devt\":\"65:160\"},"
		      "{\"name\":\"sdc\",\"devt\":\"8:32\"},"
		      "{\"name\":\"sdb\",\"devt\":\"8:16\"}]}}"),
		REPLY("ListMaps", "{\"parameters\":{\"maps\":[{\"name\":\"m10\"},"
		                  "{\"name\":\"m9\",\"paths\":[\"sdb\"]}]}}"),
		{ 0 },
	};
	struct fake *f = fake_start(answers);

	(void)state;
	assert_whole(f, "show paths --raw --no-headings -o NAME",
	             "sdb\nsdc\nsdaa\ndisk9\ndisk10\n");
	assert_whole(f, "show paths --raw --no-headings -o NAME x",
	             "disk10\ndisk9\nsdaa\nsdc\nsdb\n");
	assert_whole(f, "show paths format --raw %d", "sdb\nsdc\nsdaa\ndisk9\ndisk10\n");
	assert_whole(f, "show maps --raw --no-headings -o NAME", "m9\nm10\n");
	assert_whole(f, "show topology --raw --no-headings -o NAME,STATE",
	             "sdb -\nsdc -\nsdaa -\ndisk9 -\ndisk10 -\nm9 -\nsdb -\nm10 -\n");
	assert_outcome(f, "show maps --json", 0, "[{\"name\":\"m10\"},", "");
	fake_stop(f);
}

static void test_sort(void **state)
{
	static const struct fake_answer answers[] = {
		REPLY("ListPaths",
		      "{\"parameters\":{\"paths\":["
		      "{\"name\":\"sda\",\"checks_total\":9,\"alias\":\"d10\","
		      "\"state_since\":\"2026-01-01T00:00:00Z\"},"
		      "{\"name\":\"sdb\",\"checks_total\":10,\"alias\":\"d9\","
		      "\"state_since\":\"2026-01-03T00:00:00Z\"},"
		      "{\"name\":\"sdc\",\"checks_total\":null,\"alias\":null,"
		      "\"state_since\":\"2026-01-02T00:00:00Z\"}]}}"),
		{ 0 },
	};
	static const struct {
		const char *column, *names;
	} cases[] = {
		{ "checks_total", "sda\nsdb\nsdc\n" },
		{ "-CHECKS_TOTAL", "sdb\nsda\nsdc\n" },
		{ "ALIAS", "sdb\nsda\nsdc\n" },
		{ "FOR", "sdb\nsdc\nsda\n" },
		{ "-FOR", "sda\nsdc\nsdb\n" },
		{ "STATE_SINCE", "sda\nsdc\nsdb\n" },
		{ "MAP", "sda\nsdb\nsdc\n" },
	};
	struct fake *f = fake_start(answers);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char line[128];

		snprintf(line, sizeof(line),
		         "show paths --raw --no-headings -o NAME --sort %s",
		         cases[i].column);
		assert_whole(f, line, cases[i].names);
	}
	assert_outcome(f, "show paths --json --sort -checks_total", 0,
	               "{\"paths\":[{\"name\":\"sdb\"", "");
	assert_outcome(f, "show paths --sort NOSUCH", 2, "", "columns are: NAME MAP");
	assert_outcome(f, "show paths --sort NAME,MAP", 2, "", "takes one column");
	fake_stop(f);
}

/* What people type to find out what there is. */
static void test_asking(void **state)
{
	struct fake *f = fake_start(good);

	(void)state;
	assert_outcome(f, "help", 0, "Commands:", "");
	assert_outcome(f, "-h", 0, "Commands:", "");
	assert_outcome(f, "help show maps", 0,
	               "checkerctl [OPTION...] show maps [MAP...]\n", "");
	assert_outcome(f, "hel sh ma", 0, "checkerctl [OPTION...] show maps [MAP...]\n",
	               "");
	assert_outcome(f, "show maps -h", 0, "REDUNDANCY *\n", "");
	assert_outcome(f, "help nosuch", 2, "", "there is no command 'nosuch'");
	assert_outcome(f, "version", 0, "checkerctl ", "");
	assert_outcome(f, "-V", 0, "checkerctl ", "");
	assert_outcome(f, "show paths -o help", 0, "NAME *\nMAP *\nSTATE *\n", "");
	assert_outcome(f, "show paths -o help", 0, "\nDEVT\n", "");
	assert_outcome(f, "show history sda -o help", 0, "LASTED *\n", "");
	assert_null(fake_request(f, 0)); /* no request was sent */
	assert_outcome(f, "sh pa --raw --no-headings -o NAME", 0, "sda\nsdb\n", "");
	fake_stop(f);
}

static void test_colours(void **state)
{
	struct fake *f = fake_start(good);
	struct outcome o;

	(void)state;
	assert_outcome(f, "show paths --color always", 0, "\x1b[32mup", "");
	assert_whole(f, "show paths --color auto --no-headings -o STATE", "up\ndown\n");
	o = run_line(f, RUN_TERMINAL, "show paths --color=never");
	assert_null(strchr(o.out, '\x1b'));
	outcome_free(&o);
	fake_stop(f);
}

/* A terminal shows this host's time, anything else UTC. */
static void test_times(void **state)
{
	struct fake *f = fake_start(good);

	(void)state;
	assert_int_equal(setenv("TZ", "UTC-2", 1), 0); /* two hours before UTC */
	struct outcome o = run_line(f, RUN_TERMINAL, "show events");

	assert_has(o.out, "2026-01-01 02:00:00.000 sda is up");
	outcome_free(&o);
	o = run_line(f, RUN_TERMINAL, "show events --utc");
	assert_has(o.out, "2026-01-01T00:00:00Z sda is up");
	outcome_free(&o);
	assert_outcome(f, "show events", 0, "2026-01-01T00:00:00Z sda is up", "events");
	assert_int_equal(unsetenv("TZ"), 0);
	fake_stop(f);
}

/* A terminal shows whole words and whole names of lists; a pipe gets one line. */
static void test_folded(void **state)
{
	static const struct fake_answer answers[] = {
		REPLY("ListPaths", "{\"parameters\":{\"paths\":[{\"name\":\"sdb\","
		                   "\"map\":\"m1\",\"state\":"
		                   "\"down\",\"reason\":\"read: Input/output error "
		                   "\\n(EIO), and nothing "
		                   "heard of it since the daemon was started\"}]}}"),
		REPLY("ListMaps", "{\"parameters\":{\"maps\":[{\"name\":\"m\",\"paths\":["
		                  "\"nvme10n1\",\"nvme11n1\",\"nvme12n1\",\"nvme13n1\","
		                  "\"nvme14n1\"]}]}}"),
		{ 0 },
	};
	struct fake *f = fake_start(answers);
	struct outcome o = run_line(f, RUN_TERMINAL, "show paths --color never");

	(void)state;
	assert_has(o.out, "read: Input/output error \\x0a(EIO), and\r\n");
	assert_has(o.out, "  nothing heard of it since the daemon was\r\n");
	assert_has(o.out, "  started\r\n");
	outcome_free(&o);
	o = run_line(f, RUN_TERMINAL, "show maps");
	assert_has(o.out, "nvme10n1,nvme11n1,nvme12n1,nvme13n1,\r\n");
	assert_has(o.out, "  nvme14n1\r\n");
	outcome_free(&o);
	assert_outcome(f, "show maps", 0, "nvme12n1,nvme13n1,nvme14n1\n", "");
	fake_stop(f);
}

/* It is repeated until the output is closed. */
static void test_watch(void **state)
{
	struct fake *f = fake_start(good);
	struct outcome o =
	        run_line(f, RUN_OUT_CLOSED | RUN_NO_SIGPIPE, "show paths --watch=0.1");

	(void)state;
	assert_int_equal(o.code, 1);
	assert_non_null(fake_request(f, 0));
	outcome_free(&o);
	fake_stop(f);
}

/* --- errors --- */

static void test_error_replies(void **state)
{
	static const struct {
		const char *reply;
		int code;
		const char *says;
	} cases[] = {
		{ "{\"error\":\"io.checkerd.Control.NotPermitted\",\"parameters\":{"
		  "\"reason\":"
		  "\"only root\"}}",
		  4, "not permitted: only root" },
		{ "{\"error\":\"io.checkerd.Control.Busy\",\"parameters\":{\"reason\":"
		  "\"full\"}}",
		  1, "busy: full" },
		{ "{\"error\":\"io.checkerd.Control.ReloadFailed\",\"parameters\":{"
		  "\"errors\":"
		  "\"a.conf:1:2: error: x\\nb.conf:3:4: error: y\\n\"}}",
		  1, "\na.conf:1:2: error: x\nb.conf:3:4: error: y\n" },
		{ "{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":"
		  "{\"parameter\":\"level\"}}",
		  2, "level" },
		{ "{\"error\":\"org.varlink.service.MethodNotFound\",\"parameters\":"
		  "{\"method\":\"Reload\"}}",
		  1, "too old" },
		{ "{\"error\":\"org.varlink.service.PermissionDenied\"}", 4,
		  "not permitted" },
		{ "{\"error\":\"some.thing.Else\\u001b\"}", 1, "some.thing.Else\\x1b" },
		{ "not json", 1, "not a JSON object" },
		{ "[]", 1, "not a JSON object" },
		{ "{} {}", 1, "not a JSON object" },
		{ "{\"parameters\":", 1, "not a JSON object" },
		{ "", 1, "not a JSON object" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct fake_answer answers[] = {
			{ "Reload", FAKE_WELL, cases[i].reply, 0 },
			{ 0 },
		};
		struct fake *f = fake_start(answers);

		assert_outcome(f, "reload", cases[i].code, "", cases[i].says);
		fake_stop(f);
	}
}

static void test_no_such(void **state)
{
	static const struct fake_answer answers[] = {
		{ "\"paths\":[\"sdd\"]", FAKE_WELL,
		  "{\"error\":\"io.checkerd.Control.NoSuchPath\",\"parameters\":{"
		  "\"path\":\"sdd\"}}",
		  0 },
		{ "\"paths\":[\"/dev/null\"]", FAKE_WELL,
		  "{\"error\":\"io.checkerd.Control.NoSuchPath\",\"parameters\":"
		  "{\"path\":\"/dev/null\"}}",
		  0 },
		{ "\"maps\":[\"m3\"]", FAKE_WELL,
		  "{\"error\":\"io.checkerd.Control.NoSuchMap\",\"parameters\":{\"map\":"
		  "\"m3\"}}",
		  0 },
		REPLY("ListPaths", PATHS),
		REPLY("ListMaps", MAPS),
		{ 0 },
	};
	struct fake *f = fake_start(answers);

	(void)state;
	assert_outcome(
	        f, "check sdd", 5, "",
	        "checkerctl: no such path: sdd\ncheckerctl: did you mean 'sda'?\n");
	assert_outcome(f, "show paths /dev/null", 5, "", "no such path: /dev/null\n");
	assert_outcome(f, "show maps m3", 5, "",
	               "no such map: m3\ncheckerctl: did you mean 'm1'?\n");
	fake_stop(f);
}

/* What --map names must be there, or have been there. */
static void test_events_of_no_map(void **state)
{
	static const struct fake_answer answers[] = {
		{ "\"maps\":[\"m3\"]", FAKE_WELL,
		  "{\"error\":\"io.checkerd.Control.NoSuchMap\",\"parameters\":{\"map\":"
		  "\"m3\"}}",
		  0 },
		REPLY("ListEvents",
		      "{\"parameters\":{\"events\":["
		      "{\"seq\":9,\"type\":\"map\",\"map\":\"m1\"},"
		      "{\"seq\":10,\"type\":\"map\",\"map\":\"removed\"}],\"lost\":0}}"),
		{ "\"maps\":[\"dm-0\"]", FAKE_WELL, MAPS, 0 },
		REPLY("ListMaps", MAPS),
		{ 0 },
	};
	struct fake *f = fake_start(answers);

	(void)state;
	assert_outcome(f, "show events --map m3", 5, "",
	               "no such map: m3\ncheckerctl: did you mean 'm1'?\n");
	assert_outcome(f, "show events --map m3 --json", 5, "", "no such map: m3\n");
	assert_outcome(f, "monitor --map m3", 5, "", "no such map: m3\n");
	assert_whole(f, "show events --map removed --raw --no-headings -o SEQ", "10\n");
	assert_whole(f, "show events --map dm-0 --raw --no-headings -o SEQ", "9\n");
	fake_stop(f);
}

static void test_check_of_a_down_path(void **state)
{
	static const struct fake_answer answers[] = {
		REPLY("Check",
		      "{\"parameters\":{\"results\":["
		      "{\"path\":\"sda\",\"state\":\"up\",\"checked\":true},"
		      "{\"path\":\"sdb\",\"state\":\"down\",\"checked\":true}]}}"),
		REPLY("ListPaths",
		      "{\"parameters\":{\"paths\":["
		      "{\"name\":\"sdb\",\"state\":\"down\",\"reason\":\"read: EIO\"},"
		      "{\"name\":\"sda\",\"state\":\"up\",\"reason\":null}]}}"),
		{ 0 },
	};
	static const struct fake_answer disabled[] = {
		REPLY("Check",
		      "{\"parameters\":{\"results\":["
		      "{\"path\":\"sda\",\"state\":\"up\",\"checked\":false}]}}"),
		REPLY("ListPaths", "{\"parameters\":{\"paths\":[]}}"),
		{ 0 },
	};
	struct fake *f = fake_start(answers);

	(void)state;
	assert_outcome(f, "check sda sdb --wait --raw", 1,
	               "PATH STATE CHECKED REASON\nsda up yes -\n"
	               "sdb down yes read:\\x20EIO\n",
	               "");
	assert_outcome(f, "check sda sdb --wait --json", 1,
	               "\"state\":\"down\",\"checked\":true,\"reason\":\"read: EIO\"}",
	               "");
	assert_outcome(f, "check sda sdb", 0, "", "");
	fake_stop(f);
	f = fake_start(disabled);
	assert_outcome(f, "check sda --wait", 1, "no", "");
	fake_stop(f);
}

/* When the daemon does not know a link, the command repeats the request with its target. */
static void test_links(void **state)
{
	char folder[] = "/tmp/ctl-links.XXXXXX", link_name[64], target[64];
	char reply[256], request[128], line[128];
	struct fake_answer answers[] = {
		{ "Check", FAKE_WELL, reply, 0 },
		{ "Check", FAKE_WELL, "{\"parameters\":{\"results\":[]}}", 0 },
		{ 0 },
	};
	struct fake *f;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(link_name, sizeof(link_name), "%s/link", folder);
	snprintf(target, sizeof(target), "%s/disk", folder);
	assert_int_equal(symlink("disk", link_name), 0);
	fclose(fopen(target, "we"));
	snprintf(reply, sizeof(reply),
	         "{\"error\":\"io.checkerd.Control.NoSuchPath\","
	         "\"parameters\":{\"path\":\"%s\"}}",
	         link_name);
	snprintf(request, sizeof(request), "\"paths\":[\"sda\",\"%s\"]", target);
	snprintf(line, sizeof(line), "check sda %s", link_name);
	f = fake_start(answers);
	assert_outcome(f, line, 0, "", "");
	assert_has(fake_request(f, 1), request);
	fake_stop(f);
	/* the target is unknown, too: the message has the user's name */
	char second[256];

	snprintf(second, sizeof(second),
	         "{\"error\":\"io.checkerd.Control.NoSuchPath\","
	         "\"parameters\":{\"path\":\"%s\"}}",
	         target);
	answers[1].reply = second;
	snprintf(request, sizeof(request), "no such path: %s\n", link_name);
	f = fake_start(answers);
	assert_outcome(f, line, 5, "", request);
	fake_stop(f);
	unlink(link_name);
	unlink(target);
	rmdir(folder);
}

/* --- usage --- */

static void test_usage(void **state)
{
	struct fake *f = fake_start(good);

	(void)state;
	assert_outcome(f, "show nothing", 2, "", "; see 'checkerctl --help'\n");
	assert_outcome(f, "show pats", 2, "", "(do you mean 'show paths'?)");
	assert_outcome(f, "show events --type dm,maps", 2, "", "no type of event 'maps'");
	assert_outcome(f, "monitor --type ,", 2, "", "no type of event ''");
	assert_outcome(f, "log-level loud", 2, "", "no log level 'loud'");
	assert_outcome(f, "show paths -o NOSUCH", 2, "", "columns are: NAME MAP STATE");
	assert_outcome(f, "show paths format %x", 2, "", "there is no wildcard '%x'");
	assert_outcome(f, "reload --wait", 2, "", "'reload' does not take --wait");
	assert_null(fake_request(f, 0)); /* no request was sent */
	fake_stop(f);

	struct outcome o = run_ctl(0, (const char *const[]){ NULL });

	assert_int_equal(o.code, 2);
	assert_string_equal(o.out, "");
	assert_has(o.err, "usage: checkerctl ");
	outcome_free(&o);
}

#define TEST(function) cmocka_unit_test_setup(function, ctl_arm)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_requests),
		TEST(test_output),
		TEST(test_json),
		TEST(test_order),
		TEST(test_error_replies),
		TEST(test_no_such),
		TEST(test_links),
		TEST(test_usage),
		TEST(test_sort),
		TEST(test_asking),
		TEST(test_colours),
		TEST(test_times),
		TEST(test_folded),
		TEST(test_watch),
		TEST(test_events_of_no_map),
		TEST(test_check_of_a_down_path),

	};

	setenv("LC_ALL", "C.UTF-8", 1);
	return cmocka_run_group_tests_name("ctl-run", tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command itself against a daemon that answers well, badly, or not at all: what it
 * sends, what it prints, its exit status. The limit of a test is the alarm at its start.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/ctl-fake.h"
#include "util/macro.h"

#define ALARM_S 120
#define REPLY(method, text)                                            \
	{                                                              \
		"io.checkerd.Control." method "\"", FAKE_WELL, text, 0 \
	}

#define PATH_A                                                                           \
	"{\"name\":\"sda\",\"device\":\"/dev/sda\",\"devt\":\"8:0\",\"map\":\"m1\","     \
	"\"state\":\"up\",\"state_since\":\"2026-01-01T00:00:00Z\",\"reason\":null,"     \
	"\"engine\":\"aio\",\"enabled\":true,\"next_check_in_s\":2.5,\"in_flight_s\":"   \
	"null,"                                                                          \
	"\"dm_state\":\"active\",\"latency_us\":{\"last\":850,\"p50\":900,\"p99\":1200," \
	"\"max\":7}}"
#define PATH_B                                                                        \
	"{\"name\":\"sdb\",\"device\":\"/dev/sdb\",\"devt\":\"8:16\",\"map\":null,"   \
	"\"state\":\"down\",\"state_since\":\"2026-01-01T00:00:00Z\",\"engine\":"     \
	"\"aio\","                                                                    \
	"\"reason\":\"no answer to a read in 30 s, nor to any of the ones that were " \
	"tried after it "                                                             \
	"since then\",\"enabled\":false}"
#define PATHS "{\"parameters\":{\"paths\":[" PATH_A "," PATH_B "]}}"
#define MAPS                                                                            \
	"{\"parameters\":{\"maps\":[{\"name\":\"m1\",\"paths_total\":2,\"paths_up\":1," \
	"\"redundancy\":\"last\",\"queueing\":true,\"suspended\":false,\"paths\":["     \
	"\"sda\"]},"                                                                    \
	"{\"name\":\"m2\",\"paths_total\":2,\"paths_up\":2,\"redundancy\":\"full\","    \
	"\"paths\":[]}]}}"

static const struct fake_answer good[] = {
	REPLY("ListPaths", PATHS),
	REPLY("ListMaps", MAPS),
	REPLY("GetGroups",
	      "{\"parameters\":{\"groups\":[{\"id\":0,\"kind\":\"aio\",\"slots\":1024,"
	      "\"queued\":1,\"in_flight\":2,\"expired\":3,\"orphans\":4,\"state\":"
	      "\"ready\"}],"
	      "\"deferred\":{\"now\":5,\"max\":6,\"total\":7},"
	      "\"emergency\":{\"now\":8,\"max\":9,\"total\":10},"
	      "\"rescuers\":{\"size\":16,\"busy\":11,\"stuck\":12,\"stuck_max\":13},"
	      "\"aio_nr\":1024,\"aio_max_nr\":65536,\"io_setup_failures_total\":14}}"),
	REPLY("GetStatus",
	      "{\"parameters\":{\"version\":\"0.1.0\",\"pid\":42,"
	      "\"started\":\"2026-01-01T00:00:00Z\",\"ready\":true,"
	      "\"paths\":{\"total\":2,\"up\":1,\"down\":1,\"ghost\":0},"
	      "\"maps\":{\"total\":0},\"lag_s\":{\"last\":0.0005,\"max\":0.002},"
	      "\"oldest_in_flight_s\":null,\"memory\":{\"bound_bytes\":2097152,"
	      "\"locked_bytes\":1048576},\"prober\":{\"pid\":43,\"restarts_total\":0,"
	      "\"heartbeat_age_s\":0.1},\"dm_control\":\"off\",\"warnings\":["
	      "\"first\\u0007\"]}}"),
	REPLY("GetConfig",
	      "{\"parameters\":{\"config\":\"defaults {\\n\\tdiscovery udev\\n}\\n\"}}"),
	REPLY("GetMemory", "{\"parameters\":{\"memory\":{\"total_bytes\":2048,\"terms\":"
	                   "[{\"paths\":3}]}}}"),
	REPLY("ListEvents",
	      "{\"parameters\":{\"events\":[{\"seq\":8,\"time\":\"2026-01-01T00:00:00Z\","
	      "\"type\":\"path_state\",\"path\":\"sda\",\"message\":\"sda is "
	      "up\"}],\"lost\":3}}"),
	REPLY("Check",
	      "{\"parameters\":{\"results\":[{\"path\":\"sda\",\"state\":\"up\"}]}}"),
	REPLY("Disable", "{\"parameters\":{}}"),
	REPLY("Enable", "{}"),
	REPLY("Reload", "{\"parameters\":{\"message\":\"3 paths added\"}}"),
	REPLY("SetLogLevel", "{\"parameters\":{}}"),
	REPLY("Ping", "{}"),
	{ 0 },
};

static int arm(void **state)
{
	(void)state;
	alarm(ALARM_S);
	return 0;
}

/* `line` as arguments after -s SOCKET. */
static struct outcome run_line(struct fake *f, unsigned flags, const char *line)
{
	const char *args[32] = { "-s", fake_socket(f) };
	char copy[256], *rest = copy, *word;
	size_t n = 2;

	snprintf(copy, sizeof(copy), "%s", line);
	while ((word = strsep(&rest, " ")) && n < 31)
		args[n++] = word;
	return run_ctl(flags, args);
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in: %s", part, text);
}

static void assert_outcome(struct fake *f, const char *line, int code, const char *out,
                           const char *err)
{
	struct outcome o = run_line(f, 0, line);

	if (o.code != code)
		fail_msg("'%s' ends with %d, not %d: %s", line, o.code, code, o.err);
	assert_has(o.out, out);
	assert_has(o.err, err);
	if (!*err)
		assert_string_equal(o.err, "");
	outcome_free(&o);
}

/* --- what is sent, what is printed --- */

static void test_requests(void **state)
{
	static const struct {
		const char *line, *request;
	} cases[] = {
		{ "show paths", "ListPaths\"" },
		{ "show paths sda 8:16", "\"paths\":[\"sda\",\"8:16\"]" },
		{ "show latency sda", "\"paths\":[\"sda\"]" },
		{ "show maps m1", "\"maps\":[\"m1\"]" },
		{ "show events --since 7", "\"since\":7" },
		{ "check sda", "\"wait\":false" },
		{ "check sda --wait", "\"wait\":true" },
		{ "disable sda --for 1h30m", "\"for_s\":5400" },
		{ "enable sda sdb", "\"paths\":[\"sda\",\"sdb\"]" },
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
		                    i == 4 ? "checkerctl: 3 earlier events are not kept "
		                             "any more\n"
		                           : "");
		assert_non_null(fake_request(f, 0));
		assert_has(fake_request(f, 0), cases[i].request);
		assert_null(fake_request(f, 1));
		outcome_free(&o);
		fake_stop(f);
	}
	/* without names there are none in the request: all are meant */
	struct fake *f = fake_start(good);

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
	               ""); /* a pipe gets it whole */
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
	               "sda m1 up - 850us 900us 1.2ms", "");
	assert_outcome(f, "show maps --raw --no-headings", 0, "m1 last 1 2 yes no sda\n",
	               "");
	assert_outcome(f, "show topology --raw --no-headings -o NAME,STATE,REASON", 0,
	               "m1 last 1\\x20of\\x202\\x20paths\\x20up,\\x20queueing\n", "");
	assert_outcome(f, "show groups", 0,
	               " 0 aio   1024      1         2       3       4 ready", "");
	assert_outcome(f, "show groups", 0,
	               "rescuers   11 of 16 busy, 12 stuck, 13 at most", "");
	assert_outcome(f, "show status", 0, "paths          2: 1 up, 1 down\n", "");
	assert_outcome(f, "show status", 0, "warning        first\\x07\n", "");
	assert_outcome(f, "show config", 0, "defaults {\n\tdiscovery udev\n}\n", "");
	assert_outcome(f, "show memory", 0, "2048  (2.0 KiB)\n", "");
	assert_outcome(f, "show memory", 0, "terms.0.paths", "");
	assert_outcome(f, "show events", 0, "8 2026-01-01T00:00:00Z sda is up",
	               "3 earlier events");
	assert_outcome(f, "check sda --wait", 0, "sda  up", "");
	assert_outcome(f, "reload", 0, "3 paths added\n", "");
	assert_outcome(f, "ping", 0, "checkerd answers", "");
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
	assert_whole(f, "disable sda", "");
	assert_outcome(f, "show topology --json", 0, "{\"maps\":[{\"name\":\"m1\"", "");
	assert_outcome(f, "show topology --json", 0, "],\"paths\":[{\"name\":\"sda\"",
	               "");
	fake_stop(f);
}

/* All of them as people count them; those that were asked for as they were asked for; JSON
 * as the daemon has it. */
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

/* A link that the daemon does not know is asked for again as what it leads to. */
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
	/* nor known by that name: the message has the one that was given */
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

/* --- a daemon that does not answer --- */

static void test_no_answer(void **state)
{
	static const struct {
		enum fake_manner manner;
		const char *says;
	} cases[] = {
		{ FAKE_HANG, "within 0.05 s: it took the request and sent no reply\n" },
		{ FAKE_HALF, "within 0.05 s: only part of its reply came\n" },
		{ FAKE_CLOSE, "closed the connection without an answer\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct fake_answer answers[] = {
			{ "Control", cases[i].manner, PATHS, 0 },
			{ 0 },
		};
		struct fake *f = fake_start(answers);

		assert_outcome(f, "show paths --timeout 0.05", 3, "", cases[i].says);
		assert_outcome(f, "check sda --wait --timeout 50ms", 3, "",
		               cases[i].says);
		fake_stop(f);
	}
}

static void test_not_running(void **state)
{
	struct fake *f = fake_start(good);
	const char *const refused[] = { "ping", "-s", fake_socket(f), NULL };
	const char *const missing[] = { "ping", "-s", "/nonexistent/socket", NULL };
	char longer[200];
	const char *const name[] = { "ping", "-s", longer, NULL };
	struct outcome o;
	char kept[128];

	(void)state;
	o = run_ctl(0, missing);
	assert_int_equal(o.code, 3);
	assert_has(o.err,
	           "not running: there is no socket /nonexistent/socket; start it with "
	           "'systemctl start checkerd'");
	outcome_free(&o);
	/* a socket file that nobody listens on */
	snprintf(kept, sizeof(kept), "%s.kept", fake_socket(f));
	assert_int_equal(rename(fake_socket(f), kept), 0);
	assert_int_equal(link(kept, fake_socket(f)), 0);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	unlink(fake_socket(f));
	strcpy(address.sun_path, fake_socket(f));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	o = run_ctl(0, refused);
	assert_int_equal(o.code, 3);
	assert_has(o.err, "not running: nobody listens on ");
	outcome_free(&o);
	unlink(kept);
	fake_stop(f);
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	o = run_ctl(0, name);
	assert_int_equal(o.code, 2);
	outcome_free(&o);
}

/* Its queue of connections is full, and it takes none. */
static void test_full_queue(void **state)
{
	char folder[] = "/tmp/ctl-queue.XXXXXX";
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *const args[] = { "ping",      "-s",   address.sun_path,
		                     "--timeout", "0.05", NULL };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), clients[16], r = 0;
	size_t n = 0;
	struct outcome o;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", folder);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 0), 0);
	while (r == 0 && n < ARRAY_LEN(clients)) {
		clients[n] =
		        socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		r = connect(clients[n++], (struct sockaddr *)&address, sizeof(address));
	}
	assert_int_equal(r, -1);
	assert_int_equal(errno, EAGAIN);
	o = run_ctl(0, args);
	assert_int_equal(o.code, 3);
	assert_has(o.err, "within 0.05 s: it did not take the connection\n");
	outcome_free(&o);
	while (n > 0)
		close(clients[--n]);
	close(listener);
	unlink(address.sun_path);
	rmdir(folder);
}

static void test_denied(void **state)
{
	struct fake *f;
	const char *args[] = { "ping", "-s", NULL, NULL };
	char folder[128];
	struct outcome o;

	(void)state;
	if (geteuid() != 0)
		skip();
	f = fake_start(good);
	args[2] = fake_socket(f);
	snprintf(folder, sizeof(folder), "%s", fake_socket(f));
	*strrchr(folder, '/') = '\0';
	/* the socket refuses, and its group has a name on every system */
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(chmod(fake_socket(f), 0660), 0);
	assert_int_equal(chown(fake_socket(f), 0, 1), 0);
	o = run_ctl(RUN_NOBODY, args);
	if (o.code == 77) { /* what was built is where only its owner can read it */
		outcome_free(&o);
		fake_stop(f);
		skip();
	}
	assert_int_equal(o.code, 4);
	assert_has(o.err, "only root and members of ");
	outcome_free(&o);
	assert_int_equal(chown(fake_socket(f), 0, 0), 0);
	o = run_ctl(RUN_NOBODY, args);
	assert_int_equal(o.code, 4);
	assert_has(o.err, "only root may use it");
	outcome_free(&o);
	/* the folder refuses */
	assert_int_equal(chown(folder, 0, 1), 0);
	assert_int_equal(chmod(folder, 0750), 0);
	o = run_ctl(RUN_NOBODY, args);
	assert_int_equal(o.code, 4);
	assert_has(o.err, "only root and members of ");
	outcome_free(&o);
	fake_stop(f);
}

/* --- sizes, and what a terminal sees --- */

static void test_byte_by_byte(void **state)
{
	static const struct fake_answer answers[] = {
		{ "Control", FAKE_BYTE_BY_BYTE, PATHS, 0 },
		{ 0 },
	};
	struct fake *f = fake_start(answers);

	(void)state;
	assert_outcome(f, "show paths --raw --no-headings -o NAME", 0, "sda\nsdb\n", "");
	fake_stop(f);
}

/* As many paths as there may be, each as long as they get. */
static void test_many_paths(void **state)
{
	enum { PATHS_MAX = 16384 };
	struct fake_answer answers[] = { { "Control", FAKE_WELL, NULL, 0 }, { 0 } };
	char *reply = NULL;
	size_t size, lines = 0;
	FILE *stream = open_memstream(&reply, &size);
	struct fake *f;
	struct outcome o;

	(void)state;
	assert_non_null(stream);
	fputs("{\"parameters\":{\"paths\":[", stream);
	for (int i = 0; i < PATHS_MAX; i++)
		fprintf(stream,
		        "%s{\"name\":\"sd%d\",\"state\":\"up\",\"wwid\":\"%01500d\"}",
		        i ? "," : "", i, i);
	fputs("]}}", stream);
	fclose(stream);
	answers[0].reply = reply;
	f = fake_start(answers);
	o = run_line(f, 0, "show paths --raw --no-headings -o NAME,STATE --timeout 60");
	assert_int_equal(o.code, 0);
	for (const char *s = o.out; (s = strchr(s, '\n')); s++)
		lines++;
	assert_int_equal(lines, PATHS_MAX);
	assert_has(o.out, "\nsd16383 up\n");
	outcome_free(&o);
	o = run_line(f, 0, "show paths --json --timeout 60");
	assert_int_equal(o.code, 0);
	assert_int_equal(strlen(o.out), size - strlen("{\"parameters\":}") + 1);
	outcome_free(&o);
	fake_stop(f);
	free(reply);
}

static void test_too_large(void **state)
{
	const size_t size = 65u * 1024 * 1024;
	struct fake_answer answers[] = { { "Control", FAKE_WELL, NULL, 0 }, { 0 } };
	char *reply = malloc(size + 1);
	struct fake *f;

	(void)state;
	assert_non_null(reply);
	memset(reply, ' ', size);
	reply[size] = '\0';
	answers[0].reply = reply;
	f = fake_start(answers);
	assert_outcome(f, "show paths --timeout 60", 1, "", "is larger than 64 MiB");
	fake_stop(f);
	free(reply);
}

static void test_too_many_names(void **state)
{
	struct fake *f = fake_start(good);
	static char names[25][4000];
	const char *args[30] = { "-s", fake_socket(f), "enable" };
	struct outcome o;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		memset(names[i], 'n', sizeof(names[i]) - 1);
		args[3 + i] = names[i];
	}
	o = run_ctl(0, args);
	assert_int_equal(o.code, 2);
	assert_has(o.err, "more names than fit into one request");
	outcome_free(&o);
	fake_stop(f);
}

/* Nothing that comes from the daemon reaches the terminal as a command. */
static void test_control_characters(void **state)
{
#define EVIL "\\u001b[31mx\\u0007\\u009b\\u007f"
	static const struct fake_answer answers[] = {
		REPLY("ListPaths", "{\"parameters\":{\"paths\":[{\"name\":\"" EVIL
		                   "\",\"state\":\"" EVIL "\",\"reason\":\"" EVIL
		                   "\",\"latency_us\":\"" EVIL "\"}]}}"),
		REPLY("ListMaps", "{\"parameters\":{\"maps\":[{\"name\":\"" EVIL
		                  "\",\"paths_up\":\"" EVIL "\",\"redundancy\":\"" EVIL
		                  "\",\"paths\":[\"" EVIL "\"]}]}}"),
		REPLY("GetGroups",
		      "{\"parameters\":{\"aio_nr\":\"" EVIL "\",\"groups\":[]}}"),
		REPLY("GetStatus",
		      "{\"parameters\":{\"version\":\"" EVIL "\",\"pid\":\"" EVIL
		      "\",\"paths\":{\"total\":\"" EVIL "\",\"" EVIL
		      "\":1},\"warnings\":[\"" EVIL "\"],\"dm_control\":\"" EVIL "\"}}"),
		REPLY("GetConfig", "{\"parameters\":{\"config\":\"" EVIL "\"}}"),
		REPLY("GetMemory",
		      "{\"parameters\":{\"memory\":{\"" EVIL "\":\"" EVIL "\"}}}"),
		REPLY("ListEvents", "{\"parameters\":{\"events\":[{\"message\":\"" EVIL
		                    "\",\"time\":\"" EVIL "\"}]}}"),
		REPLY("Monitor", "{\"parameters\":{\"event\":{\"message\":\"" EVIL
		                 "\",\"time\":\"" EVIL "\"}}}"),
		REPLY("Check",
		      "{\"parameters\":{\"results\":[{\"path\":\"" EVIL "\"}]}}"),
		REPLY("Reload", "{\"parameters\":{\"message\":\"" EVIL "\"}}"),
		REPLY("Ping", "{\"error\":\"io.checkerd.Control.Busy\",\"parameters\":{"
		              "\"reason\":\"" EVIL "\"}}"),
		{ 0 },
	};
	static const char *const lines[] = {
		"show paths",
		"show paths --raw",
		"show paths --json",
		"show paths -o +LATENCY_US",
		"show paths format %d%T",
		"show maps",
		"show topology",
		"show groups",
		"show status",
		"show config",
		"show memory",
		"show events",
		"monitor",
		"monitor --json",
		"check a --wait",
		"reload",
		"ping",
		"health",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct fake *f = fake_start(answers);
		struct outcome o = run_line(f, 0, lines[i]);

		for (const char *s = "\x1b\x07\x7f\r"; *s; s++) {
			assert_null(strchr(o.out, *s));
			assert_null(strchr(o.err, *s));
		}
		assert_null(strstr(o.out, "\xc2\x9b"));
		assert_null(strstr(o.err, "\xc2\x9b"));
		assert_true(strstr(o.out, "31mx") || strstr(o.err, "31mx"));
		outcome_free(&o);
		fake_stop(f);
	}
}

static void test_terminal(void **state)
{
	struct fake *f = fake_start(good);
	struct outcome o;
	char *rest, *line;

	(void)state;
	setenv("TERM", "xterm", 1);
	setenv("NO_COLOR", "1", 1);
	o = run_line(f, RUN_TERMINAL, "show paths");
	assert_int_equal(o.code, 0);
	assert_null(strchr(o.out, '\x1b'));
	rest = o.out;
	while ((line = strsep(&rest, "\r\n")))
		assert_true(strlen(line) <= 80);
	outcome_free(&o);
	unsetenv("NO_COLOR");
	o = run_line(f, RUN_TERMINAL, "show paths");
	assert_has(o.out, "\x1b[32mup");
	assert_has(o.out, "\x1b[31mdown");
	outcome_free(&o);
	o = run_line(f, 0, "show paths"); /* not on a pipe */
	assert_null(strchr(o.out, '\x1b'));
	outcome_free(&o);
	fake_stop(f);
}

/* --- monitor --- */

#define EVENT(seq, more)                            \
	"{\"parameters\":{\"event\":{\"seq\":" #seq \
	",\"time\":\"2026-01-01T00:00:00Z\","       \
	"\"message\":\"event " #seq "\"}},\"continues\":" #more "}"

static const char stream[] =
        EVENT(1, true) "\0{\"parameters\":{\"lost\":12},\"continues\":true}"
                       "\0" EVENT(2, true);

static void test_monitor(void **state)
{
	static const struct fake_answer answers[] = {
		{ "Monitor", FAKE_CLOSE_AFTER, stream, sizeof(stream) - 1 },
		{ 0 },
	};
	struct fake *f = fake_start(answers);

	(void)state;
	assert_outcome(
	        f, "monitor --json --timeout 1us", 3,
	        "{\"seq\":1,\"time\":\"2026-01-01T00:00:00Z\",\"message\":\"event 1\"}\n"
	        "{\"lost\":12}\n{\"seq\":2,",
	        "closed the connection\n");
	assert_has(fake_request(f, 0), "\"more\":true");
	assert_outcome(f, "monitor", 3,
	               "2026-01-01T00:00:00Z event 1\n(12 events were lost",
	               "closed the connection\n");
	fake_stop(f);
}

/* Each event is out before the next is waited for; here the next one never comes. */
static void test_monitor_at_once(void **state)
{
	static const struct fake_answer answers[] = {
		{ "Monitor", FAKE_WELL, EVENT(1, true), 0 },
		{ 0 },
	};
	struct fake *f = fake_start(answers);
	struct outcome o = run_line(f, RUN_OUT_FULL, "monitor --since 5");

	(void)state;
	assert_int_equal(o.code, 1);
	assert_has(fake_request(f, 0), "\"since\":5");
	outcome_free(&o);
	fake_stop(f);
}

/* Whoever read the events has gone, and no more come that would tell. */
static void test_monitor_unread(void **state)
{
	static const struct fake_answer answers[] = {
		{ "Monitor", FAKE_HANG, NULL, 0 },
		{ 0 },
	};
	struct fake *f = fake_start(answers);
	struct outcome o = run_line(f, RUN_OUT_CLOSED | RUN_NO_SIGPIPE, "monitor");

	(void)state;
	assert_int_equal(o.code, 1);
	assert_string_equal(o.err, "");
	outcome_free(&o);
	fake_stop(f);
}

/* --- output that cannot be written --- */

static void test_output_lost(void **state)
{
	static const char *const lines[] = { "show paths", "show paths --json",
		                             "show status", "--help", "--version" };
	struct fake *f = fake_start(good);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct outcome o = run_line(f, RUN_OUT_FULL, lines[i]);

		assert_int_equal(o.code, 1);
		assert_has(o.err, "cannot write the output: No space left on device");
		outcome_free(&o);
		o = run_line(f, RUN_OUT_CLOSED | RUN_NO_SIGPIPE, lines[i]);
		assert_int_equal(o.code, 1);
		assert_string_equal(o.err, "");
		outcome_free(&o);
		o = run_line(f, RUN_OUT_CLOSED, lines[i]);
		assert_int_not_equal(o.code, 0);
		assert_string_equal(o.err, "");
		outcome_free(&o);
	}
	fake_stop(f);
}

/* --- usage, health --- */

static void test_usage(void **state)
{
	struct fake *f = fake_start(good);

	(void)state;
	assert_outcome(f, "show nothing", 2, "", "; see 'checkerctl --help'\n");
	assert_outcome(f, "show pats", 2, "", "(do you mean 'show paths'?)");
	assert_outcome(f, "top", 2, "", "'top' is not in this version");
	assert_outcome(f, "log-level loud", 2, "", "no log level 'loud'");
	assert_outcome(f, "fail sda", 2, "", "'fail' is not in this version");
	assert_outcome(f, "show paths -o NOSUCH", 2, "", "columns are: NAME MAP STATE");
	assert_outcome(f, "show paths format %x", 2, "", "there is no wildcard '%x'");
	assert_outcome(f, "ping --wait", 2, "", "'ping' does not take --wait");
	assert_null(fake_request(f, 0)); /* nothing of that was worth a request */
	fake_stop(f);

	struct outcome o = run_ctl(0, (const char *const[]){ NULL });

	assert_int_equal(o.code, 2);
	assert_string_equal(o.out, "");
	assert_has(o.err, "usage: checkerctl ");
	outcome_free(&o);
}

static void test_health(void **state)
{
	static const struct {
		const char *maps;
		int code;
		const char *says, *json;
	} cases[] = {
		{ "{\"name\":\"a\",\"redundancy\":\"full\"}", 0,
		  "OK: 1 map, all redundant\n", "{\"health\":\"ok\"" },
		{ "{\"name\":\"a\",\"redundancy\":\"full\"},{\"name\":\"b\","
		  "\"redundancy\":\"last\","
		  "\"paths_up\":1,\"paths_total\":2}",
		  1, "WARNING: b has 1 of 2 paths up", "{\"health\":\"degraded\"" },
		{ "{\"name\":\"a\",\"redundancy\":\"degraded\"},{\"name\":\"b\","
		  "\"redundancy\":"
		  "\"none\",\"paths_up\":0,\"paths_total\":2}",
		  2,
		  "CRITICAL: b has 0 of 2 paths up; of 2 maps, 1 without a path, 1 "
		  "degraded\n",
		  "{\"health\":\"lost\"" },
		{ "{\"name\":\"b\",\"redundancy\":\"none\"},{\"name\":\"a\","
		  "\"redundancy\":\"last\"}",
		  2, "CRITICAL: b has ? of ? paths up; of 2 maps, 1 without", "" },
		{ "", 3, "UNKNOWN: ", "{\"health\":\"unknown\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char reply[512];
		const struct fake_answer answers[] = { { "Maps", FAKE_WELL, reply, 0 },
			                               { 0 } };
		struct fake *f;

		snprintf(reply, sizeof(reply), "{\"parameters\":{\"maps\":[%s]}}",
		         cases[i].maps);
		f = fake_start(answers);
		assert_outcome(f, "health", cases[i].code, cases[i].says, "");
		assert_outcome(f, "health --json", cases[i].code, cases[i].json, "");
		fake_stop(f);
	}
	const struct fake_answer hang[] = { { "Maps", FAKE_HANG, NULL, 0 }, { 0 } };
	struct fake *f = fake_start(hang);

	assert_outcome(f, "health --timeout 0.05", 3,
	               "UNKNOWN: ", "no answer from checkerd");
	fake_stop(f);
}

#define TEST(function) cmocka_unit_test_setup(function, arm)

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
		TEST(test_no_answer),
		TEST(test_not_running),
		TEST(test_full_queue),
		TEST(test_denied),
		TEST(test_byte_by_byte),
		TEST(test_many_paths),
		TEST(test_too_large),
		TEST(test_too_many_names),
		TEST(test_control_characters),
		TEST(test_terminal),
		TEST(test_monitor),
		TEST(test_monitor_at_once),
		TEST(test_monitor_unread),
		TEST(test_output_lost),
		TEST(test_usage),
		TEST(test_health),
	};

	setenv("LC_ALL", "C.UTF-8", 1);
	return cmocka_run_group_tests_name("ctl-run", tests, NULL, NULL);
}

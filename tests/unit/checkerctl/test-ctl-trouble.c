/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command itself against a daemon that does not answer, sends too much, or sends false
 * replies; and with an output that cannot be written.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/checkerctl/ctl-fake.h"
#include "tests/unit/checkerctl/ctl-replies.h"
#include "util/macro.h"

/* --- a daemon that does not answer --- */

static void test_no_answer(void **state)
{
	static const struct {
		enum fake_manner manner;
		const char *
		        timeout; /* long enough for a busy machine to send what it sends */
		const char *says;
	} cases[] = {
		{ FAKE_HANG, "0.05",
		  "within 0.05 s: it received the request and sent no reply\n" },
		{ FAKE_HALF, "0.5", "within 0.5 s: only part of its reply came\n" },
		{ FAKE_CLOSE, "60", "closed the connection without an answer\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct fake_answer answers[] = {
			{ "Control", cases[i].manner, PATHS, 0 },
			{ 0 },
		};
		struct fake *f = fake_start(answers);
		char line[64];

		(void)snprintf(line, sizeof(line), "show paths --timeout %s",
		               cases[i].timeout);
		assert_outcome(f, line, 3, "", cases[i].says);
		(void)snprintf(line, sizeof(line), "check sda --wait --timeout %ss",
		               cases[i].timeout);
		assert_outcome(f, line, 3, "", cases[i].says);
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
	/* a socket file without a listener */
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

/* The queue of connections is full, and the daemon accepts none. */
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
	assert_has(o.err, "within 0.05 s: it did not accept the connection\n");
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
		skip(); /* only root can change its user */
	f = fake_start(good);
	args[2] = fake_socket(f);
	snprintf(folder, sizeof(folder), "%s", fake_socket(f));
	*strrchr(folder, '/') = '\0';
	/* the socket refuses, and its group has a name on every system */
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(chmod(fake_socket(f), 0660), 0);
	assert_int_equal(chown(fake_socket(f), 0, 1), 0);
	o = run_ctl(RUN_NOBODY, args);
	if (o.code == 77) { /* only the owner can read the build directory */
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

/* --- sizes, and output on a terminal --- */

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

/* The largest number of paths, each of the largest size. */
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
	assert_has(o.err, "too many names for one request");
	outcome_free(&o);
	fake_stop(f);
}

/* No text of the daemon reaches the terminal as a command. */
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

/* Each event is printed before the wait for the next one, which never comes here. */
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

/* The reader has closed the pipe, and no further event reports that. */
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

#define TEST(function) cmocka_unit_test_setup(function, ctl_arm)

int main(void)
{
	const struct CMUnitTest tests[] = {
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
	};

	setenv("LC_ALL", "C.UTF-8", 1);
	return cmocka_run_group_tests_name("ctl-trouble", tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Clients that send garbage, stop half-way, are too many or not root: each of
 * them costs itself its connection at most, and the others are served meanwhile.
 */
#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control-fixture.h"

#define MANY   16384
#define NOBODY 65534
#define CROWD  100

/* Sent one by one: far more than there is time for, and less than a request may have. */
#define REQUEST_BYTES 4000

/* --- what is no request --- */

static void test_garbage(void **state)
{
	static const char *const garbage[] = {
		"",
		"x",
		"GET / HTTP/1.1\r\n\r\n",
		"[]",
		"\"x\"",
		"null",
		"{}",
		"{",
		"{}{}",
		"{\"method\":1}",
		"{\"method\":\"nodot\"}",
		"{\"method\":\"io.checkerd.Control.Ping\"} x",
		"{\"method\":\"io.checkerd.Control.Ping\",\"parameters\":[]}",
		"{\"method\":\"io.checkerd.Control.Ping\",\"more\":1}",
		"{\"method\":\"io.checkerd.Control.Ping\",\"oneway\":\"yes\"}",
		"{'method':'io.checkerd.Control.Ping'}",
		"{\"method\":\"io.checkerd.Control.Ping\\u0000\"}",
		"{\"method\":\"io.checkerd.Control.Ping\",\"more\\u0000\":true}",
		"{\"method\":\"io.checkerd.Control.Ping\",\"x\":[[[[[[[[]]]]]]]]}",
		"\xff\xfe\xfd",
	};

	(void)state;
	start(2);
	for (size_t i = 0; i < ARRAY_LEN(garbage); i++) {
		int bad = client_connect(&t);

		client_send(bad, garbage[i]);
		assert_true(client_is_closed(bad));
		close(bad);
	}
	others_are_served();
}

/* Every single byte, and every beginning of a good request. */
static void test_pieces_of_requests(void **state)
{
	static const char good[] =
	        "{\"method\":\"io.checkerd.Control.Check\",\"parameters\":"
	        "{\"paths\":[\"sd0\",\"\\u00e9\\ud83d\\ude00\"],\"wait\":"
	        "true},\"more\":false}";

	(void)state;
	start(2);
	for (unsigned i = 0; i < 256; i++) {
		int bad = client_connect(&t);
		char text[2] = { (char)i, '\0' };

		assert_int_equal(send(bad, text, 2, MSG_NOSIGNAL), 2);
		assert_true(client_is_closed(bad));
		close(bad);
	}
	for (size_t i = 0; i + 1 < sizeof(good) - 1; i++) {
		int bad = client_connect(&t);
		char text[sizeof(good)];

		memcpy(text, good, i + 1);
		text[i + 1] = '\0';
		client_send(bad, text);
		assert_true(client_is_closed(bad));
		close(bad);
	}
	others_are_served();
}

static void test_deep_and_wide(void **state)
{
	char text[4000];
	int bad;

	(void)state;
	start(2);
	bad = client_connect(&t);
	memset(text, '[', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	client_send(bad, text);
	assert_true(client_is_closed(bad));
	close(bad);

	bad = client_connect(&t);
	(void)snprintf(text, sizeof(text), "{\"a\":[{}");
	while (strlen(text) < sizeof(text) - 16)
		strcat(text, ",{}");
	strcat(text, "]}");
	client_send(bad, text);
	assert_true(client_is_closed(bad));
	close(bad);
	others_are_served();
}

/* A call with a parameter that makes it `size` bytes, without the NUL. */
static char *sized_call(size_t size)
{
	static const char head[] = "{\"method\":\"io.checkerd.Control.ListPaths\","
	                           "\"parameters\":{\"paths\":[\"";
	char *text = malloc(size + 1);

	memset(text, 'x', size);
	memcpy(text, head, strlen(head));
	memcpy(text + size - 4, "\"]}}", 5);
	return text;
}

static void test_large_requests(void **state)
{
	char *text = sized_call(64 * 1024);
	struct json_object *o;
	int bad;

	(void)state;
	start(2);
	for (unsigned i = 0; i < 3; i++) { /* as large as can be */
		client_send(fd, text);
		o = client_receive(fd);
		assert_string_equal(get_string(o, "error"),
		                    "io.checkerd.Control.NoSuchPath");
		json_object_put(o);
	}
	free(text);
	text = sized_call(64 * 1024 + 1);
	bad = client_connect(&t);
	client_send(bad, text);
	assert_true(client_is_closed(bad));
	close(bad);
	free(text);
	text = sized_call(65 * 1024);
	bad = client_connect(&t);
	client_send(bad, text);
	assert_true(client_is_closed(bad));
	close(bad);
	free(text);
	others_are_served();
}

/* Many names in one request, none of them longer than it has to be. */
static void test_many_names(void **state)
{
	size_t n = 13000;
	char *text = malloc(n * 5 + 64), *at = text;
	struct json_object *o;

	(void)state;
	start(2);
	at += sprintf(at, "{\"paths\":[");
	for (size_t i = 0; i < n / 2; i++)
		at += sprintf(at, "%s\"8:%zu\"", i > 0 ? "," : "", i % 2);
	(void)sprintf(at, "]}");
	o = call(fd, "ListPaths", text);
	assert_int_equal(json_object_array_length(get(o, "paths")), n / 2);
	assert_string_equal(get_string(o, "paths[6499].name"), "sd1");
	json_object_put(o);
	free(text);
}

/* --- who is slow --- */

static void test_half_a_request(void **state)
{
	int bad[2];

	(void)state;
	t.options.idle_timeout_us = 100 * USEC_PER_MSEC;
	start(2);
	bad[0] = client_connect(&t);
	bad[1] = client_connect(&t); /* says nothing at all */
	assert_int_equal(send(bad[0], "{\"method", 8, MSG_NOSIGNAL), 8);
	assert_true(client_is_closed(bad[0]));
	assert_true(client_is_closed(bad[1]));
	close(bad[0]);
	close(bad[1]);
	close(fd);
	fd = client_connect(&t);
	others_are_served();
}

/* A byte now and then does not make a request any younger. */
static void test_drop_by_drop(void **state)
{
	struct pollfd p;
	int bad;

	(void)state;
	t.options.idle_timeout_us = 100 * USEC_PER_MSEC;
	start(2);
	bad = client_connect(&t);
	p = (struct pollfd){ .fd = bad, .events = POLLIN };
	while (poll(&p, 1, 5) == 0)
		(void)!send(bad, "x", 1, MSG_NOSIGNAL);
	assert_true(client_is_closed(bad));
	close(bad);
}

/* Nor does it have as long for a request as it has between two. */
static void test_a_request_has_to_end(void **state)
{
	struct pollfd p;
	int bad, idle;

	(void)state;
	t.options.request_timeout_us = 50 * USEC_PER_MSEC;
	t.options.idle_timeout_us = 3600 * USEC_PER_SEC;
	start(2);
	idle = client_connect(&t);
	for (unsigned i = 0; i < 2; i++) { /* the first one, and one behind another */
		unsigned bytes = 0;

		bad = client_connect(&t);
		p = (struct pollfd){ .fd = bad, .events = POLLIN };
		if (i > 0) {
			client_call(bad, "Ping", "{}");
			json_object_put(client_receive(bad));
		}
		while (poll(&p, 1, 5) == 0 && ++bytes < REQUEST_BYTES)
			(void)!send(bad, "x", 1, MSG_NOSIGNAL);
		assert_true(bytes < REQUEST_BYTES);
		assert_true(client_is_closed(bad));
		close(bad);
	}
	client_call(idle, "Ping", "{}"); /* who has not begun has time */
	json_object_put(client_receive(idle));
	close(idle);
	others_are_served();
}

/* Whatever they are at. */
static void test_stop_with_clients(void **state)
{
	int fds[6];

	(void)state;
	t.loop.hold_checks = true;
	start(MANY);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = client_connect(&t);
	client_call(fds[0], "ListPaths", "{}");
	client_call(fds[1], "Check", "{\"paths\":[\"sd0\"],\"wait\":true}");
	client_send(fds[2], "{\"method\":\"io.checkerd.Control.Monitor\",\"more\":true}");
	assert_int_equal(send(fds[3], "{", 1, MSG_NOSIGNAL), 1);
	loop_wait_for(&t.loop, PORT_CHECK, 1);
	t.control = control_free(t.control);
	assert_true(client_is_closed(fds[1]));
	assert_true(client_is_closed(fds[2]));
	assert_true(client_is_closed(fds[3]));
	assert_true(client_is_closed(fds[4]));
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
}

/* --- too many --- */

static const char too_many[] = "too many clients";

static bool is_refused(int client)
{
	struct json_object *o = client_receive(client);
	bool refused = o && strcmp(get_string(o, "parameters.reason"), too_many) == 0;

	json_object_put(o);
	return refused;
}

static void test_a_crowd(void **state)
{
	int fds[8 + CROWD];

	(void)state;
	t.options.max_clients = 8;
	start(2);
	for (unsigned i = 0; i < 7; i++) {
		fds[i] = client_connect(&t);
		json_object_put(call(fds[i], "Ping", "{}"));
	}
	for (unsigned i = 7; i < 7 + CROWD; i++) {
		fds[i] = client_connect(&t);
		assert_true(is_refused(fds[i]));
		assert_true(client_is_closed(fds[i]));
		close(fds[i]);
	}
	others_are_served();
	for (unsigned i = 0; i < 7; i++) {
		json_object_put(call(fds[i], "Ping", "{}"));
		close(fds[i]);
	}
	/* and there is room again, as soon as they are gone */
	for (unsigned i = 0; i < 7; i++) {
		json_object_put(call(fd, "Ping", "{}"));
		fds[i] = client_connect(&t);
		json_object_put(call(fds[i], "Ping", "{}"));
	}
	for (unsigned i = 0; i < 7; i++)
		close(fds[i]);
}

/* In a child that is another user: what it returns is the exit status. */
static void as_nobody(int (*body)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
		    setresuid(NOBODY, NOBODY, NOBODY) < 0)
			_exit(100);
		_exit(body());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* No assertions there: they would go on with the parent's tests in the child. */
static bool answered(int client, const char *method, const char *parameters,
                     const char *error)
{
	struct json_object *o, *e;
	char text[256];
	bool right;

	(void)snprintf(text, sizeof(text),
	               "{\"method\":\"io.checkerd.Control.%s\",\"parameters\":%s}",
	               method, parameters);
	(void)!send(client, text, strlen(text) + 1, MSG_NOSIGNAL); /* may be closed */
	o = client_receive(client);
	if (!o)
		return false;
	e = json_object_object_get(o, "error");
	right = error ? e && strcmp(json_object_get_string(e), error) == 0 : !e;
	json_object_put(o);
	return right;
}

static int nobody_changes(void)
{
	static const char not_permitted[] = "io.checkerd.Control.NotPermitted";
	int client = client_connect(&t);

	if (!answered(client, "ListPaths", "{}", NULL) ||
	    !answered(client, "GetStatus", "{}", NULL) ||
	    !answered(client, "GetConfig", "{}", NULL) ||
	    !answered(client, "ListEvents", "{}", NULL) ||
	    !answered(client, "Ping", "{}", NULL))
		return 1;
	if (!answered(client, "Check", "{\"paths\":[\"sd0\"]}", not_permitted) ||
	    !answered(client, "Disable", "{\"paths\":[\"sd0\"]}", not_permitted) ||
	    !answered(client, "Fail", "{\"paths\":[\"sd0\"]}", not_permitted) ||
	    !answered(client, "Reinstate", "{\"paths\":[\"sd0\"]}", not_permitted) ||
	    !answered(client, "Enable", "{\"paths\":[\"sd0\"]}", not_permitted) ||
	    !answered(client, "Reload", "{}", not_permitted) ||
	    !answered(client, "SetLogLevel", "{\"level\":\"info\"}", not_permitted))
		return 2;
	return 0;
}

static void test_others_may_only_read(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip(); /* only root can */
	start(2);
	as_nobody(nobody_changes);
	assert_int_equal(loop_count(&t.loop, PORT_CHECK), 0);
	assert_int_equal(loop_count(&t.loop, PORT_DISABLE), 0);
	assert_int_equal(loop_count(&t.loop, PORT_ENABLE), 0);
	assert_int_equal(loop_count(&t.loop, PORT_RELOAD), 0);
	assert_int_equal(loop_count(&t.loop, PORT_LOG_LEVEL), 0);
}

/* Connects until it is refused; how many were let in. They stay until the process ends. */
static int nobody_connects(void)
{
	int n = 0;

	for (; n < CROWD; n++) {
		int client = client_connect(&t);

		if (!answered(client, "Ping", "{}", NULL))
			break;
	}
	return n;
}

static int nobody_gets_sixteen(void)
{
	return nobody_connects() == 16 ? 0 : 1;
}

static int nobody_gets_two(void)
{
	return nobody_connects() == 2 ? 0 : 1;
}

static void test_share_of_a_user(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip(); /* only root can */
	start(2);
	as_nobody(nobody_gets_sixteen);
	as_nobody(nobody_gets_sixteen); /* all of them came back */
	others_are_served();
}

static void test_places_for_root(void **state)
{
	int fds[4];

	(void)state;
	if (geteuid() != 0)
		skip(); /* only root can */
	t.options.max_clients = 6;
	test_start(&t, 2, plain_spec);
	fd = -1;
	as_nobody(nobody_gets_two);
	for (unsigned i = 0; i < 4; i++) {
		fds[i] = client_connect(&t);
		json_object_put(call(fds[i], "Ping", "{}"));
	}
	for (unsigned i = 0; i < 4; i++)
		close(fds[i]);
}

/* How many of these clients the server has disconnected. */
static unsigned dropped_of(const int fds[CROWD])
{
	unsigned n = 0;

	for (unsigned i = 0; i < CROWD; i++) {
		struct pollfd p = { .fd = fds[i], .events = POLLIN };

		n += (unsigned)poll(&p, 1, 0);
	}
	return n;
}

/* Long requests that never end, more than there is memory for: the last ones have to go, and
 * who asks little is served. */
static void test_hoarding_requests(void **state)
{
	char *text = sized_call(64 * 1024);
	int fds[CROWD];

	(void)state;
	t.options.max_clients = CROWD + 8;
	start(2);
	for (unsigned i = 0; i < CROWD; i++) {
		fds[i] = client_connect(&t);
		(void)!send(fds[i], text, 60 * 1024, MSG_NOSIGNAL);
		others_are_served();
	}
	/* the thread may still be reading what the last ones sent */
	for (unsigned i = 0; dropped_of(fds) < CROWD - 64 && i < 1000; i++)
		others_are_served();
	assert_in_range(dropped_of(fds), CROWD - 64, CROWD - 32);
	for (unsigned i = 0; i < CROWD; i++)
		close(fds[i]);
	/* all of it comes back, when it has been noticed that they are gone */
	for (bool served = false; !served;) {
		int client = client_connect(&t);
		struct json_object *o;

		(void)!send(client, text, strlen(text) + 1, MSG_NOSIGNAL);
		o = client_receive(client);
		served = o != NULL;
		json_object_put(o);
		close(client);
	}
	others_are_served();
	free(text);
}

/* What a long request has taken is given back with its answer, not with its client. */
static void test_long_requests_one_after_the_other(void **state)
{
	char *text = sized_call(64 * 1024);
	int fds[CROWD];

	(void)state;
	t.options.max_clients = CROWD + 8;
	start(2);
	for (unsigned i = 0; i < CROWD; i++) {
		struct json_object *o;

		fds[i] = client_connect(&t);
		client_send(fds[i], text);
		o = client_receive(fds[i]);
		assert_string_equal(get_string(o, "error"),
		                    "io.checkerd.Control.NoSuchPath");
		json_object_put(o);
	}
	for (unsigned i = 0; i < CROWD; i++)
		close(fds[i]);
	free(text);
}

/* No descriptor is left for a client: it is turned away, and this thread does not spin. */
static void test_out_of_descriptors(void **state)
{
	struct rlimit old, few;
	int spare[1024], n = 0, client;

	(void)state;
	start(2);
	others_are_served(); /* fd has been accepted, and does not need another descriptor */
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	few = old;
	few.rlim_cur = 512;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(client >= 0);
	while (n < (int)ARRAY_LEN(spare) && (spare[n] = dup(fd)) >= 0)
		n++;
	{
		struct sockaddr_un a = { .sun_family = AF_UNIX };

		strcpy(a.sun_path, t.path);
		assert_int_equal(connect(client, (struct sockaddr *)&a, sizeof(a)), 0);
	}
	assert_true(is_refused(client));
	others_are_served();
	while (n > 0)
		close(spare[--n]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	close(client);
	client = client_connect(&t);
	json_object_put(call(client, "Ping", "{}"));
	close(client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_garbage),
		TEST(test_pieces_of_requests),
		TEST(test_deep_and_wide),
		TEST(test_large_requests),
		TEST(test_many_names),
		TEST(test_half_a_request),
		TEST(test_drop_by_drop),
		TEST(test_a_request_has_to_end),
		TEST(test_stop_with_clients),
		TEST(test_a_crowd),
		TEST(test_others_may_only_read),
		TEST(test_share_of_a_user),
		TEST(test_places_for_root),
		TEST(test_hoarding_requests),
		TEST(test_long_requests_one_after_the_other),
		TEST(test_out_of_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The transport, with both ends in one thread, so that the order of steps is fixed. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "checkerctl/connection.h"
#include "checkerctl/exit.h"

#define LONG_US  (60 * USEC_PER_SEC)
#define SHORT_US 1000

struct ends {
	char folder[32];
	struct sockaddr_un address;
	int listener, daemon; /* the daemon's end of the connection */
	struct connection connection;
};

static int set_up(void **state)
{
	struct ends *e = calloc(1, sizeof(*e));

	assert_non_null(e);
	strcpy(e->folder, "/tmp/ctl-connection.XXXXXX");
	assert_non_null(mkdtemp(e->folder));
	e->address.sun_family = AF_UNIX;
	snprintf(e->address.sun_path, sizeof(e->address.sun_path), "%s/socket",
	         e->folder);
	e->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
	        bind(e->listener, (struct sockaddr *)&e->address, sizeof(e->address)), 0);
	assert_int_equal(listen(e->listener, 8), 0);
	e->daemon = -1;
	e->connection = CONNECTION_NULL;
	*state = e;
	return 0;
}

static int tear_down(void **state)
{
	struct ends *e = *state;

	connection_deinit(&e->connection);
	if (e->daemon >= 0)
		close(e->daemon);
	close(e->listener);
	unlink(e->address.sun_path);
	rmdir(e->folder);
	free(e);
	return 0;
}

static void join(struct ends *e, int64_t timeout_us)
{
	assert_int_equal(
	        connection_connect(&e->connection, e->address.sun_path, timeout_us), 0);
	e->daemon = accept(e->listener, NULL, NULL);
	assert_true(e->daemon >= 0);
}

static void daemon_sends(struct ends *e, const char *data, size_t length)
{
	assert_int_equal(send(e->daemon, data, length, MSG_NOSIGNAL), (ssize_t)length);
}

static int send_text(struct ends *e, const char *text)
{
	json_object *request = json_tokener_parse(text);
	int r;

	assert_non_null(request);
	r = connection_send(&e->connection, request);
	json_object_put(request);
	return r;
}

static void test_exchange(void **state)
{
	static const char two[] = "{\"a\":1}\0{\"b\":";
	struct ends *e = *state;
	json_object *reply;
	char request[64];

	join(e, LONG_US);
	assert_int_equal(send_text(e, "{\"method\":\"a/b\"}"), 0);
	/* the final NUL is sent, and nothing after it; slashes are not escaped */
	assert_int_equal(recv(e->daemon, request, sizeof(request), 0), 17);
	assert_memory_equal(request, "{\"method\":\"a/b\"}", 17);
	daemon_sends(e, two, sizeof(two) - 1);
	assert_int_equal(connection_receive(&e->connection, -1, &reply), 0);
	assert_string_equal(json_object_to_json_string_ext(reply, 0), "{\"a\":1}");
	json_object_put(reply);
	daemon_sends(e, "2}", 3);
	assert_int_equal(connection_receive(&e->connection, -1, &reply), 0);
	assert_string_equal(json_object_to_json_string_ext(reply, 0), "{\"b\":2}");
	json_object_put(reply);
}

/* One object a message: what follows it, but white space, and what is not JSON is an error. json-c
 * 0.18 reads names that are not ASCII only without its strict flag. */
static void test_messages(void **state)
{
	static const struct {
		const char *text;
		int error;
	} messages[] = {
		{ "{}", 0 },
		{ "{\"a\":{\"b\":[1]}} \r\n\t", 0 },
		{ "{\"name\":\"d\xc3\xa9\"}", 0 },
		{ "{\"d\xc3\xa9\":\"\xf0\x9f\x98\x80\"}", 0 },
		{ "", -EBADMSG },
		{ "}", -EBADMSG },
		{ " ", -EBADMSG },
		{ "{", -EBADMSG },
		{ "[{}]", -EBADMSG },
		{ "1}", -EBADMSG },
		{ "{\"a\":1", -EBADMSG },
		{ "{} {}", -EBADMSG },
		{ "{}}", -EBADMSG },
		{ "{\"a\":1}x", -EBADMSG },
		{ "{\"a\":{}", -EBADMSG },
	};
	struct ends *e = *state;

	join(e, LONG_US);
	for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
		const char *text = messages[i].text;
		json_object *reply = NULL;

		daemon_sends(e, text, strlen(text) + 1);
		assert_int_equal(connection_receive(&e->connection, -1, &reply),
		                 messages[i].error);
		assert_int_equal(reply != NULL, messages[i].error == 0);
		json_object_put(reply);
	}
}

/* The daemon sends its reason and closes before the request: the reason still arrives, and no
 * SIGPIPE ends the test. */
static void test_closed_before_sending(void **state)
{
	struct ends *e = *state;
	json_object *reply;

	join(e, LONG_US);
	daemon_sends(e, "{\"error\":\"x\"}", 14);
	close(e->daemon);
	e->daemon = -1;
	assert_int_equal(send_text(e, "{}"), 0);
	assert_int_equal(connection_receive(&e->connection, -1, &reply), 0);
	json_object_put(reply);
	assert_int_equal(connection_receive(&e->connection, -1, &reply), -ECONNRESET);
}

static void test_closed_in_a_message(void **state)
{
	struct ends *e = *state;
	json_object *reply;

	join(e, LONG_US);
	assert_int_equal(send_text(e, "{}"), 0);
	daemon_sends(e, "{\"a\"", 4);
	shutdown(e->daemon, SHUT_WR);
	assert_int_equal(connection_receive(&e->connection, -1, &reply), -ECONNRESET);
}

static void test_deadline(void **state)
{
	struct ends *e = *state;
	json_object *reply;

	join(e, SHORT_US);
	assert_int_equal(send_text(e, "{}"), 0);
	assert_int_equal(connection_receive(&e->connection, -1, &reply), -ETIMEDOUT);
	assert_int_equal(e->connection.stage, CONNECTION_WAITING);
	daemon_sends(e, "{", 1); /* bytes do not move the deadline */
	assert_int_equal(connection_receive(&e->connection, -1, &reply), -ETIMEDOUT);
	/* without a deadline a late reply is accepted */
	connection_no_deadline(&e->connection);
	daemon_sends(e, "}", 2);
	assert_int_equal(connection_receive(&e->connection, -1, &reply), 0);
	json_object_put(reply);
}

/* Sending ends at the deadline also when the daemon does not read. */
static void test_not_read(void **state)
{
	struct ends *e = *state;
	int r = 0;

	join(e, SHORT_US);
	json_object *request = json_object_new_object();
	char *text = calloc(1, 60001);

	memset(text, 'x', 60000);
	json_object_object_add(request, "method", json_object_new_string(text));
	for (int i = 0; i < 1000 && r == 0; i++)
		r = connection_send(&e->connection, request);
	assert_int_equal(r, -ETIMEDOUT);
	assert_int_equal(e->connection.stage, CONNECTION_SENDING);
	json_object_object_add(request, "more", json_object_new_string(text));
	assert_int_equal(connection_send(&e->connection, request), -EMSGSIZE);
	json_object_put(request);
	free(text);
}

/* The reader of stdout has closed its pipe. */
static void test_watch(void **state)
{
	struct ends *e = *state;
	json_object *reply;
	int fds[2];

	join(e, LONG_US);
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	assert_int_equal(connection_receive(&e->connection, fds[1], &reply), -EPIPE);
	close(fds[1]);
}

static void test_connect_errors(void **state)
{
	struct ends *e = *state;
	char name[200];

	assert_int_equal(
	        connection_connect(&e->connection, "/nonexistent/socket", LONG_US),
	        -ENOENT);
	assert_int_equal(connection_complain(&e->connection, -ENOENT), EXIT_UNREACHABLE);
	connection_deinit(&e->connection);
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(connection_connect(&e->connection, name, LONG_US),
	                 -ENAMETOOLONG);
	connection_deinit(&e->connection);
	close(e->listener);
	e->listener = -1;
	assert_int_equal(connection_connect(&e->connection, e->address.sun_path, LONG_US),
	                 -ECONNREFUSED);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_exchange),
		TEST(test_messages),
		TEST(test_closed_before_sending),
		TEST(test_closed_in_a_message),
		TEST(test_deadline),
		TEST(test_not_read),
		TEST(test_watch),
		TEST(test_connect_errors),
	};

	return cmocka_run_group_tests_name("ctl-connection", tests, NULL, NULL);
}

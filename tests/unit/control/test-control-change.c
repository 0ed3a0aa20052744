/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests that the loop answers, snapshots that clients share, and events. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control-fixture.h"

#define MANY 3000
/* Checks of one request that wait at the same time: fewer than there are places. */
#define AT_ONCE 1000

static struct port_request last_of(enum port_op op)
{
	struct port_request r = { 0 };

	pthread_mutex_lock(&t.loop.mutex);
	for (unsigned i = 0; i < t.loop.n_log; i++)
		if (t.loop.log[i].op == op)
			r = t.loop.log[i];
	pthread_mutex_unlock(&t.loop.mutex);
	assert_int_equal(r.op, op);
	return r;
}

static void set_silent(struct loop *l, void *arg)
{
	l->silent = *(bool *)arg;
}

static void set_stale(struct loop *l, void *arg)
{
	l->stale = *(bool *)arg;
}

/* When this returns, the thread has handled what was sent to it before. */
static void pass_through(void)
{
	int other = client_connect(&t);

	json_object_put(call(other, "org.varlink.service.GetInfo", "{}"));
	close(other);
}

/* --- changes --- */

static void test_disable_and_enable(void **state)
{
	struct json_object *o;
	struct port_request r;

	(void)state;
	start(4);
	o = call(fd, "ListPaths", "{\"paths\":[\"sd2\"]}");
	assert_true(json_object_get_boolean(get(o, "paths[0].enabled")));
	json_object_put(o);
	json_object_put(
	        call(fd, "Disable", "{\"paths\":[\"sd2\",\"8:3\"],\"for_s\":1.5}"));
	r = last_of(PORT_DISABLE);
	assert_int_equal(r.path, 3);
	assert_int_equal(r.generation, 1);
	assert_int_equal(r.arg, 1500000);
	assert_int_equal(r.uid, geteuid());
	assert_int_equal(r.pid, getpid());
	assert_int_equal(loop_count(&t.loop, PORT_DISABLE), 1);
	/* The next request sees the change, however fresh the last snapshot is. */
	o = call(fd, "ListPaths", "{\"paths\":[\"sd2\"]}");
	assert_false(json_object_get_boolean(get(o, "paths[0].enabled")));
	json_object_put(o);
	json_object_put(call(fd, "Enable", "{\"paths\":[\"sd2\"]}"));
	o = call(fd, "ListPaths", "{\"paths\":[\"sd2\"]}");
	assert_true(json_object_get_boolean(get(o, "paths[0].enabled")));
	json_object_put(o);
	json_object_put(call(fd, "Disable", "{\"paths\":[\"sd2\"]}"));
	assert_int_equal(last_of(PORT_DISABLE).arg, 0);

	call_fails(fd, "Enable", "{\"paths\":[\"sd2\",\"sdz\"]}",
	           "io.checkerd.Control.NoSuchPath", "sdz");
	assert_int_equal(loop_count(&t.loop, PORT_ENABLE), 1); /* all or nothing */
	loop_do(&t.loop, set_stale, &(bool){ true });
	call_fails(fd, "Enable", "{\"paths\":[\"sd1\"]}",
	           "io.checkerd.Control.NoSuchPath", "sd1");
}

static void set_dm_error(struct loop *l, void *error)
{
	l->dm_error = *(int *)error;
}

static void test_fail_and_reinstate(void **state)
{
	static const struct {
		int error;
		const char *words;
	} cases[] = {
		{ EPERM, "sd1: dm_control is off" },
		{ ENXIO, "sd1: it is in no map" },
		{ EBUSY, "takes the last usable path of map  (sd1): wait" },
		{ EIO, "sd1: its checks fail" },
		{ EINPROGRESS, "sd1: it is held: unsetmarginal ends" },
		{ EINVAL, "sd1: the main loop refuses" },
	};
	struct json_object *o;

	(void)state;
	start(4);
	json_object_put(call(fd, "Fail", "{\"paths\":[\"sd2\",\"8:3\"]}"));
	assert_int_equal(last_of(PORT_FAIL).path, 3);
	assert_int_equal(last_of(PORT_FAIL).uid, geteuid());
	assert_int_equal(loop_count(&t.loop, PORT_FAIL), 1);
	json_object_put(call(fd, "Reinstate", "{\"paths\":[\"sd2\"]}"));
	assert_int_equal(last_of(PORT_REINSTATE).path, 2);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		loop_do(&t.loop, set_dm_error, &(int){ cases[i].error });
		client_call(fd, i % 2 ? "Reinstate" : "Fail", "{\"paths\":[\"sd1\"]}");
		o = client_receive(fd);
		assert_string_equal(get_string(o, "error"),
		                    "io.checkerd.Control.NotPossible");
		assert_non_null(
		        strstr(get_string(o, "parameters.reason"), cases[i].words));
		json_object_put(o);
	}
	loop_do(&t.loop, set_dm_error, &(int){ ESTALE });
	call_fails(fd, "Fail", "{\"paths\":[\"sd1\"]}", "io.checkerd.Control.NoSuchPath",
	           "sd1");
	call_fails(fd, "Reinstate", "{}", "org.varlink.service.InvalidParameter",
	           "paths");
}

static void test_marginal(void **state)
{
	struct json_object *o;

	(void)state;
	start(4);
	json_object_put(call(fd, "SetMarginal", "{\"paths\":[\"sd2\"]}"));
	assert_int_equal(last_of(PORT_SET_MARGINAL).path, 2);
	json_object_put(call(fd, "UnsetMarginal", "{\"paths\":[\"sd3\"]}"));
	assert_int_equal(last_of(PORT_UNSET_MARGINAL).path, 3);
	loop_do(&t.loop, set_dm_error, &(int){ EAGAIN });
	client_call(fd, "UnsetMarginal", "{\"paths\":[\"sd1\"]}");
	o = client_receive(fd);
	assert_string_equal(get_string(o, "parameters.reason"),
	                    "sd1: it is still held: MARGINAL_REASON says why");
	json_object_put(o);
}

/* --- selections --- */

static void selected_spec(uint32_t i, struct device_spec *ret, char name[64],
                          char node[64])
{
	static const char *const maps[] = { "m1", "m2", "m3" };

	plain_spec(i, ret, name, node);
	ret->host = i % 2 == 0 ? "host3" : "host4";
	ret->target = i % 4 < 2 ? "iqn.a" : "iqn.b";
	ret->map = maps[i / 4];
}

static void expect_changed(const char *method, const char *parameters, int64_t paths,
                           const char *maps)
{
	struct json_object *o = call(fd, method, parameters);

	assert_int_equal(get_int(o, "paths"), paths);
	assert_string_equal(
	        json_object_to_json_string_ext(get(o, "maps"), JSON_C_TO_STRING_PLAIN),
	        maps);
	json_object_put(o);
}

static void expect_listed(const char *parameters, size_t n)
{
	struct json_object *o = call(fd, "ListPaths", parameters);

	assert_int_equal(json_object_array_length(get(o, "paths")), n);
	json_object_put(o);
}

/* What each property selects, alone and together, with names and without. */
static void test_selections(void **state)
{
	(void)state;
	start_with(12, selected_spec);
	expect_changed("Disable", "{\"host\":\"host3\"}", 6, "[\"m1\",\"m2\",\"m3\"]");
	expect_listed("{\"states\":[\"disabled\"]}", 6);
	expect_listed("{\"states\":[\"up\",\"down\"]}", 6);
	expect_listed("{\"states\":[\"ghost\"]}", 0);
	expect_changed("Enable", "{\"states\":[\"disabled\"],\"map\":\"m2\"}", 2,
	               "[\"m2\"]");
	expect_listed("{\"states\":[\"disabled\"]}", 4);
	expect_changed("Enable", "{\"host\":\"host3\",\"target\":\"iqn.b\"}", 3,
	               "[\"m1\",\"m2\",\"m3\"]");
	expect_listed("{\"states\":[\"disabled\"]}", 2);
	expect_listed("{\"paths\":[\"sd0\",\"sd1\",\"sd4\"],\"host\":\"host3\"}", 2);
	expect_changed("Disable", "{\"paths\":[\"sd11\",\"sd1\"]}", 2, "[\"m1\",\"m3\"]");
	assert_int_equal(loop_count(&t.loop, PORT_DISABLE), 2);
	call_fails(fd, "Disable", "{\"map\":\"m9\"}", "io.checkerd.Control.NoSuchMap",
	           "m9");
	call_fails(fd, "Fail", "{\"host\":\"host9\",\"map\":\"m1\"}",
	           "io.checkerd.Control.NothingSelected",
	           "no path has host host9 map m1: see checkerctl show paths");
	call_fails(fd, "Enable", "{\"states\":[\"tired\"]}",
	           "org.varlink.service.InvalidParameter", "states");
	call_fails(fd, "Enable", "{\"host\":\"\"}",
	           "org.varlink.service.InvalidParameter", "host");
	call_fails(fd, "Disable", "{\"force\":true}",
	           "org.varlink.service.InvalidParameter", "paths");
	assert_int_equal(loop_count(&t.loop, PORT_FAIL), 0);
}

static void test_reload_and_log_level(void **state)
{
	struct json_object *o;

	(void)state;
	start(1);
	o = call(fd, "Reload", "{}");
	assert_string_equal(get_string(o, "message"), "nothing changed");
	json_object_put(o);
	json_object_put(call(fd, "SetLogLevel", "{\"level\":\"emerg\"}"));
	assert_int_equal(last_of(PORT_LOG_LEVEL).arg, 0);
	json_object_put(call(fd, "SetLogLevel", "{\"level\":\"debug\"}"));
	assert_int_equal(last_of(PORT_LOG_LEVEL).arg, 7);
}

static void test_refused_reload(void **state)
{
	static const char errors[] = "a.conf:1:2: error: \"x\"\na.conf:3:4: error: y\n";

	(void)state;
	t.loop.reload_error = errors;
	start(1);
	call_fails(fd, "Reload", "{}", "io.checkerd.Control.ReloadFailed", errors);
}

static void test_reload_without_memory(void **state)
{
	(void)state;
	t.loop.reload_error = "";
	start(1);
	call_fails(fd, "Reload", "{}", "io.checkerd.Control.ReloadFailed",
	           "error: not enough memory to read the configuration: try again\n");
}

static void test_busy_reload(void **state)
{
	(void)state;
	t.loop.reload_busy = true;
	start(1);
	call_fails(fd, "Reload", "{}", "io.checkerd.Control.Busy",
	           "another reload is in progress");
}

static void test_check(void **state)
{
	/* In the order of the request; a path may be there twice. */
	static const struct expected results[] = {
		{ "results[0].path", "\"sd1\"" }, { "results[0].state", "\"up\"" },
		{ "results[0].checked", "true" }, { "results[1].path", "\"sd1\"" },
		{ "results[2].path", "\"sd0\"" },
	};
	struct json_object *o;

	(void)state;
	start(4);
	o = call(fd, "Check", "{\"paths\":[\"sd1\",\"sd1\",\"sd0\"]}");
	expect(o, results, ARRAY_LEN(results));
	json_object_put(o);
	assert_false(last_of(PORT_CHECK).wait);
	o = call(fd, "Check", "{\"paths\":[]}");
	assert_int_equal(json_object_array_length(get(o, "results")), 0);
	json_object_put(o);
}

static void test_check_of_what_cannot_be_checked(void **state)
{
	struct json_object *o;

	(void)state;
	start(4);
	json_object_put(call(fd, "Disable", "{\"paths\":[\"sd2\"]}"));
	o = call(fd, "Check", "{\"paths\":[\"sd2\"],\"wait\":true}");
	assert_string_equal(get_string(o, "results[0].state"), "up");
	assert_false(json_object_get_boolean(get(o, "results[0].checked")));
	json_object_put(o);
	loop_do(&t.loop, set_stale, &(bool){ true });
	o = call(fd, "Check", "{\"paths\":[\"sd1\"],\"wait\":true}");
	assert_string_equal(get_string(o, "results[0].state"), "removed");
	assert_false(json_object_get_boolean(get(o, "results[0].checked")));
	json_object_put(o);
}

/* {"paths":["sd0",…],"wait":true} */
static char *all_paths(unsigned n)
{
	char *text = malloc(n * 16 + 64), *at = text;

	at += sprintf(at, "{\"wait\":true,\"paths\":[");
	for (unsigned i = 0; i < n; i++)
		at += sprintf(at, "%s\"sd%u\"", i > 0 ? "," : "", i);
	(void)sprintf(at, "]}");
	return text;
}

/* More requests than the ring holds, with late replies. */
static void test_check_many_and_wait(void **state)
{
	char *parameters = all_paths(AT_ONCE);
	struct json_object *reply;
	int other;

	(void)state;
	t.loop.hold_checks = true;
	start(AT_ONCE);
	other = client_connect(&t);
	client_call(fd, "Check", parameters);
	loop_wait_for(&t.loop, PORT_CHECK, AT_ONCE);
	/* A second client waits for one of these checks; it delays no other client. */
	client_call(other, "Check", "{\"paths\":[\"sd1\"],\"wait\":true}");
	loop_wait_for(&t.loop, PORT_CHECK, AT_ONCE + 1);
	pass_through();
	loop_do(&t.loop, loop_complete_all, NULL);
	reply = client_receive(fd);
	assert_int_equal(json_object_array_length(get(reply, "parameters.results")),
	                 AT_ONCE);
	assert_string_equal(get_string(reply, "parameters.results[2].state"), "up");
	assert_string_equal(get_string(reply, "parameters.results[999].path"), "sd999");
	assert_string_equal(get_string(reply, "parameters.results[999].state"),
	                    "timeout");
	json_object_put(reply);
	reply = client_receive(other);
	assert_string_equal(get_string(reply, "parameters.results[0].state"), "timeout");
	json_object_put(reply);
	close(other);
	free(parameters);
}

/* Clients that disconnect leave nothing behind, even after more checks than there are places. */
static void test_check_and_go_away(void **state)
{
	char *parameters = all_paths(MANY);

	(void)state;
	t.loop.hold_checks = true;
	start(MANY);
	for (unsigned i = 0; i < 3; i++) {
		unsigned before = loop_count(&t.loop, PORT_CHECK);
		int other = client_connect(&t);

		client_call(other, "Check", parameters);
		loop_wait_for(&t.loop, PORT_CHECK, before + 100);
		close(other);
		pass_through();
		/* The replies that are still to come hinder no other client. */
		json_object_put(call(fd, "Disable", "{\"paths\":[\"sd0\"]}"));
		json_object_put(call(fd, "Ping", "{}"));
		loop_do(&t.loop, loop_complete_all, NULL);
	}
	free(parameters);
}

/* Checks with wait use up their places: the others wait, and are served in the end. */
static void test_more_checks_than_places(void **state)
{
	char *parameters = all_paths(MANY);
	int fds[4];

	(void)state;
	t.loop.hold_checks = true;
	start(MANY);
	for (unsigned i = 0; i < 4; i++) {
		fds[i] = client_connect(&t);
		client_call(fds[i], "Check", parameters);
	}
	loop_wait_for(&t.loop, PORT_CHECK, AT_ONCE);
	json_object_put(call(fd, "Ping", "{}"));
	json_object_put(call(fd, "Disable", "{\"paths\":[\"sd0\"]}"));
	for (unsigned done = 0; done < 4 * MANY;) {
		done = loop_count(&t.loop, PORT_CHECK);
		loop_do(&t.loop, loop_complete_all, NULL);
	}
	loop_do(&t.loop, loop_complete_all, NULL);
	for (unsigned i = 0; i < 4; i++) {
		struct json_object *reply = client_receive(fds[i]);

		assert_int_equal(
		        json_object_array_length(get(reply, "parameters.results")), MANY);
		json_object_put(reply);
		close(fds[i]);
	}
	free(parameters);
}

static void test_oneway(void **state)
{
	struct json_object *o;

	(void)state;
	start(2);
	client_send(fd, "{\"method\":\"io.checkerd.Control.Disable\",\"oneway\":true,"
	                "\"parameters\":{\"paths\":[\"sd0\"]}}");
	client_send(fd, "{\"method\":\"io.checkerd.Control.Nonsense\",\"oneway\":true}");
	client_send(fd, "{\"method\":\"io.checkerd.Control.ListPaths\",\"oneway\":true}");
	client_send(fd, "{\"method\":\"io.checkerd.Control.Monitor\",\"oneway\":true,"
	                "\"more\":true}");
	/* None of them has a reply: the next one is the next call's. */
	o = call(fd, "ListPaths", "{\"paths\":[\"sd0\"]}");
	assert_false(json_object_get_boolean(get(o, "paths[0].enabled")));
	json_object_put(o);
}

/* All that was requested before the end is done, though the client has disconnected. */
static void test_oneway_and_go_away(void **state)
{
	int other;

	(void)state;
	start(40);
	other = client_connect(&t);
	for (unsigned i = 0; i < 40; i++) {
		char text[160];

		(void)snprintf(
		        text, sizeof(text),
		        "{\"method\":\"io.checkerd.Control.Disable\",\"oneway\":true,"
		        "\"parameters\":{\"paths\":[\"sd%u\"]}}",
		        i);
		client_send(other, text);
	}
	close(other);
	loop_wait_for(&t.loop, PORT_DISABLE, 40);
}

static void test_pipelined(void **state)
{
	static const char *const methods[] = { "ListPaths", "Ping", "GetGroups",
		                               "Reload" };
	static const char *const keys[] = { "paths", NULL, "groups", "message" };

	(void)state;
	/* The replies are large, and a slow machine parses them slowly. */
	t.options.write_timeout_us = t.options.loop_timeout_us = 600 * USEC_PER_SEC;
	start(MANY);
	for (unsigned i = 0; i < 40; i++)
		client_call(fd, methods[i % 4], "{}");
	for (unsigned i = 0; i < 40; i++) {
		struct json_object *o = client_receive(fd), *p = get(o, "parameters");

		if (keys[i % 4])
			assert_true(json_object_object_get_ex(p, keys[i % 4], NULL));
		else
			assert_int_equal(json_object_object_length(p), 0);
		json_object_put(o);
	}
}

/* A client that sends no more still gets its reply. */
static void test_half_closed(void **state)
{
	struct json_object *o;

	(void)state;
	start(MANY);
	client_call(fd, "ListPaths", "{}");
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	o = client_receive(fd);
	assert_int_equal(json_object_array_length(get(o, "parameters.paths")), MANY);
	json_object_put(o);
	assert_true(client_is_closed(fd));
}

/* --- snapshots --- */

/* Clients that wait when a snapshot comes all read it. */
static void test_clients_share_a_snapshot(void **state)
{
	int fds[8];

	(void)state;
	t.loop.silent = true;
	start(2);
	client_call(fd, "ListPaths", "{}");
	loop_wait_for(&t.loop, PORT_SNAPSHOT, 1);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = client_connect(&t);
		client_call(fds[i], "ListPaths", "{}");
	}
	pass_through();
	loop_do(&t.loop, set_silent, &(bool){ false });
	loop_do(&t.loop, loop_answer_snapshot, NULL);
	json_object_put(client_receive(fd));
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		json_object_put(client_receive(fds[i]));
		close(fds[i]);
	}
	assert_int_equal(loop_count(&t.loop, PORT_SNAPSHOT), 1);
}

static void test_loop_does_not_answer(void **state)
{
	static const char reason[] = "the main loop does not answer in time";

	(void)state;
	t.loop.silent = true;
	t.options.loop_timeout_us = 20 * USEC_PER_MSEC;
	start(2);
	call_fails(fd, "ListPaths", "{}", "io.checkerd.Control.Busy", reason);
	call_fails(fd, "Ping", "{}", "io.checkerd.Control.Busy", reason);
	call_fails(fd, "SetLogLevel", "{\"level\":\"info\"}", "io.checkerd.Control.Busy",
	           reason);
	json_object_put(call(fd, "org.varlink.service.GetInfo", "{}"));
	/* The loop answers again: no client gets the late replies. */
	loop_do(&t.loop, set_silent, &(bool){ false });
	loop_do(&t.loop, loop_answer_snapshot, NULL);
	json_object_put(call(fd, "Ping", "{}"));
	json_object_put(call(fd, "ListPaths", "{}"));
}

/* --- events --- */

/* Emits events. When this returns, they are kept, and the port's ring is empty. */
static void emit(unsigned n)
{
	int other = client_connect(&t);

	while (n > 0) {
		unsigned some = MIN(n, 500u); /* the ring holds that many */
		bool kept = false;
		char since[64];

		loop_do(&t.loop, loop_emit, &some);
		n -= some;
		(void)snprintf(since, sizeof(since), "{\"since\":%llu}",
		               (unsigned long long)t.loop.seq - 1);
		while (!kept) {
			struct json_object *o = call(other, "ListEvents", since);

			kept = json_object_array_length(get(o, "events")) == 1;
			json_object_put(o);
		}
	}
	close(other);
}

static void test_list_events(void **state)
{
	static const struct expected third[] = {
		{ "seq", "3" },
		{ "time", "\"1970-01-01T00:00:03.000000Z\"" },
		{ "type", "\"path_state\"" },
		{ "path", "\"sd1\"" },
		{ "map", "null" },
		{ "from", "\"up\"" },
		{ "to", "\"down\"" },
		{ "reason", "null" },
		{ "message", "\"sd1: down\"" },
	};
	struct json_object *o;

	(void)state;
	start(2);
	o = call(fd, "ListEvents", "{}");
	assert_int_equal(json_object_array_length(get(o, "events")), 0);
	assert_int_equal(get_int(o, "lost"), 0);
	json_object_put(o);
	emit(3);
	o = call(fd, "ListEvents", "{\"since\":2}");
	assert_int_equal(json_object_array_length(get(o, "events")), 1);
	expect(get(o, "events[0]"), third, ARRAY_LEN(third));
	assert_int_equal(get_int(o, "lost"), 0);
	json_object_put(o);
	o = call(fd, "ListEvents", "{\"since\":77}");
	assert_int_equal(json_object_array_length(get(o, "events")), 0);
	json_object_put(o);
}

static void test_old_events_are_lost(void **state)
{
	struct json_object *o;

	(void)state;
	start(2);
	emit(5000);
	o = call(fd, "ListEvents", "{\"since\":100}");
	assert_int_equal(json_object_array_length(get(o, "events")), 4096);
	assert_int_equal(get_int(o, "events[0].seq"), 905);
	assert_int_equal(get_int(o, "events[4095].seq"), 5000);
	assert_int_equal(get_int(o, "lost"), 804);
	json_object_put(o);
}

static void monitor(int client, const char *parameters)
{
	char text[128];

	(void)snprintf(text, sizeof(text),
	               "{\"method\":\"io.checkerd.Control.Monitor\",\"more\":true,"
	               "\"parameters\":%s}",
	               parameters);
	client_send(client, text);
	pass_through();
}

static uint64_t next_event(int client)
{
	struct json_object *o = client_receive(client);
	int64_t seq;

	assert_non_null(o);
	assert_true(json_object_get_boolean(get(o, "continues")));
	seq = get_int(o, "parameters.event.seq");
	json_object_put(o);
	return (uint64_t)seq;
}

static void test_monitor(void **state)
{
	int other, idle;

	(void)state;
	t.options.idle_timeout_us = t.options.write_timeout_us = 500 * USEC_PER_MSEC;
	start(2);
	emit(5);
	monitor(fd, "{}");
	other = client_connect(&t);
	monitor(other, "{\"since\":3}");
	assert_int_equal(next_event(other), 4);
	assert_int_equal(next_event(other), 5);
	for (unsigned i = 6; i < 20; i++) {
		emit(1);
		assert_int_equal(next_event(fd), i);
		assert_int_equal(next_event(other), i);
	}
	close(other);
	/* A client that waits for events is not idle: it stays when an idle one is dropped. */
	idle = client_connect(&t);
	assert_true(client_is_closed(idle));
	close(idle);
	emit(1);
	assert_int_equal(next_event(fd), 20);
}

/* A client that does not read for a while gets the events that are kept, and the number of the
 * others. */
static void test_slow_monitor(void **state)
{
	uint64_t last = 0, lost = 0, events = 0;

	(void)state;
	t.options.write_timeout_us = 60 * USEC_PER_SEC;
	start(2);
	monitor(fd, "{}");
	emit(12000);
	while (last < 12000) {
		struct json_object *o = client_receive(fd), *n;

		assert_non_null(o);
		if (json_object_object_get_ex(get(o, "parameters"), "lost", &n)) {
			assert_false(json_object_object_get_ex(get(o, "parameters"),
			                                       "event", NULL));
			lost += (uint64_t)json_object_get_int64(n);
			last += (uint64_t)json_object_get_int64(n);
		} else {
			events++;
			assert_int_equal(get_int(o, "parameters.event.seq"), ++last);
		}
		json_object_put(o);
	}
	assert_int_equal(events + lost, 12000);
	assert_true(lost > 0);
	assert_in_range(events, 4096, 11999);
	emit(1);
	assert_int_equal(next_event(fd), 12001);
}

/* The port had no room for some events: their numbers are missing. */
static void pass_over(struct loop *l, void *n)
{
	l->seq += *(unsigned *)n;
}

static void test_events_that_never_came(void **state)
{
	struct json_object *o;

	(void)state;
	start(2);
	monitor(fd, "{}");
	emit(1);
	assert_int_equal(next_event(fd), 1);
	loop_do(&t.loop, pass_over, &(unsigned){ 7 });
	emit(1);
	o = client_receive(fd);
	assert_int_equal(get_int(o, "parameters.lost"), 7);
	json_object_put(o);
	assert_int_equal(next_event(fd), 9);
	close(fd);
	fd = client_connect(&t);
	o = call(fd, "ListEvents", "{}");
	assert_int_equal(json_object_array_length(get(o, "events")), 2);
	assert_int_equal(get_int(o, "lost"), 7);
	json_object_put(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_disable_and_enable),
		TEST(test_fail_and_reinstate),
		TEST(test_marginal),
		TEST(test_selections),
		TEST(test_reload_and_log_level),
		TEST(test_refused_reload),
		TEST(test_reload_without_memory),
		TEST(test_busy_reload),
		TEST(test_check),
		TEST(test_check_of_what_cannot_be_checked),
		TEST(test_check_many_and_wait),
		TEST(test_check_and_go_away),
		TEST(test_more_checks_than_places),
		TEST(test_oneway),
		TEST(test_oneway_and_go_away),
		TEST(test_pipelined),
		TEST(test_half_closed),
		TEST(test_clients_share_a_snapshot),
		TEST(test_loop_does_not_answer),
		TEST(test_list_events),
		TEST(test_old_events_are_lost),
		TEST(test_monitor),
		TEST(test_slow_monitor),
		TEST(test_events_that_never_came),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

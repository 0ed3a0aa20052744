/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of methods against the .varlink files, row by row and method by method, and against
 * what a client gets.
 */
#include <unistd.h>

#include "checkerd/control/document_path.h"
#include "checkerd/control/interface.h"
#include "checkerd/control/methods.h"
#include "control-fixture.h"

#define LINE_MAX_SIZE 512

static const char *idl_of(const char *interface)
{
	return strcmp(interface, INTERFACE_CONTROL) == 0 ? interface_control
	                                                 : interface_service;
}

/* Several lines become one: "a: ?int, b: ?bool". */
static void join_lines(char *text)
{
	char *to = text;

	for (const char *from = text + strspn(text, "\n "); *from != '\0'; from++)
		if (*from != '\n')
			*to++ = *from;
		else if (from[1 + strspn(from + 1, " ")] != '\0') {
			*to++ = ' ';
			from += strspn(from + 1, " ");
		}
	*to = '\0';
}

/* What stands in the parentheses after "method NAME"; fails when there is no such method. */
static const char *parameters_of(const struct method *m, char text[LINE_MAX_SIZE])
{
	const char *at;

	(void)snprintf(text, LINE_MAX_SIZE, "\nmethod %s(", m->name);
	at = strstr(idl_of(m->interface), text);
	if (at == NULL)
		fail_msg("%s.%s is in no .varlink file", m->interface, m->name);
	at += strlen(text);
	(void)snprintf(text, LINE_MAX_SIZE, "%.*s", (int)strcspn(at, ")"), at);
	join_lines(text);
	return text;
}

static void test_each_row_is_described(void **state)
{
	static const struct {
		request_reader *read;
		const char *type;
	} types[] = {
		{ request_read_names, "[]string" },
		{ request_read_wait, "bool" },
		{ request_read_duration, "float" },
		{ request_read_since, "int" },
		{ request_read_level, "string" },
		{ request_read_interface, "string" },
		{ request_read_device, "string" },
		{ request_read_host, "string" },
		{ request_read_target, "string" },
		{ request_read_map, "string" },
		{ request_read_states, "[]PathState" },
		{ request_read_force, "bool" },
		{ request_read_fail, "bool" },
		{ request_read_path_series, "bool" },
		{ request_read_path_latency, "bool" },
		{ request_read_fields, "[]string" },
	};
	const struct method *m;
	size_t n;

	(void)state;
	m = methods_all(&n);
	for (const struct method *end = m + n; m < end; m++) {
		char described[LINE_MAX_SIZE], row[LINE_MAX_SIZE] = "";

		for (size_t i = 0; i < METHOD_PARAMETERS_MAX; i++) {
			const struct parameter *p = &m->parameters[i];
			size_t kind = 0, used = strlen(row);

			if (p->name == NULL)
				continue;
			while (kind < ARRAY_LEN(types) && types[kind].read != p->read)
				kind++;
			assert_true(kind < ARRAY_LEN(types));
			(void)snprintf(row + used, sizeof(row) - used, "%s%s: %s%s",
			               used > 0 ? ", " : "", p->name,
			               p->required ? "" : "?", types[kind].type);
		}
		assert_string_equal(row, parameters_of(m, described));
	}
}

static size_t count_rows(const char *interface, const char *name)
{
	size_t n, found = 0;
	const struct method *m = methods_all(&n);

	for (size_t i = 0; i < n; i++)
		found += strcmp(m[i].interface, interface) == 0 &&
		         strcmp(m[i].name, name) == 0;
	return found;
}

static void test_each_method_has_a_row(void **state)
{
	static const char *const interfaces[] = { INTERFACE_CONTROL, INTERFACE_SERVICE };
	size_t n, methods = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(interfaces); i++) {
		static const char word[] = "\nmethod ";
		const char *at = idl_of(interfaces[i]);

		while ((at = strstr(at, word)) != NULL) {
			char name[64];

			at += strlen(word);
			(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(at, "("),
			               at);
			if (count_rows(interfaces[i], name) != 1)
				fail_msg("%s.%s has %zu rows", interfaces[i], name,
				         count_rows(interfaces[i], name));
			methods++;
		}
	}
	(void)methods_all(&n);
	assert_int_equal(n, methods);
}

/* The names that "fields" may have are the members of Path, in their order. */
static void test_fields_are_members(void **state)
{
	const char *at = strstr(interface_control, "\ntype Path (");
	size_t n = 0;

	(void)state;
	assert_non_null(at);
	for (at = strstr(at, "\n  "); at != NULL && strncmp(at, "\n  ", 3) == 0;
	     at = strchr(at + 1, '\n')) {
		char name[64];

		(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(at + 3, ":"),
		               at + 3);
		assert_true(n < DOCUMENT_PATH_KEYS);
		assert_string_equal(document_path_key((unsigned)n), name);
		n++;
	}
	assert_int_equal(n, DOCUMENT_PATH_KEYS);
}

/* The rows and the comment in the .varlink file name the same methods for root. */
static void test_who_may_call(void **state)
{
	const char *for_root = strstr(interface_control,
	                              "# Only root may call the methods that follow.");
	const struct method *m;
	size_t n;

	(void)state;
	assert_non_null(for_root);
	m = methods_all(&n);
	for (const struct method *end = m + n; m < end; m++) {
		char text[LINE_MAX_SIZE];

		(void)snprintf(text, sizeof(text), "\nmethod %s(", m->name);
		assert_int_equal(m->changes, strstr(for_root, text) != NULL);
	}
}

/* Each row leads to a reply, and what needs the loop makes targets for it. */
static void test_each_row_is_whole(void **state)
{
	const struct method *m;
	size_t n;

	(void)state;
	m = methods_all(&n);
	for (const struct method *end = m + n; m < end; m++) {
		assert_true(m->piece != NULL || m->prepare != NULL);
		if (method_needs_loop(m))
			assert_non_null(m->prepare);
		else
			assert_null(m->conclude);
		assert_true(!m->changes || method_needs_loop(m));
		assert_true(m->timeout_us == 0 || method_needs_loop(m));
	}
}

/* A value that fits: "paths":["sd0"] … */
static const char *value_for(const struct parameter *p)
{
	if (strcmp(p->name, "paths") == 0)
		return "[\"sd0\"]";
	if (strcmp(p->name, "fields") == 0)
		return "[\"name\",\"state\"]";
	if (strcmp(p->name, "maps") == 0)
		return "[]";
	if (strcmp(p->name, "wait") == 0 || strcmp(p->name, "force") == 0 ||
	    strcmp(p->name, "fail") == 0 || strncmp(p->name, "path_", 5) == 0)
		return "true";
	if (strcmp(p->name, "states") == 0)
		return "[\"up\",\"disabled\"]";
	if (strcmp(p->name, "host") == 0 || strcmp(p->name, "target") == 0 ||
	    strcmp(p->name, "map") == 0)
		return "\"one\"";
	if (strcmp(p->name, "device") == 0)
		return "\"sd0\"";
	if (strcmp(p->name, "level") == 0)
		return "\"info\"";
	if (strcmp(p->name, "interface") == 0)
		return "\"org.varlink.service\"";
	return p->required ? NULL : "1";
}

/* The next reply to a call with these parameters, or NULL. */
static struct json_object *reply_to(const struct method *m, unsigned n_parameters)
{
	char text[LINE_MAX_SIZE];
	size_t used;

	used = (size_t)snprintf(text, sizeof(text),
	                        "{\"method\":\"%s.%s\",\"more\":%s,\"parameters\":{",
	                        m->interface, m->name, m->streams ? "true" : "false");
	for (unsigned i = 0; i < n_parameters; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s\"%s\":%s",
		                         i > 0 ? "," : "", m->parameters[i].name,
		                         value_for(&m->parameters[i]));
	(void)snprintf(text + used, sizeof(text) - used, "}}");
	client_send(fd, text);
	return client_receive(fd);
}

static void spec_of_one(uint32_t i, struct device_spec *ret, char name[64], char node[64])
{
	plain_spec(i, ret, name, node);
	ret->host = ret->target = ret->map = "one";
}

/* Over the socket: with all parameters each method is carried out, by the operation of its row;
 * without a parameter that is required it is refused. */
static void test_each_method_is_served(void **state)
{
	const struct method *m;
	size_t n;

	(void)state;
	start_with(2, spec_of_one);
	loop_do(&t.loop, loop_emit,
	        &(unsigned){ 2 }); /* for Monitor: one event after 1 */
	m = methods_all(&n);
	for (const struct method *end = m + n; m < end; m++) {
		unsigned all = 0, done = loop_count(&t.loop, m->op);
		struct json_object *o;

		while (all < METHOD_PARAMETERS_MAX && m->parameters[all].name != NULL)
			all++;
		if (all > 0 && m->parameters[0].required) {
			o = reply_to(m, 0);
			assert_string_equal(get_string(o, "parameters.parameter"),
			                    m->parameters[0].name);
			json_object_put(o);
			assert_int_equal(loop_count(&t.loop, m->op), done);
		}
		o = reply_to(m, all);
		assert_non_null(o);
		if (json_object_object_get(o, "error") != NULL)
			fail_msg("%s: %s", m->name, json_object_to_json_string(o));
		json_object_put(o);
		if (method_needs_loop(m))
			assert_int_equal(loop_count(&t.loop, m->op), done + 1);
		if (m->streams) { /* nothing else is served on that connection */
			close(fd);
			fd = client_connect(&t);
		}
	}
}

/* The reply to a request whose end is `rest`. Another connection: one reply of Monitor is enough. */
static struct json_object *reply_to_end(const struct method *m, const char *rest)
{
	char text[LINE_MAX_SIZE];
	struct json_object *o;

	(void)snprintf(text, sizeof(text), "{\"method\":\"%s.%s\"%s}", m->interface,
	               m->name, rest);
	client_send(fd, text);
	o = client_receive(fd);
	assert_non_null(o);
	close(fd);
	fd = client_connect(&t);
	return o;
}

/* A member of a reply as text; "null": it has none. */
static const char *text_of(struct json_object *o, const char *member)
{
	return json_object_to_json_string(json_object_object_get(o, member));
}

/* ","parameters":{"a":null,…}" with all parameters of the method. */
static const char *all_null(const struct method *m, char text[LINE_MAX_SIZE])
{
	size_t used = (size_t)snprintf(text, LINE_MAX_SIZE, ",\"parameters\":{");

	for (unsigned i = 0; i < METHOD_PARAMETERS_MAX && m->parameters[i].name != NULL;
	     i++)
		used += (size_t)snprintf(text + used, LINE_MAX_SIZE - used,
		                         "%s\"%s\":null", i > 0 ? "," : "",
		                         m->parameters[i].name);
	(void)snprintf(text + used, LINE_MAX_SIZE - used, "}");
	return text;
}

/* Null is as good as absent: for each parameter of each method, and for the members of a request. */
static void test_null_is_absent(void **state)
{
	const struct method *m;
	size_t n;

	(void)state;
	start_with(2, spec_of_one);
	m = methods_all(&n);
	for (const struct method *end = m + n; m < end; m++) {
		struct json_object *absent = reply_to_end(m, "");
		char text[LINE_MAX_SIZE];
		const char *const same[] = {
			all_null(m, text),
			",\"parameters\":null,\"more\":null,\"oneway\":null",
		};

		for (size_t i = 0; i < ARRAY_LEN(same); i++) {
			struct json_object *null = reply_to_end(m, same[i]);

			assert_string_equal(text_of(null, "error"),
			                    text_of(absent, "error"));
			if (json_object_object_get(null, "error") != NULL)
				assert_string_equal(text_of(null, "parameters"),
				                    text_of(absent, "parameters"));
			json_object_put(null);
		}
		json_object_put(absent);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_row_is_described),
		cmocka_unit_test(test_each_method_has_a_row),
		cmocka_unit_test(test_fields_are_members),
		cmocka_unit_test(test_who_may_call),
		cmocka_unit_test(test_each_row_is_whole),
		TEST(test_each_method_is_served),
		TEST(test_null_is_absent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

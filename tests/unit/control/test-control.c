/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls over the socket: right, wrong, odd and large ones. */
#include <unistd.h>

#include "control-fixture.h"

#define MANY 3000

/* --- org.varlink.service --- */

static void test_info(void **state)
{
	struct json_object *o;

	(void)state;
	start(2);
	o = call(fd, "org.varlink.service.GetInfo", "{}");
	assert_string_equal(get_string(o, "product"), "checkerd");
	assert_non_null(get_string(o, "vendor"));
	assert_non_null(get_string(o, "version"));
	assert_non_null(get_string(o, "url"));
	assert_string_equal(get_string(o, "interfaces[0]"), "org.varlink.service");
	assert_string_equal(get_string(o, "interfaces[1]"), "io.checkerd.Control");
	json_object_put(o);
	/* parameters are optional */
	client_send(fd, "{\"method\":\"org.varlink.service.GetInfo\"}");
	o = client_receive(fd);
	assert_string_equal(get_string(o, "parameters.product"), "checkerd");
	json_object_put(o);
}

static void test_interface_description(void **state)
{
	struct json_object *o;

	(void)state;
	start(2);
	o = call(fd, "org.varlink.service.GetInterfaceDescription",
	         "{\"interface\":\"io.checkerd.Control\"}");
	assert_non_null(strstr(get_string(o, "description"),
	                       "\ninterface io.checkerd.Control\n"));
	assert_non_null(strstr(get_string(o, "description"), "\nmethod ListPaths("));
	assert_non_null(strstr(get_string(o, "description"), "\nerror Busy ("));
	json_object_put(o);
	o = call(fd, "org.varlink.service.GetInterfaceDescription",
	         "{\"interface\":\"org.varlink.service\"}");
	assert_non_null(strstr(get_string(o, "description"), "method GetInfo("));
	json_object_put(o);
	call_fails(fd, "org.varlink.service.GetInterfaceDescription",
	           "{\"interface\":\"no.such\"}", "org.varlink.service.InterfaceNotFound",
	           "no.such");
}

static void test_wrong_calls(void **state)
{
	(void)state;
	start(2);
	call_fails(fd, "no.such.Method", "{}", "org.varlink.service.InterfaceNotFound",
	           "no.such");
	call_fails(fd, "Nonsense", "{}", "org.varlink.service.MethodNotFound",
	           "io.checkerd.Control.Nonsense");
	call_fails(fd, "ListPaths", "{\"path\":[]}",
	           "org.varlink.service.InvalidParameter", "path");
	call_fails(fd, "ListPaths", "{\"paths\":\"sd0\"}",
	           "org.varlink.service.InvalidParameter", "paths");
	call_fails(fd, "ListPaths", "{\"paths\":[1]}",
	           "org.varlink.service.InvalidParameter", "paths");
	call_fails(fd, "ListPaths", "{\"paths\":[\"sd0\\u0000x\"]}",
	           "org.varlink.service.InvalidParameter", "paths");
	call_fails(fd, "Check", "{}", "org.varlink.service.InvalidParameter", "paths");
	call_fails(fd, "Check", "{\"paths\":[\"sd0\"],\"wait\":1}",
	           "org.varlink.service.InvalidParameter", "wait");
	call_fails(fd, "Disable", "{\"paths\":[\"sd0\"],\"for_s\":0}",
	           "org.varlink.service.InvalidParameter", "for_s");
	call_fails(fd, "Disable", "{\"paths\":[\"sd0\"],\"for_s\":1e300}",
	           "org.varlink.service.InvalidParameter", "for_s");
	call_fails(fd, "ListEvents", "{\"since\":-1}",
	           "org.varlink.service.InvalidParameter", "since");
	call_fails(fd, "SetLogLevel", "{\"level\":\"loud\"}",
	           "org.varlink.service.InvalidParameter", "level");
	call_fails(fd, "ListEvents", "{\"since\":1.0}",
	           "org.varlink.service.InvalidParameter", "since");
	call_fails(fd, "ListEvents", "{\"since\":9223372036854775808}",
	           "org.varlink.service.InvalidParameter", "since");
	call_fails(fd, "Check", "{\"paths\":null}",
	           "org.varlink.service.InvalidParameter", "paths");
	call_fails(fd, "ListPaths", "{\"paths\":[\"sd0\"],\"paths\":1}",
	           "org.varlink.service.InvalidParameter", "paths");
	call_fails(fd, "Monitor", "{}", "org.varlink.service.ExpectedMore", "");
	call_fails(fd, "ListPaths", "{\"paths\":[\"sd0\",\"sdz\"]}",
	           "io.checkerd.Control.NoSuchPath", "sdz");
	call_fails(fd, "ListMaps", "{\"maps\":[\"m\"]}", "io.checkerd.Control.NoSuchMap",
	           "m");
	/* The connection still works after all of these. */
	json_object_put(call(fd, "Ping", "{}"));
}

/* When a member is there twice, the last one counts. null is the same as absent. Escapes are read
 * in keys, too. */
static void test_calls_that_look_odd(void **state)
{
	struct json_object *o;

	(void)state;
	start(3);
	o = call(fd, "ListPaths",
	         "{\"paths\":[1],\"p\\u0061ths\":[\"sd2\",\"\\u0073d0\"]}");
	assert_int_equal(json_object_array_length(get(o, "paths")), 2);
	assert_string_equal(get_string(o, "paths[0].name"), "sd2");
	assert_string_equal(get_string(o, "paths[1].name"), "sd0");
	json_object_put(o);
	o = call(fd, "ListPaths", "{\"paths\":[\"sd0\"],\"paths\":null}");
	assert_int_equal(json_object_array_length(get(o, "paths")), 3);
	json_object_put(o);
	client_send(fd, "\n{\"oneway\":null,\"x\":[{}],\"parameters\":null,\"method\":1,"
	                "\"method\":\"io.checkerd.Control.P\\u0069ng\",\"more\":false} ");
	o = client_receive(fd);
	assert_non_null(o);
	assert_false(json_object_object_get_ex(o, "error", NULL));
	json_object_put(o);
}

/* --- large replies --- */

/* A configuration of megabytes: pieces end at every place of every kind of character. */
static void test_large_config(void **state)
{
	size_t size = 3 * 1024 * 1024;
	char *config = malloc(size + 1);
	struct json_object *o;

	(void)state;
	for (size_t i = 0; i + 8 <= size; i += 8)
		memcpy(config + i,
		       "\"\n\xe2\x82\xac"
		       "\xc3\xa9t",
		       8);
	config[size] = '\0';
	config[0] = '#'; /* so that pieces do not always end between characters */
	t.loop.config = config;
	start(1);
	o = call(fd, "GetConfig", "{}");
	assert_int_equal(json_object_get_string_len(get(o, "config")), size);
	assert_memory_equal(get_string(o, "config"), config, size);
	json_object_put(o);
	free(config);
}

static void test_many_paths(void **state)
{
	struct json_object *o;

	(void)state;
	start(MANY);
	o = call(fd, "ListPaths", "{}");
	assert_int_equal(json_object_array_length(get(o, "paths")), MANY);
	for (unsigned i = 0; i < MANY; i++) {
		char where[32], name[32];

		(void)snprintf(where, sizeof(where), "paths[%u].name", i);
		(void)snprintf(name, sizeof(name), "sd%u", i);
		assert_string_equal(get_string(o, where), name);
	}
	json_object_put(o);
}

/* --- "more" --- */

#define PART 256 /* as io.checkerd.Control.varlink promises */

/* A map of its own for each path. */
static void spec_with_map(uint32_t i, struct device_spec *ret, char name[64],
                          char node[64])
{
	static char map[16]; /* copied at once */

	plain_spec(i, ret, name, node);
	(void)snprintf(map, sizeof(map), "m%05u", (unsigned)i); /* maps are sorted */
	ret->map = map;
}

/* All n of them come in order, and each reply but the last says that others follow. */
static void receive_parts(const char *method, const char *list, unsigned n)
{
	char text[128], where[32], name[32];
	unsigned at = 0;

	(void)snprintf(text, sizeof(text),
	               "{\"method\":\"io.checkerd.Control.%s\",\"more\":true}", method);
	client_send(fd, text);
	do {
		struct json_object *o = client_receive(fd);
		unsigned in_part;

		assert_non_null(o);
		(void)snprintf(where, sizeof(where), "parameters.%s", list);
		in_part = (unsigned)json_object_array_length(get(o, where));
		assert_int_equal(in_part, n - at < PART ? n - at : PART);
		(void)snprintf(where, sizeof(where), "parameters.%s[0].name", list);
		(void)snprintf(name, sizeof(name), *list == 'm' ? "m%05u" : "sd%u", at);
		assert_string_equal(get_string(o, where), name);
		at += in_part;
		assert_int_equal(json_object_object_get_ex(o, "continues", NULL), at < n);
		json_object_put(o);
	} while (at < n);
}

static void test_lists_in_parts(void **state)
{
	static const unsigned numbers[] = { 1, PART, PART + 1, 3 * PART };

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		start_with(numbers[i], spec_with_map);
		receive_parts("ListPaths", "paths", numbers[i]);
		receive_parts("ListMaps", "maps", numbers[i]);
		/* Without "more" there is one reply. */
		json_object_put(call(fd, "ListPaths", "{}"));
		teardown(state);
		setup(state);
	}
}

static const struct CMUnitTest tests[] = {
	TEST(test_info),           TEST(test_interface_description),
	TEST(test_wrong_calls),    TEST(test_calls_that_look_odd),
	TEST(test_large_config),   TEST(test_many_paths),
	TEST(test_lists_in_parts),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Varlink's messages: https://varlink.org/Method-Call */
#include "checkerd/control/request.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "checkerd/control/limits.h"

#define INTERFACE_CONTROL "io.checkerd.Control"
#define INTERFACE_SERVICE "org.varlink.service"
#define PARAMETERS_MAX    2

/* False: not of that type, or out of range. The value is never null. */
typedef bool read_parameter(struct json_object *value, struct request *r);

struct parameter {
	const char *name;
	read_parameter *read;
	bool required;
};

struct method_info {
	enum method method;
	const char *interface, *name;
	bool changes, needs_more;
	struct parameter parameters[PARAMETERS_MAX];
};

static bool read_names(struct json_object *value, struct request *r)
{
	size_t n;

	if (!json_object_is_type(value, json_type_array))
		return false;
	n = json_object_array_length(value);
	for (size_t i = 0; i < n; i++) {
		struct json_object *name = json_object_array_get_idx(value, i);

		if (!json_object_is_type(name, json_type_string))
			return false;
		/* With a NUL inside it would be taken for another one. */
		if (strlen(json_object_get_string(name)) !=
		    (size_t)json_object_get_string_len(name))
			return false;
	}
	r->has_names = true;
	r->n_names = (uint32_t)n;
	return true;
}

static bool read_wait(struct json_object *value, struct request *r)
{
	if (!json_object_is_type(value, json_type_boolean))
		return false;
	r->wait = json_object_get_boolean(value);
	return true;
}

static bool read_for(struct json_object *value, struct request *r)
{
	double s;

	if (!json_object_is_type(value, json_type_double) &&
	    !json_object_is_type(value, json_type_int))
		return false;
	s = json_object_get_double(value);
	/* Not by the opposite: a NaN has to fail, too. */
	if (!(s >= 1e-6 && s <= DISABLE_MAX_S))
		return false;
	/* Positive, so this rounds; the library that does it would have to be locked, too. */
	r->for_us = (int64_t)(s * (double)USEC_PER_SEC + 0.5);
	return true;
}

static bool read_since(struct json_object *value, struct request *r)
{
	int64_t since;

	if (!json_object_is_type(value, json_type_int))
		return false;
	since = json_object_get_int64(value);
	if (since < 0)
		return false;
	r->has_since = true;
	r->since = (uint64_t)since;
	return true;
}

static bool read_level(struct json_object *value, struct request *r)
{
	static const char *const names[] = { "emerg",   "alert",  "crit", "err",
		                             "warning", "notice", "info", "debug" };

	if (!json_object_is_type(value, json_type_string))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(names[i], json_object_get_string(value)) == 0) {
			r->level = (int)i;
			return true;
		}
	return false;
}

static bool read_interface(struct json_object *value, struct request *r)
{
	if (!json_object_is_type(value, json_type_string))
		return false;
	(void)snprintf(r->what, sizeof(r->what), "%s", json_object_get_string(value));
	return true;
}

#define CONTROL(m, n) .method = METHOD_##m, .interface = INTERFACE_CONTROL, .name = (n)
#define SERVICE(m, n) .method = METHOD_##m, .interface = INTERFACE_SERVICE, .name = (n)

static const struct method_info methods[] = {
	{ SERVICE(GET_INFO, "GetInfo") },
	{ SERVICE(GET_INTERFACE, "GetInterfaceDescription"),
	  .parameters = { { "interface", read_interface, true } } },
	{ CONTROL(LIST_PATHS, "ListPaths"),
	  .parameters = { { "paths", read_names, false } } },
	{ CONTROL(LIST_MAPS, "ListMaps"),
	  .parameters = { { "maps", read_names, false } } },
	{ CONTROL(GET_GROUPS, "GetGroups") },
	{ CONTROL(GET_STATUS, "GetStatus") },
	{ CONTROL(GET_CONFIG, "GetConfig") },
	{ CONTROL(GET_MEMORY, "GetMemory") },
	{ CONTROL(GET_METRICS, "GetMetrics") },
	{ CONTROL(LIST_EVENTS, "ListEvents"),
	  .parameters = { { "since", read_since, false } } },
	{ CONTROL(LIST_HISTORY, "ListHistory"),
	  .parameters = { { "paths", read_names, true } } },
	{ CONTROL(MONITOR, "Monitor"), .needs_more = true,
	  .parameters = { { "since", read_since, false } } },
	{ CONTROL(CHECK, "Check"), .changes = true,
	  .parameters = { { "paths", read_names, true }, { "wait", read_wait, false } } },
	{ CONTROL(DISABLE, "Disable"), .changes = true,
	  .parameters = { { "paths", read_names, true }, { "for_s", read_for, false } } },
	{ CONTROL(ENABLE, "Enable"), .changes = true,
	  .parameters = { { "paths", read_names, true } } },
	{ CONTROL(FAIL, "Fail"), .changes = true,
	  .parameters = { { "paths", read_names, true } } },
	{ CONTROL(REINSTATE, "Reinstate"), .changes = true,
	  .parameters = { { "paths", read_names, true } } },
	{ CONTROL(RELOAD, "Reload"), .changes = true },
	{ CONTROL(SET_LOG_LEVEL, "SetLogLevel"), .changes = true,
	  .parameters = { { "level", read_level, true } } },
	{ CONTROL(PING, "Ping") },
};

/* The parser's memory grows with these, not with the size alone. */
static bool too_many_brackets(const char *text, size_t size)
{
	bool in_string = false;
	unsigned n = 0;

	for (size_t i = 0; i < size; i++)
		if (in_string && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			in_string = !in_string;
		else if (!in_string && (text[i] == '[' || text[i] == '{'))
			n++;
	return n > REQUEST_BRACKETS_MAX;
}

/* NULL: not one whole JSON object, or no memory. */
static struct json_object *parse_object(const char *text, size_t size)
{
	struct json_tokener *t;
	struct json_object *o = NULL;

	if (size == 0 || too_many_brackets(text, size))
		return NULL;
	t = json_tokener_new_ex(REQUEST_DEPTH_MAX);
	if (!t)
		return NULL;
	json_tokener_set_flags(t, JSON_TOKENER_STRICT);
	o = json_tokener_parse_ex(t, text, (int)size);
	if (o && (json_tokener_get_error(t) != json_tokener_success ||
	          !json_object_is_type(o, json_type_object))) {
		json_object_put(o);
		o = NULL;
	}
	json_tokener_free(t);
	return o;
}

/* "more" and "oneway": absent is false. */
static bool read_flag(struct json_object *call, const char *key, bool *ret)
{
	struct json_object *value;

	*ret = false;
	if (!json_object_object_get_ex(call, key, &value) || !value)
		return true;
	if (!json_object_is_type(value, json_type_boolean))
		return false;
	*ret = json_object_get_boolean(value);
	return true;
}

static enum request_problem find_method(const char *full, struct request *r,
                                        const struct method_info **ret)
{
	const char *dot = strrchr(full, '.');
	bool interface_known = false;

	if (!dot)
		return REQUEST_GARBAGE;
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		const char *interface = methods[i].interface;

		if (strlen(interface) != (size_t)(dot - full) ||
		    strncmp(interface, full, strlen(interface)) != 0)
			continue;
		interface_known = true;
		if (strcmp(methods[i].name, dot + 1) == 0) {
			*ret = &methods[i];
			return REQUEST_FINE;
		}
	}
	if (interface_known) {
		(void)snprintf(r->what, sizeof(r->what), "%s", full);
		return REQUEST_NO_METHOD;
	}
	(void)snprintf(r->what, sizeof(r->what), "%.*s",
	               (int)MIN(dot - full, REQUEST_WHAT_MAX), full);
	return REQUEST_NO_INTERFACE;
}

static const struct parameter *find_parameter(const struct method_info *m,
                                              const char *name)
{
	for (size_t i = 0; i < PARAMETERS_MAX && m->parameters[i].name; i++)
		if (strcmp(m->parameters[i].name, name) == 0)
			return &m->parameters[i];
	return NULL;
}

static enum request_problem bad_parameter(struct request *r, const char *name)
{
	(void)snprintf(r->what, sizeof(r->what), "%s", name);
	return REQUEST_BAD_PARAMETER;
}

/* parameters: NULL when there are none. */
static enum request_problem read_parameters(const struct method_info *m,
                                            struct json_object *parameters,
                                            struct request *r)
{
	if (parameters) {
		if (!json_object_is_type(parameters, json_type_object))
			return REQUEST_GARBAGE;
		json_object_object_foreach(parameters, name, value)
		{
			const struct parameter *p = find_parameter(m, name);

			if (!p || (value && !p->read(value, r)))
				return bad_parameter(r, name);
		}
	}
	for (size_t i = 0; i < PARAMETERS_MAX && m->parameters[i].name; i++) {
		const struct parameter *p = &m->parameters[i];
		struct json_object *value;

		if (p->required &&
		    (!json_object_object_get_ex(parameters, p->name, &value) || !value))
			return bad_parameter(r, p->name);
	}
	return REQUEST_FINE;
}

/*
 * Moves the names into the request's own bytes, where there is room: each of them had two
 * quotes there, and no escape is shorter than what it stands for.
 */
static void pack_names(struct json_object *parameters, char *text, size_t size,
                       struct request *r)
{
	struct json_object *names;
	size_t used = 0;

	if (!json_object_object_get_ex(parameters, "paths", &names) || !names)
		names = json_object_object_get(parameters, "maps");
	for (uint32_t i = 0; i < r->n_names; i++) {
		struct json_object *name = json_object_array_get_idx(names, i);
		size_t n = (size_t)json_object_get_string_len(name) + 1;

		assert(used + n <= size);
		memcpy(text + used, json_object_get_string(name), n);
		used += n;
	}
	r->names = text;
}

static enum request_problem read_call(struct json_object *call, char *text, size_t size,
                                      struct request *r)
{
	struct json_object *method, *parameters;
	const struct method_info *m = NULL;
	enum request_problem problem;

	if (!json_object_object_get_ex(call, "method", &method) ||
	    !json_object_is_type(method, json_type_string) ||
	    !read_flag(call, "more", &r->more) || !read_flag(call, "oneway", &r->oneway))
		return REQUEST_GARBAGE;
	problem = find_method(json_object_get_string(method), r, &m);
	if (problem != REQUEST_FINE)
		return problem;
	r->method = m->method;
	r->changes = m->changes;
	if (!json_object_object_get_ex(call, "parameters", &parameters))
		parameters = NULL;
	problem = read_parameters(m, parameters, r);
	if (problem != REQUEST_FINE)
		return problem;
	if (m->needs_more && !r->more)
		return REQUEST_WANTS_MORE;
	if (r->n_names > 0)
		pack_names(parameters, text, size, r);
	return REQUEST_FINE;
}

enum request_problem request_parse(char *text, size_t size, struct request *ret)
{
	struct json_object *call = parse_object(text, size);
	enum request_problem problem;

	*ret = (struct request){ .names = text };
	if (!call)
		return REQUEST_GARBAGE;
	problem = read_call(call, text, size, ret);
	json_object_put(call);
	return problem;
}

const char *request_next_name(const char *name)
{
	return name + strlen(name) + 1;
}

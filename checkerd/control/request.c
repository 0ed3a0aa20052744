/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Varlink's messages: https://varlink.org/Method-Call */
#include "checkerd/control/request.h"

#include <stdio.h>
#include <string.h>

#include "checkerd/control/json_reader.h"
#include "checkerd/control/control_limits.h"

#define INTERFACE_CONTROL "io.checkerd.Control"
#define INTERFACE_SERVICE "org.varlink.service"
#define PARAMETERS_MAX    2

/*
 * False: not of that type, or out of range. The value is never null, and is not JSON any more
 * when this returns: what it says ends up in its own bytes.
 */
typedef bool read_parameter(char *value, struct request *r);

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

/* Each of them had two quotes, and no escape is shorter than what it stands for. */
static bool read_names(char *value, struct request *r)
{
	char *to = value;
	uint32_t n = 0;
	struct jr j;

	if (jr_type(value) != JR_ARRAY)
		return false;
	jr_begin(&j, value);
	while (jr_next(&j)) {
		size_t length;

		if (jr_type(j.value) != JR_STRING)
			return false;
		length = jr_string(j.value, to);
		/* With a NUL inside it would be taken for another one. */
		if (strlen(to) != length)
			return false;
		to += length + 1;
		n++;
	}
	r->has_names = true;
	r->n_names = n;
	r->names = value;
	return true;
}

static bool read_wait(char *value, struct request *r)
{
	if (jr_type(value) != JR_BOOL)
		return false;
	r->wait = jr_bool(value);
	return true;
}

static bool read_for(char *value, struct request *r)
{
	double s;

	if (jr_type(value) != JR_NUMBER)
		return false;
	s = jr_double(value);
	if (s < 1e-6 || s > DISABLE_MAX_S)
		return false;
	/* Positive, so this rounds; the library that does it would have to be locked, too. */
	r->for_us = (int64_t)(s * (double)USEC_PER_SEC + 0.5);
	return true;
}

static bool read_since(char *value, struct request *r)
{
	int64_t since;

	if (jr_type(value) != JR_NUMBER || !jr_int(value, &since) || since < 0)
		return false;
	r->has_since = true;
	r->since = (uint64_t)since;
	return true;
}

static bool read_level(char *value, struct request *r)
{
	static const char *const names[] = { "emerg",   "alert",  "crit", "err",
		                             "warning", "notice", "info", "debug" };

	if (jr_type(value) != JR_STRING)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (jr_is(value, names[i])) {
			r->level = (int)i;
			return true;
		}
	return false;
}

static bool read_interface(char *value, struct request *r)
{
	if (jr_type(value) != JR_STRING)
		return false;
	(void)jr_string(value, value); /* what is behind a NUL does not matter */
	(void)snprintf(r->what, sizeof(r->what), "%s", value);
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
	{ CONTROL(RELEASE, "Release"), .changes = true,
	  .parameters = { { "paths", read_names, false } } },
	{ CONTROL(RELOAD, "Reload"), .changes = true },
	{ CONTROL(SET_LOG_LEVEL, "SetLogLevel"), .changes = true,
	  .parameters = { { "level", read_level, true } } },
	{ CONTROL(PING, "Ping") },
};

/* What a request says at its top; NULL: nothing, or null. */
struct call {
	char *method, *more, *oneway, *parameters;
};

/* Of what is said twice the last one counts. */
static void read_members(char *text, struct call *ret)
{
	struct jr j;

	*ret = (struct call){ .method = NULL };
	jr_begin(&j, text);
	while (jr_next(&j)) {
		char *value = jr_type(j.value) == JR_NULL ? NULL : j.value;

		if (jr_is(j.key, "method"))
			ret->method = value;
		else if (jr_is(j.key, "more"))
			ret->more = value;
		else if (jr_is(j.key, "oneway"))
			ret->oneway = value;
		else if (jr_is(j.key, "parameters"))
			ret->parameters = value;
	}
}

/* "more" and "oneway": absent is false. */
static bool read_flag(const char *value, bool *ret)
{
	*ret = false;
	if (!value)
		return true;
	if (jr_type(value) != JR_BOOL)
		return false;
	*ret = jr_bool(value);
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

/* Its place among the method's, PARAMETERS_MAX: it has none of that name. */
static size_t find_parameter(const struct method_info *m, const char *key)
{
	for (size_t i = 0; i < PARAMETERS_MAX && m->parameters[i].name; i++)
		if (jr_is(key, m->parameters[i].name))
			return i;
	return PARAMETERS_MAX;
}

static enum request_problem bad_parameter(struct request *r, const char *name)
{
	(void)snprintf(r->what, sizeof(r->what), "%s", name);
	return REQUEST_BAD_PARAMETER;
}

/* parameters: NULL when there are none. */
static enum request_problem read_parameters(const struct method_info *m, char *parameters,
                                            struct request *r)
{
	char *values[PARAMETERS_MAX] = { NULL };
	struct jr j;

	if (parameters) {
		if (jr_type(parameters) != JR_OBJECT)
			return REQUEST_GARBAGE;
		jr_begin(&j, parameters);
		while (jr_next(&j)) {
			size_t i = find_parameter(m, j.key);

			if (i == PARAMETERS_MAX) {
				(void)jr_string(j.key, j.key); /* no key has a NUL */
				return bad_parameter(r, j.key);
			}
			values[i] = jr_type(j.value) == JR_NULL ? NULL : j.value;
		}
	}
	for (size_t i = 0; i < PARAMETERS_MAX && m->parameters[i].name; i++) {
		const struct parameter *p = &m->parameters[i];

		if (values[i] ? !p->read(values[i], r) : p->required)
			return bad_parameter(r, p->name);
	}
	return REQUEST_FINE;
}

static enum request_problem read_call(const struct call *call, struct request *r)
{
	const struct method_info *m = NULL;
	enum request_problem problem;

	if (!call->method || jr_type(call->method) != JR_STRING ||
	    !read_flag(call->more, &r->more) || !read_flag(call->oneway, &r->oneway) ||
	    jr_string(call->method, call->method) != strlen(call->method))
		return REQUEST_GARBAGE;
	problem = find_method(call->method, r, &m);
	if (problem != REQUEST_FINE)
		return problem;
	r->method = m->method;
	r->changes = m->changes;
	problem = read_parameters(m, call->parameters, r);
	if (problem != REQUEST_FINE)
		return problem;
	if (m->needs_more && !r->more)
		return REQUEST_WANTS_MORE;
	return REQUEST_FINE;
}

enum request_problem request_parse(char *text, size_t size, struct request *ret)
{
	struct call call;

	*ret = (struct request){ .names = text };
	if (!jr_check(text, size, REQUEST_DEPTH_MAX))
		return REQUEST_GARBAGE;
	read_members(text, &call);
	return read_call(&call, ret);
}

const char *request_next_name(const char *name)
{
	return name + strlen(name) + 1;
}

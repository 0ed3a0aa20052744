/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parser of messages: it owns nothing. The control thread runs it. */
#include "checkerd/control/varlink.h"

#include <stdio.h>
#include <string.h>

#include "checkerd/control/control_limits.h"
#include "checkerd/control/json_reader.h"
#include "checkerd/control/methods.h"

/* The members of a message; NULL: absent, or null. */
struct message {
	char *method, *more, *oneway, *parameters;
};

/* When a member is there twice, the last one counts. */
static void read_members(char *text, struct message *ret)
{
	struct jr j;

	*ret = (struct message){ .method = NULL };
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
	if (value == NULL)
		return true;
	if (jr_type(value) != JR_BOOL)
		return false;
	*ret = jr_bool(value);
	return true;
}

/* Sets r->method. */
static enum request_problem find_method(const char *full, struct request *r)
{
	const char *dot = strrchr(full, '.');
	bool interface_known;

	if (dot == NULL)
		return REQUEST_GARBAGE;
	r->method = methods_find(full, (size_t)(dot - full), dot + 1, &interface_known);
	if (r->method != NULL)
		return REQUEST_FINE;
	if (interface_known) {
		(void)snprintf(r->detail, sizeof(r->detail), "%s", full);
		return REQUEST_NO_METHOD;
	}
	(void)snprintf(r->detail, sizeof(r->detail), "%.*s",
	               (int)MIN(dot - full, REQUEST_DETAIL_MAX), full);
	return REQUEST_NO_INTERFACE;
}

/* Its place among the parameters of the method; METHOD_PARAMETERS_MAX: there is no such one. */
static size_t find_parameter(const struct method *m, const char *key)
{
	for (size_t i = 0; i < METHOD_PARAMETERS_MAX && m->parameters[i].name != NULL;
	     i++)
		if (jr_is(key, m->parameters[i].name))
			return i;
	return METHOD_PARAMETERS_MAX;
}

static enum request_problem bad_parameter(struct request *r, const char *name)
{
	(void)snprintf(r->detail, sizeof(r->detail), "%s", name);
	return REQUEST_BAD_PARAMETER;
}

/* Finds the value of each parameter; NULL: absent, or null. */
static enum request_problem find_values(char *parameters, struct request *r,
                                        char *ret_values[static METHOD_PARAMETERS_MAX])
{
	struct jr j;

	if (jr_type(parameters) != JR_OBJECT)
		return REQUEST_GARBAGE;
	jr_begin(&j, parameters);
	while (jr_next(&j)) {
		size_t i = find_parameter(r->method, j.key);

		if (i == METHOD_PARAMETERS_MAX) {
			(void)jr_string(j.key, j.key); /* no key has a NUL */
			return bad_parameter(r, j.key);
		}
		ret_values[i] = jr_type(j.value) == JR_NULL ? NULL : j.value;
	}
	return REQUEST_FINE;
}

/* parameters: NULL: there are none. */
static enum request_problem read_parameters(char *parameters, struct request *r)
{
	char *values[METHOD_PARAMETERS_MAX] = { NULL };
	enum request_problem problem = REQUEST_FINE;

	if (parameters != NULL)
		problem = find_values(parameters, r, values);
	if (problem != REQUEST_FINE)
		return problem;
	for (size_t i = 0; i < METHOD_PARAMETERS_MAX; i++) {
		const struct parameter *p = &r->method->parameters[i];

		if (values[i] != NULL ? !p->read(values[i], r) : p->required)
			return bad_parameter(r, p->name);
	}
	return REQUEST_FINE;
}

static enum request_problem read_message(const struct message *message, struct request *r)
{
	char *method = message->method;
	enum request_problem problem;

	if (method == NULL || jr_type(method) != JR_STRING ||
	    !read_flag(message->more, &r->more) ||
	    !read_flag(message->oneway, &r->oneway) ||
	    jr_string(method, method) != strlen(method))
		return REQUEST_GARBAGE;
	problem = find_method(method, r);
	if (problem == REQUEST_FINE)
		problem = read_parameters(message->parameters, r);
	if (problem == REQUEST_FINE && r->method->streams && !r->more)
		problem = REQUEST_NEEDS_MORE;
	return problem;
}

enum request_problem varlink_parse(char *text, size_t size, struct request *ret)
{
	struct message message;

	*ret = (struct request){ .names = text };
	if (!jr_check(text, size, REQUEST_DEPTH_MAX))
		return REQUEST_GARBAGE;
	read_members(text, &message);
	return read_message(&message, ret);
}

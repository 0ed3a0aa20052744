/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the one connection and the table of methods. A reply takes as long as checkerd takes, and
 * other clients have processes of their own. The main thread runs it.
 */
#include "exporter/varlink_service.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "checkerctl/connection.h"
#include "config.h"
#include "exporter/answers.h"
#include "exporter/definitions.h"
#include "exporter/report.h"

#define CLIENT_TIMEOUT_US \
	(60 * USEC_PER_SEC) /* for the next request, and for each reply */

#define SERVICE "org.varlink.service"
#define METRICS "io.systemd.Metrics"

/* A request, and where its replies go. */
struct request {
	struct connection *client;
	const char *method;      /* with its interface */
	json_object *parameters; /* NULL: none */
	bool more, oneway;
};

static int send_reply(const struct request *r, const char *error, json_object *parameters,
                      bool continues)
{
	json_object *reply = json_object_new_object();
	int result = 0;

	if (error != NULL)
		json_object_object_add(reply, "error", json_object_new_string(error));
	json_object_object_add(reply, "parameters",
	                       parameters != NULL ? parameters
	                                          : json_object_new_object());
	if (continues)
		json_object_object_add(reply, "continues", json_object_new_boolean(true));
	connection_begin_again(r->client);
	if (!r->oneway)
		result = connection_send(r->client, reply);
	json_object_put(reply);
	return result;
}

static int send_error(const struct request *r, const char *error, const char *key,
                      const char *value)
{
	json_object *parameters = json_object_new_object();

	json_object_object_add(parameters, key, json_object_new_string(value));
	return send_reply(r, error, parameters, false);
}

/* The value of a parameter; NULL: it is absent, or null, which is the same. */
static json_object *parameter(const struct request *r, const char *name)
{
	json_object *value = NULL;

	return r->parameters != NULL &&
	                       json_object_object_get_ex(r->parameters, name, &value)
	               ? value
	               : NULL;
}

static int get_info(const struct request *r)
{
	json_object *info = json_object_new_object(), *names = json_object_new_array();

	json_object_array_add(names, json_object_new_string(SERVICE));
	json_object_array_add(names, json_object_new_string(METRICS));
	json_object_object_add(info, "vendor", json_object_new_string("checkerd"));
	json_object_object_add(info, "product",
	                       json_object_new_string("checkerd-exporter"));
	json_object_object_add(info, "version", json_object_new_string(PACKAGE_VERSION));
	json_object_object_add(info, "url", json_object_new_string(PACKAGE_URL));
	json_object_object_add(info, "interfaces", names);
	return send_reply(r, NULL, info, false);
}

static int get_description(const struct request *r)
{
	json_object *name = parameter(r, "interface"), *reply;
	const char *text = NULL;

	if (!json_object_is_type(name, json_type_string))
		return send_error(r, SERVICE ".InvalidParameter", "parameter",
		                  "interface");
	if (strcmp(json_object_get_string(name), METRICS) == 0)
		text = interface_metrics;
	else if (strcmp(json_object_get_string(name), SERVICE) == 0)
		text = interface_service;
	else
		return send_error(r, SERVICE ".InterfaceNotFound", "interface",
		                  json_object_get_string(name));
	reply = json_object_new_object();
	json_object_object_add(reply, "description", json_object_new_string(text));
	return send_reply(r, NULL, reply, false);
}

/* A reply for each element, and the last one says that it is the last. */
static int send_each(const struct request *r, json_object *all)
{
	size_t n = json_object_array_length(all);
	int result = n > 0 ? 0 : send_reply(r, METRICS ".NoSuchMetric", NULL, false);

	for (size_t i = 0; i < n && result == 0; i++)
		result = send_reply(r, NULL,
		                    json_object_get(json_object_array_get_idx(all, i)),
		                    i + 1 < n);
	return result;
}

static int send_metrics(const struct request *r, json_object *make(const char *text))
{
	struct body *b;
	json_object *all;
	int result;

	if (!r->more)
		return send_reply(r, SERVICE ".ExpectedMore", NULL, false);
	b = answers_get(ANSWER_OPENMETRICS);
	if (b == NULL)
		return -ENOMEM;
	all = make(b->data);
	result = send_each(r, all);
	json_object_put(all);
	body_unref(b);
	return result;
}

static int list(const struct request *r)
{
	return send_metrics(r, report_list);
}

static int describe(const struct request *r)
{
	return send_metrics(r, report_describe);
}

static const struct {
	const char *name;
	int (*answer)(const struct request *r);
	const char *parameter; /* the only one; NULL: none */
} methods[] = {
	{ SERVICE ".GetInfo", get_info, NULL },
	{ SERVICE ".GetInterfaceDescription", get_description, "interface" },
	{ METRICS ".List", list, NULL },
	{ METRICS ".Describe", describe, NULL },
};

/* The name of a parameter that the method has not; NULL: there is none. */
static const char *unknown_parameter(const struct request *r, const char *known)
{
	if (r->parameters == NULL)
		return NULL;
	json_object_object_foreach(r->parameters, key, value)
	{
		(void)value;
		if (known == NULL || strcmp(key, known) != 0)
			return key;
	}
	return NULL;
}

static int no_method(const struct request *r)
{
	const char *dot = strrchr(r->method, '.');
	char interface[256];

	(void)snprintf(interface, sizeof(interface), "%.*s",
	               dot != NULL ? (int)(dot - r->method) : 0, r->method);
	if (strcmp(interface, SERVICE) != 0 && strcmp(interface, METRICS) != 0)
		return send_error(r, SERVICE ".InterfaceNotFound", "interface",
		                  interface);
	return send_error(r, SERVICE ".MethodNotFound", "method", r->method);
}

static int answer(const struct request *r)
{
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		const char *unknown;

		if (strcmp(methods[i].name, r->method) != 0)
			continue;
		unknown = unknown_parameter(r, methods[i].parameter);
		if (unknown != NULL)
			return send_error(r, SERVICE ".InvalidParameter", "parameter",
			                  unknown);
		return methods[i].answer(r);
	}
	return no_method(r);
}

/* False: the member has another type. Absent and null are the same. */
static bool read_flag(json_object *message, const char *name, bool *ret)
{
	json_object *value = NULL;

	*ret = false;
	if (!json_object_object_get_ex(message, name, &value) || value == NULL)
		return true;
	*ret = json_object_get_boolean(value);
	return json_object_is_type(value, json_type_boolean);
}

/* -EBADMSG: not a request. */
static int read_request(json_object *message, struct request *r)
{
	json_object *method = NULL;

	r->parameters = NULL;
	(void)json_object_object_get_ex(message, "method", &method);
	(void)json_object_object_get_ex(message, "parameters", &r->parameters);
	if (!json_object_is_type(method, json_type_string) ||
	    (r->parameters != NULL &&
	     !json_object_is_type(r->parameters, json_type_object)) ||
	    !read_flag(message, "more", &r->more) ||
	    !read_flag(message, "oneway", &r->oneway))
		return -EBADMSG;
	r->method = json_object_get_string(method);
	return 0;
}

int varlink_service_run(int fd)
{
	struct connection client = {
		.fd = fd,
		.timeout_us = CLIENT_TIMEOUT_US,
	};
	struct request request = { .client = &client };
	int r = fcntl(fd, F_GETFL);

	r = r < 0 || fcntl(fd, F_SETFL, r | O_NONBLOCK) < 0 ? -errno : 0;
	while (r == 0) {
		json_object *message = NULL;

		connection_begin_again(&client);
		r = connection_receive(&client, -1, &message);
		if (r == 0)
			r = read_request(message, &request);
		if (r == 0)
			r = answer(&request);
		json_object_put(message);
	}
	connection_deinit(&client);
	return r == -ECONNRESET || r == -ETIMEDOUT ? 0 : r;
}

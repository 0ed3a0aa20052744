/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns one connection for the time of one question. Any thread. */
#include "exporter/ask.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "checkerctl/connection.h"

#define INTERFACE "io.checkerd.Control."

/* What a system administrator can do about it follows the error. */
static const char *remedy(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return "; the exporter has to be in the group that socket_group of "
		       "checkerd.conf names";
	case ENOENT:
	case ECONNREFUSED:
		return "; is checkerd running?";
	default:
		return "";
	}
}

static int explain(const char *socket, int r, char *error)
{
	if (r == -ETIMEDOUT)
		(void)snprintf(error, ASK_ERROR_BYTES, "%.100s: no answer within %d s",
		               socket, (int)(ASK_TIMEOUT_US / USEC_PER_SEC));
	else if (r == -EBADMSG)
		(void)snprintf(error, ASK_ERROR_BYTES,
		               "%.100s: the answer is not that of checkerd", socket);
	else
		(void)snprintf(error, ASK_ERROR_BYTES, "%.100s: %s%s", socket,
		               strerror(-r), remedy(-r));
	return r;
}

/* Takes the parameters out of a reply. */
static int take_parameters(const char *socket, json_object *reply, json_object **ret,
                           char *error)
{
	json_object *value;

	if (json_object_object_get_ex(reply, "error", &value)) {
		(void)snprintf(error, ASK_ERROR_BYTES, "%.100s: checkerd answers with %s",
		               socket, json_object_get_string(value));
		return -EREMOTEIO;
	}
	if (!json_object_object_get_ex(reply, "parameters", &value) ||
	    !json_object_is_type(value, json_type_object))
		return explain(socket, -EBADMSG, error);
	*ret = json_object_get(value);
	return 0;
}

/* NULL: no memory. */
static json_object *new_request(const char *method, json_object *parameters)
{
	json_object *request = json_object_new_object(), *text;
	char name[128];

	(void)snprintf(name, sizeof(name), INTERFACE "%s", method);
	text = json_object_new_string(name);
	if (request == NULL || text == NULL ||
	    json_object_object_add(request, "method", text) < 0) {
		json_object_put(text);
		json_object_put(request);
		json_object_put(parameters);
		return NULL;
	}
	if (parameters != NULL &&
	    json_object_object_add(request, "parameters", parameters) < 0) {
		json_object_put(parameters);
		json_object_put(request);
		return NULL;
	}
	return request;
}

int ask(const char *socket, const char *method, json_object *parameters,
        json_object **ret, char error[static ASK_ERROR_BYTES])
{
	json_object *request = new_request(method, parameters), *reply = NULL;
	struct connection c = CONNECTION_NULL;
	int r;

	if (request == NULL)
		return explain(socket, -ENOMEM, error);
	r = connection_connect(&c, socket, ASK_TIMEOUT_US);
	if (r == 0)
		r = connection_send(&c, request);
	if (r == 0)
		r = connection_receive(&c, -1, &reply);
	if (r == 0)
		r = take_parameters(socket, reply, ret, error);
	else
		explain(socket, r, error);
	json_object_put(reply);
	json_object_put(request);
	connection_deinit(&c);
	return r;
}

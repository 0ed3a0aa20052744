/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes Varlink calls over the connection of a struct ctl, and prints their errors. One thread. */
#include "checkerctl/ctl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "checkerctl/exit.h"
#include "checkerctl/fields.h"
#include "checkerctl/human.h"
#include "checkerctl/json_text.h"
#include "util/edit_distance.h"

#define INTERFACE         "io.checkerd.Control"
#define INVALID_PARAMETER "org.varlink.service.InvalidParameter"
#define SUGGEST_WITHIN    3 /* letters; a suggestion differs by fewer */

const char *ctl_text(json_object *object, const char *key, const char *missing)
{
	json_object *value;

	if (!json_object_object_get_ex(object, key, &value) || value == NULL)
		return missing;
	return json_object_get_string(value);
}

bool ctl_number(json_object *object, const char *key, double *ret)
{
	json_object *value;

	if (!json_object_object_get_ex(object, key, &value) ||
	    (!json_object_is_type(value, json_type_int) &&
	     !json_object_is_type(value, json_type_double)))
		return false;
	*ret = json_object_get_double(value);
	return true;
}

size_t ctl_list(json_object *object, const char *key, json_object **ret_list)
{
	json_object *list = NULL;

	if (!json_object_object_get_ex(object, key, &list) ||
	    !json_object_is_type(list, json_type_array))
		return 0;
	*ret_list = list;
	return json_object_array_length(list);
}

/* Devices by number, which is the order in which the kernel found them; then entries without
 * a number, by name. */
static int compare_named(const void *a, const void *b)
{
	json_object *x = *(json_object *const *)a, *y = *(json_object *const *)b;
	unsigned xn[2], yn[2];
	bool xd = sscanf(ctl_text(x, "devt", ""), "%u:%u", &xn[0], &xn[1]) == 2;
	bool yd = sscanf(ctl_text(y, "devt", ""), "%u:%u", &yn[0], &yn[1]) == 2;

	if (xd != yd)
		return xd ? -1 : 1;
	for (size_t i = 0; xd && i < 2; i++)
		if (xn[i] != yn[i])
			return xn[i] < yn[i] ? -1 : 1;
	return strverscmp(ctl_text(x, "name", ""), ctl_text(y, "name", ""));
}

void ctl_sort_named(json_object *list)
{
	json_object_array_sort(list, compare_named);
}

void ctl_print_json(json_object *object)
{
	human_put_json(stdout, json_object_to_json_string_ext(
	                               object, JSON_C_TO_STRING_PLAIN |
	                                               JSON_C_TO_STRING_NOSLASHESCAPE));
	putchar('\n');
}

bool ctl_flush(void)
{
	return fflush(stdout) == 0 && !ferror(stdout);
}

/* --- calls --- */

json_object *ctl_request(const char *method, json_object *parameters, bool more)
{
	json_object *request = json_object_new_object();
	char name[128];

	snprintf(name, sizeof(name), INTERFACE ".%s", method);
	json_object_object_add(request, "method", json_object_new_string(name));
	if (parameters != NULL)
		json_object_object_add(request, "parameters", parameters);
	if (more)
		json_object_object_add(request, "more", json_object_new_boolean(true));
	return request;
}

static int ctl_send(struct ctl *ctl, const char *method, json_object *parameters,
                    bool more)
{
	json_object *request = ctl_request(method, json_object_get(parameters), more);
	int r = 0;

	if (ctl->connection.fd < 0)
		r = connection_connect(&ctl->connection, ctl->options->socket,
		                       ctl->options->timeout_us);
	if (r == 0) {
		r = connection_send(&ctl->connection, request);
		if (r == -EMSGSIZE)
			r = human_usage("too many names for one request");
	}
	json_object_put(request);
	if (r < 0)
		r = connection_complain(&ctl->connection, r);
	if (r == 0)
		ctl->connection.tick = ctl->tick;
	if (r == 0 && ctl->wait_forever)
		connection_no_deadline(&ctl->connection);
	return r;
}

/* *ret: the whole reply, also an error reply. */
static int ctl_receive(struct ctl *ctl, int watch, json_object **ret)
{
	int r = connection_receive(&ctl->connection, watch, ret);

	if (r == -EPIPE)
		return EXIT_FAILED; /* our own reader has closed the pipe: no message */
	return r < 0 ? connection_complain(&ctl->connection, r) : 0;
}

static const char *reply_error(json_object *reply)
{
	return ctl_text(reply, "error", NULL);
}

static json_object *reply_parameters(json_object *reply)
{
	json_object *parameters = NULL;

	if (json_object_object_get_ex(reply, "parameters", &parameters) &&
	    json_object_is_type(parameters, json_type_object))
		return json_object_get(parameters);
	return json_object_new_object();
}

static const struct {
	const char *name;
	/* the parameter that is printed after the words */
	const char *key;
	int code;
	const char *words;
} errors[] = {
	{ INTERFACE ".NoSuchPath", "path", EXIT_NOT_FOUND, "no such path: " },
	{ INTERFACE ".NoSuchMap", "map", EXIT_NOT_FOUND, "no such map: " },
	{ INTERFACE ".NoSuchDevice", "device", EXIT_NOT_FOUND, "no such device: " },
	{ INTERFACE ".NothingSelected", "reason", EXIT_NOT_FOUND, "" },
	{ INTERFACE ".NotPermitted", "reason", EXIT_DENIED, "not permitted: " },
	{ INTERFACE ".NotPossible", "reason", EXIT_FAILED, "" },
	{ INTERFACE ".ReloadFailed", "errors", EXIT_FAILED,
	  "checkerd refused the new configuration and keeps the old one:\n" },
	{ INTERFACE ".Busy", "reason", EXIT_FAILED, "checkerd is busy: " },
	{ "org.varlink.service.PermissionDenied", "reason", EXIT_DENIED,
	  "not permitted: " },
	{ INVALID_PARAMETER, "parameter", EXIT_USAGE, "checkerd refused the value of " },
	{ "org.varlink.service.MethodNotFound", "method", EXIT_FAILED,
	  "this checkerd is too old: it has no method " },
	{ "org.varlink.service.MethodNotImplemented", "method", EXIT_FAILED,
	  "this checkerd does not implement " },
	{ "org.varlink.service.InterfaceNotFound", "interface", EXIT_FAILED,
	  "the program on the socket is not checkerd: it has no interface " },
};

/* name: the user's name of the missing path; NULL: print the daemon's name. */
static int complain_error(json_object *reply, const char *name)
{
	const char *error = reply_error(reply);
	json_object *parameters = reply_parameters(reply);
	int code = -1;

	for (size_t i = 0; i < ARRAY_LEN(errors) && code < 0; i++) {
		const char *text =
		        ctl_text(parameters, errors[i].key, "(no reason given)");

		if (strcmp(error, errors[i].name) == 0)
			code = human_complain(errors[i].code, "%s%s", errors[i].words,
			                      name != NULL ? name : text);
	}
	if (code < 0)
		code = human_complain(EXIT_FAILED, "checkerd answers with the error %s",
		                      error);
	json_object_put(parameters);
	return code;
}

/* The parameters of a reply as checkerd writes it. NULL: it is another text. */
static char *parameters_text(char *text, size_t length)
{
	static const char begin[] = "{\"parameters\":";
	size_t n = sizeof(begin) - 1;

	if (length <= n || memcmp(text, begin, n) != 0 || text[n] != '{' ||
	    text[length - 1] != '}' || !json_text_is_object(text + n, length - n - 1))
		return NULL;
	text[length - 1] = '\0';
	return text + n;
}

/*
 * An older daemon refuses the parameter "fields", which it does not know; one that does not know one of
 * the fields refuses it, too. True: the fields are taken out, and the call is to be repeated.
 */
static bool without_fields(json_object *parameters, json_object *reply)
{
	const char *error = reply_error(reply);
	json_object *p;
	bool refused;

	if (error == NULL || strcmp(error, INVALID_PARAMETER) != 0 ||
	    !json_object_object_get_ex(parameters, FIELDS, NULL))
		return false;
	p = reply_parameters(reply);
	refused = strcmp(ctl_text(p, "parameter", ""), FIELDS) == 0;
	json_object_put(p);
	if (refused)
		json_object_object_del(parameters, FIELDS);
	return refused;
}

/* *ret_text: the parameters of the reply, if it is as checkerd writes it. Else *ret: the reply. */
static int exchange_text(struct ctl *ctl, const char *method, json_object *parameters,
                         char **ret_text, json_object **ret)
{
	size_t length;
	char *text;
	int r = ctl_send(ctl, method, parameters, false);

	if (r)
		return r;
	r = connection_receive_text(&ctl->connection, -1, &text, &length);
	*ret_text = r == 0 ? parameters_text(text, length) : NULL;
	if (r == 0 && *ret_text == NULL)
		r = connection_parse(text, length, ret);
	return r < 0 ? connection_complain(&ctl->connection, r) : 0;
}

int ctl_print_call(struct ctl *ctl, const char *method, json_object *parameters)
{
	json_object *reply = NULL, *inner;
	char *text;
	int r = exchange_text(ctl, method, parameters, &text, &reply);

	if (r == 0 && reply != NULL && without_fields(parameters, reply)) {
		json_object_put(reply);
		reply = NULL;
		r = exchange_text(ctl, method, parameters, &text, &reply);
	}
	json_object_put(parameters);
	if (r)
		return r;
	if (text != NULL) {
		human_put_json(stdout, text);
		putchar('\n');
		return 0;
	}
	if (reply_error(reply) != NULL) {
		r = complain_error(reply, NULL);
	} else {
		inner = reply_parameters(reply);
		ctl_print_json(inner);
		json_object_put(inner);
	}
	json_object_put(reply);
	return r;
}

static int ctl_exchange(struct ctl *ctl, const char *method, json_object *parameters,
                        json_object **ret_reply)
{
	int r = ctl_send(ctl, method, parameters, false);

	if (r == 0)
		r = ctl_receive(ctl, -1, ret_reply);
	if (r != 0 || !without_fields(parameters, *ret_reply))
		return r;
	json_object_put(*ret_reply);
	r = ctl_send(ctl, method, parameters, false);
	return r ? r : ctl_receive(ctl, -1, ret_reply);
}

int ctl_call(struct ctl *ctl, const char *method, json_object *parameters,
             json_object **ret)
{
	json_object *reply;
	int r = ctl_exchange(ctl, method, parameters, &reply);

	json_object_put(parameters);
	if (r)
		return r;
	if (reply_error(reply) != NULL)
		r = complain_error(reply, NULL);
	else
		*ret = reply_parameters(reply);
	json_object_put(reply);
	return r;
}

int ctl_begin(struct ctl *ctl, const char *method, json_object *parameters)
{
	int r = ctl_send(ctl, method, parameters, true);

	json_object_put(parameters);
	return r;
}

int ctl_next(struct ctl *ctl, json_object **ret, bool *ret_more)
{
	json_object *reply;
	int r = ctl_receive(ctl, STDOUT_FILENO, &reply);

	if (r)
		return r;
	if (reply_error(reply) != NULL) {
		r = complain_error(reply, NULL);
	} else {
		json_object *more = NULL;

		*ret_more = json_object_object_get_ex(reply, "continues", &more) &&
		            json_object_get_boolean(more);
		*ret = reply_parameters(reply);
	}
	json_object_put(reply);
	return r;
}

/* --- names --- */

/* Resolves a name: "8:0" for a block device, else the real path. NULL: no other name. Reads
 * the file system only, never a device. */
static char *resolve_name(const char *name)
{
	struct stat st;
	char *real;

	if (name[0] != '/' || stat(name, &st) < 0)
		return NULL;
	if (S_ISBLK(st.st_mode)) {
		if (asprintf(&real, "%u:%u", major(st.st_rdev), minor(st.st_rdev)) < 0)
			return NULL;
		return real;
	}
	real = realpath(name, NULL);
	if (real != NULL && strcmp(real, name) == 0) {
		free(real);
		return NULL;
	}
	return real;
}

static const char *const list_key[] = { [CTL_PATHS] = "paths", [CTL_MAPS] = "maps" };
static const char *const list_method[] = {
	[CTL_PATHS] = "ListPaths",
	[CTL_MAPS] = "ListMaps",
};
static const char *const called[] = { "name", "alias", "device" };

/* Prints "did you mean" when a path or map has a similar name. */
static void suggest(struct ctl *ctl, enum ctl_names kind, const char *wanted)
{
	size_t best = MIN((size_t)SUGGEST_WITHIN, strlen(wanted));
	const char *close = NULL;
	json_object *request = NULL, *reply, *parameters, *list;
	size_t n;
	int r;

	if (kind == CTL_PATHS)
		request = fields_add(NULL, "name,alias,device");
	r = ctl_exchange(ctl, list_method[kind], request, &reply);
	json_object_put(request);
	if (r != 0)
		return; /* the error was printed; a suggestion is optional */
	parameters = reply_parameters(reply);
	n = ctl_list(parameters, list_key[kind], &list);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < ARRAY_LEN(called); k++) {
			const char *name = ctl_text(json_object_array_get_idx(list, i),
			                            called[k], NULL);
			size_t distance =
			        name != NULL ? edit_distance(wanted, name, best) : best;

			if (distance < best) {
				best = distance;
				close = name;
			}
		}
	if (close != NULL)
		(void)human_complain(0, "did you mean '%s'?", close);
	json_object_put(parameters);
	json_object_put(reply);
}

static json_object *names_array(char *const *sent, size_t n)
{
	json_object *array = json_object_new_array();

	for (size_t i = 0; i < n; i++)
		json_object_array_add(array, json_object_new_string(sent[i]));
	return array;
}

/*
 * Replaces the name that the daemon does not know. 1: it was replaced, repeat the call; 0: it
 * has no other name. *ret_name: the user's name.
 */
static int rename_unknown(json_object *reply, const char *const *names, char **sent,
                          size_t n, const char **ret_name)
{
	json_object *parameters = reply_parameters(reply);
	const char *unknown = ctl_text(parameters, "path", "");
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		char *other;

		if (strcmp(sent[i], unknown) != 0)
			continue;
		*ret_name = names[i];
		other = strcmp(sent[i], names[i]) == 0 ? resolve_name(names[i]) : NULL;
		if (other != NULL) {
			free(sent[i]);
			sent[i] = other;
			r = 1;
		}
		break;
	}
	json_object_put(parameters);
	return r;
}

/* The name that the daemon does not know: of a path, or of a map. "": it was none. */
static const char *wanted_name(json_object *parameters)
{
	return ctl_text(parameters, "path", ctl_text(parameters, "map", ""));
}

/* --map names a map in a command about paths. */
static enum ctl_names kind_of(json_object *reply, enum ctl_names otherwise)
{
	return strcmp(reply_error(reply), INTERFACE ".NoSuchMap") == 0 ? CTL_MAPS
	                                                               : otherwise;
}

static int call_sent(struct ctl *ctl, const char *method, enum ctl_names kind,
                     const char *const *names, char **sent, size_t n,
                     json_object *parameters, json_object **ret)
{
	for (;;) {
		const char *unknown = NULL;
		json_object *reply;
		int r;

		if (n > 0)
			json_object_object_add(parameters, list_key[kind],
			                       names_array(sent, n));
		r = ctl_exchange(ctl, method, parameters, &reply);
		if (r)
			return r;
		if (reply_error(reply) == NULL) {
			*ret = reply_parameters(reply);
			json_object_put(reply);
			return 0;
		}
		if (kind == CTL_PATHS &&
		    strcmp(reply_error(reply), INTERFACE ".NoSuchPath") == 0 &&
		    rename_unknown(reply, names, sent, n, &unknown)) {
			json_object_put(reply);
			continue;
		}
		r = complain_error(reply, unknown);
		if (r == EXIT_NOT_FOUND) {
			json_object *p = reply_parameters(reply);

			suggest(ctl, kind_of(reply, kind),
			        unknown != NULL ? unknown : wanted_name(p));
			json_object_put(p);
		}
		json_object_put(reply);
		return r;
	}
}

int ctl_call_names(struct ctl *ctl, const char *method, enum ctl_names kind,
                   const char *const *names, size_t n, json_object *parameters,
                   json_object **ret)
{
	char **sent = calloc(n + 1, sizeof(*sent));
	int r = 0;

	if (parameters == NULL)
		parameters = json_object_new_object();
	for (size_t i = 0; i < n && sent != NULL; i++) {
		sent[i] = strdup(names[i]);
		r = sent[i] != NULL ? r : -ENOMEM;
	}
	if (sent == NULL || r < 0)
		r = human_complain(EXIT_FAILED, "%s", strerror(ENOMEM));
	else
		r = call_sent(ctl, method, kind, names, sent, n, parameters, ret);
	for (size_t i = 0; i < n && sent != NULL; i++)
		free(sent[i]);
	free(sent);
	json_object_put(parameters);
	return r;
}

static bool is_unknown_device(json_object *reply)
{
	const char *error = reply_error(reply);

	return error != NULL && strcmp(error, INTERFACE ".NoSuchDevice") == 0;
}

int ctl_call_device(struct ctl *ctl, const char *method, const char *name,
                    json_object **ret)
{
	return ctl_call_device_if(ctl, method, name, false, ret);
}

int ctl_call_device_if(struct ctl *ctl, const char *method, const char *name,
                       bool may_be_gone, json_object **ret)
{
	char *other = resolve_name(name);
	const char *sent = name;
	json_object *reply;
	int r;

	for (;;) {
		json_object *parameters = json_object_new_object();

		json_object_object_add(parameters, "device",
		                       json_object_new_string(sent));
		r = ctl_exchange(ctl, method, parameters, &reply);
		json_object_put(parameters);
		if (r || other == NULL || sent == other || !is_unknown_device(reply))
			break;
		json_object_put(reply);
		sent = other;
	}
	if (r == 0) {
		if (may_be_gone && is_unknown_device(reply))
			*ret = NULL;
		else if (reply_error(reply) != NULL)
			r = complain_error(reply, is_unknown_device(reply) ? name : NULL);
		else
			*ret = reply_parameters(reply);
		json_object_put(reply);
	}
	free(other);
	return r;
}

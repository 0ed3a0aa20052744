/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the newest answer of each kind. Whoever asks first makes it, under the kind's lock; the
 * others wait for the lock, and find it made. Any thread.
 */
#include "exporter/answers.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/ask.h"
#include "exporter/classic.h"
#include "exporter/picture.h"
#include "util/mono.h"

#define FRESH_US (1 * USEC_PER_SEC)

#define HTTP_OK          200
#define HTTP_UNAVAILABLE 503

static struct {
	struct answers_options options; /* [init] */
	/* Who logs that checkerd does not answer, and that it does again. */
	pthread_mutex_t log_lock;
	bool silent; /* [log_lock] */
	struct kept {
		pthread_mutex_t lock;
		struct body *newest; /* [lock] NULL: none yet */
		struct mono made;    /* [lock] */
	} kept[ANSWER_COUNT_];
} answers;

void answers_init(const struct answers_options *o)
{
	answers.options = *o;
	pthread_mutex_init(&answers.log_lock, NULL);
	for (size_t i = 0; i < ARRAY_LEN(answers.kept); i++)
		pthread_mutex_init(&answers.kept[i].lock, NULL);
}

void answers_deinit(void)
{
	for (size_t i = 0; i < ARRAY_LEN(answers.kept); i++) {
		answers.kept[i].newest = body_unref(answers.kept[i].newest);
		pthread_mutex_destroy(&answers.kept[i].lock);
	}
	pthread_mutex_destroy(&answers.log_lock);
}

/* One line when checkerd falls silent, and one when it answers again. */
static void note(bool silent, const char *error)
{
	pthread_mutex_lock(&answers.log_lock);
	if (silent && !answers.silent)
		(void)fprintf(stderr, "checkerd-exporter: %s\n", error);
	else if (!silent && answers.silent)
		(void)fprintf(stderr, "checkerd-exporter: checkerd answers again\n");
	answers.silent = silent;
	pthread_mutex_unlock(&answers.log_lock);
}

static int question(const char *method, json_object *parameters, json_object **ret,
                    char error[static ASK_ERROR_BYTES])
{
	int r = ask(answers.options.socket, method, parameters, ret, error);

	note(r < 0 && r != -EREMOTEIO, error);
	return r;
}

/* A copy of the text. NULL: no memory. */
static struct body *copy_text(unsigned status, const char *text, size_t size)
{
	char *data = malloc(size + 1);

	if (data == NULL)
		return NULL;
	memcpy(data, text, size);
	data[size] = '\0';
	return body_new(status, data, size);
}

static struct body *copy_json(json_object *o)
{
	size_t size;
	const char *text = json_object_to_json_string_length(
	        o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &size);

	return text != NULL ? copy_text(HTTP_OK, text, size) : NULL;
}

/* --- metrics --- */

/* Whether checkerd answers. The exporter itself is judged by Prometheus' own `up`. */
#define UP_HEAD                      \
	"# TYPE checkerd_up gauge\n" \
	"# HELP checkerd_up Whether checkerd answers the exporter.\n"

static const char *metrics_text(json_object *reply)
{
	json_object *text;

	return json_object_object_get_ex(reply, "metrics", &text)
	               ? json_object_get_string(text)
	               : NULL;
}

/* checkerd_up before the text of checkerd, or alone with an end. */
static struct body *with_up(bool up, const char *rest)
{
	char *data;
	int size = asprintf(&data, UP_HEAD "checkerd_up %d\n%s", up, rest);

	return size >= 0 ? body_new(HTTP_OK, data, (size_t)size) : NULL;
}

static struct body *make_metrics(bool classic)
{
	json_object *reply = NULL, *p = json_object_new_object();
	char error[ASK_ERROR_BYTES], *text = NULL;
	struct body *b = NULL;
	size_t size;

	json_object_object_add(p, "path_series",
	                       json_object_new_boolean(answers.options.paths));
	json_object_object_add(p, "path_latency",
	                       json_object_new_boolean(answers.options.latency));
	if (question("GetMetrics", p, &reply, error) < 0 || metrics_text(reply) == NULL)
		b = with_up(false, classic ? "" : "# EOF\n");
	else if (!classic)
		b = with_up(true, metrics_text(reply));
	else if (classic_make(metrics_text(reply), &text, &size) == 0)
		b = with_up(true, text);
	free(text);
	json_object_put(reply);
	return b;
}

/* --- the page's data --- */

/* {"error":"…"}, for the page to show. */
static struct body *make_error(const char *error)
{
	json_object *o = json_object_new_object();
	struct body *b;

	json_object_object_add(o, "error", json_object_new_string(error));
	b = copy_json(o);
	json_object_put(o);
	if (b != NULL)
		b->status = HTTP_UNAVAILABLE;
	return b;
}

/* A checkerd that does not know the parameter refuses it. Then all keys come. */
static int list_paths(json_object **ret, char error[static ASK_ERROR_BYTES])
{
	json_object *p = json_object_new_object(), *fields = json_object_new_array();
	int r;

	picture_add_fields(fields);
	json_object_object_add(p, "fields", fields);
	r = question("ListPaths", p, ret, error);
	return r == -EREMOTEIO ? question("ListPaths", NULL, ret, error) : r;
}

static struct body *make_picture(void)
{
	json_object *paths = NULL, *maps = NULL, *status = NULL, *picture = NULL;
	char error[ASK_ERROR_BYTES];
	struct body *b;
	int r = list_paths(&paths, error);

	if (r == 0)
		r = question("ListMaps", NULL, &maps, error);
	if (r == 0)
		r = question("GetStatus", NULL, &status, error);
	if (r == 0)
		picture = picture_make(paths, maps, status);
	b = r == 0 ? copy_json(picture) : make_error(error);
	json_object_put(picture);
	json_object_put(status);
	json_object_put(maps);
	json_object_put(paths);
	return b;
}

static struct body *pass_on(const char *method, json_object *parameters)
{
	char error[ASK_ERROR_BYTES];
	json_object *reply = NULL;
	struct body *b = question(method, parameters, &reply, error) < 0
	                         ? make_error(error)
	                         : copy_json(reply);

	json_object_put(reply);
	return b;
}

static struct body *make_health(void)
{
	char error[ASK_ERROR_BYTES + 1];
	json_object *reply = NULL;
	struct body *b;

	if (question("Ping", NULL, &reply, error) < 0) {
		strcat(error, "\n");
		b = copy_text(HTTP_UNAVAILABLE, error, strlen(error));
	} else {
		b = copy_text(HTTP_OK, "ok\n", strlen("ok\n"));
	}
	json_object_put(reply);
	return b;
}

static struct body *make(enum answer_kind kind)
{
	switch (kind) {
	case ANSWER_OPENMETRICS:
	case ANSWER_CLASSIC:
		return make_metrics(kind == ANSWER_CLASSIC);
	case ANSWER_PICTURE:
		return make_picture();
	case ANSWER_EVENTS:
		return pass_on("ListEvents", NULL);
	case ANSWER_HEALTH:
		return make_health();
	case ANSWER_COUNT_:
		break;
	}
	assert(!"a kind of answers");
	return NULL;
}

struct body *answers_get(enum answer_kind kind)
{
	struct kept *k = &answers.kept[kind];
	struct body *b;

	pthread_mutex_lock(&k->lock);
	if (k->newest == NULL || mono_diff(mono_now(), k->made) >= FRESH_US) {
		body_unref(k->newest);
		k->newest = make(kind);
		k->made = mono_now();
	}
	b = k->newest != NULL ? body_ref(k->newest) : NULL;
	pthread_mutex_unlock(&k->lock);
	return b;
}

struct body *answers_history(const char *const *paths, size_t n)
{
	json_object *p = json_object_new_object(), *names = json_object_new_array();

	for (size_t i = 0; i < n; i++)
		json_object_array_add(names, json_object_new_string(paths[i]));
	json_object_object_add(p, "paths", names);
	return pass_on("ListHistory", p);
}

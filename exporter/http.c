/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the table of resources. libmicrohttpd's threads run everything but start and stop. A request
 * has no state beside its connection, and only GET and HEAD are served.
 */
#include "exporter/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/answers.h"
#include "exporter/page.h"

#define THREADS         4
#define CONNECTIONS_MAX 64
#define IDLE_S          15 /* of a connection */

#define TYPE_JSON        "application/json"
#define TYPE_TEXT        "text/plain; charset=utf-8"
#define TYPE_CLASSIC     "text/plain; version=0.0.4; charset=utf-8"
#define TYPE_OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"

/* The page runs only its own script and style, and shows nothing in a frame. */
#define PAGE_POLICY                                                          \
	"default-src 'none'; script-src 'self'; style-src 'self'; "          \
	"connect-src 'self'; img-src 'self' data:; frame-ancestors 'none'; " \
	"base-uri 'none'; form-action 'none'"

static const struct resource {
	const char *name, *type;
	const struct page_file *file; /* NULL: an answer of checkerd */
	enum answer_kind kind;
} resources[] = {
	{ "/", "text/html; charset=utf-8", &page_html, ANSWER_COUNT_ },
	{ "/page.css", "text/css; charset=utf-8", &page_css, ANSWER_COUNT_ },
	{ "/page.js", "text/javascript; charset=utf-8", &page_js, ANSWER_COUNT_ },
	{ "/metrics", TYPE_CLASSIC, NULL, ANSWER_CLASSIC },
	{ "/healthz", TYPE_TEXT, NULL, ANSWER_HEALTH },
	{ "/data/picture", TYPE_JSON, NULL, ANSWER_PICTURE },
	{ "/data/events", TYPE_JSON, NULL, ANSWER_EVENTS },
};

/* "q=0", "q=0.0", …: not acceptable. */
static bool is_refused(const char *parameters, size_t size)
{
	const char *q = memmem(parameters, size, "q=", 2);

	return q != NULL && strtod(q + 2, NULL) <= 0;
}

bool http_wants_openmetrics(const char *accept)
{
	static const char name[] = "application/openmetrics-text";

	while (accept != NULL && *accept != '\0') {
		size_t size;

		accept += strspn(accept, ", \t");
		size = strcspn(accept, ",");
		if (strncasecmp(accept, name, sizeof(name) - 1) == 0)
			return !is_refused(accept, size);
		accept += size;
	}
	return false;
}

static enum MHD_Result send_response(struct MHD_Connection *c, unsigned status,
                                     const char *type, struct MHD_Response *response)
{
	enum MHD_Result r = MHD_NO;

	if (response == NULL)
		return MHD_NO; /* no memory: the connection ends */
	if (MHD_add_response_header(response, "Content-Type", type) == MHD_YES &&
	    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff") ==
	            MHD_YES &&
	    MHD_add_response_header(response, "Content-Security-Policy", PAGE_POLICY) ==
	            MHD_YES &&
	    MHD_add_response_header(response, "Cache-Control", "no-cache") == MHD_YES &&
	    (status != MHD_HTTP_METHOD_NOT_ALLOWED ||
	     MHD_add_response_header(response, "Allow", "GET, HEAD") == MHD_YES))
		r = MHD_queue_response(c, status, response);
	MHD_destroy_response(response);
	return r;
}

static enum MHD_Result send_text(struct MHD_Connection *c, unsigned status,
                                 const char *text)
{
	/* The library does not write to it. */
	return send_response(c, status, TYPE_TEXT,
	                     MHD_create_response_from_buffer(strlen(text), (char *)text,
	                                                     MHD_RESPMEM_PERSISTENT));
}

static void body_done(void *arg)
{
	body_unref(arg);
}

/* A piece of the body at pos. */
static ssize_t body_read(void *arg, uint64_t pos, char *buf, size_t max)
{
	const struct body *b = arg;
	size_t n = MIN(max, b->size - (size_t)pos);

	memcpy(buf, b->data + pos, n);
	return n > 0 ? (ssize_t)n : MHD_CONTENT_READER_END_OF_STREAM;
}

/* Takes the reference over. b: NULL: there was no memory for it. */
static enum MHD_Result send_body(struct MHD_Connection *c, const char *type,
                                 struct body *b)
{
	struct MHD_Response *response;
	unsigned status;

	if (b == NULL)
		return send_text(c, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory\n");
	status = b->status;
	response = MHD_create_response_from_callback(b->size, 32 * 1024, body_read, b,
	                                             body_done);
	if (response == NULL)
		body_unref(b);
	return send_response(c, status, type, response);
}

static enum MHD_Result send_page(struct MHD_Connection *c, const struct resource *r)
{
	return send_response(c, MHD_HTTP_OK, r->type,
	                     MHD_create_response_from_buffer(r->file->size,
	                                                     (char *)r->file->data,
	                                                     MHD_RESPMEM_PERSISTENT));
}

static enum MHD_Result send_metrics(struct MHD_Connection *c)
{
	const char *accept =
	        MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
	bool openmetrics = http_wants_openmetrics(accept);

	return send_body(c, openmetrics ? TYPE_OPENMETRICS : TYPE_CLASSIC,
	                 answers_get(openmetrics ? ANSWER_OPENMETRICS : ANSWER_CLASSIC));
}

struct names {
	const char *of[ANSWERS_PATHS_MAX];
	size_t n;
};

static enum MHD_Result take_name(void *arg, enum MHD_ValueKind kind, const char *key,
                                 const char *value)
{
	struct names *names = arg;

	(void)kind;
	if (strcmp(key, "path") == 0 && value != NULL && names->n < ARRAY_LEN(names->of))
		names->of[names->n++] = value;
	return MHD_YES;
}

/* /data/history?path=NAME&path=NAME… */
static enum MHD_Result send_history(struct MHD_Connection *c)
{
	struct names names = { .n = 0 };

	(void)MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, take_name, &names);
	if (names.n == 0)
		return send_text(c, MHD_HTTP_BAD_REQUEST,
		                 "name a path: /data/history?path=NAME\n");
	return send_body(c, TYPE_JSON, answers_history(names.of, names.n));
}

static enum MHD_Result serve(void *arg, struct MHD_Connection *c, const char *url,
                             const char *method, const char *version, const char *data,
                             size_t *data_size, void **state)
{
	static int begun; /* only its address counts */

	(void)arg;
	(void)version;
	(void)data;
	/* The first call is for the headers alone. A reply to it would end the connection. */
	if (*state == NULL) {
		*state = &begun;
		return MHD_YES;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 &&
	    strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
		*data_size = 0;
		return send_text(c, MHD_HTTP_METHOD_NOT_ALLOWED,
		                 "only GET and HEAD are served\n");
	}
	if (strcmp(url, "/data/history") == 0)
		return send_history(c);
	for (size_t i = 0; i < ARRAY_LEN(resources); i++) {
		const struct resource *r = &resources[i];

		if (strcmp(r->name, url) != 0)
			continue;
		if (r->file != NULL)
			return send_page(c, r);
		return r->kind == ANSWER_CLASSIC
		               ? send_metrics(c)
		               : send_body(c, r->type, answers_get(r->kind));
	}
	return send_text(c, MHD_HTTP_NOT_FOUND,
	                 "not found; there are / and /metrics and /healthz\n");
}

int http_start(struct MHD_Daemon **ret, int listen_fd)
{
	struct MHD_Daemon *d = MHD_start_daemon(
	        MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, serve,
	        NULL, MHD_OPTION_LISTEN_SOCKET, listen_fd, MHD_OPTION_THREAD_POOL_SIZE,
	        (unsigned)THREADS, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
	        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_END);

	if (d == NULL)
		return errno != 0 ? -errno : -ENOMEM;
	*ret = d;
	return 0;
}

struct MHD_Daemon *http_stop(struct MHD_Daemon *d)
{
	if (d != NULL)
		MHD_stop_daemon(d);
	return NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The replies that any method may have. They own nothing; the control thread runs them. */
#include "checkerd/control/reply.h"

#include <string.h>

#include "checkerd/control/control_limits.h"
#include "checkerd/control/method.h"

static void write_head(struct jw *j, const char *error)
{
	jw_object(j);
	if (error != NULL) {
		jw_key(j, "error");
		jw_string(j, error);
	}
	jw_key(j, "parameters");
	jw_object(j);
}

void reply_begin(struct call *c, struct jw *j)
{
	c->reply.begun = true;
	write_head(j, c->reply.error);
}

enum piece reply_end(struct jw *j)
{
	jw_object_end(j);
	jw_object_end(j);
	jw_message_end(j);
	return PIECE_LAST;
}

void reply_write_error(struct jw *j, const char *error, const char *key,
                       const char *value)
{
	write_head(j, error);
	jw_key(j, key);
	jw_string(j, value);
	(void)reply_end(j); /* there is only this piece */
}

enum piece reply_write_empty(struct service *s, struct call *c, struct jw *j)
{
	(void)s;
	reply_begin(c, j);
	return reply_end(j);
}

static enum piece write_text(struct service *s, struct call *c, struct jw *j)
{
	struct reply *r = &c->reply;
	const char *rest = r->text + r->text_at;
	size_t n;

	(void)s;
	if (!r->begun) {
		reply_begin(c, j);
		jw_key(j, r->key);
		if (r->raw)
			jw_raw_begin(j);
		else
			jw_text_begin(j);
		return PIECE_MORE;
	}
	if (r->text_at == r->text_size) {
		if (!r->raw)
			jw_text_end(j);
		return reply_end(j);
	}
	n = jw_text_cut(rest, r->text_size - r->text_at, TEXT_PIECE);
	if (r->raw)
		jw_raw_part(j, rest, n);
	else
		jw_text_part(j, rest, n);
	r->text_at += n;
	return PIECE_MORE;
}

void reply_text(struct call *c, const char *key, const char *text, size_t size)
{
	c->reply = (struct reply){
		.piece = write_text,
		.key = key,
		.text = text,
		.text_size = size,
	};
}

void reply_error(struct call *c, const char *error, const char *key, const char *value)
{
	if (key != NULL)
		reply_text(c, key, value, strlen(value));
	else
		c->reply = (struct reply){ .piece = reply_write_empty };
	c->reply.error = error;
}

void reply_problem(struct call *c, enum request_problem problem)
{
	static const struct {
		const char *error, *key;
	} replies[] = {
		[REQUEST_NO_INTERFACE] = { REPLY_SERVICE_ERROR("InterfaceNotFound"),
		                           "interface" },
		[REQUEST_NO_METHOD] = { REPLY_SERVICE_ERROR("MethodNotFound"), "method" },
		[REQUEST_BAD_PARAMETER] = { REPLY_SERVICE_ERROR("InvalidParameter"),
		                            "parameter" },
		[REQUEST_NEEDS_MORE] = { REPLY_SERVICE_ERROR("ExpectedMore"), NULL },
	};

	assert(problem < ARRAY_LEN(replies) && replies[problem].error != NULL);
	reply_error(c, replies[problem].error, replies[problem].key, c->request.detail);
}

void reply_busy(struct call *c, const char *reason)
{
	reply_error(c, REPLY_BUSY, "reason", reason);
}

void reply_by_method(struct call *c)
{
	if (c->reply.piece == NULL)
		c->reply.piece = c->request.method->piece;
	assert(c->reply.piece != NULL);
}

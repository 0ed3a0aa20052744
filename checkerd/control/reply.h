/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_REPLY_H
#define CHECKERD_CONTROL_REPLY_H

/* The replies that any method may have: nothing, one text, an error. */
#include "checkerd/control/call.h"
#include "checkerd/control/interface.h"

#define REPLY_CONTROL_ERROR(name) (INTERFACE_CONTROL "." name)
#define REPLY_SERVICE_ERROR(name) (INTERFACE_SERVICE "." name)
#define REPLY_BUSY                REPLY_CONTROL_ERROR("Busy")

/* --- what a call is answered; the texts have to stay until the reply is sent --- */
void reply_text(struct call *c, const char *key, const char *text, size_t size);
/* key: NULL: the error has no parameter. */
void reply_error(struct call *c, const char *error, const char *key, const char *value);
/* The error for a request that was not fine. */
void reply_problem(struct call *c, enum request_problem problem);
void reply_busy(struct call *c, const char *reason);
/* The reply of the method's row, unless another one was set. */
void reply_by_method(struct call *c);

/* --- pieces --- */
write_piece reply_write_empty;
/* The beginning and the end of every reply. */
void reply_begin(struct call *c, struct jw *j);
enum piece reply_end(struct jw *j);

/* A whole message, for a client that has no call. */
void reply_write_error(struct jw *j, const char *error, const char *key,
                       const char *value);

#endif

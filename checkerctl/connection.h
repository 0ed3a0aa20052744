/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_CONNECTION_H
#define CHECKERCTL_CONNECTION_H

/*
 * One connection to checkerd. One deadline limits connect, send and receive together, so a
 * daemon that does not answer delays its caller until this deadline at most.
 */
#include <json-c/json.h>

#include "checkerctl/frame.h"
#include "util/mono.h"

#define CONNECTION_NO_TIMEOUT        INT64_C(0)
#define CONNECTION_REQUEST_MAX_BYTES (64u * 1024) /* the daemon refuses larger requests */

enum connection_stage {
	CONNECTION_CONNECTING,
	CONNECTION_SENDING,
	CONNECTION_WAITING, /* no byte of the reply was received */
	CONNECTION_RECEIVING,
};

/* Called each second while a reply has not begun. NULL: nothing is called. */
struct connection_tick {
	void (*call)(void *userdata);
	void *userdata;
};

struct connection {
	int fd; /* -1: not connected */
	const char *socket;
	int64_t timeout_us;
	struct mono deadline;
	enum connection_stage stage;
	struct frame in;
	/* The caller sets it after connection_connect(). */
	struct connection_tick tick;
};

#define CONNECTION_NULL ((struct connection){ .fd = -1 })

/*
 * Connects. The deadline is timeout_us from now, CONNECTION_NO_TIMEOUT: none. A name that begins
 * with '@' is in the abstract namespace. The string must stay valid until connection_deinit().
 * -ENAMETOOLONG, -ETIMEDOUT, or the error of connect().
 */
_must_check_ int connection_connect(struct connection *c, const char *socket,
                                    int64_t timeout_us);
void connection_deinit(struct connection *c);

/* The next exchange has the whole time limit again. Nothing happens without a connection. */
void connection_begin_again(struct connection *c);
/* Removes the deadline, for Monitor. */
void connection_no_deadline(struct connection *c);

/*
 * For another protocol than Varlink: bytes as they are. connection_read() returns what has arrived,
 * up to `bytes`. Errors as those of connection_send() and connection_receive().
 */
_must_check_ int connection_write(struct connection *c, const char *data, size_t length);
_must_check_ int connection_read(struct connection *c, int watch, char *data,
                                 size_t bytes, size_t *ret_bytes);

/* -EMSGSIZE: larger than a request may be. -ETIMEDOUT, -errno. */
_must_check_ int connection_send(struct connection *c, json_object *request);

/*
 * Receives the next message. -ETIMEDOUT; -ECONNRESET: closed without an answer; -EMSGSIZE:
 * larger than FRAME_MAX_BYTES; -EBADMSG: not a JSON object; -EPIPE: the reader of the pipe
 * `watch` has closed it (-1: none); -errno.
 */
_must_check_ int connection_receive(struct connection *c, int watch, json_object **ret);

/*
 * Its two halves. The text is the connection's: it ends with a NUL and stays until the next
 * message. connection_parse(): -EBADMSG; -ENOMEM.
 */
_must_check_ int connection_receive_text(struct connection *c, int watch, char **ret,
                                         size_t *ret_length);
_must_check_ int connection_parse(const char *text, size_t length, json_object **ret);

/* The same as connection_receive() of a message that has arrived. -EAGAIN: it has not, or not wholly. */
_must_check_ int connection_receive_now(struct connection *c, json_object **ret);

/* Prints `error` and the next step to stderr; returns the exit code. */
int connection_complain(const struct connection *c, int error);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_CONNECTION_H
#define CHECKERCTL_CONNECTION_H

/*
 * One connection to checkerd, with one deadline over connecting, sending and receiving:
 * a daemon that does not answer costs its caller that long and no longer.
 */
#include <json-c/json.h>

#include "checkerctl/frame.h"
#include "util/mono.h"

#define CONNECTION_NO_TIMEOUT INT64_C(0)
#define CONNECTION_REQUEST_MAX_BYTES \
	(64u * 1024) /* the daemon closes on anything larger */

enum connection_stage {
	CONNECTION_CONNECTING,
	CONNECTION_SENDING,
	CONNECTION_WAITING, /* nothing of the reply has come yet */
	CONNECTION_RECEIVING,
};

struct connection {
	int fd; /* -1: not connected */
	const char *socket;
	int64_t timeout_us;
	struct mono deadline;
	enum connection_stage stage;
	struct frame in;
};

#define CONNECTION_NULL ((struct connection){ .fd = -1 })

/*
 * Connects; the deadline is timeout_us from now, CONNECTION_NO_TIMEOUT: none. The name has to
 * live as long as the connection.
 * -ENAMETOOLONG, -ETIMEDOUT, or what connect() says.
 */
_must_check_ int connection_connect(struct connection *c, const char *socket,
                                    int64_t timeout_us);
void connection_deinit(struct connection *c);

/* From here on wait as long as it takes (Monitor). */
void connection_no_deadline(struct connection *c);

/* -EMSGSIZE: larger than a request may be. -ETIMEDOUT, -errno. */
_must_check_ int connection_send(struct connection *c, json_object *request);

/*
 * The next message. -ETIMEDOUT; -ECONNRESET: closed without an answer; -EMSGSIZE: larger
 * than FRAME_MAX_BYTES; -EBADMSG: not a JSON object; -EPIPE: nobody reads fd `watch` any
 * more (-1: do not care); -errno.
 */
_must_check_ int connection_receive(struct connection *c, int watch, json_object **ret);

/* Says on stderr what went wrong with `error` and what to do; returns the exit code. */
int connection_complain(const struct connection *c, int error);

#endif

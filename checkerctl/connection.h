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

#define CLIENT_NO_TIMEOUT        INT64_C(0)
#define CLIENT_REQUEST_MAX_BYTES (64u * 1024) /* the daemon closes on anything larger */

enum client_stage {
	CLIENT_CONNECTING,
	CLIENT_SENDING,
	CLIENT_WAITING, /* nothing of the reply has come yet */
	CLIENT_RECEIVING,
};

struct client {
	int fd; /* -1: not connected */
	const char *socket;
	int64_t timeout_us;
	struct mono deadline;
	enum client_stage stage;
	struct frame in;
};

#define CLIENT_NULL ((struct client){ .fd = -1 })

/*
 * Connects; the deadline is timeout_us from now, CLIENT_NO_TIMEOUT: none. The name has to
 * live as long as the client.
 * -ENAMETOOLONG, -ETIMEDOUT, or what connect() says.
 */
_must_check_ int client_connect(struct client *c, const char *socket, int64_t timeout_us);
void client_deinit(struct client *c);

/* From here on wait as long as it takes (Monitor). */
void client_no_deadline(struct client *c);

/* -EMSGSIZE: larger than a request may be. -ETIMEDOUT, -errno. */
_must_check_ int client_send(struct client *c, json_object *request);

/*
 * The next message. -ETIMEDOUT; -ECONNRESET: closed without an answer; -EMSGSIZE: larger
 * than FRAME_MAX_BYTES; -EBADMSG: not a JSON object; -EPIPE: nobody reads fd `watch` any
 * more (-1: do not care); -errno.
 */
_must_check_ int client_receive(struct client *c, int watch, json_object **ret);

/* Says on stderr what went wrong with `error` and what to do; returns the exit code. */
int client_complain(const struct client *c, int error);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the socket to checkerd. After connect() the socket is non-blocking, and every wait is
 * a poll() up to the deadline. One thread, no signal handlers.
 */
#include "checkerctl/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "checkerctl/exit.h"
#include "checkerctl/human.h"

#define TICK_US USEC_PER_SEC

/* A non-blocking connect() to a unix socket with a full queue fails with EAGAIN, and no event
 * reports room. A blocking connect() waits for room, up to SO_SNDTIMEO. */
static int limit_connect(int fd, int64_t timeout_us)
{
	struct timeval limit = {
		.tv_sec = timeout_us / USEC_PER_SEC,
		.tv_usec = timeout_us % USEC_PER_SEC,
	};

	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0)
		return -errno;
	return 0;
}

/* "@NAME" is a name in the abstract namespace. Returns the length of the address. */
static socklen_t fill_address(const char *name, struct sockaddr_un *address)
{
	strcpy(address->sun_path, name);
	if (name[0] != '@')
		return sizeof(*address);
	address->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
}

int connection_connect(struct connection *c, const char *socket_name, int64_t timeout_us)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t length;
	int r;

	*c = CONNECTION_NULL;
	c->socket = socket_name;
	c->timeout_us = timeout_us;
	c->deadline = timeout_us == CONNECTION_NO_TIMEOUT
	                      ? MONO_NEVER
	                      : mono_add(mono_now(), timeout_us);
	if (strlen(socket_name) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	length = fill_address(socket_name, &address);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return -errno;
	r = limit_connect(c->fd, timeout_us);
	if (r < 0)
		return r;
	if (connect(c->fd, (struct sockaddr *)&address, length) < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	r = fcntl(c->fd, F_GETFL);
	if (r < 0 || fcntl(c->fd, F_SETFL, r | O_NONBLOCK) < 0)
		return -errno;
	return 0;
}

void connection_deinit(struct connection *c)
{
	if (c->fd >= 0)
		close(c->fd);
	frame_deinit(&c->in);
	*c = CONNECTION_NULL;
}

void connection_begin_again(struct connection *c)
{
	if (c->fd >= 0 && !mono_is_never(c->deadline))
		c->deadline = mono_add(mono_now(), c->timeout_us);
}

void connection_no_deadline(struct connection *c)
{
	c->deadline = MONO_NEVER;
}

/* Milliseconds for poll(), rounded up, so that poll() does not end just before the deadline. */
static int poll_limit(struct mono deadline)
{
	int64_t left;

	if (mono_is_never(deadline))
		return -1;
	left = mono_diff(deadline, mono_now());
	if (left <= 0)
		return 0;
	left = (left + USEC_PER_MSEC - 1) / USEC_PER_MSEC;
	return (int)MIN(left, INT_MAX);
}

static int connection_wait(struct connection *c, short events, int watch)
{
	/* No events requested: poll() reports POLLERR when the pipe has no reader. */
	struct pollfd fds[2] = { { .fd = c->fd, .events = events }, { .fd = watch } };
	bool ticks = c->tick.call != NULL && c->stage == CONNECTION_WAITING;
	struct mono next = ticks ? mono_add(mono_now(), TICK_US) : MONO_NEVER;
	int r = poll(fds, ARRAY_LEN(fds),
	             poll_limit(mono_before(next, c->deadline) ? next : c->deadline));

	if (r < 0)
		return errno == EINTR ? 0 : -errno;
	if (r == 0 && mono_before(next, c->deadline)) {
		c->tick.call(c->tick.userdata);
		return 0;
	}
	if (r == 0)
		return -ETIMEDOUT;
	if (fds[1].revents & (POLLERR | POLLNVAL))
		return -EPIPE;
	return 0;
}

int connection_write(struct connection *c, const char *data, size_t length)
{
	c->stage = CONNECTION_SENDING;
	while (length > 0) {
		ssize_t n = send(c->fd, data, length, MSG_NOSIGNAL);

		if (n < 0 && errno == EPIPE)
			break; /* a reply with the reason may have arrived before the close */
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (n < 0) {
			int r = connection_wait(c, POLLOUT, -1);

			if (r < 0)
				return r;
			continue;
		}
		data += n;
		length -= (size_t)n;
	}
	c->stage = CONNECTION_WAITING;
	return 0;
}

int connection_send(struct connection *c, json_object *request)
{
	size_t length;
	const char *text = json_object_to_json_string_length(
	        request, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE,
	        &length);

	if (text == NULL)
		return -ENOMEM;
	length++; /* the NUL ends the message */
	if (length > CONNECTION_REQUEST_MAX_BYTES)
		return -EMSGSIZE;
	return connection_write(c, text, length);
}

/*
 * Nothing may follow the object. JSON_TOKENER_STRICT says so, but json-c 0.18 refuses with it all
 * bytes that are not ASCII. So the last byte is passed alone: it has to end the object.
 */
static json_object *parse_all(json_tokener *tokener, const char *text, size_t length)
{
	json_object *message;

	while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL)
		length--;
	if (length < 2 || text[length - 1] != '}')
		return NULL;
	message = json_tokener_parse_ex(tokener, text, (int)length - 1);
	if (json_tokener_get_error(tokener) != json_tokener_continue) {
		json_object_put(message);
		return NULL;
	}
	return json_tokener_parse_ex(tokener, text + length - 1, 1);
}

int connection_parse(const char *text, size_t length, json_object **ret)
{
	json_tokener *tokener = json_tokener_new();
	json_object *message;

	if (tokener == NULL)
		return -ENOMEM;
	message = parse_all(tokener, text, length);
	json_tokener_free(tokener);
	if (!json_object_is_type(message, json_type_object)) {
		json_object_put(message);
		return -EBADMSG;
	}
	*ret = message;
	return 0;
}

/* Reads what has arrived. -EAGAIN: nothing has. */
static int read_now(struct connection *c, char *data, size_t bytes, size_t *ret_bytes)
{
	ssize_t n;

	do
		n = recv(c->fd, data, bytes, 0);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return -ECONNRESET;
	if (n < 0)
		return -errno;
	c->stage = CONNECTION_RECEIVING;
	*ret_bytes = (size_t)n;
	return 0;
}

int connection_read(struct connection *c, int watch, char *data, size_t bytes,
                    size_t *ret_bytes)
{
	int r;

	do {
		r = connection_wait(c, POLLIN, watch);
		if (r == 0)
			r = read_now(c, data, bytes, ret_bytes);
	} while (r == -EAGAIN);
	return r;
}

/* now: -EAGAIN instead of waiting. */
static int receive(struct connection *c, bool now, int watch, char **ret,
                   size_t *ret_length)
{
	char *message;

	static_assert(FRAME_MAX_BYTES < INT_MAX, "json-c takes lengths as int");
	while ((message = frame_next(&c->in, ret_length)) == NULL) {
		char *room;
		size_t bytes;
		int r = frame_room(&c->in, &room, &bytes);

		if (r == 0)
			r = now ? read_now(c, room, bytes, &bytes)
			        : connection_read(c, watch, room, bytes, &bytes);
		if (r < 0)
			return r;
		frame_filled(&c->in, bytes);
	}
	*ret = message;
	return 0;
}

int connection_receive_text(struct connection *c, int watch, char **ret,
                            size_t *ret_length)
{
	return receive(c, false, watch, ret, ret_length);
}

int connection_receive(struct connection *c, int watch, json_object **ret)
{
	size_t length;
	char *message;
	int r = receive(c, false, watch, &message, &length);

	return r < 0 ? r : connection_parse(message, length, ret);
}

int connection_receive_now(struct connection *c, json_object **ret)
{
	size_t length;
	char *message;
	int r = receive(c, true, -1, &message, &length);

	return r < 0 ? r : connection_parse(message, length, ret);
}

/* Names the group that may connect: the socket's, or the folder's when the folder refuses. */
static int complain_denied(const struct connection *c)
{
	struct stat st;
	struct group *group;
	char folder[PATH_MAX];

	snprintf(folder, sizeof(folder), "%s", c->socket);
	if (stat(c->socket, &st) < 0 && stat(dirname(folder), &st) < 0)
		return human_complain(
		        EXIT_DENIED,
		        "permission denied on %s: checkerctl needs root or the "
		        "socket's group",
		        c->socket);
	if (st.st_gid == 0)
		return human_complain(
		        EXIT_DENIED,
		        "permission denied on %s: only root may use it; become root, or "
		        "name a group in socket_group of checkerd.conf",
		        c->socket);
	group = getgrgid(st.st_gid);
	if (group != NULL)
		return human_complain(
		        EXIT_DENIED,
		        "permission denied on %s: only root and members of the group "
		        "'%s' may use it",
		        c->socket, group->gr_name);
	return human_complain(
	        EXIT_DENIED,
	        "permission denied on %s: only root and members of group %u may "
	        "use it",
	        c->socket, (unsigned)st.st_gid);
}

static int complain_timeout(const struct connection *c)
{
	static const char *const stages[] = {
		[CONNECTION_CONNECTING] = "it did not accept the connection",
		[CONNECTION_SENDING] = "it did not read the request",
		[CONNECTION_WAITING] = "it received the request and sent no reply",
		[CONNECTION_RECEIVING] = "only part of its reply came",
	};
	char limit[HUMAN_SHORT_BYTES];

	/* Not human_duration(): the user's value, to the last digit. */
	snprintf(limit, sizeof(limit), "%.10g", (double)c->timeout_us / USEC_PER_SEC);
	return human_complain(EXIT_UNREACHABLE,
	                      "no answer from checkerd on %s within %s s: %s", c->socket,
	                      limit, stages[c->stage]);
}

int connection_complain(const struct connection *c, int error)
{
	switch (-error) {
	case ETIMEDOUT:
		return complain_timeout(c);
	case EACCES:
	case EPERM:
		return complain_denied(c);
	case ENOENT:
	case ENOTDIR:
		return human_complain(
		        EXIT_UNREACHABLE,
		        "checkerd is not running: there is no socket %s; start it with "
		        "'systemctl start checkerd', or name its socket with --socket",
		        c->socket);
	case ECONNREFUSED:
		return human_complain(
		        EXIT_UNREACHABLE,
		        "checkerd is not running: nobody listens on %s; start it with "
		        "'systemctl start checkerd'",
		        c->socket);
	case ECONNRESET:
		return human_complain(
		        EXIT_UNREACHABLE,
		        c->stage == CONNECTION_RECEIVING
		                ? "checkerd on %s closed the connection"
		                : "checkerd on %s closed the connection without an "
		                  "answer",
		        c->socket);
	case ENAMETOOLONG:
		return human_usage(
		        "the socket's name is longer than the system allows: %s",
		        c->socket);
	case EBADMSG:
		return human_complain(EXIT_FAILED,
		                      "the program on %s is not checkerd: its reply "
		                      "is not a JSON object",
		                      c->socket);
	case EMSGSIZE:
		return human_complain(EXIT_FAILED,
		                      "the reply on %s is larger than %u MiB", c->socket,
		                      FRAME_MAX_BYTES / 1024 / 1024);
	default:
		return human_complain(c->stage == CONNECTION_CONNECTING ? EXIT_UNREACHABLE
		                                                        : EXIT_FAILED,
		                      "cannot talk to checkerd on %s: %s", c->socket,
		                      strerror(-error));
	}
}

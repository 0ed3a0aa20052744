/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the socket to the service manager. The loop only. */
#include "checkerd/manager/notify.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static bool is_shortage(int error)
{
	return error == ENOMEM || error == ENOBUFS || error == EMFILE || error == ENFILE;
}

static int connect_to(struct notify *n, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(name);
	int error;

	if ((name[0] != '/' && name[0] != '@') || length >= sizeof(address.sun_path))
		return 0;
	memcpy(address.sun_path, name, length + 1);
	if (name[0] == '@')
		address.sun_path[0] = '\0'; /* the abstract namespace */
	length += offsetof(struct sockaddr_un, sun_path) + (name[0] == '/');
	n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (n->fd >= 0 &&
	    connect(n->fd, (struct sockaddr *)&address, (socklen_t)length) == 0)
		return 0;
	error = errno;
	notify_deinit(n);
	return is_shortage(error) ? -error : 0;
}

int notify_init(struct notify *n)
{
	const char *name = secure_getenv("NOTIFY_SOCKET");
	int r;

	n->fd = -1;
	if (name == NULL)
		return 0;
	r = connect_to(n, name);
	unsetenv("NOTIFY_SOCKET"); /* NOLINT(concurrency-mt-unsafe): the only thread */
	return r;
}

void notify_deinit(struct notify *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
}

int notify_send(const struct notify *n, const char *state)
{
	if (n->fd < 0 || send(n->fd, state, strlen(state), MSG_NOSIGNAL) >= 0)
		return 0;
	return errno == EAGAIN || errno == EINTR || is_shortage(errno) ? -EAGAIN : 0;
}

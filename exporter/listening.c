/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing; main() calls it before other threads run. */
#include "exporter/listening.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/digits.h"

#define BACKLOG 64

struct address {
	char host[256]; /* "": all addresses */
	const char *port;
};

static bool is_port(const char *s)
{
	int64_t number;

	return digits_take(&s, &number) && *s == '\0' && number <= UINT16_MAX;
}

/* Splits ADDRESS:PORT. False: it is none. */
static bool split(const char *text, struct address *ret)
{
	const char *colon = strrchr(text, ':');
	const char *host = text;
	size_t size;

	if (colon == NULL || !is_port(colon + 1))
		return false;
	size = (size_t)(colon - text);
	if (size >= 2 && host[0] == '[' && host[size - 1] == ']') {
		host++;
		size -= 2;
	} else if (memchr(host, ':', size) != NULL) {
		return false; /* IPv6 without brackets: which colon is the last? */
	}
	if (size >= sizeof(ret->host))
		return false;
	memcpy(ret->host, host, size);
	ret->host[size] = '\0';
	ret->port = colon + 1;
	return true;
}

static int open_one(const struct addrinfo *a)
{
	int on = 1, r,
	    fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

int listening_open(const char *text, char error[static LISTENING_ERROR_BYTES])
{
	const struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
	};
	struct addrinfo *list;
	struct address a;
	int r;

	if (!split(text, &a)) {
		(void)snprintf(error, LISTENING_ERROR_BYTES,
		               "'%.100s' is no address: write one like 127.0.0.1:9877 or "
		               "[::1]:9877",
		               text);
		return -EINVAL;
	}
	r = getaddrinfo(a.host[0] != '\0' ? a.host : NULL, a.port, &hints, &list);
	if (r != 0) {
		(void)snprintf(error, LISTENING_ERROR_BYTES,
		               "cannot listen on %.100s: %s", text, gai_strerror(r));
		return -EINVAL;
	}
	r = open_one(list);
	freeaddrinfo(list);
	if (r < 0)
		(void)snprintf(error, LISTENING_ERROR_BYTES,
		               "cannot listen on %.100s: %s%s", text, strerror(-r),
		               r == -EADDRINUSE ? "; choose another port with --listen"
		                                : "");
	return r;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the connection to multipathd for one question. Runs on the discovery thread.
 *
 * A message to multipathd, and from it, is a size_t with the number of bytes and a text with its
 * NUL. The answer is taken line by line as it comes, so its length does not matter.
 */
#include "checkerd/discovery/peer_ask.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/macro.h"

#define CHUNK_BYTES 512

/* What is left of the answer, and the begin of a line. */
struct answer {
	size_t left;
	size_t used;
	char line[64]; /* what is longer is cut: names of checkers are short */
};

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* nothing was written */
}

/* multipathd locks its file as long as it runs, and the lock goes with its process. */
static bool runs(const char *pid_file)
{
	_cleanup_(close_fd) int fd = open(pid_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/* Waits until the socket is ready. -ETIMEDOUT: not by then. */
static int wait_until(int fd, short events, struct mono by)
{
	struct pollfd p = { .fd = fd, .events = events };
	int64_t left_us = mono_diff(by, mono_now());
	int r;

	if (left_us <= 0)
		return -ETIMEDOUT;
	r = poll(&p, 1, (int)(left_us / USEC_PER_MSEC) + 1);
	if (r < 0)
		return errno == EINTR ? 0 : -errno;
	return r == 0 ? -ETIMEDOUT : 0;
}

static int send_all(int fd, const void *data, size_t n, struct mono by)
{
	const char *from = data;
	int r = 0;

	while (r == 0 && n > 0) {
		ssize_t sent = send(fd, from, n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent > 0) {
			from += sent;
			n -= (size_t)sent;
		} else if (errno == EAGAIN) {
			r = wait_until(fd, POLLOUT, by);
		} else if (errno != EINTR) {
			r = -errno;
		}
	}
	return r;
}

/* Receives n bytes at most. Their number, or -errno; -EPIPE at the end. */
static ssize_t receive(int fd, void *to, size_t n, struct mono by)
{
	for (;;) {
		ssize_t got = recv(fd, to, n, MSG_DONTWAIT);
		int r;

		if (got > 0)
			return got;
		if (got == 0)
			return -EPIPE;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		r = wait_until(fd, POLLIN, by);
		if (r < 0)
			return r;
	}
}

static int receive_length(int fd, size_t *ret, struct mono by)
{
	char *to = (char *)ret;
	size_t n = 0;

	while (n < sizeof(*ret)) {
		ssize_t got = receive(fd, to + n, sizeof(*ret) - n, by);

		if (got < 0)
			return (int)got;
		n += (size_t)got;
	}
	return 0;
}

static void take_byte(struct answer *a, char byte, struct peer *p)
{
	if (byte == '\n' || byte == '\0') {
		a->line[a->used] = '\0';
		peer_add(p, a->line);
		a->used = 0;
	} else if (a->used < sizeof(a->line) - 1) {
		a->line[a->used++] = byte;
	}
}

static int take_answer(int fd, struct peer *p, struct mono by)
{
	struct answer a = { .left = 0 };
	char chunk[CHUNK_BYTES];
	int r = receive_length(fd, &a.left, by);

	while (r == 0 && a.left > 0) {
		ssize_t got = receive(fd, chunk, MIN(sizeof(chunk), a.left), by);

		if (got < 0)
			return (int)got;
		for (ssize_t i = 0; i < got; i++)
			take_byte(&a, chunk[i], p);
		a.left -= (size_t)got;
		if (!mono_before(mono_now(), by))
			return -ETIMEDOUT;
	}
	return r;
}

static int ask(const char *address, struct peer *p, struct mono by)
{
	static const char question[] = PEER_QUESTION;
	const size_t n = sizeof(question);
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	_cleanup_(close_fd) int fd =
	        socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r;

	if (fd < 0)
		return -errno;
	/* An abstract address: its first byte is NUL. */
	memcpy(a.sun_path + 1, address, MIN(strlen(address), sizeof(a.sun_path) - 1));
	if (connect(fd, (const struct sockaddr *)&a,
	            (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
	                        strlen(address))) < 0)
		return -errno;
	r = send_all(fd, &n, sizeof(n), by);
	if (r == 0)
		r = send_all(fd, question, sizeof(question), by);
	return r < 0 ? r : take_answer(fd, p, by);
}

void peer_ask(const char *pid_file, const char *address, int64_t limit_us,
              struct peer *ret)
{
	*ret = (struct peer){ .state = PEER_ABSENT };
	if (!runs(pid_file))
		return;
	if (ask(address, ret, mono_add(mono_now(), limit_us)) == 0)
		ret->state = PEER_ANSWERED;
	else
		*ret = (struct peer){ .state = PEER_SILENT };
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * faultydisk: a FUSE filesystem of files that hang, fail, are slow or vanish on command. Loop
 * devices with direct I/O make them block devices whose I/O really hangs.
 *
 *   faultydisk [-n DISKS] [-b BYTES] [--with-parent] MOUNTPOINT SOCKET
 *   faultydisk --tell SOCKET COMMAND [RANGE [ARGUMENT]]
 *
 * One thread, which owns the session, the socket and every disk. SIGTERM, SIGINT, "quit" or an
 * unmount end it: it then answers all that hangs, and unmounts. After SIGKILL the kernel does
 * both, because it closes the connection.
 */
#include "tests/system/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/macro.h"

#define CLIENTS_MAX 8
#define LINE_MAX_   512
/* Requests between two looks at the other descriptors. */
#define REQUESTS_BATCH 64

struct client {
	int fd; /* -1: free */
	size_t used;
	char line[LINE_MAX_];
};

struct server {
	struct disks disks;
	struct fuse_session *session;
	struct fuse_buf buf;
	int listen_fd, signal_fd;
	struct client clients[CLIENTS_MAX];
	bool quit;
};

static int socket_address(const char *path, struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(ret->sun_path))
		return -ENAMETOOLONG;
	memcpy(ret->sun_path, path, strlen(path) + 1);
	return 0;
}

static int server_listen(struct server *s, const char *path)
{
	struct sockaddr_un address;
	int r = socket_address(path, &address);

	if (r < 0)
		return r;
	s->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->listen_fd < 0)
		return -errno;
	(void)unlink(path); /* removes an old socket; bind reports other errors */
	if (bind(s->listen_fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(s->listen_fd, CLIENTS_MAX) < 0)
		return -errno;
	return 0;
}

static int server_signals(struct server *s)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signal_fd < 0 ? -errno : 0;
}

static void client_close(struct client *c)
{
	close(c->fd);
	*c = (struct client){ .fd = -1 };
}

static void server_accept(struct server *s)
{
	struct timeval limit = { .tv_sec = 5 };
	int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		if (s->clients[i].fd >= 0)
			continue;
		/* A client that does not read must not stop the disks. */
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
		s->clients[i].fd = fd;
		return;
	}
	close(fd);
}

static void client_run(struct server *s, struct client *c, char *line)
{
	char *text = NULL;
	size_t size = 0;
	FILE *reply = open_memstream(&text, &size);
	bool ok = false;

	if (reply) {
		s->quit |= !disk_command(&s->disks, line, reply);
		ok = fclose(reply) == 0;
	}
	for (size_t sent = 0; ok && sent < size;) {
		ssize_t n = send(c->fd, text + sent, size - sent, MSG_NOSIGNAL);

		ok = n > 0;
		sent += ok ? (size_t)n : 0;
	}
	free(text);
	if (!ok)
		client_close(c);
}

static void client_read(struct server *s, struct client *c)
{
	ssize_t n =
	        recv(c->fd, c->line + c->used, sizeof(c->line) - c->used, MSG_DONTWAIT);
	char *newline;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		client_close(c);
		return;
	}
	c->used += (size_t)n;
	while (c->fd >= 0 && (newline = memchr(c->line, '\n', c->used))) {
		size_t taken = (size_t)(newline + 1 - c->line);

		*newline = '\0';
		client_run(s, c, c->line);
		c->used -= c->fd >= 0 ? taken : c->used;
		memmove(c->line, newline + 1, c->used);
	}
	if (c->fd >= 0 && c->used == sizeof(c->line))
		client_close(c);
}

static void server_requests(struct server *s)
{
	for (int i = 0; i < REQUESTS_BATCH; i++) {
		int r = fuse_session_receive_buf(s->session, &s->buf);

		if (r == -EINTR)
			continue;
		if (r <= 0)
			return;
		fuse_session_process_buf(s->session, &s->buf);
	}
}

static int server_run(struct server *s)
{
	struct pollfd p[3 + CLIENTS_MAX];

	while (!s->quit && !fuse_session_exited(s->session)) {
		p[0] = (struct pollfd){ fuse_session_fd(s->session), POLLIN, 0 };
		p[1] = (struct pollfd){ s->listen_fd, POLLIN, 0 };
		p[2] = (struct pollfd){ s->signal_fd, POLLIN, 0 };
		for (size_t i = 0; i < CLIENTS_MAX; i++)
			p[3 + i] = (struct pollfd){ s->clients[i].fd, POLLIN, 0 };
		if (poll(p, ARRAY_LEN(p), disks_tick(&s->disks)) < 0 && errno != EINTR)
			return -errno;
		if (p[0].revents)
			server_requests(s);
		if (p[1].revents)
			server_accept(s);
		if (p[2].revents)
			s->quit = true;
		for (size_t i = 0; i < CLIENTS_MAX; i++)
			if (p[3 + i].fd >= 0 && p[3 + i].revents)
				client_read(s, &s->clients[i]);
	}
	return 0;
}

static int server_start(struct server *s, const char *mountpoint, const char *path)
{
	char *argv[] = { (char *)"faultydisk", (char *)"-o",
		         (char *)"fsname=faultydisk,default_permissions", NULL };
	struct fuse_args args = FUSE_ARGS_INIT(3, argv);
	int fd, r;

	s->session = fuse_session_new(&args, &disk_ops, sizeof(disk_ops), &s->disks);
	fuse_opt_free_args(&args);
	if (!s->session)
		return -EINVAL;
	s->disks.session = s->session;
	if (fuse_session_mount(s->session, mountpoint) < 0)
		return -EIO;
	fd = fuse_session_fd(s->session);
	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
		return -errno;
	r = server_signals(s);
	if (r < 0)
		return r;
	return server_listen(s, path);
}

static int serve(uint32_t n, uint64_t bytes, const char *mountpoint, const char *path)
{
	static struct server s;
	int r;

	s.listen_fd = s.signal_fd = -1;
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		s.clients[i].fd = -1;
	r = disks_init(&s.disks, n, bytes);
	if (r == 0)
		r = server_start(&s, mountpoint, path);
	if (r == 0) {
		printf("ready\n");
		fflush(stdout);
		r = server_run(&s);
	}
	disks_deinit(&s.disks);
	if (s.session) {
		fuse_session_unmount(s.session); /* lazily: files may still be open */
		fuse_session_destroy(s.session);
	}
	free(s.buf.mem);
	if (s.listen_fd >= 0)
		(void)unlink(path);
	if (r < 0)
		fprintf(stderr, "faultydisk: %s: %s\n", mountpoint, strerror(-r));
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Sends the words as one line and prints the answer. */
static int tell(const char *path, int n, char **words)
{
	struct sockaddr_un address;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char line[LINE_MAX_];
	bool ok = false;
	FILE *stream;

	if (fd < 0 || socket_address(path, &address) < 0 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		fprintf(stderr, "faultydisk: %s: %s\n", path, strerror(errno));
		return EXIT_FAILURE;
	}
	stream = fdopen(fd, "r+");
	if (!stream)
		return EXIT_FAILURE;
	for (int i = 0; i < n; i++)
		fprintf(stream, "%s%s", i ? " " : "", words[i]);
	fprintf(stream, "\n");
	fflush(stream);
	while (!ok && fgets(line, sizeof(line), stream)) {
		bool failed = strncmp(line, "error", 5) == 0;

		ok = strcmp(line, "ok\n") == 0;
		if (!ok)
			fputs(line, failed ? stderr : stdout);
		if (failed)
			break;
	}
	fclose(stream);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int usage(void)
{
	fprintf(stderr,
	        "usage: faultydisk [-n DISKS] [-b BYTES] [--with-parent] MOUNTPOINT "
	        "SOCKET\n       faultydisk --tell SOCKET COMMAND [RANGE [ARGUMENT]]\n");
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "disks", required_argument, NULL, 'n' },
		{ "bytes", required_argument, NULL, 'b' },
		{ "with-parent", no_argument, NULL, 'p' },
		{ "tell", no_argument, NULL, 't' },
		{ 0 },
	};
	unsigned long n = 8;
	unsigned long long bytes = 1 << 20;
	bool telling = false;
	int c;

	while ((c = getopt_long(argc, argv, "+n:b:pt", options, NULL)) != -1) {
		if (c == 'n')
			n = strtoul(optarg, NULL, 10);
		else if (c == 'b')
			bytes = strtoull(optarg, NULL, 10);
		else if (c == 'p')
			(void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* cannot fail */
		else if (c == 't')
			telling = true;
		else
			return usage();
	}
	if (telling)
		return argc - optind < 2
		               ? usage()
		               : tell(argv[optind], argc - optind - 1, argv + optind + 1);
	if (argc - optind != 2 || n == 0 || n > DISK_MAX || bytes < 512)
		return usage();
	return serve((uint32_t)n, bytes, argv[optind], argv[optind + 1]);
}

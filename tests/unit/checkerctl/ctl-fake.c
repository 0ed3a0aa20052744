/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One thread serves one client at a time; it ends when its socket pair is closed. */
#include "tests/unit/unit.h"

#include "tests/unit/checkerctl/ctl-fake.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY  65534
#define ALARM_S 120

struct fake {
	char folder[64], socket[96];
	int listen_fd, stop_fd;
	const struct fake_answer *answers; /* [init] */
	pthread_t thread;
	pthread_mutex_t mutex;
	char *requests[FAKE_REQUESTS_MAX]; /* [mutex] */
	size_t n_requests;                 /* [mutex] */
};

/* --- the daemon --- */

/* False: the thread must end. */
static bool wait_readable(struct fake *f, int fd)
{
	struct pollfd fds[] = { { .fd = fd, .events = POLLIN },
		                { .fd = f->stop_fd, .events = POLLIN } };

	while (poll(fds, 2, -1) < 0)
		assert(errno == EINTR);
	return !(fds[1].revents & POLLIN);
}

static void keep_request(struct fake *f, const char *text)
{
	pthread_mutex_lock(&f->mutex);
	if (f->n_requests < FAKE_REQUESTS_MAX)
		f->requests[f->n_requests++] = strdup(text);
	pthread_mutex_unlock(&f->mutex);
}

static bool send_all(int fd, const char *data, size_t length, size_t at_once)
{
	while (length > 0) {
		ssize_t n =
		        send(fd, data, length < at_once ? length : at_once, MSG_NOSIGNAL);

		if (n < 0)
			return false; /* the client has closed the connection */
		data += n;
		length -= (size_t)n;
	}
	return true;
}

/* False: the connection is finished. */
static bool answer(int fd, const struct fake_answer *a)
{
	size_t length = a->length ? a->length : a->reply ? strlen(a->reply) : 0;
	bool byte_by_byte = a->manner == FAKE_BYTE_BY_BYTE;

	switch (a->manner) {
	case FAKE_HANG:
		return true;
	case FAKE_CLOSE:
		return false;
	case FAKE_HALF:
		return send_all(fd, a->reply, length / 2, length);
	case FAKE_WELL:
	case FAKE_BYTE_BY_BYTE:
	case FAKE_CLOSE_AFTER:
		break;
	}
	return send_all(fd, a->reply, length, byte_by_byte ? 1 : length) &&
	       send_all(fd, "", 1, 1) && a->manner != FAKE_CLOSE_AFTER;
}

static const struct fake_answer *find_answer(const struct fake *f, const char *request,
                                             unsigned *used)
{
	const struct fake_answer *last = NULL;

	for (size_t i = 0; f->answers[i].request; i++) {
		if (strstr(request, f->answers[i].request) == NULL)
			continue;
		last = &f->answers[i];
		if (*used & 1u << i)
			continue;
		*used |= 1u << i;
		break;
	}
	return last;
}

static void serve(struct fake *f, int fd)
{
	static char buffer[256 * 1024];
	size_t used = 0;
	unsigned answered = 0;

	while (wait_readable(f, fd)) {
		ssize_t n;
		char *end;

		n = recv(fd, buffer + used, sizeof(buffer) - used, 0);
		if (n <= 0)
			return;
		used += (size_t)n;
		while ((end = memchr(buffer, '\0', used))) {
			const struct fake_answer *a;

			keep_request(f, buffer);
			a = find_answer(f, buffer, &answered);
			if (!a || !answer(fd, a))
				return;
			used -= (size_t)(end + 1 - buffer);
			memmove(buffer, end + 1, used);
		}
	}
}

static void *fake_thread(void *data)
{
	struct fake *f = data;

	while (wait_readable(f, f->listen_fd)) {
		int fd = accept4(f->listen_fd, NULL, NULL, SOCK_CLOEXEC);

		assert(fd >= 0);
		serve(f, fd);
		close(fd);
	}
	return NULL;
}

struct fake *fake_start(const struct fake_answer *answers)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct fake *f = calloc(1, sizeof(*f));
	int r;

	assert(f);
	strcpy(f->folder, "/tmp/ctl-fake.XXXXXX");
	if (!mkdtemp(f->folder))
		abort();
	snprintf(f->socket, sizeof(f->socket), "%s/socket", f->folder);
	strcpy(address.sun_path, f->socket);
	f->answers = answers;
	pthread_mutex_init(&f->mutex, NULL);
	f->stop_fd = eventfd(0, EFD_CLOEXEC);
	f->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert(f->stop_fd >= 0 && f->listen_fd >= 0);
	r = bind(f->listen_fd, (struct sockaddr *)&address, sizeof(address));
	assert(r == 0);
	r = listen(f->listen_fd, 8);
	assert(r == 0);
	r = pthread_create(&f->thread, NULL, fake_thread, f);
	assert(r == 0);
	return f;
}

const char *fake_socket(const struct fake *f)
{
	return f->socket;
}

const char *fake_request(struct fake *f, size_t n)
{
	const char *request;

	pthread_mutex_lock(&f->mutex);
	request = n < f->n_requests ? f->requests[n] : NULL;
	pthread_mutex_unlock(&f->mutex);
	return request;
}

struct fake *fake_stop(struct fake *f)
{
	uint64_t one = 1;
	ssize_t n = write(f->stop_fd, &one, sizeof(one));

	assert(n == sizeof(one));
	pthread_join(f->thread, NULL);
	close(f->listen_fd);
	close(f->stop_fd);
	unlink(f->socket);
	rmdir(f->folder);
	for (size_t i = 0; i < f->n_requests; i++)
		free(f->requests[i]);
	pthread_mutex_destroy(&f->mutex);
	free(f);
	return NULL;
}

/* --- the command --- */

/* The whole file as a string. */
static char *contents(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *text = malloc((size_t)size + 1);
	off_t at = 0;

	assert(text);
	while (at < size) {
		ssize_t n = pread(fd, text + at, (size_t)(size - at), at);

		assert(n > 0);
		at += n;
	}
	text[size] = '\0';
	close(fd);
	return text;
}

/* Reads the output on the terminal until its last program has ended. */
static void drain_terminal(int terminal, int out)
{
	char buffer[4096];
	ssize_t n;

	while ((n = read(terminal, buffer, sizeof(buffer))) > 0) { /* EIO: hung up */
		ssize_t written = write(out, buffer, (size_t)n);

		assert(written == n);
	}
	close(terminal);
}

static int open_stdout(unsigned flags, int memory, int *ret_terminal)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	int fds[2], r = 0;

	if (flags & RUN_OUT_FULL)
		return open("/dev/full", O_WRONLY | O_CLOEXEC);
	if (flags & RUN_OUT_CLOSED) {
		r = pipe2(fds, O_CLOEXEC);
		assert(r == 0);
		close(fds[0]);
		return fds[1];
	}
	if (flags & RUN_TERMINAL) {
		r = openpty(&fds[0], &fds[1], NULL, NULL, &size);
		assert(r == 0);
		fcntl(fds[0], F_SETFD, FD_CLOEXEC);
		*ret_terminal = fds[0];
		return fds[1];
	}
	return fcntl(memory, F_DUPFD_CLOEXEC, 3);
}

/* Runs in the child; returns only on an error. */
static void start_ctl(unsigned flags, int out, int err, const char *const *args)
{
	const char *argv[32] = { "checkerctl" };
	size_t n = 1;

	while (*args && n < 31)
		argv[n++] = *args++;
	/* A command without an end does not outlive a test that is killed. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	signal(SIGPIPE, flags & RUN_NO_SIGPIPE ? SIG_IGN : SIG_DFL);
	if (flags & RUN_NOBODY) {
		if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
		    setresuid(NOBODY, NOBODY, NOBODY) < 0)
			_exit(77);
	}
	execv(CHECKERCTL, (char *const *)argv);
	_exit(77);
}

struct outcome run_ctl(unsigned flags, const char *const *args)
{
	int memory = memfd_create("out", MFD_CLOEXEC),
	    err = memfd_create("err", MFD_CLOEXEC);
	int terminal = -1, status, out = open_stdout(flags, memory, &terminal);
	pid_t child;

	assert(memory >= 0 && err >= 0 && out >= 0);
	child = fork();
	assert(child >= 0);
	if (child == 0)
		start_ctl(flags, out, err, args);
	close(out);
	if (terminal >= 0)
		drain_terminal(terminal, memory);
	while (waitpid(child, &status, 0) < 0)
		assert(errno == EINTR);
	return (struct outcome){
		.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
		.out = contents(memory),
		.err = contents(err),
	};
}

void outcome_free(struct outcome *o)
{
	free(o->out);
	free(o->err);
}

/* --- for tests of either kind --- */

int ctl_arm(void **state)
{
	(void)state;
	alarm(ALARM_S);
	return 0;
}

/* `line` as arguments after -s SOCKET. */
struct outcome run_line(struct fake *f, unsigned flags, const char *line)
{
	const char *args[32] = { "-s", fake_socket(f) };
	char copy[256], *rest = copy, *word;
	size_t n = 2;

	snprintf(copy, sizeof(copy), "%s", line);
	while ((word = strsep(&rest, " ")) && n < 31)
		args[n++] = word;
	return run_ctl(flags, args);
}

void assert_has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("'%s' is not in: %s", part, text);
}

void assert_outcome(struct fake *f, const char *line, int code, const char *out,
                    const char *err)
{
	struct outcome o = run_line(f, 0, line);

	if (o.code != code)
		fail_msg("'%s' ends with %d, not %d: %s", line, o.code, code, o.err);
	assert_has(o.out, out);
	assert_has(o.err, err);
	if (!*err)
		assert_string_equal(o.err, "");
	outcome_free(&o);
}

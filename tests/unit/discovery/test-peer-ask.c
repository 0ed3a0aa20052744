/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asking a multipathd that a child process plays. It locks a file of its own and listens at an
 * address of its own. How it answers is a script: the pieces that it sends, one after the other.
 */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "checkerd/discovery/peer_ask.h"
#include "util/macro.h"

/* Long, because the machine may be slow; no test that gets an answer waits for it. */
#define PATIENCE_US (60 * USEC_PER_SEC)
#define SHORT_US    (20 * USEC_PER_MSEC)

static char pid_file[] = "/tmp/test-peer-ask-XXXXXX";
static char address[64];

struct script {
	bool listens, accepts, reads; /* how far it goes */
	size_t length;    /* what it announces; 0: the bytes of text and NUL */
	const char *text; /* NULL: it does not answer */
	bool slow;        /* a byte at a time */
	bool waits;       /* it keeps the connection open at the end */
};

#define WHOLE .listens = true, .accepts = true, .reads = true

static int listener(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(a.sun_path + 1, address, strlen(address));
	if (fd < 0 ||
	    bind(fd, (struct sockaddr *)&a,
	         (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
	                     strlen(address))) < 0 ||
	    listen(fd, 1) < 0)
		_exit(2);
	return fd;
}

/* False: it is not the question. */
static bool takes_question(int fd)
{
	static const char question[] = PEER_QUESTION;
	char text[sizeof(question)];
	size_t n;

	return recv(fd, &n, sizeof(n), MSG_WAITALL) == sizeof(n) && n == sizeof(text) &&
	       recv(fd, text, n, MSG_WAITALL) == (ssize_t)n &&
	       memcmp(text, question, n) == 0;
}

static void answer(int fd, const struct script *s)
{
	size_t used = strlen(s->text) + 1, n = s->length > 0 ? s->length : used;

	(void)!write(fd, &n, sizeof(n));
	for (size_t i = 0; s->slow && i < used; i++)
		(void)!write(fd, s->text + i, 1);
	if (!s->slow)
		(void)!write(fd, s->text, used);
}

/* The child: never returns. told: a byte when it is ready. */
static void play(const struct script *s, int told)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int file = open(pid_file, O_RDWR | O_CLOEXEC), fd = -1, c = -1;

	if (file < 0 || fcntl(file, F_SETLK, &lock) < 0)
		_exit(2);
	if (s->listens)
		fd = listener();
	(void)!write(told, "", 1);
	if (s->accepts)
		c = accept(fd, NULL, NULL);
	if (s->reads && !takes_question(c))
		_exit(3);
	if (s->text != NULL)
		answer(c, s);
	if (s->waits)
		(void)pause();
	_exit(0);
}

static struct peer asked(const struct script *s, int64_t limit_us)
{
	struct peer p;
	int told[2], status;
	pid_t child;
	char byte;

	assert_int_equal(pipe(told), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		play(s, told[1]);
	close(told[1]);
	assert_int_equal(read(told[0], &byte, 1), 1);
	close(told[0]);
	peer_ask(pid_file, address, limit_us, &p);
	if (s->waits)
		assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!s->waits)
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	return p;
}

static void it_answers(void **state _unused_)
{
	const struct script whole = { WHOLE, .text = "none mpatha\ntur mpatha\n" };
	const struct script pieces = { WHOLE,
		                       .text = "none mpatha\ntur mpatha\ntur [orphan]\n",
		                       .slow = true };
	const struct script nothing = { WHOLE, .text = "" };
	struct peer p = asked(&whole, PATIENCE_US);

	assert_true(p.state == PEER_ANSWERED && p.paths == 2 && p.checked == 1);
	assert_string_equal(p.checker, "tur");
	p = asked(&pieces, PATIENCE_US);
	assert_true(p.state == PEER_ANSWERED && p.paths == 2 && p.checked == 1);
	p = asked(&nothing, PATIENCE_US);
	assert_true(p.state == PEER_ANSWERED && p.paths == 0);
}

/* Its lines are longer than what is kept of one. */
static void a_long_answer(void **state _unused_)
{
	const size_t lines = 10000, line = 100;
	char *text = malloc(lines * line + 1);
	struct script s = { WHOLE, .text = text };
	struct peer p;

	assert_non_null(text);
	for (size_t i = 0; i < lines; i++) {
		memset(text + i * line, 'm', line);
		memcpy(text + i * line, i % 2 == 0 ? "none " : "tur  ", 5);
		text[i * line + line - 1] = '\n';
	}
	text[lines * line] = '\0';
	p = asked(&s, PATIENCE_US);
	free(text);
	assert_true(p.state == PEER_ANSWERED && p.paths == lines);
	assert_int_equal(p.checked, lines / 2);
}

static void it_is_silent(void **state _unused_)
{
	const struct script deaf = { .listens = true, .waits = true };
	const struct script mute = { WHOLE, .waits = true };
	const struct script half = { WHOLE, .length = 100, .text = "none m\n",
		                     .waits = true };
	const struct script ends = { WHOLE, .length = 100, .text = "none m\n" };
	const struct script hangs_up = { WHOLE };
	const struct script nobody = { .waits = true };

	assert_int_equal(asked(&deaf, SHORT_US).state, PEER_SILENT);
	assert_int_equal(asked(&mute, SHORT_US).state, PEER_SILENT);
	assert_int_equal(asked(&half, SHORT_US).state, PEER_SILENT);
	assert_int_equal(asked(&half, SHORT_US).paths, 0);
	assert_int_equal(asked(&ends, PATIENCE_US).state, PEER_SILENT);
	assert_int_equal(asked(&hangs_up, PATIENCE_US).state, PEER_SILENT);
	assert_int_equal(asked(&nobody, PATIENCE_US).state, PEER_SILENT);
}

/* A listener without a multipathd is systemd: a connection would start multipathd. */
static void it_does_not_run(void **state _unused_)
{
	int fd = listener();
	struct peer p;

	peer_ask(pid_file, address, SHORT_US, &p);
	assert_int_equal(p.state, PEER_ABSENT);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(accept(fd, NULL, NULL), -1);
	close(fd);
	peer_ask("/tmp/no-such-file-of-multipathd", address, SHORT_US, &p);
	assert_int_equal(p.state, PEER_ABSENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_answers),
		cmocka_unit_test(a_long_answer),
		cmocka_unit_test(it_is_silent),
		cmocka_unit_test(it_does_not_run),
	};
	int fd = mkstemp(pid_file), r;

	if (fd < 0)
		return 1;
	close(fd);
	(void)snprintf(address, sizeof(address), "/checkerd/test-peer-ask/%d",
	               (int)getpid());
	r = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(pid_file);
	return r;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * compare, against a checkerd and a multipathd that the test plays. A thread plays multipathd: it
 * keeps the request, and sends prepared bytes, correct or not.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "checkerctl/multipathd.h"
#include "tests/unit/checkerctl/ctl-fake.h"
#include "util/macro.h"

#define REQUEST "show paths raw format \"%d|%D|%t|%T|%o|%c|%m\""

#define PATH(name, devt, map, state, rest)                          \
	"{\"name\":\"" name "\",\"devt\":\"" devt "\",\"map\":" map \
	",\"state\":\"" state "\"" rest "}"
#define PATHS(list) "{\"parameters\":{\"paths\":[" list "]}}"
#define TUR         ",\"checker\":\"tur\",\"marginal\":false"
#define ACTIVE      TUR ",\"dm_state\":\"active\""
#define FAILED      TUR ",\"dm_state\":\"failed\",\"reason\":\"no answer\""

enum then { THEN_WAIT, THEN_CLOSE };

struct played {
	char name[64];
	int listen_fd, stop_fd;
	size_t announced; /* [init] */
	const char *text; /* [init] */
	size_t sent;      /* [init] bytes of header and text */
	enum then then;   /* [init] */
	pthread_t thread;
	char request[128]; /* read after the thread has ended */
};

/* False: the test is over. */
static bool await(struct played *p, int fd)
{
	struct pollfd fds[] = { { .fd = fd, .events = POLLIN },
		                { .fd = p->stop_fd, .events = POLLIN } };

	while (poll(fds, 2, -1) < 0)
		assert_int_equal(errno, EINTR);
	return (fds[1].revents & POLLIN) == 0;
}

static void send_some(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t n = send(fd, data, length, MSG_NOSIGNAL);

		if (n <= 0)
			return; /* the client has seen enough */
		data += n;
		length -= (size_t)n;
	}
}

static void serve(struct played *p, int fd)
{
	const size_t header = sizeof(p->announced);
	size_t length = 0;
	char buf[256];

	if (recv(fd, &length, sizeof(length), MSG_WAITALL) != sizeof(length) ||
	    length > sizeof(buf) || recv(fd, buf, length, MSG_WAITALL) != (ssize_t)length)
		return;
	snprintf(p->request, sizeof(p->request), "%.*s", (int)length, buf);
	send_some(fd, (const char *)&p->announced, MIN(p->sent, header));
	if (p->sent > header)
		send_some(fd, p->text, p->sent - header);
	if (p->then == THEN_WAIT)
		(void)await(p, fd); /* until the client closes, or the test is over */
}

static void *play(void *data)
{
	struct played *p = data;

	while (await(p, p->listen_fd)) {
		int fd = accept4(p->listen_fd, NULL, NULL, SOCK_CLOEXEC);

		assert_true(fd >= 0);
		serve(p, fd);
		close(fd);
	}
	return NULL;
}

static void play_start(struct played *p)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	static unsigned number;
	size_t length;

	/* An abstract name, as multipathd's; none is left behind. */
	length = (size_t)snprintf(p->name, sizeof(p->name), "@checkerd-test-%d-%u",
	                          (int)getpid(), number++);
	memcpy(address.sun_path + 1, p->name + 1, length - 1);
	p->stop_fd = eventfd(0, EFD_CLOEXEC);
	p->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(p->stop_fd >= 0 && p->listen_fd >= 0);
	assert_int_equal(
	        bind(p->listen_fd, (struct sockaddr *)&address,
	             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)),
	        0);
	assert_int_equal(listen(p->listen_fd, 4), 0);
	assert_int_equal(setenv("MULTIPATH_SOCKET_NAME", p->name, 1), 0);
	assert_int_equal(pthread_create(&p->thread, NULL, play, p), 0);
}

static void play_stop(struct played *p)
{
	uint64_t one = 1;

	assert_int_equal(write(p->stop_fd, &one, sizeof(one)), sizeof(one));
	pthread_join(p->thread, NULL);
	close(p->listen_fd);
	close(p->stop_fd);
	unsetenv("MULTIPATH_SOCKET_NAME");
}

/* A multipathd that answers well. */
static struct played answering(const char *text)
{
	return (struct played){
		.announced = strlen(text) + 1,
		.text = text,
		.sent = sizeof(size_t) + strlen(text) + 1,
		.then = THEN_WAIT,
	};
}

static void expect(struct played p, const char *paths, const char *line, int code,
                   const char *out, const char *err)
{
	const struct fake_answer answers[] = { { "ListPaths", FAKE_WELL, paths, 0 },
		                               { 0 } };
	struct fake *f = fake_start(answers);

	play_start(&p);
	assert_outcome(f, line, code, out, err);
	play_stop(&p);
	fake_stop(f);
	assert_string_equal(p.request, REQUEST);
}

/* --- one path --- */

#define NAME_RESULT "compare --raw --no-headings -o NAME,RESULT,WHY"

static void each_pair_of_opinions(void **state _unused_)
{
	static const struct {
		const char *path, *line, *row;
		int code;
	} cases[] = {
		{ PATH("sda", "8:0", "\"m\"", "up", ACTIVE),
		  "sda|8:0|active|ready|running|tur|m", "sda agree -\n", 0 },
		{ PATH("sda", "8:0", "\"m\"", "down", FAILED),
		  "sda|8:0|failed|faulty|running|tur|m", "sda agree -\n", 0 },
		{ PATH("sda", "8:0", "\"m\"", "ghost", ACTIVE),
		  "sda|8:0|active|ghost|running|tur|m", "sda agree -\n", 0 },
		/* a map's name may have the separator */
		{ PATH("sda", "8:0", "\"m|n\"", "up", ACTIVE),
		  "sda|8:0|active|ready|running|tur|m|n", "sda agree -\n", 0 },
		{ PATH("sda", "8:0", "\"m\"", "up", ACTIVE),
		  "sda|8:0|active|i/o timeout|running|tur|m",
		  "sda differ usable\\x20for\\x20checkerd\\x20only\n", 1 },
		{ PATH("sda", "8:0", "\"m\"", "down", FAILED),
		  "sda|8:0|active|ready|running|tur|m",
		  "sda differ usable\\x20for\\x20multipathd\\x20only\n", 1 },
		{ PATH("sda", "8:0", "\"m\"", "down", FAILED),
		  "sda|8:0|active|ready|running|none|m",
		  "sda differ usable\\x20for\\x20multipathd\\x20only,"
		  "\\x20which\\x20does\\x20not\\x20check\\x20it"
		  "\\x20(path_checker\\x20none)\n",
		  1 },
		{ PATH("sda", "8:0", "\"m\"", "up",
		       ",\"checker\":\"tur\",\"marginal\":true"),
		  "sda|8:0|active|ready|running|tur|m",
		  "sda differ usable\\x20for\\x20multipathd\\x20only:"
		  "\\x20checkerd\\x20holds\\x20it\n",
		  1 },
		{ PATH("sda", "8:0", "\"m\"", "up",
		       ",\"checker\":\"tur\",\"marginal\":true"),
		  "sda|8:0|failed|delayed|running|tur|m", "sda agree -\n", 0 },
		{ PATH("sda", "8:0", "\"m\"", "up",
		       ",\"checker\":\"tur\",\"marginal\":true,\"hold_used\":true"),
		  "sda|8:0|active|ready|running|tur|m", "sda agree -\n", 0 },
		{ PATH("sda", "8:0", "\"m\"", "up", FAILED),
		  "sda|8:0|failed|ready|running|tur|m",
		  "sda differ usable\\x20for\\x20both,"
		  "\\x20but\\x20failed\\x20in\\x20device-mapper\n",
		  1 },
		{ PATH("sda", "8:0", "\"m\"", "down", ACTIVE),
		  "sda|8:0|active|faulty|offline|tur|m",
		  "sda differ unusable\\x20for\\x20both,"
		  "\\x20but\\x20active\\x20in\\x20device-mapper\n",
		  1 },
		{ PATH("sda", "8:0", "\"m\"", "up", ACTIVE),
		  "sda|8:0|active|ready|running|tur|other",
		  "sda differ in\\x20another\\x20map\\x20in\\x20multipathd\n", 1 },
		{ PATH("sda", "8:0", "null", "up", TUR),
		  "sda|8:0|undef|undef|unknown|tur|[orphan]",
		  "sda undecided multipathd\\x20has\\x20it\\x20in\\x20no\\x20map\n", 0 },
		{ PATH("sda", "8:0", "\"m\"", "up", ACTIVE),
		  "sda|8:0|active|i/o pending|running|tur|m",
		  "sda undecided multipathd\\x20has\\x20no\\x20result\\x20yet\n", 0 },
		{ PATH("sda", "8:0", "\"m\"", "unchecked", ACTIVE),
		  "sda|8:0|active|ready|running|tur|m",
		  "sda undecided checkerd\\x20has\\x20no\\x20result\\x20yet\n", 0 },
		{ PATH("sda", "8:0", "\"m\"", "disabled", ACTIVE),
		  "sda|8:0|failed|faulty|running|tur|m",
		  "sda undecided disabled\\x20in\\x20checkerd\n", 0 },
		{ PATH("sda", "8:0", "\"m\"", "shaky", ACTIVE),
		  "sda|8:0|failed|faulty|running|tur|m",
		  "sda undecided checkerd\\x20waits\\x20for\\x20more"
		  "\\x20failed\\x20checks\\x20(fail_checks)\n",
		  0 },
		{ PATH("sda", "8:0", "\"m\"", "unchecked", ",\"checker\":\"none\""),
		  "sda|8:0|active|ready|running|tur|m",
		  "sda undecided checkerd\\x20does\\x20not\\x20check\\x20it"
		  "\\x20(path_checker\\x20none)\n",
		  0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char paths[512], text[128];

		snprintf(paths, sizeof(paths), PATHS("%s"), cases[i].path);
		snprintf(text, sizeof(text), "%s\n", cases[i].line);
		expect(answering(text), paths, NAME_RESULT, cases[i].code, cases[i].row,
		       "");
	}
}

/* --- lists --- */

static void who_does_not_know_a_path(void **state _unused_)
{
	static const char paths[] =
	        PATHS(PATH("sdb", "8:16", "\"m\"", "up", ACTIVE) "," PATH(
	                "nvme0c0n1", "0:0", "\"n\"", "up", ",\"checker\":\"ana\""));
	static const char text[] = "sdc|8:32|active|ready|running|tur|m\n";

	expect(answering(text), paths, NAME_RESULT, 1,
	       "nvme0c0n1 undecided native\\x20NVMe\\x20multipathing:"
	       "\\x20checkerd\\x20only\\x20observes\\x20it\n"
	       "sdb only-checkerd multipathd\\x20does\\x20not\\x20know\\x20it:"
	       "\\x20see\\x20multipathd\\x20show\\x20devices\n"
	       "sdc only-multipathd checkerd\\x20does\\x20not\\x20watch\\x20it:"
	       "\\x20see\\x20checkerctl\\x20explain\n",
	       "");
	/* An empty list is "ok" in multipathd's words. */
	expect(answering("ok\n"), PATHS(""), "compare", 0, "0 paths: 0 agree, ", "");
	expect(answering("ok\n"), paths, "compare", 1,
	       "2 paths: 0 agree, 0 differ, 1 undecided, 1 known to checkerd only, 0 to "
	       "multipathd only\n",
	       "");
}

/* The number decides, not the name: multipathd may have an older name. */
static void the_number_joins(void **state _unused_)
{
	static const char paths[] =
	        PATHS(PATH("sda", "8:0", "\"m\"", "up",
	                   ACTIVE) "," PATH("sdb", "8:16", "\"m\"", "down", FAILED));
	static const char text[] = "sdb|8:0|active|ready|running|tur|m\n"
	                           "sda|#:#|failed|faulty|running|tur|m\n"
	                           "sdx|8:16|failed|faulty|running|tur|m\n";

	expect(answering(text), paths, NAME_RESULT, 1,
	       "sda agree -\nsdb agree -\nsda only-multipathd ", "");
}

static void for_people_and_as_json(void **state _unused_)
{
	static const char paths[] =
	        PATHS(PATH("sda", "8:0", "\"m\"", "down",
	                   FAILED) "," PATH("sdb", "8:16", "\"m\"", "up", ACTIVE));
	static const char text[] = "sda|8:0|failed|ready|running|none|m\n"
	                           "sdb|8:16|active|ready|running|tur|m\n";

	expect(answering(text), paths, "compare", 1,
	       "NAME MAP STATE MULTIPATHD           DM     RESULT", "");
	expect(answering(text), paths, "compare", 1,
	       "sda  m   down  failed ready running", "");
	expect(answering(text), paths, "compare", 1,
	       "\n2 paths: 1 agree, 1 differ, 0 undecided, 0 known to checkerd only, 0 "
	       "to "
	       "multipathd only\n",
	       "");
	expect(answering(text), paths, "compare --json", 1,
	       "\"multipathd\":{\"name\":\"sda\",\"devt\":\"8:0\",\"dm_state\":"
	       "\"failed\","
	       "\"state\":\"ready\",\"device_state\":\"running\",\"checker\":\"none\","
	       "\"map\":\"m\",\"words\":\"failed ready running\"},\"result\":\"differ\"",
	       "");
	expect(answering(text), paths, "compare --json", 1,
	       "\"summary\":{\"paths_total\":2,\"agree\":1,\"differ\":1,\"undecided\":0,"
	       "\"only_checkerd\":0,\"only_multipathd\":0}}\n",
	       "");
}

/* --- a multipathd that is slow, lies, or is cut off --- */

static void a_bad_multipathd(void **state _unused_)
{
	static const char line[] = "sda|8:0|active|ready|running|tur|m\n";
	const size_t header = sizeof(size_t), whole = sizeof(line);
	const struct {
		size_t announced;
		const char *text;
		size_t sent;
		enum then then;
		const char *says;
	} bad[] = {
		{ whole, line, 0, THEN_WAIT,
		  "within 0.2 s: it received the request and sent no reply; repeat" },
		{ whole, line, header / 2, THEN_WAIT,
		  "within 0.2 s: only part of its reply came" },
		{ whole, line, header + 3, THEN_WAIT,
		  "within 0.2 s: only part of its reply came" },
		{ whole, line, 0, THEN_CLOSE, "closed the connection without an answer" },
		{ whole, line, header - 3, THEN_CLOSE,
		  "closed the connection without an answer" },
		{ whole, line, header + 3, THEN_CLOSE, "in the middle of its reply" },
		{ SIZE_MAX, line, header + whole, THEN_WAIT,
		  SIZE_MAX > UINT32_MAX
		          ? "has 18446744073709551615 bytes; checkerctl reads at most 16 "
		            "MiB"
		          : "has 4294967295 bytes; checkerctl reads at most 16 MiB" },
		{ 0, line, header, THEN_WAIT, "is not multipathd: its reply is no text" },
		{ 5, "abcdefgh", header + 5, THEN_WAIT, "its reply is no text" },
		{ 9, "ab\0defgh", header + 9, THEN_WAIT, "its reply is no text" },
		{ sizeof("timeout\n"), "timeout\n", header + sizeof("timeout\n"),
		  THEN_WAIT, "multipathd is busy" },
		{ sizeof("fail\ntimeout\n"), "fail\ntimeout\n",
		  header + sizeof("fail\ntimeout\n"), THEN_WAIT, "multipathd is busy" },
		{ sizeof("hello\n"), "hello\n", header + sizeof("hello\n"), THEN_WAIT,
		  "multipathd does not answer as expected: 'hello'" },
		{ sizeof("sda|8:0|up\n"), "sda|8:0|up\n", header + sizeof("sda|8:0|up\n"),
		  THEN_WAIT, "does not answer as expected: 'sda|8:0|up'" },
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct played p = { .announced = bad[i].announced,
			            .text = bad[i].text,
			            .sent = bad[i].sent,
			            .then = bad[i].then };

		expect(p, PATHS(""), "compare --timeout 0.2", 3, "", bad[i].says);
	}
}

static void large_replies(void **state _unused_)
{
	static const char line[] = "sda|8:0|active|ready|running|tur|m\n";
	const size_t most = MULTIPATHD_REPLY_MAX_BYTES, length = sizeof(line) - 1;
	char *text = malloc(most + 1);
	struct played p = { .text = text, .then = THEN_WAIT };

	assert_non_null(text);
	/* The largest reply that is read: whole lines, all of one path, and a NUL. */
	for (size_t i = 0; i < (most - 1) / length; i++)
		memcpy(text + i * length, line, length);
	p.announced = (most - 1) / length * length + 1;
	text[p.announced - 1] = '\0';
	p.sent = sizeof(size_t) + p.announced;
	expect(p, PATHS(PATH("sda", "8:0", "\"m\"", "up", ACTIVE)),
	       "compare --timeout 60 --no-headings --raw -o NAME,RESULT", 0,
	       "sda agree\n", "");
	memset(text, 'x', most);
	text[most] = '\0';
	p.announced = most + 1;
	p.sent = sizeof(size_t) + most + 1;
	expect(p, PATHS(""), "compare", 3, "", "has 16777217 bytes; checkerctl reads at");
	free(text);
}

/* Control characters of a liar reach no terminal. */
static void hostile_words(void **state _unused_)
{
	static const struct fake_answer answers[] = {
		{ "ListPaths", FAKE_WELL, PATHS(""), 0 }, { 0 }
	};
	static const char *const lines[] = { "compare", "compare --json" };
	struct fake *f = fake_start(answers);
	struct played p = answering("s\033[2J|8:0|active|ready|\377|tur|m\n");

	play_start(&p);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct outcome o = run_line(f, RUN_TERMINAL, lines[i]);

		assert_int_equal(o.code, 1);
		assert_null(strstr(o.out, "\033[2J"));
		assert_null(strchr(o.out, 0xff));
		assert_has(o.out, "[2J");
		outcome_free(&o);
	}
	play_stop(&p);
	fake_stop(f);
}

/* --- a daemon that is missing --- */

static void no_multipathd(void **state _unused_)
{
	static const struct fake_answer answers[] = {
		{ "ListPaths", FAKE_WELL, PATHS(""), 0 }, { 0 }
	};
	struct fake *f = fake_start(answers);

	assert_int_equal(setenv("MULTIPATH_SOCKET_NAME", "/nonexistent/socket", 1), 0);
	assert_outcome(
	        f, "compare", 3, "",
	        "multipathd does not listen on /nonexistent/socket; see 'systemctl");
	unsetenv("MULTIPATH_SOCKET_NAME");
	fake_stop(f);
}

/* The processes are looked at before the socket, on which systemd may listen. */
static void no_process(void **state _unused_)
{
	char proc[] = "/tmp/ctl-compare.XXXXXX", folder[64], file[96], said[128] = "";
	int memory = memfd_create("err", MFD_CLOEXEC), kept = dup(STDERR_FILENO);
	char *text = NULL;

	assert_true(memory >= 0 && kept >= 0);
	assert_non_null(mkdtemp(proc));
	snprintf(folder, sizeof(folder), "%s/17", proc);
	snprintf(file, sizeof(file), "%s/comm", folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	for (int i = 0; i < 2; i++) {
		FILE *f = fopen(file, "w");

		assert_non_null(f);
		fputs(i == 0 ? "multipathdx\n" : "multipathd\n", f);
		fclose(f);
		assert_int_equal(multipathd_runs(proc), i == 1);
		if (i == 1)
			continue;
		unsetenv("MULTIPATH_SOCKET_NAME");
		dup2(memory, STDERR_FILENO);
		assert_int_equal(multipathd_ask(proc, 1000000, "show paths", &text), 3);
		dup2(kept, STDERR_FILENO);
	}
	assert_null(text);
	assert_true(pread(memory, said, sizeof(said) - 1, 0) > 0);
	assert_has(said, "multipathd is not running; start it with 'systemctl start ");
	close(memory);
	close(kept);
	unlink(file);
	rmdir(folder);
	rmdir(proc);
}

static void no_checkerd(void **state _unused_)
{
	const char *const args[] = { "-s", "/nonexistent/socket", "compare", NULL };
	static const struct fake_answer busy[] = {
		{ "ListPaths", FAKE_WELL,
		  "{\"error\":\"io.checkerd.Control.Busy\","
		  "\"parameters\":{\"reason\":\"too many\"}}",
		  0 },
		{ 0 }
	};
	struct outcome o = run_ctl(0, args);
	struct fake *f;

	assert_int_equal(o.code, 3);
	assert_has(o.err, "checkerd is not running: there is no socket");
	outcome_free(&o);
	f = fake_start(busy);
	assert_outcome(f, "compare", 3, "", "checkerd is busy: too many");
	fake_stop(f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_pair_of_opinions, ctl_arm),
		cmocka_unit_test_setup(who_does_not_know_a_path, ctl_arm),
		cmocka_unit_test_setup(the_number_joins, ctl_arm),
		cmocka_unit_test_setup(for_people_and_as_json, ctl_arm),
		cmocka_unit_test_setup(a_bad_multipathd, ctl_arm),
		cmocka_unit_test_setup(large_replies, ctl_arm),
		cmocka_unit_test_setup(hostile_words, ctl_arm),
		cmocka_unit_test_setup(no_multipathd, ctl_arm),
		cmocka_unit_test_setup(no_process, ctl_arm),
		cmocka_unit_test_setup(no_checkerd, ctl_arm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

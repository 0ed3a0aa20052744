/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hook: kinds, limits, its process, and the whole command against a daemon that breaks off. The command
 * that it starts is a script, which ends the hook by a signal when it has seen the last event.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "checkerctl/hook_child.h"
#include "checkerctl/hook_kind.h"
#include "checkerctl/hook_limit.h"
#include "tests/unit/checkerctl/ctl-fake.h"
#include "tests/unit/checkerctl/ctl-replies.h"

/* --- kinds --- */

static void test_kinds(void **state _unused_)
{
	static const struct {
		const char *on, *event, *kind;
	} cases[] = {
		{ "path_down",
		  "{\"type\":\"path_state\",\"from\":\"up\",\"to\":\"down\"}",
		  "path_down" },
		{ "path_down",
		  "{\"type\":\"path_state\",\"from\":\"up\",\"to\":\"disconnected\"}",
		  "path_down" },
		{ "path_down",
		  "{\"type\":\"path_state\",\"from\":\"up\",\"to\":\"shaky\"}", NULL },
		{ "path_down", "{\"type\":\"cause\",\"from\":null,\"to\":\"down\"}",
		  "path_down" },
		{ "cause,path_down", "{\"type\":\"cause\",\"from\":null,\"to\":\"down\"}",
		  "path_down" },
		{ "cause", "{\"type\":\"cause\",\"from\":null,\"to\":null}", "cause" },
		{ "path_up", "{\"type\":\"path_state\",\"from\":\"down\",\"to\":\"up\"}",
		  "path_up" },
		{ "path_up",
		  "{\"type\":\"path_state\",\"from\":\"pending\",\"to\":\"up\"}", NULL },
		{ "path_up", "{\"type\":\"path_state\",\"from\":\"shaky\",\"to\":\"up\"}",
		  NULL },
		{ "path_up", "{\"type\":\"cause\",\"from\":null,\"to\":\"up\"}",
		  "path_up" },
		{ "map_degraded", "{\"type\":\"map\",\"from\":\"full\",\"to\":\"last\"}",
		  "map_degraded" },
		{ "map_degraded", "{\"type\":\"map\",\"from\":\"last\",\"to\":\"none\"}",
		  NULL },
		{ "map_none,map_lost",
		  "{\"type\":\"map\",\"from\":\"last\",\"to\":\"none\"}", "map_none" },
		{ "map_none,map_lost", "{\"type\":\"map\",\"from\":null,\"to\":\"gone\"}",
		  "map_lost" },
		{ "map_full", "{\"type\":\"map\",\"from\":null,\"to\":\"full\"}", NULL },
		{ "map_full", "{\"type\":\"map\",\"from\":\"last\",\"to\":\"full\"}",
		  "map_full" },
		{ "map_usable", "{\"type\":\"map\",\"from\":\"lost\",\"to\":\"usable\"}",
		  "map_usable" },
		{ "slow", "{\"type\":\"slow\",\"from\":\"slow\",\"to\":null}", "slow" },
		{ "overdue", "{\"type\":\"engine\",\"from\":null,\"to\":\"overdue\"}",
		  "overdue" },
		{ "overdue", "{\"type\":\"engine\",\"from\":\"overdue\",\"to\":null}",
		  "overdue" },
		{ "overdue", "{\"type\":\"engine\",\"from\":null,\"to\":null}", NULL },
		{ "engine,overdue", "{\"type\":\"engine\",\"from\":null,\"to\":null}",
		  "engine" },
		{ "hold,dm,config,daemon", "{\"type\":\"dm\"}", "dm" },
		{ "path_added,path_removed", "{\"type\":\"path_removed\"}",
		  "path_removed" },
		{ "path_removed", "{\"type\":\"cause\",\"to\":\"removed\"}",
		  "path_removed" },
		{ "path_removed", "{\"type\":\"cause\",\"to\":\"down\"}", NULL },
		{ "path_added", "{}", NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_object *event = json_tokener_parse(cases[i].event);
		uint32_t set;
		const char *kind;

		assert_int_equal(hook_kinds_parse(cases[i].on, &set), 0);
		kind = hook_kind_of(set, event);
		assert_string_equal(kind != NULL ? kind : "none",
		                    cases[i].kind != NULL ? cases[i].kind : "none");
		json_object_put(event);
	}
}

/* --- limits --- */

static struct mono at(int64_t s)
{
	return (struct mono){ (1000 + s) * USEC_PER_SEC };
}

static void test_limit(void **state _unused_)
{
	struct hook_limit l = { .at_most = 3 };

	for (int i = 0; i < 3; i++)
		assert_true(hook_limit_allows(&l, 0, at(i)));
	assert_true(mono_is_never(hook_limit_next(&l, 0)));
	for (int i = 0; i < 20; i++)
		assert_false(hook_limit_allows(&l, 0, at(59)));
	assert_int_equal(l.skipped, 20);
	assert_false(hook_limit_reports(&l, 0, at(59)));
	assert_int_equal(hook_limit_next(&l, 0).us, at(60).us);
	assert_true(hook_limit_reports(&l, 0, at(60)));
	l.skipped = 0; /* as the caller does */
	assert_true(hook_limit_allows(&l, 0, at(61)));
	assert_true(hook_limit_allows(&l, 0, at(61)));
	assert_false(hook_limit_allows(&l, 0, at(61))); /* the report was one of three */
	/* Nothing has happened for a long time. */
	assert_true(hook_limit_allows(&l, 0, at(1000)));
}

/* Slow commands: the queue is full, whatever the time is. */
static void test_full_queue(void **state _unused_)
{
	struct hook_limit l = { .at_most = 2 };

	assert_true(hook_limit_allows(&l, 1, at(0)));
	assert_false(hook_limit_allows(&l, 2, at(100)));
	assert_int_equal(l.skipped, 1);
	assert_false(hook_limit_reports(&l, 2, at(200)));
	assert_true(mono_is_never(hook_limit_next(&l, 2)));
	assert_true(hook_limit_reports(&l, 1, at(200)));
}

/* Lost events are reported at once if the limit allows. */
static void test_lost(void **state _unused_)
{
	struct hook_limit l = { .at_most = 1, .lost = 7 };

	assert_true(hook_limit_reports(&l, 0, at(0)));
	assert_false(hook_limit_reports(&l, 0, at(1)));
	assert_true(hook_limit_reports(&l, 0, at(60)));
}

/* --- the process --- */

/* Until the kernel has the process as ended; hook_child_reap() takes it. */
static void wait_for_end(pid_t pid)
{
	siginfo_t end;

	assert_int_equal(waitid(P_PID, (id_t)pid, &end, WEXITED | WNOWAIT), 0);
}

/* A killed process that does not end holds up the next ones for two seconds only; but not too many. */
static void test_stuck(void **state _unused_)
{
	char name[] = "/bin/sleep", time[] = "1000";
	char *const argv[] = { name, time, NULL };
	char *const environment[] = { NULL };
	struct hook_child c = HOOK_CHILD_NULL;
	pid_t pids[HOOK_STUCK_MAX];

	c.kind = "path_down";
	for (int i = 0; i < HOOK_STUCK_MAX; i++) {
		struct mono until;

		assert_true(hook_child_is_free(&c));
		assert_true(hook_child_start(&c, argv, environment, USEC_PER_SEC));
		pids[i] = c.pid;
		until = hook_child_next(&c);
		hook_child_check_time(&c, (struct mono){ until.us - 1 }, USEC_PER_SEC);
		assert_false(c.killed);
		hook_child_check_time(&c, until, USEC_PER_SEC);
		assert_true(c.killed);
		assert_false(hook_child_is_free(&c));
		/* It has ended, but nobody takes it, as if it had not. */
		wait_for_end(pids[i]);
		hook_child_check_time(&c, hook_child_next(&c), USEC_PER_SEC);
		assert_int_equal(c.pid, 0);
		assert_int_equal(c.n_stuck, i + 1);
	}
	assert_false(hook_child_is_free(&c));
	hook_child_reap(&c);
	assert_int_equal(c.n_stuck, 0);
	assert_true(hook_child_is_free(&c));
	for (int i = 0; i < HOOK_STUCK_MAX; i++)
		assert_int_equal(kill(pids[i], 0), -1);
}

/* --- the whole command --- */

struct bed {
	char folder[64], script[96], out[96];
};

/* The script ends the hook after the event with the number 99. */
static void bed_open(struct bed *b, const char *text)
{
	FILE *f;

	strcpy(b->folder, "/tmp/ctl-hook.XXXXXX");
	assert_non_null(mkdtemp(b->folder));
	(void)snprintf(b->script, sizeof(b->script), "%s/command", b->folder);
	(void)snprintf(b->out, sizeof(b->out), "%s/out", b->folder);
	f = fopen(b->script, "w");
	assert_non_null(f);
	(void)fprintf(f, "%s\n", text);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(b->script, 0700), 0);
	assert_int_equal(setenv("OUT", b->out, 1), 0);
}

/* What the script has written; then the folder is removed. */
static void bed_close(const struct bed *b, char *buf, size_t size)
{
	FILE *f = fopen(b->out, "r");
	size_t n = 0;

	if (f != NULL) {
		n = fread(buf, 1, size - 1, f);
		fclose(f);
	}
	buf[n] = '\0';
	(void)unlink(b->out);
	(void)unlink(b->script);
	assert_int_equal(rmdir(b->folder), 0);
}

#define END        "[ \"$CHECKERD_SEQ\" != 99 ] || kill \"$PPID\""
#define SAY_NUMBER "#!/bin/sh\necho \"$CHECKERD_HOOK $CHECKERD_SEQ\" >>\"$OUT\"\n"

#define DOWN(seq)                                                              \
	"{\"seq\":" seq ",\"time\":\"1970-" seq "\",\"type\":\"path_state\","  \
	"\"path\":\"sda\",\"map\":null,\"from\":\"up\",\"to\":\"down\","       \
	"\"reason\":\"read: EIO\",\"message\":\"sda: up -> down: read: EIO\"," \
	"\"loss\":\"transient\",\"cause\":null,\"members_total\":null,"        \
	"\"members\":null}"
#define MESSAGE(event) "{\"parameters\":{\"event\":" event "},\"continues\":true}"
#define LIST(events)   "{\"parameters\":{\"events\":[" events "],\"lost\":0}}"

#define ANSWER(method, since, manner, text)                                     \
	{                                                                       \
		method "\",\"parameters\":{\"since\":" since "}", manner, text, \
		        sizeof(text) - 1                                        \
	}

static void assert_hook(const struct fake_answer *answers, const char *script,
                        const char *options, const char *out, const char *err)
{
	struct fake *f = fake_start(answers);
	char line[256], written[4096];
	struct outcome o;
	struct bed b;

	bed_open(&b, script);
	(void)snprintf(line, sizeof(line), "hook %s -- %s", options, b.script);
	o = run_line(f, 0, line);
	bed_close(&b, written, sizeof(written));
	assert_string_equal(written, out);
	assert_has(o.err, err);
	assert_string_equal(o.out, "");
	assert_int_equal(o.code, 0);
	outcome_free(&o);
	fake_stop(f);
}

/* The daemon restarts and goes on with its numbers: each event starts one command. */
static void test_restart(void **state _unused_)
{
	static const struct fake_answer answers[] = {
		ANSWER("ListEvents", "0", FAKE_WELL, LIST(DOWN("4") "," DOWN("5"))),
		ANSWER("Monitor", "5", FAKE_CLOSE_AFTER,
		       MESSAGE(DOWN("6")) "\0" MESSAGE(DOWN("7"))),
		ANSWER("ListEvents", "6", FAKE_WELL, LIST(DOWN("7") "," DOWN("8"))),
		ANSWER("Monitor", "7", FAKE_WELL,
		       MESSAGE(DOWN("8")) "\0" MESSAGE(DOWN("99"))),
		{ 0 },
	};

	assert_hook(answers, SAY_NUMBER END, "--on path_down",
	            "path_down 6\npath_down 7\npath_down 8\npath_down 99\n",
	            "connected to checkerd, after event 7");
}

/* The daemon could not be reached when the hook was started, or had old events: those after the start
 * count. */
static void test_late_connection(void **state _unused_)
{
	static const struct fake_answer answers[] = {
		ANSWER("ListEvents", "0", FAKE_WELL,
		       LIST(DOWN("4") ",{\"seq\":5,\"time\":\"9999-01-01T00:00:00Z\"}")),
		ANSWER("Monitor", "4", FAKE_WELL,
		       MESSAGE(DOWN("5")) "\0" MESSAGE(DOWN("99"))),
		{ 0 },
	};

	assert_hook(answers, SAY_NUMBER END, "--on path_down",
	            "path_down 5\npath_down 99\n", "");
}

/* The next daemon counts from 1: its event 7 is another one, and all of its events are new. */
static void test_counts_again(void **state _unused_)
{
	static const struct fake_answer answers[] = {
		ANSWER("ListEvents", "6", FAKE_WELL, LIST(DOWN("7"))),
		ANSWER("Monitor", "7", FAKE_CLOSE_AFTER, MESSAGE(DOWN("12"))),
		ANSWER("ListEvents", "11", FAKE_WELL,
		       LIST("{\"seq\":12,\"time\":\"another\"}")),
		ANSWER("Monitor", "0", FAKE_WELL,
		       MESSAGE(DOWN("1")) "\0" MESSAGE(DOWN("99"))),
		{ 0 },
	};

	assert_hook(answers, SAY_NUMBER END, "--on path_down --since 7",
	            "path_down 12\npath_down 1\npath_down 99\n",
	            "checkerd counts its events from 1 again");
}

/* The daemon had some events no more: one command gets their number, after what came before. */
static void test_lost_events(void **state _unused_)
{
	static const struct fake_answer answers[] = {
		ANSWER("ListEvents", "6", FAKE_WELL, LIST(DOWN("7"))),
		ANSWER("Monitor", "7", FAKE_WELL,
		       MESSAGE(DOWN("99")) "\0{\"parameters\":{\"lost\":5},"
		                           "\"continues\":true}"),
		{ 0 },
	};

	assert_hook(answers,
	            "#!/bin/sh\necho \"$CHECKERD_HOOK $CHECKERD_LOST\" >>\"$OUT\"\n"
	            "[ $CHECKERD_HOOK = path_down ] || kill \"$PPID\"",
	            "--on path_down --since 7", "path_down 0\nskipped 5\n",
	            "0 events had no command of their own, 5 were lost");
}

/* Of a storm only so many start a command. */
static void test_storm(void **state _unused_)
{
	static const struct fake_answer answers[] = {
		ANSWER("ListEvents", "6", FAKE_WELL, LIST(DOWN("7"))),
		ANSWER("Monitor", "7", FAKE_WELL,
		       MESSAGE(DOWN("8")) "\0" MESSAGE(DOWN("99")) "\0" MESSAGE(
		               DOWN("100")) "\0" MESSAGE(DOWN("101"))),
		{ 0 },
	};

	assert_hook(answers, SAY_NUMBER END, "--on path_down --since 7 --at-most 2",
	            "path_down 8\npath_down 99\n", "more than 2 events in a minute");
}

/* What hangs is killed with what it has started, and the next event has its command. (A zombie is left if
 * nobody on this host takes it.) */
static void test_hang(void **state _unused_)
{
	static const struct fake_answer answers[] = {
		ANSWER("ListEvents", "6", FAKE_WELL, LIST(DOWN("7"))),
		ANSWER("Monitor", "7", FAKE_WELL,
		       MESSAGE(DOWN("8")) "\0" MESSAGE(DOWN("99"))),
		{ 0 },
	};

	assert_hook(answers,
	            "#!/bin/sh\n"
	            "[ $CHECKERD_SEQ = 8 ] || {\n"
	            "	read -r pid <\"$OUT\"\n"
	            "	while grep -q ') [^Z]' \"/proc/$pid/stat\" 2>/dev/null; do\n"
	            "		sleep 0.1\n"
	            "	done\n"
	            "	echo gone >\"$OUT\"\n"
	            "	kill \"$PPID\"\n"
	            "	exit\n"
	            "}\n"
	            "sleep 1000 & echo $! >\"$OUT\"\nwait",
	            "--on path_down --since 7 --limit 1", "gone\n",
	            "the command for event 8 (path_down) is killed: it took 1 s");
}

static void test_failure(void **state _unused_)
{
	static const struct fake_answer answers[] = {
		ANSWER("ListEvents", "6", FAKE_WELL, LIST(DOWN("7"))),
		ANSWER("Monitor", "7", FAKE_WELL,
		       MESSAGE(DOWN("8")) "\0" MESSAGE(DOWN("99"))),
		{ 0 },
	};

	assert_hook(answers, "#!/bin/sh\n[ $CHECKERD_SEQ = 8 ] || kill \"$PPID\"\nexit 3",
	            "--on path_down --since 7", "",
	            "the command for event 8 (path_down) failed with status 3");
}

/* Texts of a device cannot begin a line, in a header of a mail for example. Other variables pass. */
static void test_environment(void **state _unused_)
{
	static const struct fake_answer answers[] = {
		ANSWER("ListEvents", "6", FAKE_WELL, LIST(DOWN("7"))),
		ANSWER("Monitor", "7", FAKE_WELL,
		       MESSAGE("{\"seq\":99,\"time\":\"T\",\"type\":\"cause\","
		               "\"path\":null,\"map\":null,\"from\":\"up\","
		               "\"to\":\"down\",\"reason\":\"x\\nBcc: a\","
		               "\"message\":\"$(id) `id` \\u202e;\",\"loss\":null,"
		               "\"cause\":\"host3\",\"members_total\":2,"
		               "\"members\":[\"sda\",\"sdb\"]}")),
		{ 0 },
	};

	assert_int_equal(setenv("CHECKERD_NOT_OURS", "x", 1), 0);
	assert_int_equal(setenv("OURS", "y", 1), 0);
	assert_hook(answers,
	            "#!/bin/sh\n"
	            "for v in HOOK SEQ TYPE PATH MAP STATE REASON CAUSE MEMBERS NAMES "
	            "MESSAGE SKIPPED LOST; do\n"
	            "	eval \"echo $v=\\\"\\${CHECKERD_$v?}\\\"\" >>\"$OUT\"\n"
	            "done\n"
	            "echo \"${CHECKERD_NOT_OURS-unset} $OURS $#\" >>\"$OUT\"\n"
	            "echo \"$CHECKERD_EVENT\" | grep -c 'Bcc.*u202e.*\"sda\",\"sdb\"' "
	            ">>\"$OUT\"\n" END,
	            "--on path_down --since 7",
	            "HOOK=path_down\nSEQ=99\nTYPE=cause\nPATH=\nMAP=\nSTATE=down\n"
	            "REASON=x\\x0aBcc: a\nCAUSE=host3\nMEMBERS=2\nNAMES=sda sdb\n"
	            "MESSAGE=$(id) `id` \\xe2\\x80\\xae;\nSKIPPED=0\nLOST=0\n"
	            "unset y 0\n1\n",
	            "");
}

/* No shell is asked to run what the kernel cannot. */
static void test_no_shell(void **state _unused_)
{
	char *const environment[] = { NULL };
	struct hook_child c = HOOK_CHILD_NULL;
	char written[64];
	struct bed b;

	bed_open(&b, "echo no >\"$OUT\"");
	assert_false(hook_child_start(&c, (char *[]){ b.script, NULL }, environment,
	                              USEC_PER_SEC));
	assert_true(hook_child_is_free(&c));
	bed_close(&b, written, sizeof(written));
	assert_string_equal(written, "");
}

static void test_usage(void **state _unused_)
{
	static const struct fake_answer answers[] = { { 0 } };
	struct fake *f = fake_start(answers);

	assert_outcome(f, "hook -- /bin/true", 2, "", "'hook' needs --on");
	assert_outcome(f, "hook --on path_down", 2, "", "'hook' needs --on KIND,... -- ");
	assert_outcome(f, "hook --on path_down -- true", 2, "",
	               "the command needs its whole name");
	assert_outcome(f, "hook --on path_down -- /no/such", 2, "",
	               "/no/such cannot be executed: No such file");
	assert_outcome(f, "hook --on path_down,path -- /bin/true", 2, "",
	               "there is no kind of event 'path': path_down, path_up,");
	assert_outcome(f, "hook --on path_down --at-most 0 -- /bin/true", 2, "",
	               "--at-most takes a number from 1 to 1000");
	assert_outcome(f, "hook --on path_down --limit x -- /bin/true", 2, "",
	               "--limit takes a time");
	assert_null(fake_request(f, 0));
	fake_stop(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_full_queue),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_stuck),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_late_connection),
		cmocka_unit_test(test_counts_again),
		cmocka_unit_test(test_lost_events),
		cmocka_unit_test(test_storm),
		cmocka_unit_test(test_hang),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_no_shell),
		cmocka_unit_test(test_usage),
	};

	return cmocka_run_group_tests(tests, ctl_arm, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_UNIT_CHECKERCTL_CTL_FAKE_H
#define TESTS_UNIT_CHECKERCTL_CTL_FAKE_H

/*
 * A daemon for tests of the command: a thread of the test gives the prepared replies, correct
 * or not. run_ctl() and run_line() run the command against it and keep its output.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum fake_manner {
	FAKE_WELL,
	FAKE_BYTE_BY_BYTE,
	FAKE_HANG,        /* reads the request, never answers */
	FAKE_HALF,        /* half of the reply, then nothing */
	FAKE_CLOSE,       /* closes instead of answering */
	FAKE_CLOSE_AFTER, /* answers, then closes */
};

/* Replies to requests whose text contains `request`, one reply a request; the last reply is
 * repeated. A reply may be several messages with \0 between them. */
struct fake_answer {
	const char *request;
	enum fake_manner manner;
	const char *reply;
	size_t length; /* 0: up to the first NUL */
};

#define FAKE_REQUESTS_MAX 16

struct fake;

/* answers: ends with a request of NULL, and stays valid until fake_stop(). */
struct fake *fake_start(const struct fake_answer *answers);
const char *fake_socket(const struct fake *f);
/* The n-th request; NULL: there was none. */
const char *fake_request(struct fake *f, size_t n);
struct fake *fake_stop(struct fake *f);

struct outcome {
	int code; /* exit status; 128 + n: killed by signal n */
	char *out, *err;
};

enum run_flag {
	RUN_OUT_FULL = 1 << 0,   /* stdout is /dev/full */
	RUN_OUT_CLOSED = 1 << 1, /* stdout is a pipe without a reader */
	RUN_NO_SIGPIPE = 1 << 2, /* and SIGPIPE is ignored */
	RUN_TERMINAL = 1 << 3,   /* stdout is a terminal of 80 columns */
	RUN_NOBODY = 1 << 4,     /* as user and group 65534; code 77: not possible */
};

/* Runs checkerctl; args end with NULL. */
struct outcome run_ctl(unsigned flags, const char *const *args);
void outcome_free(struct outcome *o);

/* `line` as arguments after -s SOCKET, without quotes. */
struct outcome run_line(struct fake *f, unsigned flags, const char *line);

/* Fail the test when text lacks this part, when the line exits with another code, or when its
 * output or its messages lack these parts. err "": there must be no message. */
void assert_has(const char *text, const char *part);
void assert_outcome(struct fake *f, const char *line, int code, const char *out,
                    const char *err);

/* A test's setup: a test that hangs is killed, and fails. */
int ctl_arm(void **state);

#endif

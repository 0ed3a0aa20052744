/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_UNIT_CONTROL_CONTROL_HARNESS_H
#define TESTS_UNIT_CONTROL_CONTROL_HARNESS_H

/*
 * A control with a loop that a test commands, and clients that speak Varlink. A test waits for
 * events, never for a time, and fails when an event does not come.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <pthread.h>

#include "checkerd/answers/waits.h"
#include "checkerd/control/control.h"

#define LOG_MAX 32768

struct loop {
	struct port *port;
	struct waits waits;
	pthread_t thread;
	int wake_fd;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	/* [mutex] what loop_do() runs on the loop's thread */
	void (*job)(struct loop *, void *);
	void *job_arg;
	bool stop;
	/* [mutex] all requests so far */
	struct port_request log[LOG_MAX];
	unsigned n_log;
	/* The loop's own. A test sets them by loop_do(), or before the start. */
	uint32_t n_paths;
	struct device **devices;
	bool *disabled;
	bool silent;      /* answers nothing */
	bool hold_checks; /* PORT_CHECK with wait is answered by loop_complete_all() */
	bool stale;       /* every path has another generation now */
	const char *reload_error;
	bool reload_busy;
	int dm_error; /* of PORT_FAIL and PORT_REINSTATE */
	const char *config;
	uint64_t seq;
	void (*decorate)(struct loop *, struct snapshot *);
	int (*explain)(struct loop *,
	               struct explanation *); /* returns the reply's errno */
};

struct test {
	char directory[64], path[96];
	struct loop loop;
	struct control *control;
	struct control_options options;
};

/* Starts both. spec fills in device i; its strings are static, or in the buffers. */
void test_start(struct test *t, uint32_t n_paths,
                void (*spec)(uint32_t i, struct device_spec *ret, char name[64],
                             char node[64]));
void test_stop(struct test *t);
/* The default device: "sd%u", /dev/sd%u, 8:%u. */
void plain_spec(uint32_t i, struct device_spec *ret, char name[64], char node[64]);

/* Runs f on the loop's thread, and waits for it. */
void loop_do(struct loop *l, void (*f)(struct loop *, void *), void *arg);
/* Waits until there were n requests of that kind. */
void loop_wait_for(struct loop *l, enum port_op op, unsigned n);
unsigned loop_count(struct loop *l, enum port_op op);
/* For loop_do(): */
void loop_complete_all(struct loop *l, void *arg);
void loop_answer_snapshot(struct loop *l, void *arg); /* of a request while silent */
void loop_emit(struct loop *l, void *count);          /* unsigned *: how many events */

int client_connect(const struct test *t);
/* Sends the text and its NUL. */
void client_send(int fd, const char *text);
void client_call(int fd, const char *method, const char *parameters);
/* The next reply; NULL: the connection was closed. */
struct json_object *client_receive(int fd);
/* The text of the next reply; NULL as above. The caller frees it. */
char *client_receive_text(int fd, size_t *ret_size);
bool client_is_closed(int fd);

/* Calls, and returns the parameters of the reply; fails on an error. The caller puts them. */
struct json_object *call(int fd, const char *method, const char *parameters);
/* Calls, and expects that error; value: the only parameter of the error, or "". */
void call_fails(int fd, const char *method, const char *parameters, const char *error,
                const char *value);

/* The value at a place such as "paths[0].name"; NULL: null. Fails when it is absent. */
struct json_object *get(struct json_object *o, const char *where);
const char *get_string(struct json_object *o, const char *where);
int64_t get_int(struct json_object *o, const char *where);

/* A place in a reply, and the JSON that stands there. */
struct expected {
	const char *where, *json;
};
void expect(struct json_object *o, const struct expected *all, size_t n);
/* The keys of o are the fields that io.checkerd.Control.varlink describes after `what`, as in
 * "type Path (", in that order. */
void expect_described(struct json_object *o, const char *what);

#endif

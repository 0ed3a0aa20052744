/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the position in the stream of events. One thread. */
#include "checkerctl/hook_follow.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "checkerctl/human.h"

#define RETRY_US USEC_PER_SEC

void hook_follow_init(struct hook_follow *f, struct ctl *ctl)
{
	*f = (struct hook_follow){
		.ctl = ctl,
		.begun = ctl_options_has(ctl->options, OPT_SINCE),
		.seq = ctl->options->since,
	};
	time_t now = time(NULL);
	struct tm tm;

	if (gmtime_r(&now, &tm) != NULL)
		(void)strftime(f->started, sizeof(f->started), "%Y-%m-%dT%H:%M:%S", &tm);
}

/* Prints why there is no connection: once, until there is one. A daemon that restarts may be there
 * already. */
static void disconnect(struct hook_follow *f, int error, const char *answer)
{
	bool was_connected = f->connected;

	if (!f->complained && answer != NULL)
		(void)human_complain(0, "checkerd answers with the error %s", answer);
	else if (!f->complained)
		(void)connection_complain(&f->ctl->connection, error);
	if (!f->complained)
		(void)human_complain(0, "waiting for checkerd");
	f->complained = true;
	f->connected = false;
	f->retry = was_connected ? mono_now() : mono_add(mono_now(), RETRY_US);
	connection_deinit(&f->ctl->connection);
}

static json_object *since(uint64_t seq)
{
	json_object *parameters = json_object_new_object();

	json_object_object_add(parameters, "since", json_object_new_int64((int64_t)seq));
	return parameters;
}

static uint64_t seq_of(json_object *event)
{
	double seq = 0;

	return ctl_number(event, "seq", &seq) && seq > 0 ? (uint64_t)seq : 0;
}

static void note(struct hook_follow *f, json_object *event)
{
	f->seq = seq_of(event);
	f->begun = true;
	(void)snprintf(f->time, sizeof(f->time), "%s", ctl_text(event, "time", ""));
}

/* Sends a request and prints nothing. -errno. */
static int ask(struct hook_follow *f, const char *method, json_object *parameters,
               bool more)
{
	json_object *request = ctl_request(method, parameters, more);
	int r = connection_send(&f->ctl->connection, request);

	json_object_put(request);
	return r;
}

/* Is the event with our number ours? A daemon that counts from 1 again has another one, or none. */
static void compare(struct hook_follow *f, json_object *list, size_t n)
{
	json_object *first = n > 0 ? json_object_array_get_idx(list, 0) : NULL;

	if (f->seq == 0 || (n > 0 && seq_of(first) > f->seq))
		return;
	if (n > 0 &&
	    (f->time[0] == '\0' || strcmp(f->time, ctl_text(first, "time", "")) == 0)) {
		note(f, first);
		return;
	}
	(void)human_complain(0, "checkerd counts its events from 1 again");
	f->seq = 0;
}

/* What happened before the start is nobody's news. */
static void pass_over(struct hook_follow *f, json_object *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		json_object *event = json_object_array_get_idx(list, i);

		if (strcmp(ctl_text(event, "time", ""), f->started) >= 0)
			return;
		note(f, event);
	}
}

/* Finds where to go on. 0, -errno, or -EREMOTEIO after an error of the daemon, *ret_answer. */
static int find_place(struct hook_follow *f, const char **ret_answer)
{
	uint64_t from = f->begun && f->seq > 0 ? f->seq - 1 : 0;
	json_object *reply = NULL, *parameters = NULL, *list = NULL;
	static char answer[128];
	size_t n;
	int r = ask(f, "ListEvents", since(from), false);

	if (r == 0)
		r = connection_receive(&f->ctl->connection, -1, &reply);
	if (r < 0)
		return r;
	if (ctl_text(reply, "error", NULL) != NULL) {
		(void)snprintf(answer, sizeof(answer), "%s",
		               ctl_text(reply, "error", ""));
		*ret_answer = answer;
		json_object_put(reply);
		return -EREMOTEIO;
	}
	(void)json_object_object_get_ex(reply, "parameters", &parameters);
	n = ctl_list(parameters, "events", &list);
	if (f->begun)
		compare(f, list, n);
	else
		pass_over(f, list, n);
	f->begun = true;
	json_object_put(reply);
	return 0;
}

void hook_follow_connect(struct hook_follow *f)
{
	struct ctl *ctl = f->ctl;
	const char *answer = NULL;
	int r;

	if (f->connected || mono_before(mono_now(), f->retry))
		return;
	r = connection_connect(&ctl->connection, ctl->options->socket,
	                       ctl->options->timeout_us);
	if (r == 0)
		r = find_place(f, &answer);
	if (r == 0) {
		connection_begin_again(&ctl->connection);
		r = ask(f, "Monitor", since(f->seq), true);
	}
	if (r < 0) {
		disconnect(f, r, answer);
		return;
	}
	f->connected = true;
	if (f->complained)
		(void)human_complain(0, "connected to checkerd, after event %" PRIu64,
		                     f->seq);
	f->complained = false;
}

bool hook_follow_take(struct hook_follow *f, json_object **ret_event, uint64_t *ret_lost)
{
	json_object *reply, *parameters = NULL, *event = NULL;
	double lost = 0;
	int r = connection_receive_now(&f->ctl->connection, &reply);

	if (r == -EAGAIN)
		return false;
	if (r < 0) {
		disconnect(f, r, NULL);
		return false;
	}
	if (ctl_text(reply, "error", NULL) != NULL) {
		disconnect(f, 0, ctl_text(reply, "error", ""));
		json_object_put(reply);
		return false;
	}
	(void)json_object_object_get_ex(reply, "parameters", &parameters);
	(void)json_object_object_get_ex(parameters, "event", &event);
	*ret_lost =
	        ctl_number(parameters, "lost", &lost) && lost > 0 ? (uint64_t)lost : 0;
	*ret_event = NULL;
	if (json_object_is_type(event, json_type_object)) {
		note(f, event);
		*ret_event = json_object_get(event);
	}
	json_object_put(reply);
	return true;
}

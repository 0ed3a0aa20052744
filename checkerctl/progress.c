/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the line of progress. While the call waits, each second another connection asks which of the
 * paths have been checked since. It says nothing about errors: the call itself does. One thread.
 */
#include "checkerctl/progress.h"

#include <time.h>
#include <unistd.h>

#include "checkerctl/human.h"
#include "checkerctl/select.h"

/* How long the answer about the progress may take. */
#define PATIENCE_US  (USEC_PER_SEC / 2)
#define ERASE_LINE   "\r\033[K"
#define LONGEST_NAME 32

struct counts {
	size_t paths, checked;
	/* of a path that is not checked yet: the oldest check in flight */
	double oldest_s;
	const char *oldest;
};

static double wall_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* NULL: no answer. */
static json_object *list_paths(const struct progress *p)
{
	struct connection c = CONNECTION_NULL;
	json_object *request = json_object_new_object(), *reply = NULL;

	json_object_object_add(request, "method",
	                       json_object_new_string("io.checkerd.Control.ListPaths"));
	json_object_object_add(request, "parameters", json_object_get(p->parameters));
	if (connection_connect(&c, p->options->socket, PATIENCE_US) < 0 ||
	    connection_send(&c, request) < 0 || connection_receive(&c, -1, &reply) < 0)
		reply = NULL;
	connection_deinit(&c);
	json_object_put(request);
	return reply;
}

/* Checked since the call began, or never checked because it is disabled. */
static bool is_done(const struct progress *p, json_object *path)
{
	json_object *enabled;
	double last;

	if (json_object_object_get_ex(path, "enabled", &enabled) &&
	    !json_object_get_boolean(enabled))
		return true;
	return human_parse_time(ctl_text(path, "last_check", ""), &last) == 0 &&
	       last >= p->begun_wall;
}

static struct counts count_paths(const struct progress *p, json_object *reply)
{
	json_object *parameters, *list;
	struct counts c = { .oldest = NULL };

	if (!json_object_object_get_ex(reply, "parameters", &parameters))
		return c;
	c.paths = ctl_list(parameters, "paths", &list);
	for (size_t i = 0; i < c.paths; i++) {
		json_object *path = json_object_array_get_idx(list, i);
		double age;

		if (is_done(p, path)) {
			c.checked++;
		} else if (ctl_number(path, "in_flight_s", &age) &&
		           (c.oldest == NULL || age > c.oldest_s)) {
			c.oldest_s = age;
			c.oldest = ctl_text(path, "name", "-");
		}
	}
	return c;
}

/* "checked 37 of 41 paths in 5s; the check of sdb has no answer for 4.8s" */
static void tick(void *userdata)
{
	struct progress *p = userdata;
	json_object *reply = list_paths(p);
	struct counts c = count_paths(p, reply);
	char buf[HUMAN_SHORT_BYTES], name[LONGEST_NAME];

	fputs(ERASE_LINE, stderr);
	if (c.paths > 0)
		fprintf(stderr, "checked %zu of %zu %s in ", c.checked, c.paths,
		        c.paths == 1 ? "path" : "paths");
	else
		fputs("waiting for ", stderr);
	fputs(human_duration((double)mono_diff(mono_now(), p->begun) / USEC_PER_SEC, buf),
	      stderr);
	if (c.oldest != NULL) {
		snprintf(name, sizeof(name), "%s", c.oldest);
		fputs("; no answer from ", stderr);
		human_put(stderr, name, false);
		fprintf(stderr, " for %s", human_duration(c.oldest_s, buf));
	}
	(void)fflush(stderr); /* progress is optional */
	p->shown = true;
	json_object_put(reply);
}

void progress_begin(struct progress *p, struct ctl *ctl, const char *const *names,
                    size_t n)
{
	json_object *array = json_object_new_array();

	for (size_t i = 0; i < n; i++)
		json_object_array_add(array, json_object_new_string(names[i]));
	*p = (struct progress){
		.options = ctl->options,
		.parameters = select_parameters(ctl->options, NULL),
		.begun = mono_now(),
		.begun_wall = wall_clock(),
	};
	if (n > 0)
		json_object_object_add(p->parameters, "paths", array);
	else
		json_object_put(array);
	if (isatty(STDERR_FILENO))
		ctl->tick = (struct connection_tick){ tick, p };
}

void progress_end(struct progress *p, struct ctl *ctl)
{
	ctl->tick = (struct connection_tick){ NULL, NULL };
	ctl->connection.tick = ctl->tick;
	if (p->shown)
		fputs(ERASE_LINE, stderr);
	json_object_put(p->parameters);
	*p = (struct progress){ .options = NULL };
}

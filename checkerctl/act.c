/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands that change something: check, disable, fail, reload and others. One thread. */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "checkerctl/columns.h"
#include "checkerctl/commands.h"
#include "checkerctl/exit.h"
#include "checkerctl/fields.h"
#include "checkerctl/human.h"
#include "checkerctl/progress.h"
#include "checkerctl/select.h"
#include "util/syslog_level.h"

/* Of so many paths the reasons are asked for by name. */
#define NAMED_MAX ((size_t)64)
/* Between two attempts to connect. */
#define AGAIN_US (INT64_C(100) * USEC_PER_MSEC)
/* Names of maps in one line. */
#define MAPS_PRINTED ((size_t)10)

/* Prints the reply with --json, and puts it. A command that succeeds prints nothing else. */
static void finish(struct ctl *ctl, json_object *reply)
{
	if (ctl_options_has(ctl->options, OPT_JSON))
		ctl_print_json(reply);
	json_object_put(reply);
}

static void print_checked(struct ctl *ctl, json_object *reply)
{
	json_object *list;
	struct table *t;
	size_t n = ctl_list(reply, "results", &list);

	if (table_new(&t, &table_checked, ctl->options, false) != 0)
		return; /* not reached: run_check() has checked the columns */
	for (size_t i = 0; i < n; i++)
		(void)table_add(t, NULL,
		                json_object_array_get_idx(list, i)); /* no tree */
	table_print(t);
	table_free(t);
}

/* Adds the reason of each state to the results: Check gives the states alone. */
static void add_reasons(struct ctl *ctl, json_object *results, size_t n)
{
	json_object *names = json_object_new_array(), *parameters = NULL;
	json_object *index = json_object_new_object(), *reply, *paths;

	for (size_t i = 0; i < n && n <= NAMED_MAX; i++)
		json_object_array_add(
		        names,
		        json_object_new_string(ctl_text(
		                json_object_array_get_idx(results, i), "path", "")));
	if (n <= NAMED_MAX) {
		parameters = json_object_new_object();
		json_object_object_add(parameters, "paths", json_object_get(names));
	}
	json_object_put(names);
	parameters = fields_add(parameters, "name,reason");
	/* A path that was removed meanwhile has no reason: ctl_call() has said so. */
	if (ctl_call(ctl, "ListPaths", parameters, &reply) == 0) {
		size_t known = ctl_list(reply, "paths", &paths);

		for (size_t i = 0; i < known; i++) {
			json_object *path = json_object_array_get_idx(paths, i);

			json_object_object_add(index, ctl_text(path, "name", ""),
			                       json_object_get(path));
		}
		json_object_put(reply);
	}
	for (size_t i = 0; i < n; i++) {
		json_object *result = json_object_array_get_idx(results, i), *path;
		json_object *reason = NULL;

		if (json_object_object_get_ex(index, ctl_text(result, "path", ""), &path))
			(void)json_object_object_get_ex(path, "reason", &reason);
		json_object_object_add(result, "reason", json_object_get(reason));
	}
	json_object_put(index);
}

/* Was each path checked, and does it work? */
static bool all_work(json_object *results, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		json_object *result = json_object_array_get_idx(results, i), *checked;
		const char *state = ctl_text(result, "state", "");

		if (strcmp(state, "up") != 0 && strcmp(state, "ghost") != 0)
			return false;
		if (json_object_object_get_ex(result, "checked", &checked) &&
		    !json_object_get_boolean(checked))
			return false;
	}
	return true;
}

/* 0, or an exit code: the command says of no path that it is about it. */
static int need_paths(const struct ctl *ctl, const char *command, size_t n)
{
	if (n > 0 || select_is_given(ctl->options))
		return 0;
	return human_usage("'%s' needs PATH..., or --host, --target, --map or --state",
	                   command);
}

static int check_paths(struct ctl *ctl, const char *const *operands, size_t n,
                       json_object *parameters, json_object **ret)
{
	struct progress progress;
	int r;

	if (!ctl_options_has(ctl->options, OPT_WAIT))
		return ctl_call_names(ctl, "Check", CTL_PATHS, operands, n, parameters,
		                      ret);
	progress_begin(&progress, ctl, operands, n);
	r = ctl_call_names(ctl, "Check", CTL_PATHS, operands, n, parameters, ret);
	progress_end(&progress, ctl);
	return r;
}

int run_check(struct ctl *ctl, const char *const *operands, size_t n)
{
	const struct ctl_options *o = ctl->options;
	json_object *parameters, *reply;
	int r = table_check_columns(&table_checked, o->columns);

	if (r == 0)
		r = need_paths(ctl, "check", n);
	if (r)
		return r;
	parameters = select_parameters(o, NULL);
	json_object_object_add(parameters, "wait",
	                       json_object_new_boolean(ctl_options_has(o, OPT_WAIT)));
	/* A hung path answers after its checker_timeout, which only the daemon knows. */
	ctl->wait_forever =
	        ctl_options_has(o, OPT_WAIT) && !ctl_options_has(o, OPT_TIMEOUT);
	r = check_paths(ctl, operands, n, parameters, &reply);
	if (r)
		return r;
	if (ctl_options_has(o, OPT_WAIT)) {
		json_object *results = NULL;
		size_t checked = ctl_list(reply, "results", &results);

		add_reasons(ctl, results, checked);
		r = all_work(results, checked) ? EXIT_DONE : EXIT_FAILED;
		if (!ctl_options_has(o, OPT_JSON))
			print_checked(ctl, reply);
	}
	finish(ctl, reply);
	return r;
}

/* "disabled 4 paths of 2 maps: m1, m2". Not for one path that was named. */
static void print_changed(const struct ctl *ctl, json_object *reply, const char *done)
{
	json_object *maps;
	double paths;
	size_t n;

	if (ctl_options_has(ctl->options, OPT_JSON) ||
	    !ctl_number(reply, "paths", &paths) ||
	    (paths <= 1 && !select_is_given(ctl->options)))
		return;
	n = ctl_list(reply, "maps", &maps);
	printf("%s %.0f path%s", done, paths, paths == 1 ? "" : "s");
	if (n > 0)
		printf(" of %zu map%s:", n, n == 1 ? "" : "s");
	for (size_t i = 0; i < n && i < MAPS_PRINTED; i++) {
		const char *name =
		        json_object_get_string(json_object_array_get_idx(maps, i));

		fputs(i > 0 ? ", " : " ", stdout);
		human_put(stdout, name, false);
	}
	if (n > MAPS_PRINTED)
		printf(", and %zu others", n - MAPS_PRINTED);
	putchar('\n');
}

/* done: the past tense of the command. parameters: NULL: none; it puts them. */
static int change_paths(struct ctl *ctl, const char *method, const char *done,
                        const char *const *operands, size_t n, json_object *parameters)
{
	json_object *reply;
	int r;

	parameters = select_parameters(ctl->options, parameters);
	if (ctl_options_has(ctl->options, OPT_FORCE))
		json_object_object_add(parameters, "force",
		                       json_object_new_boolean(true));
	r = ctl_call_names(ctl, method, CTL_PATHS, operands, n, parameters, &reply);
	if (r)
		return r;
	print_changed(ctl, reply, done);
	finish(ctl, reply);
	return 0;
}

int run_disable(struct ctl *ctl, const char *const *operands, size_t n)
{
	json_object *parameters;
	int r = need_paths(ctl, "disable", n);

	if (r)
		return r;
	parameters = json_object_new_object();
	if (ctl_options_has(ctl->options, OPT_FOR))
		json_object_object_add(
		        parameters, "for_s",
		        json_object_new_double((double)ctl->options->for_us /
		                               USEC_PER_SEC));
	if (ctl_options_has(ctl->options, OPT_FAIL))
		json_object_object_add(parameters, "fail", json_object_new_boolean(true));
	return change_paths(ctl, "Disable", "disabled", operands, n, parameters);
}

int run_enable(struct ctl *ctl, const char *const *operands, size_t n)
{
	int r = need_paths(ctl, "enable", n);

	return r ? r : change_paths(ctl, "Enable", "enabled", operands, n, NULL);
}

int run_fail(struct ctl *ctl, const char *const *operands, size_t n)
{
	int r = need_paths(ctl, "fail", n);

	return r ? r : change_paths(ctl, "Fail", "failed", operands, n, NULL);
}

int run_reinstate(struct ctl *ctl, const char *const *operands, size_t n)
{
	int r = need_paths(ctl, "reinstate", n);

	return r ? r : change_paths(ctl, "Reinstate", "reinstated", operands, n, NULL);
}

int run_set_marginal(struct ctl *ctl, const char *const *operands, size_t n)
{
	int r = need_paths(ctl, "setmarginal", n);

	return r ? r : change_paths(ctl, "SetMarginal", "marginal", operands, n, NULL);
}

int run_unset_marginal(struct ctl *ctl, const char *const *operands, size_t n)
{
	int r = need_paths(ctl, "unsetmarginal", n);

	return r ? r
	         : change_paths(ctl, "UnsetMarginal", "not marginal", operands, n, NULL);
}

int run_accept(struct ctl *ctl, const char *const *operands, size_t n)
{
	int r = need_paths(ctl, "accept", n);

	return r ? r : change_paths(ctl, "Accept", "accepted", operands, n, NULL);
}

int run_release(struct ctl *ctl, const char *const *operands, size_t n)
{
	return change_paths(ctl, "Release", "released", operands, n, NULL);
}

int run_reload(struct ctl *ctl, const char *const *operands, size_t n)
{
	json_object *reply;
	const char *message;
	int r = ctl_call(ctl, "Reload", NULL, &reply);

	(void)operands;
	(void)n;
	if (r)
		return r;
	message = ctl_text(reply, "message", "");
	if (!ctl_options_has(ctl->options, OPT_JSON) && *message) {
		human_put(stdout, message, true);
		if (message[strlen(message) - 1] != '\n')
			putchar('\n');
	}
	finish(ctl, reply);
	return 0;
}

int run_log_level(struct ctl *ctl, const char *const *operands, size_t n)
{
	if (syslog_level_find(operands[0]) < 0)
		return human_usage(
		        "there is no log level '%s': err, warning, notice, info, debug",
		        operands[0]);

	json_object *parameters = json_object_new_object(), *reply;
	int r;

	(void)n;
	json_object_object_add(parameters, "level", json_object_new_string(operands[0]));
	r = ctl_call(ctl, "SetLogLevel", parameters, &reply);
	if (r)
		return r;
	finish(ctl, reply);
	return 0;
}

/* A daemon that is being started has no socket yet. After --timeout ctl_call() says what is missing. */
static void wait_for_daemon(struct ctl *ctl)
{
	const struct timespec pause = { .tv_nsec = AGAIN_US * 1000 };
	struct mono limit = mono_add(mono_now(), ctl->options->timeout_us);

	for (;;) {
		int r = connection_connect(&ctl->connection, ctl->options->socket,
		                           ctl->options->timeout_us);

		if (r == 0)
			return;
		connection_deinit(&ctl->connection);
		if ((r != -ENOENT && r != -ECONNREFUSED) ||
		    mono_diff(limit, mono_now()) <= AGAIN_US)
			return;
		(void)nanosleep(&pause, NULL); /* a signal ends the command */
	}
}

int run_ping(struct ctl *ctl, const char *const *operands, size_t n)
{
	char buf[HUMAN_SHORT_BYTES];
	struct mono begin;
	json_object *reply;
	int r;

	(void)operands;
	(void)n;
	if (ctl_options_has(ctl->options, OPT_WAIT))
		wait_for_daemon(ctl);
	begin = mono_now();
	r = ctl_call(ctl, "Ping", NULL, &reply);
	if (r)
		return r;
	if (!ctl_options_has(ctl->options, OPT_JSON))
		printf("checkerd answered in %s\n",
		       human_duration((double)mono_diff(mono_now(), begin) / USEC_PER_SEC,
		                      buf));
	finish(ctl, reply);
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands that change something: check, disable, fail, reload and others. One thread. */
#include <string.h>
#include <strings.h>

#include "checkerctl/columns.h"
#include "checkerctl/commands.h"
#include "checkerctl/exit.h"
#include "checkerctl/human.h"
#include "util/syslog_level.h"

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

int run_check(struct ctl *ctl, const char *const *operands, size_t n)
{
	const struct ctl_options *o = ctl->options;
	json_object *parameters, *reply;
	int r = table_check_columns(&table_checked, o->columns);

	if (r)
		return r;
	parameters = json_object_new_object();
	json_object_object_add(parameters, "wait",
	                       json_object_new_boolean(ctl_options_has(o, OPT_WAIT)));
	/* A hung path answers after its checker_timeout, which only the daemon knows. */
	ctl->wait_forever =
	        ctl_options_has(o, OPT_WAIT) && !ctl_options_has(o, OPT_TIMEOUT);
	r = ctl_call_names(ctl, "Check", CTL_PATHS, operands, n, parameters, &reply);
	if (r)
		return r;
	if (ctl_options_has(o, OPT_WAIT) && !ctl_options_has(o, OPT_JSON))
		print_checked(ctl, reply);
	finish(ctl, reply);
	return 0;
}

int run_disable(struct ctl *ctl, const char *const *operands, size_t n)
{
	json_object *parameters = json_object_new_object(), *reply;
	int r;

	if (ctl_options_has(ctl->options, OPT_FOR))
		json_object_object_add(
		        parameters, "for_s",
		        json_object_new_double((double)ctl->options->for_us /
		                               USEC_PER_SEC));
	r = ctl_call_names(ctl, "Disable", CTL_PATHS, operands, n, parameters, &reply);
	if (r)
		return r;
	finish(ctl, reply);
	return 0;
}

static int call_paths(struct ctl *ctl, const char *method, const char *const *operands,
                      size_t n)
{
	json_object *reply;
	int r = ctl_call_names(ctl, method, CTL_PATHS, operands, n, NULL, &reply);

	if (r)
		return r;
	finish(ctl, reply);
	return 0;
}

int run_enable(struct ctl *ctl, const char *const *operands, size_t n)
{
	return call_paths(ctl, "Enable", operands, n);
}

int run_fail(struct ctl *ctl, const char *const *operands, size_t n)
{
	return call_paths(ctl, "Fail", operands, n);
}

int run_reinstate(struct ctl *ctl, const char *const *operands, size_t n)
{
	return call_paths(ctl, "Reinstate", operands, n);
}

int run_release(struct ctl *ctl, const char *const *operands, size_t n)
{
	return call_paths(ctl, "Release", operands, n);
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

int run_ping(struct ctl *ctl, const char *const *operands, size_t n)
{
	struct mono begin = mono_now();
	char buf[HUMAN_SHORT_BYTES];
	json_object *reply;
	int r = ctl_call(ctl, "Ping", NULL, &reply);

	(void)operands;
	(void)n;
	if (r)
		return r;
	if (!ctl_options_has(ctl->options, OPT_JSON))
		printf("checkerd answered in %s\n",
		       human_duration((double)mono_diff(mono_now(), begin) / USEC_PER_SEC,
		                      buf));
	finish(ctl, reply);
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * compare: the opinions of checkerd and multipathd about each path, side by side. Reads both, changes
 * nothing. One thread.
 */
#include <stdlib.h>
#include <string.h>

#include "checkerctl/columns.h"
#include "checkerctl/commands.h"
#include "checkerctl/exit.h"
#include "checkerctl/human.h"
#include "checkerctl/multipathd.h"
#include "checkerctl/multipathd_paths.h"

/* What a daemon says of a path. */
enum opinion {
	OPINION_NONE,
	OPINION_UNUSABLE,
	OPINION_USABLE,
};

enum result {
	RESULT_AGREE,
	RESULT_DIFFER,
	RESULT_UNDECIDED,
	RESULT_ONLY_CHECKERD,
	RESULT_ONLY_MULTIPATHD,
	RESULT_COUNT_
};

static const struct {
	const char *word, *key;
} results[] = {
	[RESULT_AGREE] = { "agree", "agree" },
	[RESULT_DIFFER] = { "differ", "differ" },
	[RESULT_UNDECIDED] = { "undecided", "undecided" },
	[RESULT_ONLY_CHECKERD] = { "only-checkerd", "only_checkerd" },
	[RESULT_ONLY_MULTIPATHD] = { "only-multipathd", "only_multipathd" },
};
static_assert(ARRAY_LEN(results) == RESULT_COUNT_, "a word for each result");

struct comparison {
	json_object *rows;  /* an array, one object a path */
	json_object *peers; /* multipathd's paths by device number, or by name */
	size_t counts[RESULT_COUNT_];
};

/* --- opinions --- */

static bool is_one_of(const char *word, const char *const *list)
{
	while (*list && strcmp(*list, word) != 0)
		list++;
	return *list != NULL;
}

static bool is_true(json_object *path, const char *key)
{
	json_object *value = NULL;

	(void)json_object_object_get_ex(path, key, &value);
	return json_object_get_boolean(value);
}

static bool is_native(json_object *path)
{
	return strcmp(ctl_text(path, "checker", ""), "ana") == 0;
}

/* A reason why a state of checkerd's is no opinion. */
static const char *why_none(const char *state)
{
	static const char *const reasons[][2] = {
		{ "shaky", "checkerd waits for more failed checks (fail_checks)" },
		{ "timeout", "checkerd waits for more failed checks (fail_checks)" },
		{ "delayed",
		  "checkerd waits for more successful checks (recover_checks)" },
		{ "disabled", "disabled in checkerd" },
	};

	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (strcmp(reasons[i][0], state) == 0)
			return reasons[i][1];
	return "checkerd has no result yet";
}

/* *ret_why: why there is no opinion, or why the state is not the opinion; else unchanged. */
static enum opinion ours(json_object *path, const char **ret_why)
{
	static const char *const usable[] = { "up", "ghost", NULL };
	static const char *const unusable[] = { "down", "disconnected", NULL };
	const char *state = ctl_text(path, "state", "");

	if (is_native(path)) {
		*ret_why = "native NVMe multipathing: checkerd only observes it";
		return OPINION_NONE;
	}
	if (strcmp(ctl_text(path, "checker", ""), "none") == 0) {
		*ret_why = "checkerd does not check it (path_checker none)";
		return OPINION_NONE;
	}
	if (is_one_of(state, unusable))
		return OPINION_UNUSABLE;
	if (!is_one_of(state, usable)) {
		*ret_why = why_none(state);
		return OPINION_NONE;
	}
	if (is_true(path, "marginal") && !is_true(path, "hold_used")) {
		*ret_why = "usable for multipathd only: checkerd holds it";
		return OPINION_UNUSABLE;
	}
	return OPINION_USABLE;
}

static enum opinion theirs(json_object *peer, const char **ret_why)
{
	static const char *const usable[] = { "ready", "ghost", NULL };
	static const char *const unusable[] = { "faulty",       "i/o timeout", "shaky",
		                                "disconnected", "delayed",     NULL };
	const char *state = ctl_text(peer, "state", "");

	if (is_one_of(state, usable))
		return OPINION_USABLE;
	if (is_one_of(state, unusable))
		return OPINION_UNUSABLE;
	*ret_why = ctl_text(peer, "map", "[")[0] == '[' ? "multipathd has it in no map"
	                                                : "multipathd has no result yet";
	return OPINION_NONE;
}

/* Both have an opinion, and it is the same. NULL: the kernel agrees, or has no opinion. */
static const char *kernel_differs(const char *dm_state, enum opinion opinion)
{
	if (opinion == OPINION_USABLE && strcmp(dm_state, "failed") == 0)
		return "usable for both, but failed in device-mapper";
	if (opinion == OPINION_UNUSABLE && strcmp(dm_state, "active") == 0)
		return "unusable for both, but active in device-mapper";
	return NULL;
}

static bool in_other_map(json_object *path, json_object *peer)
{
	const char *map = ctl_text(path, "map", NULL),
	           *other = ctl_text(peer, "map", "[");

	return map != NULL && other[0] != '[' && strcmp(map, other) != 0;
}

static enum result judge(json_object *path, json_object *peer, const char **ret_why)
{
	const char *why = NULL;
	enum opinion mine = ours(path, &why), other = theirs(peer, &why);

	if (mine == OPINION_NONE || other == OPINION_NONE) {
		*ret_why = why;
		return RESULT_UNDECIDED;
	}
	if (mine != other && mine == OPINION_USABLE)
		*ret_why = "usable for checkerd only";
	else if (mine != other && strcmp(ctl_text(peer, "checker", ""), "none") == 0)
		*ret_why = "usable for multipathd only, which does not check it "
		           "(path_checker none)";
	else if (mine != other)
		*ret_why = why != NULL ? why : "usable for multipathd only";
	else if (in_other_map(path, peer))
		*ret_why = "in another map in multipathd";
	else
		*ret_why = kernel_differs(ctl_text(path, "dm_state", ""), mine);
	return *ret_why == NULL ? RESULT_AGREE : RESULT_DIFFER;
}

/* --- rows --- */

static void copy(json_object *row, json_object *from, const char *key)
{
	json_object *value = NULL;

	(void)json_object_object_get_ex(from, key, &value);
	json_object_object_add(row, key, json_object_get(value));
}

static void add_row(struct comparison *c, json_object *path, json_object *peer)
{
	static const char *const copied[] = { "map",      "state",   "reason",
		                              "dm_state", "checker", NULL };
	json_object *row = json_object_new_object();
	const char *why = NULL;
	enum result result;

	copy(row, path != NULL ? path : peer, "name");
	copy(row, path != NULL ? path : peer, "devt");
	for (const char *const *key = copied; *key != NULL; key++)
		copy(row, path, *key);
	if (path == NULL) {
		result = RESULT_ONLY_MULTIPATHD;
		why = "checkerd does not watch it: see checkerctl explain";
	} else if (peer != NULL) {
		result = judge(path, peer, &why);
	} else if (is_native(path)) {
		(void)ours(path, &why); /* the reason alone */
		result = RESULT_UNDECIDED;
	} else {
		result = RESULT_ONLY_CHECKERD;
		why = "multipathd does not know it: see multipathd show devices";
	}
	json_object_object_add(row, "multipathd", json_object_get(peer));
	json_object_object_add(row, "result",
	                       json_object_new_string(results[result].word));
	json_object_object_add(row, "why",
	                       why == NULL ? NULL : json_object_new_string(why));
	json_object_array_add(c->rows, row);
	c->counts[result]++;
}

static void compare_all(struct comparison *c, json_object *reply)
{
	json_object *list, *peer;
	size_t n = ctl_list(reply, "paths", &list);

	for (size_t i = 0; i < n; i++) {
		json_object *path = json_object_array_get_idx(list, i);

		peer = NULL;
		if (!json_object_object_get_ex(c->peers, ctl_text(path, "devt", ""),
		                               &peer))
			(void)json_object_object_get_ex(
			        c->peers, ctl_text(path, "name", ""), &peer);
		peer = json_object_get(peer);
		add_row(c, path, peer);
		if (peer != NULL)
			json_object_object_del(c->peers, multipathd_path_key(peer));
		json_object_put(peer);
	}
	json_object_object_foreach(c->peers, key, rest)
	{
		(void)key;
		add_row(c, NULL, rest);
	}
	ctl_sort_named(c->rows);
}

/* --- output --- */

static json_object *summary_of(const struct comparison *c)
{
	json_object *summary = json_object_new_object();

	json_object_object_add(
	        summary, "paths_total",
	        json_object_new_int64((int64_t)json_object_array_length(c->rows)));
	for (size_t i = 0; i < RESULT_COUNT_; i++)
		json_object_object_add(summary, results[i].key,
		                       json_object_new_int64((int64_t)c->counts[i]));
	return summary;
}

static void print_summary(const struct comparison *c)
{
	size_t n = json_object_array_length(c->rows);

	printf("\n%zu path%s: %zu agree, %zu differ, %zu undecided, "
	       "%zu known to checkerd only, %zu to multipathd only\n",
	       n, n == 1 ? "" : "s", c->counts[RESULT_AGREE], c->counts[RESULT_DIFFER],
	       c->counts[RESULT_UNDECIDED], c->counts[RESULT_ONLY_CHECKERD],
	       c->counts[RESULT_ONLY_MULTIPATHD]);
}

static int print_comparison(struct ctl *ctl, const struct comparison *c)
{
	const struct ctl_options *o = ctl->options;
	json_object *reply = json_object_new_object();
	int r;

	json_object_object_add(reply, "paths", json_object_get(c->rows));
	json_object_object_add(reply, "summary", summary_of(c));
	r = show_list(ctl, &table_compare, reply, "paths");
	/* With chosen columns or --raw, scripts expect the table alone. */
	if (r == 0 && o->columns == NULL &&
	    (o->given &
	     (OPT_BIT(OPT_JSON) | OPT_BIT(OPT_RAW) | OPT_BIT(OPT_NO_HEADINGS))) == 0)
		print_summary(c);
	json_object_put(reply);
	if (r != 0)
		return r;
	return c->counts[RESULT_AGREE] + c->counts[RESULT_UNDECIDED] ==
	                       json_object_array_length(c->rows)
	               ? COMPARE_AGREE
	               : COMPARE_DIFFER;
}

int run_compare(struct ctl *ctl, const char *const *operands _unused_, size_t n _unused_)
{
	struct comparison c = { 0 };
	json_object *reply;
	char *text = NULL;
	int r = table_check_columns(&table_compare, ctl->options->columns);

	if (r != 0)
		return r;
	r = ctl_call(ctl, "ListPaths", NULL, &reply);
	if (r != 0) /* 1 would mean that there are differences */
		return r == EXIT_FAILED ? EXIT_UNREACHABLE : r;
	c.peers = json_object_new_object();
	c.rows = json_object_new_array();
	r = multipathd_ask("/proc", ctl->options->timeout_us, MULTIPATHD_PATHS_COMMAND,
	                   &text);
	if (r == 0)
		r = multipathd_paths_parse(text, c.peers);
	if (r == 0) {
		compare_all(&c, reply);
		r = print_comparison(ctl, &c);
	}
	free(text);
	json_object_put(c.peers);
	json_object_put(c.rows);
	json_object_put(reply);
	return r;
}

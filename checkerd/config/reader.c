/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the configuration that is built, until reader_finish() hands it over. Runs on the thread
 * that reads it. Sets the defaults before the first text, and checks the whole after the last
 * one.
 */
#include "checkerd/config/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "checkerd/config/value.h"
#include "util/block.h"

#define MAX_INTERVAL_FACTOR 4 /* as in multipath.conf(5) */

static void set_defaults(struct config *c)
{
	char error[VALUE_ERROR_SIZE];
	struct value v;

	for (size_t i = 0; i < keyword_count; i++) {
		const struct keyword *k = &keyword_table[i];

		if ((k->sections & 1U << SECTION_DEFAULTS) == 0 ||
		    k->type == VALUE_GROUP || k->type == VALUE_STRING ||
		    k->type == VALUE_FILE)
			continue;
		if (value_parse(k, k->fallback, &v, error) < 0)
			assert(!"the default of a keyword is valid");
		value_store(k, &v, (char *)c + k->in_config);
	}
}

int reader_init(struct reader *r)
{
	*r = (struct reader){ .config = calloc(1, sizeof(*r->config)) };
	r->ignored_reported =
	        calloc(keywords_ignored_count, sizeof(*r->ignored_reported));
	if (r->config != NULL) {
		r->config->defaults_at =
		        calloc(keyword_count, sizeof(*r->config->defaults_at));
		r->config->filters = calloc(1, sizeof(*r->config->filters));
		r->config->rules = calloc(1, sizeof(*r->config->rules));
	}
	if (r->ignored_reported == NULL || r->config == NULL ||
	    r->config->filters == NULL || r->config->rules == NULL ||
	    r->config->defaults_at == NULL) {
		reader_deinit(r);
		return -ENOMEM;
	}
	set_defaults(r->config);
	return 0;
}

void reader_deinit(struct reader *r)
{
	config_free(r->config);
	problems_deinit(r->problems.list, r->problems.n);
	block_free(r->path_origins);
	block_free(r->map_origins);
	free(r->ignored_reported);
	free(r->multipath_conf);
	*r = (struct reader){ 0 };
}

const char *reader_keep_name(struct reader *r, const char *name)
{
	struct config *c = r->config;
	char **files = array_room(c->files, c->n_files, sizeof(*files));

	if (files != NULL) {
		c->files = files;
		files[c->n_files] = strdup(name);
	}
	if (files == NULL || files[c->n_files] == NULL) {
		r->problems.oom = true;
		return NULL;
	}
	return files[c->n_files++];
}

struct config_origin reader_origin(const struct reader *r, const struct position *at)
{
	struct config_origin origin = { .line = at->line };

	/* The text that is read now is the last one. */
	for (size_t i = r->config->n_files; origin.file == 0 && i > 0; i--)
		if (r->config->files[i - 1] == at->file)
			origin.file = (uint32_t)i;
	return origin;
}

void reader_refuse(struct reader *r, const char *name, const char *why)
{
	struct position at = { name, 0, 0 };

	problem_error(&r->problems, &at, "%s", why);
}

/* One of the texts that have to differ. */
struct entry {
	const char *text;
	const char *group; /* equal texts are allowed with equal groups */
	size_t order;
	const struct position *at;
};

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int r = strcmp(x->text, y->text);

	if (r != 0)
		return r;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* The entry before entries[i] with the same text, of sorted entries. NULL: there is none. */
static const struct entry *earlier(const struct entry *entries, size_t i)
{
	if (i == 0 || strcmp(entries[i - 1].text, entries[i].text) != 0)
		return NULL;
	if (entries[i].group != NULL &&
	    strcmp(entries[i - 1].group, entries[i].group) == 0)
		return NULL;
	return &entries[i - 1];
}

static void report_doubles(struct reader *r, struct entry *entries, size_t n,
                           bool is_error, const char *what)
{
	char quoted[PROBLEM_QUOTE_SIZE];

	qsort(entries, n, sizeof(*entries), compare_entries);
	for (size_t i = 0; i < n; i++) {
		const struct entry *first = earlier(entries, i);

		if (first == NULL)
			continue;
		problem_quote(quoted, entries[i].text);
		(is_error ? problem_error : problem_warning)(
		        &r->problems, entries[i].at,
		        "%s %s is there twice: change it here or at %s:%u:%u", what,
		        quoted, first->at->file, first->at->line, first->at->column);
	}
}

static void check_doubles(struct reader *r)
{
	const struct config *c = r->config;
	const struct config_rules *rules = c->rules;
	struct entry *entries =
	        block_new(MAX(c->n_paths, rules->n_maps) + 1, sizeof(*entries));
	size_t n = 0;

	if (entries == NULL) {
		r->problems.oom = true;
		return;
	}
	for (size_t i = 0; i < c->n_paths; i++)
		entries[i] = (struct entry){ c->paths[i].device, NULL, i,
			                     &r->path_origins[i].device };
	report_doubles(r, entries, c->n_paths, true, "device");
	for (size_t i = 0; i < c->n_paths; i++)
		if (c->paths[i].alias != NULL)
			entries[n++] = (struct entry){ c->paths[i].alias, NULL, i,
				                       &r->path_origins[i].alias };
	report_doubles(r, entries, n, true, "alias");
	/* Only a warning: device-mapper's names of maps count, and multipathd warns, too. */
	for (size_t i = 0; i < rules->n_maps; i++)
		entries[i] = (struct entry){ rules->maps[i].alias, rules->maps[i].wwid, i,
			                     &r->map_origins[i] };
	report_doubles(r, entries, rules->n_maps, false, "alias");
	block_free(entries);
}

static void complete_max_interval(struct reader *r)
{
	struct config *c = r->config;

	if (r->max_interval_at.line == 0) {
		c->max_polling_interval_us = MAX_INTERVAL_FACTOR * c->polling_interval_us;
		return;
	}
	if (c->max_polling_interval_us >= c->polling_interval_us)
		return;
	problem_warning(
	        &r->problems, &r->max_interval_at,
	        "max_polling_interval is less than polling_interval, which is used for "
	        "both: raise it");
	c->max_polling_interval_us = c->polling_interval_us;
}

/* multipathd lets detection win over path_checker; see checker_choice.h. */
static void report_detection(struct reader *r)
{
	const struct config *c = r->config;

	if (r->detect_at.line != 0 && c->detect_checker &&
	    c->path_checker != CHECKER_AUTO &&
	    (c->path_checker & CHECKER_UNLESS_DETECTED) == 0)
		problem_warning(
		        &r->problems, &r->detect_at,
		        "detect_checker has no meaning here with path_checker %s: to "
		        "detect, write 'path_checker auto'",
		        checker_kind_name(c->path_checker));
}

/* Frees the unused rest of the array, because mlockall() would lock it, too. */
static void trim_paths(struct reader *r)
{
	struct config *c = r->config;
	struct static_path *paths;
	struct config_origin *at;

	if (c->n_paths == 0)
		return;
	paths = block_resize(c->paths, c->n_paths, sizeof(*paths));
	if (paths != NULL)
		c->paths = paths;
	at = block_resize(c->paths_at, c->n_paths, sizeof(*at));
	if (at != NULL)
		c->paths_at = at;
	if (paths == NULL || at == NULL)
		r->problems.oom = true;
}

int reader_finish(struct reader *r, struct config **ret)
{
	struct config *c = r->config;

	complete_max_interval(r);
	report_detection(r);
	check_doubles(r);
	trim_paths(r);
	if (c->n_paths > c->max_paths)
		problem_error(&r->problems, &r->path_origins[c->max_paths].device,
		              "%zu paths, and max_paths is %u: raise max_paths",
		              c->n_paths, c->max_paths);
	if (c->n_paths > 0 && c->discovery != DISCOVERY_STATIC)
		problem_warning(
		        &r->problems, &r->path_origins[0].device,
		        "paths are checked with 'discovery static' only: add that to "
		        "defaults");
	problems_close(&r->problems);
	if (r->problems.oom)
		return -ENOMEM;
	if (r->problems.errors > 0) {
		struct config *refused = calloc(1, sizeof(*refused));

		if (refused == NULL)
			return -ENOMEM;
		config_free(c);
		r->config = c = refused;
	}
	c->problems = r->problems.list;
	c->n_problems = r->problems.n;
	c->n_notes = r->problems.notes;
	r->problems.list = NULL;
	r->problems.n = 0;
	r->config = NULL;
	*ret = c;
	return r->problems.errors > 0 ? -EINVAL : 0;
}

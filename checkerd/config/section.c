/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the values of the section that is being read, in a draft. section_commit() moves them
 * into the configuration; draft_deinit() frees the rest. Runs on the thread that reads the
 * configuration.
 */
#include "checkerd/config/section.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "checkerd/config/value.h"
#include "checkerd/config/window_text.h"

/* Takes a text out of the draft: the caller owns it. */
static char *take_text(char **place)
{
	char *text = *place;

	*place = NULL;
	return text;
}

static struct pattern *take_pattern(struct pattern **place)
{
	struct pattern *p = *place;

	*place = NULL;
	return p;
}

void draft_deinit(struct draft *d)
{
	for (unsigned i = 0; i < SLOT_COUNT_; i++) {
		free(d->text[i]);
		pattern_free(d->pattern[i]);
	}
}

/* NULL: the error is recorded. */
static struct pattern *make_pattern(struct reader *r, const struct keyword *k,
                                    const struct token *value)
{
	static_assert(CONFIG_EXPRESSIONS_MAX == 1024,
	              "the message below has this number");
	char error[VALUE_ERROR_SIZE], quoted[PROBLEM_QUOTE_SIZE];
	const char *text = value->text;
	struct pattern *p = NULL;
	int result;

	if (strcmp(text, "*") == 0) {
		text = ".*";
		problem_warning(&r->problems, &value->at,
		                "%s '*': taken as '.*': these are regular expressions",
		                k->name);
	}
	result = pattern_new(&p, text, k->type == VALUE_NEGATED_REGEX, error,
	                     sizeof(error));
	if (result == -EINVAL || result == -E2BIG)
		problem_error(&r->problems, &value->at,
		              "%s %s: bad regular expression: %s", k->name,
		              problem_quote(quoted, value->text), error);
	else if (result < 0)
		r->problems.oom = true;
	if (result == 0)
		p->at = reader_origin(r, &value->at);
	if (result < 0 || p->literal != NULL || ++r->compiled <= CONFIG_EXPRESSIONS_MAX)
		return p;
	if (r->compiled == CONFIG_EXPRESSIONS_MAX + 1)
		problem_error(&r->problems, &value->at,
		              "more than 1024 regular expressions: join some with '|'");
	return pattern_free(p);
}

static void fill_criterion(struct reader *r, struct filter *f, const struct keyword *k,
                           const struct token *value)
{
	struct pattern **list, *p = make_pattern(r, k, value);

	if (p == NULL)
		return;
	list = array_room(f->patterns[k->criterion], f->n_patterns[k->criterion],
	                  sizeof(*list));
	if (list == NULL) {
		pattern_free(p);
		r->problems.oom = true;
		return;
	}
	f->patterns[k->criterion] = list;
	list[f->n_patterns[k->criterion]++] = p;
}

static void fill_slot(struct reader *r, const struct keyword *k,
                      const struct token *value, struct draft *d)
{
	d->slot_at[k->slot] = value->at;
	if (k->type == VALUE_REGEX || k->type == VALUE_NEGATED_REGEX) {
		pattern_free(d->pattern[k->slot]);
		d->pattern[k->slot] = make_pattern(r, k, value);
		return;
	}
	free(d->text[k->slot]);
	d->text[k->slot] = strdup(value->text);
	if (d->text[k->slot] == NULL)
		r->problems.oom = true;
}

/* field: a char * of struct config. No group is NULL. */
static void fill_string(struct reader *r, const struct keyword *k, const char *text,
                        char **field)
{
	free(*field);
	*field = NULL;
	if (k->type == VALUE_GROUP && *text == '\0')
		return;
	*field = strdup(text);
	if (*field == NULL)
		r->problems.oom = true;
}

static void fill_default(struct reader *r, const struct keyword *k, const struct value *v,
                         const struct token *value)
{
	struct config *c = r->config;

	if (k->in_config == offsetof(struct config, max_polling_interval_us))
		r->max_interval_at = value->at;
	if (k->in_config == offsetof(struct config, detect_checker))
		r->detect_at = value->at;
	c->defaults_at[k - keyword_table] = reader_origin(r, &value->at);
	if (k->type == VALUE_FILE)
		fill_string(r, k, v->text, &r->multipath_conf);
	else if (k->type == VALUE_GROUP || k->type == VALUE_STRING)
		fill_string(r, k, v->text, (char **)(void *)((char *)c + k->in_config));
	else
		value_store(k, v, (char *)c + k->in_config);
}

/* Reports a keyword that the section has twice. False: that is an error. */
static bool report_repeated(struct reader *r, enum section in, const struct keyword *k,
                            const struct position *at, struct draft *d)
{
	struct position *seen = &d->seen[k - keyword_table];
	struct position before = *seen;

	*seen = *at;
	if (before.line == 0 || in == SECTION_BLACKLIST || in == SECTION_EXCEPTIONS)
		return true;
	if (in != SECTION_PATH && in != SECTION_WINDOW) {
		problem_warning(&r->problems, at,
		                "%s again: this one counts: remove the one at %s:%u:%u",
		                k->name, before.file, before.line, before.column);
		return true;
	}
	problem_error(&r->problems, at,
	              "%s again, after %s:%u:%u: each %s needs a '%s { }' of its own",
	              k->name, before.file, before.line, before.column,
	              section_table[in].name, section_table[in].name);
	return false;
}

void section_value(struct reader *r, enum section in, const struct keyword *k,
                   const struct position *keyword_at, const struct token *value,
                   struct draft *d)
{
	struct config *c = r->config;
	char error[VALUE_ERROR_SIZE];
	struct value v;

	if (!report_repeated(r, in, k, keyword_at, d))
		return;
	if (value_parse(k, value->text, &v, error) < 0) {
		problem_error(&r->problems, &value->at, "%s", error);
		return;
	}
	if (in == SECTION_DEFAULTS) {
		fill_default(r, k, &v, value);
	} else if (in == SECTION_BLACKLIST) {
		fill_criterion(r, &c->filters->blacklist, k, value);
	} else if (in == SECTION_EXCEPTIONS) {
		fill_criterion(r, &c->filters->exceptions, k, value);
	} else if (keywords_is_setting(in, k)) {
		struct overlay *o =
		        in == SECTION_OVERRIDES ? &c->rules->overrides : &d->overlay;

		value_store(k, &v, (char *)&o->settings + k->in_settings);
		o->set |= UINT64_C(1) << (k - keyword_table);
		o->at[k - keyword_table] = reader_origin(r, &value->at);
	} else {
		fill_slot(r, k, value, d);
	}
}

static void commit_path(struct reader *r, struct draft *d)
{
	struct config *c = r->config;
	struct static_path *paths;
	struct config_origin *at;
	struct path_origin *origins;

	if (d->text[SLOT_DEVICE] == NULL) {
		if (d->slot_at[SLOT_DEVICE].line == 0)
			problem_error(
			        &r->problems, &d->at,
			        "path without a device: add 'device /dev/NAME' to it");
		return;
	}
	paths = array_room(c->paths, c->n_paths, sizeof(*paths));
	if (paths != NULL)
		c->paths = paths;
	at = array_room(c->paths_at, c->n_paths, sizeof(*at));
	if (at != NULL)
		c->paths_at = at;
	origins = array_room(r->path_origins, c->n_paths, sizeof(*origins));
	if (origins != NULL)
		r->path_origins = origins;
	if (paths == NULL || at == NULL || origins == NULL) {
		r->problems.oom = true;
		return;
	}
	origins[c->n_paths] =
	        (struct path_origin){ d->slot_at[SLOT_DEVICE], d->slot_at[SLOT_ALIAS] };
	at[c->n_paths] = reader_origin(r, &d->slot_at[SLOT_DEVICE]);
	paths[c->n_paths++] = (struct static_path){ take_text(&d->text[SLOT_DEVICE]),
		                                    take_text(&d->text[SLOT_ALIAS]),
		                                    take_text(&d->text[SLOT_MAP]) };
}

/* Does a device subsection name its devices? */
static bool names_devices(struct reader *r, const struct draft *d)
{
	if (d->pattern[SLOT_VENDOR] != NULL || d->pattern[SLOT_PRODUCT] != NULL)
		return true;
	if (d->slot_at[SLOT_VENDOR].line == 0 && d->slot_at[SLOT_PRODUCT].line == 0)
		problem_error(&r->problems, &d->at,
		              "device without vendor and product: add one of them");
	return false;
}

static void commit_filter_device(struct reader *r, struct filter *f, struct draft *d)
{
	struct device_filter *devices;

	if (!names_devices(r, d))
		return;
	devices = array_room(f->devices, f->n_devices, sizeof(*devices));
	if (devices == NULL) {
		r->problems.oom = true;
		return;
	}
	f->devices = devices;
	devices[f->n_devices++] =
	        (struct device_filter){ take_pattern(&d->pattern[SLOT_VENDOR]),
		                        take_pattern(&d->pattern[SLOT_PRODUCT]) };
}

static void commit_device(struct reader *r, struct draft *d)
{
	struct config_rules *rules = r->config->rules;
	struct device_rule *devices;

	/* Sections of multipath.conf without a setting for checkerd are no rules. */
	if (!names_devices(r, d) ||
	    (d->overlay.set == 0 && d->pattern[SLOT_PRODUCT_BLACKLIST] == NULL &&
	     d->text[SLOT_UID_ATTRIBUTE] == NULL))
		return;
	devices = array_room(rules->devices, rules->n_devices, sizeof(*devices));
	if (devices == NULL) {
		r->problems.oom = true;
		return;
	}
	rules->devices = devices;
	devices[rules->n_devices++] = (struct device_rule){
		.vendor = take_pattern(&d->pattern[SLOT_VENDOR]),
		.product = take_pattern(&d->pattern[SLOT_PRODUCT]),
		.revision = take_pattern(&d->pattern[SLOT_REVISION]),
		.product_blacklist = take_pattern(&d->pattern[SLOT_PRODUCT_BLACKLIST]),
		.uid_attribute = take_text(&d->text[SLOT_UID_ATTRIBUTE]),
		.overlay = d->overlay,
	};
}

static void commit_overrides(struct reader *r, struct draft *d)
{
	struct config_rules *rules = r->config->rules;

	if (d->text[SLOT_UID_ATTRIBUTE] == NULL)
		return;
	free(rules->overrides_uid_attribute);
	rules->overrides_uid_attribute = take_text(&d->text[SLOT_UID_ATTRIBUTE]);
}

static void commit_protocol(struct reader *r, struct draft *d)
{
	struct config_rules *rules = r->config->rules;
	struct protocol_rule *protocols;

	if (d->text[SLOT_TYPE] == NULL && d->slot_at[SLOT_TYPE].line == 0)
		problem_error(&r->problems, &d->at,
		              "protocol without a type: add one, like 'type scsi:fcp'");
	if (d->text[SLOT_TYPE] == NULL || d->overlay.set == 0)
		return;
	protocols = array_room(rules->protocols, rules->n_protocols, sizeof(*protocols));
	if (protocols == NULL) {
		r->problems.oom = true;
		return;
	}
	rules->protocols = protocols;
	protocols[rules->n_protocols++] =
	        (struct protocol_rule){ take_text(&d->text[SLOT_TYPE]), d->overlay };
}

static void commit_multipath(struct reader *r, struct draft *d)
{
	struct config_rules *rules = r->config->rules;
	struct map_rule *maps;
	struct position *origins;

	if (d->text[SLOT_WWID] == NULL && d->slot_at[SLOT_WWID].line == 0)
		problem_error(&r->problems, &d->at,
		              "multipath without a wwid: add 'wwid IDENTIFIER' to it");
	if (d->text[SLOT_WWID] == NULL || d->text[SLOT_ALIAS] == NULL)
		return;
	maps = array_room(rules->maps, rules->n_maps, sizeof(*maps));
	if (maps != NULL)
		rules->maps = maps;
	origins = array_room(r->map_origins, rules->n_maps, sizeof(*origins));
	if (origins != NULL)
		r->map_origins = origins;
	if (maps == NULL || origins == NULL) {
		r->problems.oom = true;
		return;
	}
	origins[rules->n_maps] = d->slot_at[SLOT_ALIAS];
	maps[rules->n_maps++] =
	        (struct map_rule){ take_text(&d->text[SLOT_WWID]),
		                   take_text(&d->text[SLOT_ALIAS]),
		                   reader_origin(r, &d->slot_at[SLOT_ALIAS]) };
}

static struct window_value value_in(const struct draft *d, enum slot slot)
{
	return (struct window_value){ d->text[slot], d->slot_at[slot] };
}

static bool is_on(const char *text)
{
	return text != NULL && (strcmp(text, "yes") == 0 || strcmp(text, "on") == 0);
}

static void commit_window(struct reader *r, struct draft *d)
{
	const struct window_text t = {
		.at = d->at,
		.days = value_in(d, SLOT_DAYS),
		.from = value_in(d, SLOT_FROM),
		.to = value_in(d, SLOT_TO),
		.date = value_in(d, SLOT_DATE),
	};
	struct maintenance_window w = {
		.host = d->text[SLOT_HOST],
		.target = d->text[SLOT_TARGET],
		.map = d->text[SLOT_MAP],
		.devnode = d->pattern[SLOT_DEVNODE],
		.fail = is_on(d->text[SLOT_FAIL]),
		.force = is_on(d->text[SLOT_FORCE]),
	};

	if (!window_text_commit(r, &t, &w))
		return;
	(void)take_text(&d->text[SLOT_HOST]); /* w has it, and the next ones */
	(void)take_text(&d->text[SLOT_TARGET]);
	(void)take_text(&d->text[SLOT_MAP]);
	(void)take_pattern(&d->pattern[SLOT_DEVNODE]);
}

void section_commit(struct reader *r, enum section in, struct draft *d)
{
	if (in == SECTION_PATH)
		commit_path(r, d);
	else if (in == SECTION_BLACKLIST_DEVICE)
		commit_filter_device(r, &r->config->filters->blacklist, d);
	else if (in == SECTION_EXCEPTIONS_DEVICE)
		commit_filter_device(r, &r->config->filters->exceptions, d);
	else if (in == SECTION_DEVICE)
		commit_device(r, d);
	else if (in == SECTION_OVERRIDES)
		commit_overrides(r, d);
	else if (in == SECTION_PROTOCOL)
		commit_protocol(r, d);
	else if (in == SECTION_MULTIPATH)
		commit_multipath(r, d);
	else if (in == SECTION_WINDOW)
		commit_window(r, d);
}

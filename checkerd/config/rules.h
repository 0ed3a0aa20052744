/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_RULES_H
#define CHECKERD_CONFIG_RULES_H

/*
 * What config.h keeps opaque: expressions, filters, rules. All of it immutable once read.
 * Arrays grow by array_room().
 */
#include <regex.h>

#include "checkerd/config/keywords.h"

#define PATTERN_ELEMENTS_MAX 8192 /* an expression written out, repetitions and all */
#define PATTERN_NESTING_MAX  16   /* parentheses */

struct pattern {
	char *text; /* as written, '!' included; owned */
	bool negated;
	/* Without special characters: compared, not compiled. */
	const char *literal; /* in text; NULL: compiled */
	size_t literal_size;
	bool from_begin, to_end;
	regex_t regex; /* only without a literal */
};

/* -ENOMEM; -EINVAL: `error` says why, in one line that does not repeat the text. */
_must_check_ int pattern_new(struct pattern **ret, const char *text, bool may_negate,
                             char *error, size_t error_size);
struct pattern *pattern_free(struct pattern *p); /* NULL allowed; returns NULL */
/* What is not known matches nothing, not even the opposite of something. */
bool pattern_match(const struct pattern *p, const char *subject);
/* The same for the whole of the subject; not for a negated one. */
bool pattern_match_whole(const struct pattern *p, const char *subject);

/* A device subsection; NULL patterns match anything. */
struct device_filter {
	struct pattern *vendor, *product; /* owned; one of them at least */
};

struct filter {
	struct pattern *
	        *patterns[CRITERION_COUNT_]; /* owned, in the order they were read */
	size_t n_patterns[CRITERION_COUNT_];
	struct device_filter *devices;
	size_t n_devices;
};

struct config_filters {
	struct filter blacklist, exceptions;
};

/* Settings of which some are given. */
struct overlay {
	uint64_t set; /* bits: numbers of rows of keyword_table */
	struct config_settings settings;
};

struct device_rule {
	struct pattern *vendor, *product, *revision; /* owned; NULL matches anything */
	struct pattern *product_blacklist;           /* owned; NULL: none */
	struct overlay overlay;
};

struct map_rule {
	char *wwid, *alias; /* owned */
};

struct config_rules {
	struct device_rule *devices;
	size_t n_devices;
	struct overlay overrides;
	struct map_rule *maps;
	size_t n_maps;
};

struct config_filters *filters_free(struct config_filters *f); /* NULL allowed */
struct config_rules *rules_free(struct config_rules *r);       /* NULL allowed */
void device_rule_deinit(struct device_rule *r);

#endif

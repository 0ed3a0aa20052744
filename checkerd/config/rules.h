/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_RULES_H
#define CHECKERD_CONFIG_RULES_H

/*
 * What config.h keeps opaque: filters and rules. They are immutable once the configuration is
 * read. Their arrays grow by array_room().
 */
#include "checkerd/config/keywords.h"
#include "checkerd/config/maintenance.h"
#include "checkerd/config/pattern.h"

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

/* Settings of a section, of which some are given. */
struct overlay {
	uint64_t set; /* bits: numbers of rows of keyword_table */
	struct config_origin at[KEYWORDS_MAX]; /* of those that are set */
	struct config_settings settings;
};

struct device_rule {
	struct pattern *vendor, *product, *revision; /* owned; NULL matches anything */
	struct pattern *product_blacklist;           /* owned; NULL: none */
	char *uid_attribute;                         /* owned; NULL: not given */
	struct overlay overlay;
};

struct protocol_rule {
	char *type; /* owned */
	struct overlay overlay;
};

struct map_rule {
	char *wwid, *alias;      /* owned */
	struct config_origin at; /* of the alias */
};

struct config_rules {
	struct device_rule *devices;
	size_t n_devices;
	struct overlay overrides;
	char *overrides_uid_attribute;   /* owned; NULL: not given */
	struct protocol_rule *protocols; /* of overrides */
	size_t n_protocols;
	struct map_rule *maps;
	size_t n_maps;
	struct maintenance maintenance;
};

struct config_filters *filters_free(struct config_filters *f); /* NULL allowed */
struct config_rules *rules_free(struct config_rules *r);       /* NULL allowed */

#endif

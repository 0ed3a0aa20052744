/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing: frees the filters and rules of one configuration. Runs on the thread that drops
 * the last reference to it.
 */
#include "checkerd/config/rules.h"

#include <stdlib.h>

#include "util/block.h"

static void filter_deinit(struct filter *f)
{
	for (unsigned c = 0; c < CRITERION_COUNT_; c++) {
		for (size_t i = 0; i < f->n_patterns[c]; i++)
			pattern_free(f->patterns[c][i]);
		block_free(f->patterns[c]);
	}
	for (size_t i = 0; i < f->n_devices; i++) {
		pattern_free(f->devices[i].vendor);
		pattern_free(f->devices[i].product);
	}
	block_free(f->devices);
}

struct config_filters *filters_free(struct config_filters *f)
{
	if (f == NULL)
		return NULL;
	filter_deinit(&f->blacklist);
	filter_deinit(&f->exceptions);
	free(f);
	return NULL;
}

static void device_rule_deinit(struct device_rule *r)
{
	pattern_free(r->vendor);
	pattern_free(r->product);
	pattern_free(r->revision);
	pattern_free(r->product_blacklist);
	free(r->uid_attribute);
}

struct config_rules *rules_free(struct config_rules *r)
{
	if (r == NULL)
		return NULL;
	for (size_t i = 0; i < r->n_devices; i++)
		device_rule_deinit(&r->devices[i]);
	for (size_t i = 0; i < r->n_protocols; i++)
		free(r->protocols[i].type);
	for (size_t i = 0; i < r->n_maps; i++) {
		free(r->maps[i].wwid);
		free(r->maps[i].alias);
	}
	free(r->overrides_uid_attribute);
	block_free(r->devices);
	block_free(r->protocols);
	block_free(r->maps);
	maintenance_deinit(&r->maintenance);
	free(r);
	return NULL;
}

const struct maintenance *maintenance_of(const struct config *c)
{
	return &c->rules->maintenance;
}

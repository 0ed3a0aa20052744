/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing. Runs on the thread that reads the configuration, after the last drop-in. */
#include "checkerd/config/multipath/mpconf_finish.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/block.h"

#define MAX_INTERVAL_FACTOR 4

static void store_interval(struct mpconf *m, const char *name,
                           const struct mpconf_number *n)
{
	struct draft d = { 0 };

	m->value.at = n->at;
	(void)snprintf(m->value.text, sizeof(m->value.text), "%" PRId64, n->number);
	mpconf_section_number(m, SECTION_DEFAULTS, keywords_find(SECTION_DEFAULTS, name),
	                      &m->value, n->number, &n->keyword_at, &d);
	draft_deinit(&d);
}

/* multipathd derives one of the two intervals from the other one, and none is above its maximum. */
static void finish_intervals(struct mpconf *m)
{
	struct mpconf_number *n = &m->interval, *max = &m->max_interval;

	if (max->at.line != 0 && n->at.line == 0) {
		*n = *max;
		n->number = MAX(max->number / MAX_INTERVAL_FACTOR, 1);
		problem_note(&m->reader->problems, &max->keyword_at,
		             "polling_interval is not given: a quarter of "
		             "max_polling_interval, %" PRId64 " s, is in force",
		             n->number);
	} else if (max->at.line != 0 && n->number > max->number) {
		problem_warning(&m->reader->problems, &n->at,
		                "polling_interval %" PRId64
		                ": more than max_polling_interval: "
		                "%" PRId64 " is in force for both",
		                n->number, max->number);
		n->number = max->number;
	}
	if (n->at.line != 0)
		store_interval(m, "polling_interval", n);
	if (max->at.line != 0)
		store_interval(m, "max_polling_interval", max);
}

/* A section multipath, by its number. */
struct map_entry {
	const char *wwid, *alias;
	size_t number;
};

static int compare_wwids(const void *a, const void *b)
{
	const struct map_entry *x = a, *y = b;
	int r = strcmp(x->wwid, y->wwid);

	return r != 0 ? r : (x->number > y->number) - (x->number < y->number);
}

static int compare_aliases(const void *a, const void *b)
{
	const struct map_entry *x = a, *y = b;
	int r = strcmp(x->alias, y->alias);

	return r != 0 ? r : strcmp(x->wwid, y->wwid);
}

/* Of sections with the same WWID the last one counts. Returns how many count, in list[0] and after. */
static size_t drop_earlier_wwids(struct mpconf *m, struct map_entry *list, size_t n,
                                 bool *dropped)
{
	const struct position *at = m->reader->map_origins;
	char quoted[PROBLEM_QUOTE_SIZE];
	size_t kept = 0;

	qsort(list, n, sizeof(*list), compare_wwids);
	for (size_t i = 0; i < n; i++) {
		if (i + 1 == n || strcmp(list[i].wwid, list[i + 1].wwid) != 0) {
			list[kept++] = list[i];
			continue;
		}
		dropped[list[i].number] = true;
		problem_warning(
		        &m->reader->problems, &at[list[i + 1].number],
		        "another alias for the same wwid: this one counts, not %s "
		        "of %s:%u:%u",
		        problem_quote(quoted, list[i].alias), at[list[i].number].file,
		        at[list[i].number].line, at[list[i].number].column);
	}
	return kept;
}

/* An alias for two WWIDs could mix two disks in one map: the first WWID in byte order gets it. */
static void drop_later_aliases(struct mpconf *m, struct map_entry *list, size_t n,
                               bool *dropped)
{
	const struct position *at = m->reader->map_origins;
	char quoted[PROBLEM_QUOTE_SIZE];
	size_t first = 0;

	qsort(list, n, sizeof(*list), compare_aliases);
	for (size_t i = 1; i < n; i++) {
		const struct position *kept = &at[list[first].number];

		if (strcmp(list[i].alias, list[first].alias) != 0) {
			first = i;
			continue;
		}
		dropped[list[i].number] = true;
		problem_warning(&m->reader->problems, &at[list[i].number],
		                "alias %s is passed over: %s:%u:%u gives it to another "
		                "wwid",
		                problem_quote(quoted, list[i].alias), kept->file,
		                kept->line, kept->column);
	}
}

static void remove_dropped(struct mpconf *m, const bool *dropped)
{
	struct config_rules *rules = m->reader->config->rules;
	size_t kept = 0;

	for (size_t i = 0; i < rules->n_maps; i++) {
		if (dropped[i]) {
			free(rules->maps[i].wwid);
			free(rules->maps[i].alias);
			continue;
		}
		m->reader->map_origins[kept] = m->reader->map_origins[i];
		rules->maps[kept++] = rules->maps[i];
	}
	rules->n_maps = kept;
}

static void finish_maps(struct mpconf *m)
{
	const struct config_rules *rules = m->reader->config->rules;
	size_t n = rules->n_maps;
	struct map_entry *list = block_new(n + 1, sizeof(*list));
	bool *dropped = block_new(n + 1, sizeof(*dropped));

	if (list != NULL && dropped != NULL) {
		for (size_t i = 0; i < n; i++)
			list[i] = (struct map_entry){ rules->maps[i].wwid,
				                      rules->maps[i].alias, i };
		n = drop_earlier_wwids(m, list, n, dropped);
		drop_later_aliases(m, list, n, dropped);
		remove_dropped(m, dropped);
	} else {
		m->reader->problems.oom = true;
	}
	block_free(list);
	block_free(dropped);
}

void mpconf_finish(struct mpconf *m)
{
	finish_intervals(m);
	finish_maps(m);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the list of candidates, until it returns. Runs on the discovery thread. */
#include "checkerd/discovery/static_names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkerd/discovery/identity.h"
#include "util/block.h"
#include "util/hash.h"

struct candidate {
	const char *node, *base;
	size_t index;
	bool named; /* has its name */
};

static int by_base(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	int order = strcmp(x->base, y->base);

	if (order != 0)
		return order;
	return x->index < y->index ? -1 : x->index > y->index;
}

/* Copies a name with control characters escaped. False: the name does not fit. */
static bool name_copy(char *ret_name, const char *name)
{
	struct identity id;
	const char *clean;

	identity_init(&id);
	identity_set(&id, &clean, name);
	if (clean == NULL || strlen(clean) >= DEVICE_NAME_MAX)
		return false;
	memcpy(ret_name, clean, strlen(clean) + 1);
	return true;
}

static void name_long(char *ret_name, const struct candidate *c)
{
	char start[DEVICE_NAME_MAX];
	size_t keep = strlen(c->base);

	/* 12 bytes leave room for bytes that are escaped to four. */
	keep = MIN(keep, (size_t)12);
	memcpy(start, c->base, keep);
	start[keep] = '\0';
	if (!name_copy(ret_name, start))
		ret_name[0] = '\0';
	keep = strlen(ret_name);
	(void)snprintf(ret_name + keep, DEVICE_NAME_MAX - keep, "~%08x",
	               hash_text32(c->node));
}

static void name_other(char *ret_name, const struct candidate *c)
{
	if (!name_copy(ret_name, c->node))
		name_long(ret_name, c);
}

/* Was the node reported under one of the names that it can have? */
static bool had_name(const struct found_list *reported, const struct candidate *c,
                     char *ret_name)
{
	for (int kind = 0; kind < 3; kind++) {
		size_t at;

		if (kind == 2)
			name_long(ret_name, c);
		else if (!name_copy(ret_name, kind == 0 ? c->base : c->node))
			continue;
		at = found_list_find(reported, ret_name);
		if (at < reported->n &&
		    strcmp(device_node(reported->entries[at].device), c->node) == 0)
			return true;
	}
	return false;
}

/* Names all candidates with one base, in the order of the configuration. */
static void name_same_base(struct candidate *same, size_t n,
                           char (*names)[DEVICE_NAME_MAX])
{
	char base[DEVICE_NAME_MAX];
	bool free_to_take = name_copy(base, same[0].base);

	for (size_t i = 0; free_to_take && i < n; i++) {
		if (same[i].named && strcmp(names[same[i].index], base) == 0)
			free_to_take = false;
	}
	for (size_t i = 0; i < n; i++) {
		char *name = names[same[i].index];

		if (same[i].named)
			continue;
		if (free_to_take)
			memcpy(name, base, sizeof(base));
		else
			name_other(name, &same[i]);
		free_to_take = false;
	}
}

int static_names_choose(size_t n, const char *const *nodes,
                        const struct found_list *reported,
                        char (*ret_names)[DEVICE_NAME_MAX])
{
	struct candidate *all;
	size_t end;

	if (n == 0)
		return 0;
	all = block_new(n, sizeof(*all));
	if (all == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const char *slash = strrchr(nodes[i], '/');

		all[i].node = nodes[i];
		all[i].base = slash == NULL ? nodes[i] : slash + 1;
		all[i].index = i;
		all[i].named = had_name(reported, &all[i], ret_names[i]);
	}
	qsort(all, n, sizeof(*all), by_base);
	for (size_t start = 0; start < n; start = end) {
		for (end = start + 1;
		     end < n && strcmp(all[start].base, all[end].base) == 0; end++)
			;
		name_same_base(&all[start], end - start, ret_names);
	}
	block_free(all);
	return 0;
}

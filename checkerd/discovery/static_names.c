/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names for static paths. Pure but for malloc(); runs on the discovery thread. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkerd/discovery/scan.h"
#include "util/block.h"

struct candidate {
	const char *node, *base;
	size_t index;
	bool named; /* it has its name already */
};

static int by_base(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	int order = strcmp(x->base, y->base);

	if (order != 0)
		return order;
	return x->index < y->index ? -1 : x->index > y->index;
}

/* FNV-1a, 32 bits: a node that has no shorter name is told apart by it. */
static uint32_t checksum(const char *s)
{
	uint32_t h = UINT32_C(2166136261);

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * UINT32_C(16777619);
	return h;
}

/* Copies a name, made harmless; false: it does not fit. */
static bool put(char *ret_name, const char *name)
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

static void put_long(char *ret_name, const struct candidate *c)
{
	char start[DEVICE_NAME_MAX];
	size_t keep = strlen(c->base);

	/* Half of it leaves room for bytes that become four. */
	keep = MIN(keep, (size_t)12);
	memcpy(start, c->base, keep);
	start[keep] = '\0';
	if (!put(ret_name, start))
		ret_name[0] = '\0';
	keep = strlen(ret_name);
	(void)snprintf(ret_name + keep, DEVICE_NAME_MAX - keep, "~%08x",
	               checksum(c->node));
}

static void put_other(char *ret_name, const struct candidate *c)
{
	if (!put(ret_name, c->node))
		put_long(ret_name, c);
}

/* The names the node may have had before. */
static bool had_name(const struct found_list *told, const struct candidate *c,
                     char *ret_name)
{
	for (int kind = 0; kind < 3; kind++) {
		size_t at;

		if (kind == 2)
			put_long(ret_name, c);
		else if (!put(ret_name, kind == 0 ? c->base : c->node))
			continue;
		at = found_list_find(told, ret_name);
		if (at < told->n &&
		    strcmp(device_node(told->entries[at].device), c->node) == 0)
			return true;
	}
	return false;
}

/* Names the candidates of one base, all of them in the order of the configuration. */
static void name_run(struct candidate *run, size_t n, char (*names)[DEVICE_NAME_MAX])
{
	char base[DEVICE_NAME_MAX];
	bool free_to_take = put(base, run[0].base);

	for (size_t i = 0; free_to_take && i < n; i++) {
		if (run[i].named && strcmp(names[run[i].index], base) == 0)
			free_to_take = false;
	}
	for (size_t i = 0; i < n; i++) {
		char *name = names[run[i].index];

		if (run[i].named)
			continue;
		if (free_to_take)
			memcpy(name, base, sizeof(base));
		else
			put_other(name, &run[i]);
		free_to_take = false;
	}
}

int scan_names(size_t n, const char *const *nodes, const struct found_list *told,
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
		all[i].named = had_name(told, &all[i], ret_names[i]);
	}
	qsort(all, n, sizeof(*all), by_base);
	for (size_t start = 0; start < n; start = end) {
		for (end = start + 1;
		     end < n && strcmp(all[start].base, all[end].base) == 0; end++)
			;
		name_run(&all[start], end - start, ret_names);
	}
	block_free(all);
	return 0;
}

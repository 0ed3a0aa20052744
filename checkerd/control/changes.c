/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the table of changes and the table of the names they belong to. A change is in two lists:
 * the list of its path, oldest first, and the list of all by age. A name is kept while there is
 * a change of its path. Neither table is locked in memory: docs/MEMORY.md says why. The control
 * thread runs this.
 */
#include "checkerd/control/changes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "checkerd/control/control_limits.h"
#include "util/hash.h"
#include "util/pages.h"

#define NONE CHANGES_NONE

struct named {
	char name[EVENT_PATH_MAX];
	/* Changes of the path. */
	uint32_t first, last, n;
	/* The next name with the same hash, or on the free list. */
	uint32_t next;
};

struct changes {
	uint32_t max_paths;
	uint32_t mask;
	struct change *table;
	struct named *names;
	/* Names by hash. */
	uint32_t *heads;
	uint32_t free_change, free_name;
	uint32_t oldest, newest;
};

uint32_t changes_room(uint32_t max_paths)
{
	return CHANGES_A_PATH * max_paths + CHANGES_MARGIN;
}

/* The paths that exist, and some that were removed. */
static uint32_t names_size(uint32_t max_paths)
{
	return max_paths + CHANGES_MARGIN / 2;
}

uint64_t changes_bytes(uint32_t max_paths)
{
	uint32_t names = names_size(max_paths);

	return sizeof(struct changes) +
	       (uint64_t)changes_room(max_paths) * sizeof(struct change) +
	       (uint64_t)names * sizeof(struct named) +
	       (uint64_t)hash_table_size(names) * sizeof(uint32_t);
}

int changes_new(struct changes **ret, uint32_t max_paths)
{
	uint32_t n = changes_room(max_paths), names = names_size(max_paths);
	uint32_t heads = hash_table_size(names);
	struct changes *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return -ENOMEM;
	c->max_paths = max_paths;
	c->table = pages_new_unlocked(n * sizeof(*c->table));
	c->names = pages_new_unlocked(names * sizeof(*c->names));
	c->heads = pages_new_unlocked(heads * sizeof(*c->heads));
	if (c->table == NULL || c->names == NULL || c->heads == NULL) {
		changes_free(c);
		return -ENOMEM;
	}
	c->mask = heads - 1;
	c->oldest = c->newest = NONE;
	for (uint32_t i = 0; i < heads; i++)
		c->heads[i] = NONE;
	for (uint32_t i = 0; i < n; i++)
		c->table[i].newer = i + 1 < n ? i + 1 : NONE;
	for (uint32_t i = 0; i < names; i++)
		c->names[i].next = i + 1 < names ? i + 1 : NONE;
	*ret = c;
	return 0;
}

struct changes *changes_free(struct changes *c)
{
	uint32_t names;

	if (c == NULL)
		return NULL;
	names = names_size(c->max_paths);
	pages_free(c->table, changes_room(c->max_paths) * sizeof(*c->table));
	pages_free(c->names, names * sizeof(*c->names));
	pages_free(c->heads, hash_table_size(names) * sizeof(*c->heads));
	free(c);
	return NULL;
}

/* --- names --- */

static uint32_t *head_of(const struct changes *c, const char *name)
{
	return &c->heads[hash_text32(name) & c->mask];
}

static uint32_t find_name(const struct changes *c, const char *name)
{
	uint32_t i = *head_of(c, name);

	while (i != NONE && strcmp(c->names[i].name, name) != 0)
		i = c->names[i].next;
	return i;
}

static uint32_t add_name(struct changes *c, const char *name)
{
	uint32_t *head = head_of(c, name), i = c->free_name;
	struct named *n = &c->names[i];

	assert(i != NONE && strlen(name) < sizeof(n->name));
	c->free_name = n->next;
	*n = (struct named){ .first = NONE, .last = NONE, .next = *head };
	strcpy(n->name, name);
	*head = i;
	return i;
}

static void drop_name(struct changes *c, uint32_t i)
{
	uint32_t *link = head_of(c, c->names[i].name);

	while (*link != i)
		link = &c->names[*link].next;
	*link = c->names[i].next;
	c->names[i].next = c->free_name;
	c->free_name = i;
}

/* --- changes --- */

static void unlink_age(struct changes *c, const struct change *x)
{
	if (x->older != NONE)
		c->table[x->older].newer = x->newer;
	else
		c->oldest = x->newer;
	if (x->newer != NONE)
		c->table[x->newer].older = x->older;
	else
		c->newest = x->older;
}

/* Forgets the oldest change of a path. The oldest change of all is the oldest of its path. */
static void forget(struct changes *c, uint32_t name)
{
	struct named *n = &c->names[name];
	uint32_t i = n->first;
	struct change *x = &c->table[i];

	assert(n->n > 0 && x->path == name);
	unlink_age(c, x);
	n->first = x->next_of_path;
	n->n--;
	x->newer = c->free_change;
	c->free_change = i;
	if (n->n == 0)
		drop_name(c, name);
}

static bool state_of(const char *word, uint8_t *ret)
{
	for (unsigned s = 0; s < PATH_STATE_COUNT_; s++)
		if (strcmp(path_state_name(s), word) == 0) {
			*ret = (uint8_t)s;
			return true;
		}
	return false;
}

static void append_change(struct changes *c, uint32_t name, uint32_t i)
{
	struct named *n = &c->names[name];
	struct change *x = &c->table[i];

	x->path = name;
	x->next_of_path = NONE;
	x->older = c->newest;
	x->newer = NONE;
	if (c->newest != NONE)
		c->table[c->newest].newer = i;
	else
		c->oldest = i;
	c->newest = i;
	if (n->n > 0)
		c->table[n->last].next_of_path = i;
	else
		n->first = i;
	n->last = i;
	n->n++;
}

uint32_t changes_add(struct changes *c, const struct event *e)
{
	struct change x = {
		.seq = e->part == EVENT_MEMBER ? CHANGE_OF_GROUP | e->group : e->seq,
		.realtime_us = e->realtime_us,
		.lasted_us = e->lasted_us,
		.reason = e->why,
	};
	uint32_t name, i;

	/* An event from a state to the same state reports an error of the device. */
	if (e->type != EVENT_PATH_STATE || strcmp(e->from, e->to) == 0 ||
	    e->path[0] == '\0' || !state_of(e->from, &x.from) || !state_of(e->to, &x.to))
		return CHANGES_NONE;
	name = find_name(c, e->path);
	if (name != NONE && c->names[name].n == CHANGES_OF_ONE_MAX)
		forget(c, name);
	while (c->free_change == NONE || (name == NONE && c->free_name == NONE)) {
		forget(c, c->table[c->oldest].path);
		name = find_name(c, e->path); /* forget() may have dropped it */
	}
	if (name == NONE)
		name = add_name(c, e->path);
	i = c->free_change;
	c->free_change = c->table[i].newer;
	c->table[i] = x;
	append_change(c, name, i);
	return i;
}

void changes_complete_group(struct changes *c, const struct event *e,
                            void (*completed)(void *userdata, uint32_t place),
                            void *userdata)
{
	uint32_t left = e->members;

	/* They are among the newest; some may be forgotten. */
	for (uint32_t i = c->newest; i != NONE && left > 0; i = c->table[i].older) {
		if (c->table[i].seq != (CHANGE_OF_GROUP | e->group))
			continue;
		c->table[i].seq = e->seq;
		completed(userdata, i);
		left--;
	}
}

const struct change *changes_at(const struct changes *c, uint32_t place,
                                const char **ret_path)
{
	const struct change *x = &c->table[place];

	assert(place < changes_room(c->max_paths));
	*ret_path = c->names[x->path].name;
	return x;
}

static const struct change *change_at(const struct changes *c, uint32_t i)
{
	return i == NONE ? NULL : &c->table[i];
}

const struct change *changes_first(const struct changes *c, const char *name)
{
	uint32_t i = find_name(c, name);

	return i == NONE ? NULL : change_at(c, c->names[i].first);
}

const struct change *changes_next(const struct changes *c, const struct change *x)
{
	return change_at(c, x->next_of_path);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the slots of a hash table with open addressing. A slot is a thing and the kind of one of
 * its names. The control thread runs this.
 */
#include "checkerd/control/name_index.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "checkerd/control/devlink.h"
#include "util/block.h"
#include "util/hash.h"

/* Links that lead to links. */
#define LINKS_MAX 8
/* A slot has 32 bits. */
#define THINGS_MAX (UINT32_MAX / NAME_INDEX_KINDS / 4)

static uint32_t slots_for(uint32_t n, unsigned kinds)
{
	return hash_table_size(MAX(2 * kinds * n, 2U));
}

uint64_t name_index_bytes(uint32_t n, unsigned kinds)
{
	return (uint64_t)slots_for(n, kinds) * sizeof(uint32_t);
}

static void insert(struct name_index *x, uint32_t i, unsigned kind)
{
	char buf[NAME_INDEX_TEXT];
	const char *s = x->name(x->things, i, kind, buf);
	uint32_t at;

	if (s == NULL)
		return;
	at = hash_text32(s) & x->mask;
	while (x->slots[at] != NAME_INDEX_NONE)
		at = (at + 1) & x->mask;
	x->slots[at] = i * x->kinds + kind;
}

int name_index_make(struct name_index *x, uint32_t n, unsigned kinds,
                    name_index_name *name, const void *things)
{
	uint32_t slots = slots_for(n, kinds);

	assert(kinds > 0 && kinds <= NAME_INDEX_KINDS && n < THINGS_MAX);
	*x = (struct name_index){
		.slots = block_new(slots, sizeof(*x->slots)),
		.mask = slots - 1,
		.kinds = kinds,
		.name = name,
		.things = things,
	};
	if (x->slots == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < slots; i++)
		x->slots[i] = NAME_INDEX_NONE;
	for (uint32_t i = 0; i < n; i++)
		for (unsigned kind = 0; kind < kinds; kind++)
			insert(x, i, kind);
	return 0;
}

void name_index_clear(struct name_index *x)
{
	block_free(x->slots);
	*x = (struct name_index){ 0 };
}

uint32_t name_index_find(const struct name_index *x, const char *name)
{
	uint32_t found = NAME_INDEX_NONE;
	unsigned found_kind = x->kinds;
	char buf[NAME_INDEX_TEXT];

	for (uint32_t at = hash_text32(name) & x->mask; x->slots[at] != NAME_INDEX_NONE;
	     at = (at + 1) & x->mask) {
		uint32_t i = x->slots[at] / x->kinds;
		unsigned kind = x->slots[at] % x->kinds;
		const char *s = x->name(x->things, i, kind, buf);

		if (kind < found_kind && strcmp(s, name) == 0) {
			found = i;
			found_kind = kind;
		}
	}
	return found;
}

uint32_t name_index_find_device(const struct name_index *x, int dev_fd, const char *name)
{
	char names[2][DEVLINK_MAX], number[24]; /* "4294967295:4294967295" */
	uint32_t found = name_index_find(x, name), major, minor;

	for (unsigned i = 0; found == NAME_INDEX_NONE && i < LINKS_MAX; i++) {
		char *next = names[i % 2];

		if (devlink_read(dev_fd, name, next) < 0)
			break;
		name = next;
		found = name_index_find(x, name);
	}
	if (found != NAME_INDEX_NONE || devlink_number(dev_fd, name, &major, &minor) < 0)
		return found;
	/* The index has a link to the device, and the client named its node. */
	(void)snprintf(number, sizeof(number), "%u:%u", major, minor);
	return name_index_find(x, number);
}

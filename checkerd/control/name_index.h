/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_NAME_INDEX_H
#define CHECKERD_CONTROL_NAME_INDEX_H

/*
 * Finds things by any of their names: a hash table of all names. The texts of the names stay
 * where they are. The control thread's own.
 */
#include <stdint.h>

#include "util/macro.h"

/* Bytes of a name that is written on demand. */
#define NAME_INDEX_TEXT  160
#define NAME_INDEX_KINDS 8

/*
 * The i-th thing's name of that kind, or NULL. The more certain kinds come first. buf: for a
 * name that is written on demand.
 */
typedef const char *name_index_name(const void *things, uint32_t i, unsigned kind,
                                    char buf[NAME_INDEX_TEXT]);

struct name_index {
	/* NULL: not made. */
	uint32_t *slots;
	uint32_t mask;
	unsigned kinds;
	name_index_name *name;
	const void *things;
};

/* kinds: 1 to NAME_INDEX_KINDS. -ENOMEM. */
_must_check_ int name_index_make(struct name_index *x, uint32_t n, unsigned kinds,
                                 name_index_name *name, const void *things);
void name_index_clear(struct name_index *x);
/* Bytes that name_index_make() allocates: for the limit of memory. */
uint64_t name_index_bytes(uint32_t n, unsigned kinds);

#define NAME_INDEX_NONE UINT32_MAX

/* Of several things with that name, finds the one whose kind of name is the most certain. */
uint32_t name_index_find(const struct name_index *x, const char *name);
/* Finds a thing also by a link in /dev (dev_fd) that leads to a name, and by the node of a block
 * device, whose number ("8:0") is looked up. */
uint32_t name_index_find_device(const struct name_index *x, int dev_fd, const char *name);

#endif

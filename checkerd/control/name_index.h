/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_NAME_INDEX_H
#define CHECKERD_CONTROL_NAME_INDEX_H

/*
 * Finds things by whichever of their names somebody uses: a hash table over all of them. The
 * names themselves stay where they are. The control thread's own.
 */
#include <stdint.h>

#include "util/macro.h"

#define NAME_INDEX_TEXT  160 /* room for a name that has to be made up */
#define NAME_INDEX_KINDS 8

/*
 * The name of the i-th thing of that kind, the surer kinds first, or NULL: it has none. buf:
 * for a name that is not there as a text.
 */
typedef const char *name_index_name(const void *things, uint32_t i, unsigned kind,
                                    char buf[NAME_INDEX_TEXT]);

struct name_index {
	uint32_t *slots; /* NULL: not made */
	uint32_t mask;
	unsigned kinds;
	name_index_name *name;
	const void *things;
};

/* kinds: 1 to NAME_INDEX_KINDS. -ENOMEM. */
_must_check_ int name_index_make(struct name_index *x, uint32_t n, unsigned kinds,
                                 name_index_name *name, const void *things);
void name_index_clear(struct name_index *x);
/* Bytes at most. */
uint64_t name_index_bytes(uint32_t n, unsigned kinds);

#define NAME_INDEX_NONE UINT32_MAX

/* Several may have the same name: the one that has it as its surest counts. */
uint32_t name_index_find(const struct name_index *x, const char *name);
/* The same, also for a link in /dev (dev_fd) that leads to one, or a block device's node
 * there: that one is looked for as "8:0". */
uint32_t name_index_find_device(const struct name_index *x, int dev_fd, const char *name);

#endif

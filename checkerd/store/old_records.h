/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_STORE_OLD_RECORDS_H
#define CHECKERD_STORE_OLD_RECORDS_H

/*
 * The good records of a predecessor's file, and an index of them by name. They exist only while the
 * daemon starts.
 */
#include "checkerd/store/record.h"

struct old_records {
	struct record *records; /* util/block.h */
	uint32_t *next, *heads;
	uint32_t n, room, buckets;
	/* Slots that are neither empty nor good. */
	uint32_t damaged;
};

/*
 * Reads the slots from `from` to `to`, which are places in the file. Holes are skipped, and a file
 * that is too short ends early. max: more records than that are not taken. -ENOMEM, -EIO.
 */
_must_check_ int old_records_read(struct old_records *o, int fd, uint64_t from,
                                  uint64_t to, uint32_t max, struct mono now);
void old_records_deinit(struct old_records *o);

/* The newest record of that kind and name. NULL: there is none. */
const struct record *old_records_find(const struct old_records *o, enum record_kind kind,
                                      const char *name);

#endif

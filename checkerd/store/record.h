/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_STORE_RECORD_H
#define CHECKERD_STORE_RECORD_H

/*
 * One record of the state file: a head, and sections that each have a tag and a length. A later
 * version appends fields to a section, or adds sections. A reader gives fields that are missing the
 * value 0, and ignores what it does not know, so both an upgrade and a downgrade read all that they
 * know. Only a change of what a field means needs another version of the file. Pure; any thread.
 */
#include <stdbool.h>
#include <stdint.h>

#include "util/macro.h"
#include "util/mono.h"

#define RECORD_BYTES 512

enum record_kind { RECORD_NONE, RECORD_PATH, RECORD_MAP, RECORD_KIND_COUNT_ };

/* The numbers are in files: none is used again. */
enum record_tag {
	TAG_NAME = 1,
	TAG_DISK = 2,
	TAG_STATUS = 3,
	TAG_TIMES = 4,
	TAG_COUNTERS = 5,
	TAG_LATENCY = 6,
	TAG_MARKS = 7,
	TAG_MAP = 8,
	TAG_HOLD = 9,
};

struct record_head {
	uint64_t sum; /* hash_bytes() of what follows, sections included */
	/* Of two records of one path, the later one counts. */
	struct mono written;
	uint16_t kind;  /* enum record_kind */
	uint16_t bytes; /* of the sections */
	uint32_t unused;
};

struct record {
	struct record_head head;
	unsigned char sections[RECORD_BYTES - sizeof(struct record_head)];
};

static_assert(sizeof(struct record) == RECORD_BYTES, "a record has no padding");

/* An empty record. */
void record_begin(struct record *r, enum record_kind kind, struct mono now);
/* Appends a section. There is room for all sections of a kind: the caller asserts it. */
void record_put(struct record *r, enum record_tag tag, const void *data, uint16_t bytes);
/* Computes the sum. Nothing can be appended after that. */
void record_seal(struct record *r);

/* Are the sum, the kind and the lengths right, and was it written before `now`? */
_must_check_ bool record_is_good(const struct record *r, struct mono now);
/*
 * Copies a section of a good record into `to`. What the section does not have is 0. False: the
 * record has no such section; all is 0.
 */
bool record_get(const struct record *r, enum record_tag tag, void *to, uint16_t bytes);

#endif

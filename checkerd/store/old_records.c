/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the records. The main thread reads them at the start; then they are the loop's. */
#include "checkerd/store/old_records.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkerd/store/stored_map.h"
#include "checkerd/store/stored_path.h"
#include "util/block.h"
#include "util/hash.h"
#include "util/kept.h"

#define NONE         UINT32_MAX
#define PIECE        64 /* records that are read at once */
#define ROOM_AT_ONCE 256

static_assert(MAP_UUID_MAX >= DEVICE_NAME_MAX, "one buffer has room for every name");

static bool name_of(const struct record *r, char ret[MAP_UUID_MAX])
{
	return r->head.kind == RECORD_PATH ? stored_path_name(r, ret)
	                                   : stored_map_name(r, ret);
}

static bool is_empty(const struct record *r)
{
	static const struct record_head empty = { .kind = RECORD_NONE };

	return memcmp(&r->head, &empty, sizeof(empty)) == 0;
}

static int add(struct old_records *o, const struct record *r)
{
	struct record *grown;

	if (o->n == o->room) {
		grown = block_resize(o->records, o->room + ROOM_AT_ONCE + o->room / 2,
		                     sizeof(*grown));
		if (grown == NULL)
			return -ENOMEM;
		o->records = grown;
		o->room += ROOM_AT_ONCE + o->room / 2;
	}
	o->records[o->n++] = *r;
	return 0;
}

static int add_piece(struct old_records *o, const struct record *piece, uint32_t n,
                     uint32_t max, struct mono now)
{
	char name[MAP_UUID_MAX];
	int r = 0;

	for (uint32_t i = 0; i < n && r == 0 && o->n < max; i++) {
		if (is_empty(&piece[i]))
			continue;
		if (record_is_good(&piece[i], now) && name_of(&piece[i], name))
			r = add(o, &piece[i]);
		else
			o->damaged++;
	}
	return r;
}

static uint32_t *head_of(const struct old_records *o, const char *name)
{
	return &o->heads[hash_text32(name) & (o->buckets - 1)];
}

/* The record of that kind and name in the index. NONE: there is none. */
static uint32_t find(const struct old_records *o, enum record_kind kind, const char *name)
{
	char other[MAP_UUID_MAX];
	uint32_t i = *head_of(o, name);

	while (i != NONE && (o->records[i].head.kind != kind ||
	                     !name_of(&o->records[i], other) || strcmp(other, name) != 0))
		i = o->next[i];
	return i;
}

/* Makes the index, and drops older records of the same path or map. */
static int make_index(struct old_records *o)
{
	char name[MAP_UUID_MAX];
	uint32_t n = 0;

	o->buckets = hash_table_size(MAX(o->n, 1U));
	o->heads = block_new(o->buckets, sizeof(*o->heads));
	o->next = block_new(MAX(o->n, 1U), sizeof(*o->next));
	if (o->heads == NULL || o->next == NULL)
		return -ENOMEM;
	memset(o->heads, 0xff, o->buckets * sizeof(*o->heads));
	for (uint32_t i = 0; i < o->n; i++) {
		const struct record r = o->records[i];
		uint32_t same;

		(void)name_of(&r, name); /* add_piece() has read it. */
		same = find(o, r.head.kind, name);
		if (same == NONE) {
			o->records[n] = r;
			o->next[n] = *head_of(o, name);
			*head_of(o, name) = n++;
		} else if (mono_before(o->records[same].head.written, r.head.written)) {
			o->records[same] = r;
		}
	}
	o->n = n;
	return 0;
}

static_assert(NONE == UINT32_MAX, "memset() fills the heads of empty chains");

int old_records_read(struct old_records *o, int fd, uint64_t from, uint64_t to,
                     uint32_t max, struct mono now)
{
	struct record *piece = block_new(PIECE, sizeof(*piece));
	int64_t n = 0;
	int r = 0;

	*o = (struct old_records){ .n = 0 };
	if (piece == NULL)
		return -ENOMEM;
	while (r == 0 && from < to && o->n < max) {
		off_t data = lseek(fd, (off_t)from, SEEK_DATA);

		if (data < 0) /* The rest is a hole; or nothing can be learned. */
			break;
		/* A slot may begin before its data. */
		from += ((uint64_t)data - from) / RECORD_BYTES * RECORD_BYTES;
		memset(piece, 0, PIECE * sizeof(*piece));
		n = kept_read(fd, piece, PIECE * sizeof(*piece), from);
		if (n <= 0)
			break;
		/* The last record of a file may be shorter than its slot. */
		n = MIN((n + RECORD_BYTES - 1) / RECORD_BYTES,
		        (int64_t)((to - from) / RECORD_BYTES));
		if (n == 0)
			break;
		r = add_piece(o, piece, (uint32_t)n, max, now);
		from += (uint64_t)n * RECORD_BYTES;
	}
	block_free(piece);
	if (r == 0 && n < 0)
		r = (int)n;
	return r < 0 ? r : make_index(o);
}

void old_records_deinit(struct old_records *o)
{
	block_free(o->records);
	block_free(o->heads);
	block_free(o->next);
	*o = (struct old_records){ .n = 0 };
}

const struct record *old_records_find(const struct old_records *o, enum record_kind kind,
                                      const char *name)
{
	uint32_t i = o->n == 0 ? NONE : find(o, kind, name);

	return i == NONE ? NULL : &o->records[i];
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the file. Each record has a sum, so what was overwritten, or is damaged, is not read. The control
 * thread writes an event before a client sees it, so no number of an event is given twice. Writing to
 * tmpfs may wait for memory, as this thread's own memory may: docs/MEMORY.md.
 */
#include "checkerd/control/kept_events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkerd/control/control_limits.h"
#include "checkerd/core/loss.h"
#include "checkerd/core/reason_packed.h"
#include "util/block.h"
#include "util/clean.h"
#include "util/hash.h"
#include "util/kept.h"

#define MAGIC   "ckdevent"
#define VERSION 1
/* A ring of cells. An event is a run of cells, and ends where the ring ends. */
#define CELL       64
#define CELLS      (5 * HISTORY_BYTES / 4 / CELL)
#define EVENT_MARK UINT32_C(0x746e7665)
#define SEQ_MAX    (UINT64_MAX / 4)
/* Changes that are read at once. */
#define PIECE 512

/* Fields are appended, and never change. */
struct kept_event {
	uint64_t sum; /* of what follows */
	uint32_t mark;
	uint32_t bytes; /* of all of it */
	uint64_t order, seq;
	int64_t realtime_us, lasted_us;
	uint32_t group, members;
	uint16_t name_records;
	uint8_t part, loss;
	uint16_t type, priority;
	struct reason_packed why;
	uint32_t unused2;
	/* Six strings, each ended by NUL: path, map, from, to, reason, message. */
};

struct kept_change {
	uint64_t sum; /* of what follows */
	uint64_t seq;
	int64_t realtime_us, lasted_us;
	struct reason_packed why;
	uint8_t from, to;
	uint8_t unused[2];
	uint64_t order;
	char path[EVENT_PATH_MAX];
};

static_assert(sizeof(struct kept_event) == 88 && sizeof(struct kept_change) == 128,
              "neither has padding, and neither changes by accident");
static_assert(EVENT_PATH_STATE == 0 && EVENT_PATH_ADDED == 1 && EVENT_PATH_REMOVED == 2 &&
                      EVENT_MAP == 3 && EVENT_DM == 4 && EVENT_ENGINE == 5 &&
                      EVENT_CONFIG == 6 && EVENT_DAEMON == 7 && EVENT_HOLD == 8 &&
                      EVENT_CAUSE == 9 && EVENT_SLOW == 10 && EVENT_WHOLE == 0 &&
                      EVENT_MEMBER == 1 && EVENT_NAMES == 2 && LOSS_TRANSIENT == 1 &&
                      LOSS_PERMANENT == 2,
              "the numbers are in files: new ones come last");

/* struct kept_header.layout */
enum { LAYOUT_CELLS, LAYOUT_CHANGES };

static const struct {
	size_t at, size;
} strings[] = {
	{ offsetof(struct event, path), EVENT_PATH_MAX },
	{ offsetof(struct event, map), EVENT_MAP_MAX },
	{ offsetof(struct event, from), sizeof(((struct event *)NULL)->from) },
	{ offsetof(struct event, to), sizeof(((struct event *)NULL)->to) },
	{ offsetof(struct event, reason), EVENT_REASON_MAX },
	{ offsetof(struct event, message), EVENT_MESSAGE_MAX },
};

#define RECORD_MAX (sizeof(struct kept_event) + sizeof(struct event))

static uint64_t place_of_cell(uint32_t cell)
{
	return KEPT_BYTES + (uint64_t)cell * CELL;
}

static uint64_t place_of_change(uint32_t index)
{
	return place_of_cell(CELLS) + (uint64_t)index * sizeof(struct kept_change);
}

uint64_t kept_events_bytes(uint32_t max_paths)
{
	return place_of_change(changes_room(max_paths));
}

static uint64_t sum_of(const void *record, size_t bytes)
{
	return hash_bytes((const unsigned char *)record + sizeof(uint64_t),
	                  bytes - sizeof(uint64_t));
}

/* --- writing --- */

static uint32_t pack(unsigned char to[RECORD_MAX], const struct event *e, uint64_t order)
{
	struct kept_event k = {
		.mark = EVENT_MARK,
		.order = order,
		.seq = e->seq,
		.realtime_us = e->realtime_us,
		.lasted_us = e->lasted_us,
		.group = e->group,
		.members = e->members,
		.name_records = e->name_records,
		.part = e->part,
		.loss = e->loss,
		.type = (uint16_t)e->type,
		.priority = (uint16_t)e->priority,
		.why = reason_pack(&e->why),
	};
	size_t n = sizeof(k);

	for (unsigned i = 0; i < ARRAY_LEN(strings); i++) {
		const char *s = (const char *)e + strings[i].at;
		size_t length = strnlen(s, strings[i].size - 1);

		memcpy(to + n, s, length);
		to[n + length] = '\0';
		n += length + 1;
	}
	k.bytes = (uint32_t)n;
	memcpy(to, &k, sizeof(k));
	k.sum = sum_of(to, n);
	memcpy(to, &k.sum, sizeof(k.sum));
	return k.bytes;
}

void kept_events_add(struct kept_events *k, const struct event *e)
{
	unsigned char record[RECORD_MAX];
	uint32_t bytes, cells;

	if (!k->open)
		return;
	bytes = pack(record, e, ++k->order);
	cells = (bytes + CELL - 1) / CELL;
	if (cells > CELLS - k->at)
		k->at = 0;
	/* The next daemon misses an event that cannot be written. */
	(void)!kept_write(k->fd, record, bytes, place_of_cell(k->at));
	k->at += cells;
}

/* The order of the change that is at this place already: its number was to come. */
static uint64_t order_of(struct kept_events *k, uint64_t at, const struct kept_change *c)
{
	struct kept_change old;

	if (kept_read(k->fd, &old, sizeof(old), at) == sizeof(old) &&
	    old.sum == sum_of(&old, sizeof(old)) && (old.seq & CHANGE_OF_GROUP) != 0 &&
	    old.realtime_us == c->realtime_us &&
	    memcmp(old.path, c->path, sizeof(c->path)) == 0)
		return old.order;
	return ++k->order;
}

void kept_events_add_change(struct kept_events *k, const struct changes *c,
                            uint32_t place)
{
	const char *path;
	const struct change *x = changes_at(c, place, &path);
	struct kept_change to = {
		.seq = x->seq,
		.realtime_us = x->realtime_us,
		.lasted_us = x->lasted_us,
		.why = reason_pack(&x->reason),
		.from = x->from,
		.to = x->to,
	};

	if (!k->open)
		return;
	memcpy(to.path, path, strlen(path));
	to.order = (x->seq & CHANGE_OF_GROUP) != 0
	                   ? ++k->order
	                   : order_of(k, place_of_change(place), &to);
	to.sum = sum_of(&to, sizeof(to));
	(void)!kept_write(k->fd, &to, sizeof(to), place_of_change(place));
}

/* --- reading --- */

static bool times_are_good(uint64_t seq, int64_t realtime_us, int64_t lasted_us)
{
	return seq <= SEQ_MAX && realtime_us >= 0 && lasted_us >= 0;
}

/* Names that are each followed by EVENT_NAME_END. */
static bool names_are_clean(const char *s)
{
	while (*s != '\0') {
		size_t n = *s == EVENT_NAME_END ? 1 : clean_length(s);

		if (n == 0)
			return false;
		s += n;
	}
	return true;
}

/* One of the strings. False: it is too long, or has no end. */
static bool unpack_string(const char *s, size_t room, bool names, char *to, size_t size)
{
	size_t length = strnlen(s, room);

	if (length == room || length >= size || (names && !names_are_clean(s)))
		return false;
	if (names)
		memcpy(to, s, length + 1);
	else
		(void)clean_copy(to, size, s);
	return true;
}

/* The record at `from`, which has `room` bytes up to the end of the ring. */
static bool unpack(const unsigned char *from, size_t room, struct event *ret,
                   uint64_t *ret_order)
{
	struct event e = { .seq = 0 };
	struct kept_event k;
	size_t n = sizeof(k);

	memcpy(&k, from, sizeof(k));
	if (k.mark != EVENT_MARK || k.bytes < sizeof(k) || k.bytes > room ||
	    k.bytes > RECORD_MAX || k.sum != sum_of(from, k.bytes) ||
	    k.type >= EVENT_TYPE_COUNT_ || k.priority > 7 || k.part > EVENT_NAMES ||
	    k.loss >= LOSS_COUNT_ || !times_are_good(k.seq, k.realtime_us, k.lasted_us) ||
	    !reason_unpack(&k.why, &e.why))
		return false;
	e.seq = k.seq;
	e.realtime_us = k.realtime_us;
	e.lasted_us = k.lasted_us;
	e.group = k.group;
	e.members = k.members;
	e.name_records = k.name_records;
	e.part = k.part;
	e.loss = k.loss;
	e.type = (enum event_type)k.type;
	e.priority = k.priority;
	for (unsigned i = 0; i < ARRAY_LEN(strings); i++) {
		const char *s = (const char *)from + n;
		bool names = e.part == EVENT_NAMES &&
		             strings[i].at == offsetof(struct event, message);

		if (!unpack_string(s, k.bytes - n, names, (char *)&e + strings[i].at,
		                   strings[i].size))
			return false;
		n += strlen(s) + 1;
	}
	*ret = e;
	*ret_order = k.order;
	return true;
}

struct found {
	uint64_t order;
	uint32_t cell;
};

static int compare_found(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	return (x->order > y->order) - (x->order < y->order);
}

static uint32_t find_events(const unsigned char *ring, struct found *found)
{
	uint32_t n = 0;

	for (uint32_t cell = 0; cell < CELLS; cell++) {
		struct event e;
		uint64_t order;

		if (unpack(ring + (size_t)cell * CELL, (size_t)(CELLS - cell) * CELL, &e,
		           &order))
			found[n++] = (struct found){ order, cell };
	}
	if (n > 0)
		qsort(found, n, sizeof(*found), compare_found);
	return n;
}

static int read_events(struct kept_events *k, int old, struct history *h)
{
	unsigned char *ring = block_new(CELLS, CELL);
	struct found *found = block_new(CELLS, sizeof(*found));
	int64_t bytes = -ENOMEM;
	uint32_t n = 0;

	if (ring != NULL && found != NULL)
		bytes = kept_read(old, ring, (size_t)CELLS * CELL, place_of_cell(0));
	if (bytes > 0)
		n = find_events(ring, found);
	for (uint32_t i = 0; i < n; i++) {
		struct event *e = history_slot(h);
		size_t at = (size_t)found[i].cell * CELL;
		uint64_t order;

		if (!unpack(ring + at, (size_t)CELLS * CELL - at, e, &order) ||
		    e->seq < h->last_seq || e->part == EVENT_MEMBER)
			continue;
		kept_events_add(k, e);
		history_added(h);
	}
	block_free(ring);
	block_free(found);
	return bytes < 0 ? (int)bytes : 0;
}

static bool change_is_good(const struct kept_change *c)
{
	struct reason why;

	return c->sum == sum_of(c, sizeof(*c)) &&
	       times_are_good(c->seq & ~CHANGE_OF_GROUP, c->realtime_us, c->lasted_us) &&
	       c->from < PATH_STATE_COUNT_ && c->to < PATH_STATE_COUNT_ &&
	       c->path[0] != '\0' && memchr(c->path, '\0', sizeof(c->path)) != NULL &&
	       reason_unpack(&c->why, &why);
}

static int compare_changes(const void *a, const void *b)
{
	const struct kept_change *x = a, *y = b;

	return (x->order > y->order) - (x->order < y->order);
}

/* Reads the good ones of the old file's slots. Returns how many there are, or -errno. */
static int64_t collect_changes(int old, uint32_t slots, struct kept_change *to)
{
	uint32_t n = 0;

	for (uint32_t from = 0; from < slots; from += PIECE) {
		size_t bytes = MIN(slots - from, (uint32_t)PIECE) * sizeof(*to);
		int64_t got = kept_read(old, to + n, bytes, place_of_change(from));
		uint32_t read = n;

		if (got <= 0)
			return got < 0 ? got : n;
		for (int64_t i = 0; i < got / (int64_t)sizeof(*to); i++)
			if (change_is_good(&to[read + i]))
				to[n++] = to[read + i];
	}
	return n;
}

/* The event of a group that was being made never came: no event of this daemon is meant. */
static void add_change(struct kept_events *k, struct changes *c,
                       const struct kept_change *from)
{
	bool lost = (from->seq & CHANGE_OF_GROUP) != 0;
	struct event e = {
		.seq = lost ? 0 : from->seq,
		.realtime_us = from->realtime_us,
		.lasted_us = from->lasted_us,
		.type = EVENT_PATH_STATE,
		.part = lost ? EVENT_MEMBER : EVENT_WHOLE,
	};
	uint32_t place;

	if (!reason_unpack(&from->why, &e.why))
		return;
	(void)clean_copy(e.path, sizeof(e.path), from->path);
	strcpy(e.from, path_state_name((enum path_state)from->from));
	strcpy(e.to, path_state_name((enum path_state)from->to));
	place = changes_add(c, &e);
	if (place != CHANGES_NONE)
		kept_events_add_change(k, c, place);
}

static int read_changes(struct kept_events *k, int old, uint32_t slots, struct changes *c)
{
	struct kept_change *found = block_new((size_t)slots + PIECE, sizeof(*found));
	int64_t n;

	if (found == NULL)
		return -ENOMEM;
	n = collect_changes(old, slots, found);
	if (n > 0)
		qsort(found, (size_t)n, sizeof(*found), compare_changes);
	for (int64_t i = 0; i < n; i++)
		add_change(k, c, &found[i]);
	block_free(found);
	return n < 0 ? (int)n : 0;
}

/* What cannot be read is not there. */
void kept_events_take_up(struct kept_events *k, int old, const struct kept_header *header,
                         struct history *h, struct changes *c)
{
	uint64_t slots = header->layout[LAYOUT_CHANGES];

	if (header->layout[LAYOUT_CELLS] != CELLS ||
	    slots > changes_room(REGISTRY_PATHS_MAX))
		return;
	(void)!read_events(k, old, h);
	(void)!read_changes(k, old, (uint32_t)slots, c);
}

int kept_events_open(struct kept_events *k, const char *file, bool any_file_system,
                     uint32_t max_paths, struct history *h, struct changes *c)
{
	const struct kept_options o = {
		.file = file,
		.magic = MAGIC,
		.version = VERSION,
		.any_file_system = any_file_system,
		.unlocked = true,
	};
	const uint64_t layout[KEPT_LAYOUTS] = {
		[LAYOUT_CELLS] = CELLS,
		[LAYOUT_CHANGES] = changes_room(max_paths),
	};
	struct kept_header header;
	enum kept_found found = KEPT_FOUND_NONE;
	struct kept kept;
	int old = -1, r;

	*k = (struct kept_events){ .open = false };
	r = kept_init(&kept, &o);
	if (r == 0)
		r = kept_find(&kept, &found, &old, &header);
	if (r == 0)
		r = kept_create(&kept, layout, &k->fd);
	k->open = r == 0;
	if (k->open && found == KEPT_FOUND)
		kept_events_take_up(k, old, &header, h, c);
	if (k->open)
		r = kept_commit(&kept);
	if (r < 0)
		kept_events_close(k);
	if (old >= 0)
		close(old);
	kept_deinit(&kept);
	return r;
}

void kept_events_close(struct kept_events *k)
{
	if (k->open)
		close(k->fd);
	k->open = false;
}

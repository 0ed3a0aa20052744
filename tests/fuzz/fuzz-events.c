/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The events and changes of state in a predecessor's file. The input is a run of pieces, each with a
 * byte in front that says what the piece is, and whether its sum is to be right, so that its values are
 * read. What is taken up is harmless, and a second daemon takes up the same.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "checkerd/control/kept_events.h"
#include "checkerd/core/state.h"
#include "tests/fuzz/fuzz.h"
#include "util/clean.h"
#include "util/hash.h"
#include "util/kept.h"

#define PATHS        4
#define PIECES_MAX   32
#define CELL         64
#define CHANGE_BYTES 128
/* Of both kinds of records: the sum. Of an event: its mark and its length follow. */
#define SUM_BYTES  8
#define MARK       UINT32_C(0x746e7665)
#define RECORD_MAX (96 + sizeof(struct event))
#define SEQ_MAX    (UINT64_MAX / 4)
/* The bits of a piece's first byte. */
#define IS_CHANGE 1U
#define WITH_SUM  2U
#define AT_END    4U /* of the ring, or of the changes */
#define IS_NAMES  8U /* a whole event whose member has the next bytes as its name */

static uint64_t changes_at_byte;
static uint32_t cells;

void fuzz_begin(void)
{
	changes_at_byte = kept_events_bytes(PATHS) - changes_room(PATHS) * CHANGE_BYTES;
	cells = (uint32_t)((changes_at_byte - KEPT_BYTES) / CELL);
}

static int memory_file(void)
{
	int fd = memfd_create("fuzz-events", MFD_CLOEXEC);

	REQUIRE(fd >= 0, "memfd_create");
	return fd;
}

static void put_sum(unsigned char *record, size_t bytes)
{
	uint64_t sum = hash_bytes(record + SUM_BYTES, bytes - SUM_BYTES);

	memcpy(record, &sum, sizeof(sum));
}

static void put_event(int fd, struct fuzz_input *in, unsigned flags, uint32_t *cell)
{
	unsigned char record[RECORD_MAX] = { 0 };
	size_t wanted = (size_t)fuzz_number(in, 2) % RECORD_MAX;
	size_t size = MIN(wanted, in->size);
	const uint32_t head[2] = { MARK, (uint32_t)size };
	uint32_t n = (uint32_t)(size + CELL - 1) / CELL;

	memcpy(record, in->data, size);
	in->data += size;
	in->size -= size;
	if (size < SUM_BYTES + sizeof(head))
		return;
	if ((flags & WITH_SUM) != 0) {
		memcpy(record + SUM_BYTES, head, sizeof(head));
		put_sum(record, size);
	}
	if ((flags & AT_END) != 0)
		*cell = cells - MIN(n, cells);
	REQUIRE(kept_write(fd, record, size, KEPT_BYTES + (uint64_t)*cell * CELL) == 0,
	        "write");
	*cell = (*cell + n) % cells;
}

/* As struct kept_event of kept_events.c, which has the same size. */
struct head {
	uint64_t sum;
	uint32_t mark, bytes;
	uint64_t order, seq;
	int64_t realtime_us, lasted_us;
	uint32_t group, members;
	uint16_t name_records;
	uint8_t part, loss;
	uint16_t type, priority;
	unsigned char why[24];
};

static void put_record(int fd, struct head h, const char *message, size_t length,
                       uint32_t *cell)
{
	/* Five empty strings come before the message. */
	unsigned char record[sizeof(h) + 5 + UINT8_MAX + 1] = { 0 };

	h.mark = MARK;
	h.bytes = (uint32_t)(sizeof(h) + 5 + length + 1);
	memcpy(record, &h, sizeof(h));
	memcpy(record + sizeof(h) + 5, message, length);
	put_sum(record, h.bytes);
	REQUIRE(kept_write(fd, record, h.bytes, KEPT_BYTES + (uint64_t)*cell * CELL) == 0,
	        "write");
	*cell += (h.bytes + CELL - 1) / CELL;
}

static void put_names(int fd, struct fuzz_input *in, unsigned n, uint32_t *cell)
{
	struct head h = { .order = 2 * n + 1,
		          .seq = n,
		          .group = n + 1,
		          .type = EVENT_CAUSE,
		          .part = EVENT_NAMES };
	size_t length = MIN(in->size, (size_t)UINT8_MAX);

	put_record(fd, h, (const char *)in->data, length, cell);
	in->data += length;
	in->size -= length;
	h.order++;
	h.seq++;
	h.part = EVENT_WHOLE;
	h.members = h.name_records = 1;
	put_record(fd, h, "many", strlen("many"), cell);
}

static void put_change(int fd, struct fuzz_input *in, unsigned flags)
{
	unsigned char record[CHANGE_BYTES] = { 0 };
	uint32_t slot = fuzz_byte(in) % changes_room(PATHS);
	size_t size = MIN(in->size, sizeof(record));

	memcpy(record, in->data, size);
	in->data += size;
	in->size -= size;
	if ((flags & AT_END) != 0)
		slot = changes_room(PATHS) - 1 - slot;
	if ((flags & WITH_SUM) != 0)
		put_sum(record, sizeof(record));
	REQUIRE(kept_write(fd, record, sizeof(record),
	                   changes_at_byte + (uint64_t)slot * CHANGE_BYTES) == 0,
	        "write");
}

static int make_file(struct fuzz_input in)
{
	int fd = memory_file();
	uint32_t cell = 0;

	for (unsigned n = 0; in.size > 0 && n < PIECES_MAX; n++) {
		unsigned flags = fuzz_byte(&in);

		if ((flags & IS_CHANGE) != 0)
			put_change(fd, &in, flags);
		else if ((flags & IS_NAMES) != 0 && cell < CELL)
			put_names(fd, &in, n, &cell);
		else
			put_event(fd, &in, flags, &cell);
	}
	return fd;
}

/* A text of an event is shown as it is. */
static void look_at_text(const char *s, size_t size, bool names)
{
	REQUIRE(memchr(s, '\0', size) != NULL, "no end");
	while (*s != '\0') {
		size_t n = names && *s == EVENT_NAME_END ? 1 : clean_length(s);

		REQUIRE(n > 0, "byte %02x", (unsigned char)*s);
		s += n;
	}
}

static void look_at_event(const struct event *e)
{
	char reason[REASON_TEXT_MAX];

	REQUIRE(e->type < EVENT_TYPE_COUNT_ && event_type_name(e->type) != NULL, "type");
	REQUIRE(e->part == EVENT_WHOLE, "part %u", e->part);
	REQUIRE(e->seq <= SEQ_MAX && e->realtime_us >= 0 && e->lasted_us >= 0, "numbers");
	REQUIRE(e->priority >= 0 && e->priority <= 7, "priority %d", e->priority);
	look_at_text(e->path, sizeof(e->path), false);
	look_at_text(e->map, sizeof(e->map), false);
	look_at_text(e->from, sizeof(e->from), false);
	look_at_text(e->to, sizeof(e->to), false);
	look_at_text(e->reason, sizeof(e->reason), false);
	look_at_text(e->message, sizeof(e->message), false);
	(void)reason_format(&e->why, reason, sizeof(reason));
}

struct taken {
	uint32_t events, changes;
	uint64_t last_seq, sum;
};

static void mix(struct taken *t, const void *data, size_t size)
{
	t->sum = (t->sum ^ hash_bytes(data, size)) * UINT64_C(0x9e3779b97f4a7c15);
}

static void look_at_changes(const struct changes *c, const char *path, struct taken *t)
{
	const struct change *x = changes_first(c, path);

	look_at_text(path, EVENT_PATH_MAX, false);
	for (uint32_t n = 0; x != NULL; x = changes_next(c, x), n++) {
		REQUIRE(n < changes_room(PATHS), "a circle");
		REQUIRE(x->from < PATH_STATE_COUNT_ && x->to < PATH_STATE_COUNT_,
		        "state");
		REQUIRE(x->lasted_us >= 0 && x->realtime_us >= 0, "times");
		mix(t, &x->realtime_us, sizeof(x->realtime_us));
		t->changes++;
	}
}

/* The names in the slots of the file, of which those that were taken up have changes. */
static void look_at_all_changes(int fd, const struct changes *c, struct taken *t)
{
	for (uint32_t i = 0; i < changes_room(PATHS); i++) {
		char record[CHANGE_BYTES], name[EVENT_PATH_MAX];

		if (kept_read(fd, record, sizeof(record),
		              changes_at_byte + (uint64_t)i * CHANGE_BYTES) !=
		            sizeof(record) ||
		    record[CHANGE_BYTES - EVENT_PATH_MAX] == '\0')
			continue;
		record[CHANGE_BYTES - 1] = '\0';
		(void)clean_copy(name, sizeof(name),
		                 record + CHANGE_BYTES - EVENT_PATH_MAX);
		look_at_changes(c, name, t);
	}
}

/* Only the names of a whole event are shown. */
static void look_at_names(struct history *h, const struct event *e,
                          const struct history_cursor *cursor, struct taken *t)
{
	struct history_names n = history_names(h, e, cursor);
	const char *names;

	while ((names = history_next_names(h, &n)) != NULL) {
		look_at_text(names, EVENT_MESSAGE_MAX, true);
		mix(t, names, strlen(names));
	}
}

/* A daemon starts with the file `old`, and leaves the file `own`. */
static struct taken start(int old, int own)
{
	const struct kept_header header = { .layout = { cells, changes_room(PATHS) } };
	struct kept_events k = { .open = true, .fd = own };
	struct taken t = { .events = 0 };
	struct history_cursor cursor = { .at = 0 };
	const struct event *e;
	struct history h;
	struct changes *c;
	uint64_t lost;

	REQUIRE(history_init(&h) == 0 && changes_new(&c, PATHS) == 0, "memory");
	kept_events_take_up(&k, old, &header, &h, c);
	while ((e = history_next(&h, &cursor, &lost)) != NULL) {
		look_at_event(e);
		REQUIRE(e->seq >= t.last_seq, "numbers go back");
		t.last_seq = e->seq;
		t.events++;
		mix(&t, e->message, strlen(e->message));
		look_at_names(&h, e, &cursor, &t);
	}
	look_at_all_changes(own, c, &t);
	changes_free(c);
	history_deinit(&h);
	return t;
}

void fuzz_one(const uint8_t *data, size_t size)
{
	int old = make_file((struct fuzz_input){ data, size });
	int first = memory_file(), second = memory_file();
	const struct taken a = start(old, first);
	struct taken b = a;

	/* Most inputs have nothing that is taken up. */
	if (a.events + a.changes > 0)
		b = start(first, second);
	REQUIRE(a.events == b.events && a.last_seq == b.last_seq, "%u events, then %u",
	        a.events, b.events);
	REQUIRE(a.changes == b.changes && a.sum == b.sum, "%u changes, then %u",
	        a.changes, b.changes);
	close(old);
	close(first);
	close(second);
}

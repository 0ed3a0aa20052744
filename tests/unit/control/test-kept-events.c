/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events and changes of state that the next daemon reads: all, in order, and nothing wrong. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkerd/control/control_limits.h"
#include "checkerd/control/kept_events.h"
#include "checkerd/core/loss.h"
#include "util/hash.h"
#include "util/kept.h"
#include "util/mono.h"

#define PATHS 16

static char folder[64], file[96];
static struct history history;
static struct changes *changes;
static struct kept_events kept;

static int open_all(void)
{
	if (history_init(&history) < 0 || changes_new(&changes, PATHS) < 0)
		return -1;
	return kept_events_open(&kept, file, true, PATHS, &history, changes);
}

static void close_all(void)
{
	kept_events_close(&kept);
	history_deinit(&history);
	changes = changes_free(changes);
}

static void restart(void)
{
	close_all();
	assert_int_equal(open_all(), 0);
}

static int setup(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/test-kept-events-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(file, sizeof(file), "%s/events", folder);
	return open_all();
}

static int teardown(void **state)
{
	char bad[128];

	(void)state;
	close_all();
	(void)unlink(file);
	(void)snprintf(bad, sizeof(bad), "%s.bad", file);
	(void)unlink(bad);
	return rmdir(folder);
}

/* As the control thread does. */
static void add(const struct event *e)
{
	uint32_t change = changes_add(changes, e);

	*history_slot(&history) = *e;
	kept_events_add(&kept, e);
	if (change != CHANGES_NONE)
		kept_events_add_change(&kept, changes, change);
	history_added(&history);
}

static struct event event_of(uint64_t seq, unsigned path)
{
	struct event e = {
		.seq = seq,
		.realtime_us = (int64_t)seq * USEC_PER_SEC,
		.lasted_us = (int64_t)seq,
		.type = EVENT_PATH_STATE,
		.priority = 3,
		.loss = LOSS_PERMANENT,
		.from = "up",
		.to = "down",
		.why = { .kind = OUTCOME_FAILED, .stage = STAGE_READ, .error = EIO },
	};

	(void)snprintf(e.path, sizeof(e.path), "sd%u", path);
	(void)snprintf(e.map, sizeof(e.map), "map%u", path);
	(void)snprintf(e.reason, sizeof(e.reason), "reason %u", (unsigned)seq);
	memset(e.message, 'm', seq % (sizeof(e.message) - 1));
	return e;
}

static void add_some(uint64_t from, uint64_t to)
{
	for (uint64_t seq = from; seq < to; seq++) {
		struct event e = event_of(seq, seq % 3);

		add(&e);
	}
}

/* Returns the number of the oldest event; each one is as it was. */
static uint64_t look_at_events(uint64_t to)
{
	struct history_cursor c = history_find(&history, 0);
	uint64_t lost, first = 0, next = 0;
	const struct event *e;

	while ((e = history_next(&history, &c, &lost)) != NULL) {
		struct event wanted = event_of(e->seq, e->seq % 3);

		first = first == 0 ? e->seq : first;
		assert_true(next == 0 || e->seq == next);
		next = e->seq + 1;
		assert_int_equal(e->realtime_us, wanted.realtime_us);
		assert_int_equal(e->lasted_us, wanted.lasted_us);
		assert_int_equal(e->type, wanted.type);
		assert_int_equal(e->priority, wanted.priority);
		assert_int_equal(e->loss, wanted.loss);
		assert_int_equal(e->why.error, EIO);
		assert_string_equal(e->path, wanted.path);
		assert_string_equal(e->map, wanted.map);
		assert_string_equal(e->from, wanted.from);
		assert_string_equal(e->to, wanted.to);
		assert_string_equal(e->reason, wanted.reason);
		assert_string_equal(e->message, wanted.message);
	}
	assert_int_equal(next, to);
	assert_int_equal(history.last_seq, to - 1);
	return first;
}

static uint32_t changes_of(const char *path, uint64_t *ret_last)
{
	const struct change *x = changes_first(changes, path);
	uint32_t n = 0;

	*ret_last = 0;
	for (; x != NULL; x = changes_next(changes, x), n++) {
		assert_true(x->seq > *ret_last);
		assert_int_equal(x->lasted_us, x->seq);
		assert_int_equal(x->from, PATH_UP);
		assert_int_equal(x->to, PATH_DOWN);
		assert_int_equal(x->reason.error, EIO);
		*ret_last = x->seq;
	}
	return n;
}

static void all_comes_back(void **state)
{
	uint64_t last;

	(void)state;
	assert_int_equal(history.last_seq, 0);
	add_some(1, 50);
	restart();
	assert_int_equal(look_at_events(50), 1);
	assert_int_equal(changes_of("sd1", &last), 17);
	assert_int_equal(last, 49);
	/* And it goes on. */
	add_some(50, 60);
	restart();
	restart();
	assert_int_equal(look_at_events(60), 1);
	assert_int_equal(changes_of("sd2", &last), 20);
	assert_int_equal(last, 59);
}

/* The ring is full many times over: what memory has, the file has. */
static void the_newest_of_many_come_back(void **state)
{
	uint64_t seq = 1, first;

	(void)state;
	for (unsigned round = 0; round < 12; round++) {
		uint64_t to = seq + 1500 + 97 * round, last;

		add_some(seq, to);
		seq = to;
		first = look_at_events(seq);
		restart();
		assert_true(look_at_events(seq) <= first);
		assert_int_equal(changes_of("sd0", &last), CHANGES_OF_ONE_MAX);
		assert_true(last >= seq - 3);
	}
}

/* A path that flaps pushes out only its own changes, as without a restart. */
static void changes_of_a_quiet_path_stay(void **state)
{
	struct event e = event_of(1, 7);
	uint64_t last;

	(void)state;
	add(&e);
	for (uint64_t seq = 2; seq < 20000; seq++) {
		e = event_of(seq, 8);
		add(&e);
	}
	restart();
	assert_int_equal(changes_of("sd7", &last), 1);
	assert_int_equal(last, 1);
	assert_int_equal(changes_of("sd8", &last), CHANGES_OF_ONE_MAX);
	assert_int_equal(last, 19999);
}

static unsigned char *read_file(size_t *ret_size)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	unsigned char *bytes;
	struct stat st;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	bytes = malloc((size_t)st.st_size);
	assert_non_null(bytes);
	assert_int_equal(kept_read(fd, bytes, (size_t)st.st_size, 0), st.st_size);
	close(fd);
	*ret_size = (size_t)st.st_size;
	return bytes;
}

static void write_file(const unsigned char *bytes, size_t size)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(kept_write(fd, bytes, size, 0), 0);
	close(fd);
}

/* Each event that is read is one that was written. */
static void a_flipped_byte_loses_one_event(void **state)
{
	struct history_cursor c;
	unsigned char *bytes;
	const struct event *e;
	uint64_t lost;
	unsigned n;
	size_t size;

	(void)state;
	add_some(1, 5);
	bytes = read_file(&size);
	for (size_t at = KEPT_BYTES; at < KEPT_BYTES + 1500; at += 3) {
		bytes[at] ^= 0x41;
		write_file(bytes, size);
		bytes[at] ^= 0x41;
		restart();
		c = history_find(&history, 0);
		for (n = 0; (e = history_next(&history, &c, &lost)) != NULL; n++) {
			struct event wanted = event_of(e->seq, e->seq % 3);

			assert_string_equal(e->message, wanted.message);
			assert_string_equal(e->reason, wanted.reason);
		}
		assert_in_range(n, 3, 4);
	}
	/* The changes begin behind the ring. */
	for (size_t at = size - 4 * 128; at < size; at++) {
		uint64_t last;

		bytes[at] ^= 0x41;
		write_file(bytes, size);
		bytes[at] ^= 0x41;
		restart();
		n = changes_of("sd0", &last) + changes_of("sd1", &last) +
		    changes_of("sd2", &last);
		assert_int_equal(n, 3);
	}
	free(bytes);
}

static void a_shorter_file_is_survived(void **state)
{
	unsigned char *bytes;
	size_t size;

	(void)state;
	add_some(1, 20);
	bytes = read_file(&size);
	for (size_t n = 0; n < 2 * KEPT_BYTES; n += 61) {
		write_file(bytes, n);
		restart();
	}
	free(bytes);
}

static void a_link_is_not_followed(void **state)
{
	char other[128];
	struct stat st;

	(void)state;
	close_all();
	assert_int_equal(unlink(file), 0);
	(void)snprintf(other, sizeof(other), "%s/other", folder);
	assert_int_equal(symlink(other, file), 0);
	assert_int_equal(open_all(), 0);
	assert_int_equal(stat(other, &st), -1);
	assert_int_equal(lstat(file, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0600);
}

/* --- changes of a group --- */

#define GROUP        5
#define CHANGE_BYTES 128

/* As the control thread does with a change whose group's event is to come. */
static uint32_t add_member(uint64_t realtime_s, unsigned path)
{
	struct event e = event_of(realtime_s, path);
	uint32_t change;

	e.seq = 0;
	e.part = EVENT_MEMBER;
	e.group = GROUP;
	change = changes_add(changes, &e);
	assert_int_not_equal(change, CHANGES_NONE);
	kept_events_add_change(&kept, changes, change);
	return change;
}

static void keep_again(void *userdata, uint32_t place)
{
	(void)userdata;
	kept_events_add_change(&kept, changes, place);
}

static void end_group(uint64_t seq)
{
	struct event e = event_of(seq, 0);

	e.group = GROUP;
	e.members = 1;
	changes_complete_group(changes, &e, keep_again, NULL);
}

static void expect_changes_at(const char *path, const int64_t *seconds, size_t n)
{
	const struct change *x = changes_first(changes, path);

	for (size_t i = 0; i < n; i++, x = changes_next(changes, x)) {
		assert_non_null(x);
		assert_int_equal(x->realtime_us, seconds[i] * USEC_PER_SEC);
	}
	assert_null(x);
}

/* The number of a change comes after later changes, and its place among these stays. */
static void a_change_keeps_its_place_when_its_number_comes(void **state)
{
	static const int64_t seconds[] = { 10, 20 };
	struct event later = event_of(20, 1);

	(void)state;
	add_member(10, 1);
	add(&later);
	end_group(30);
	restart();
	expect_changes_at("sd1", seconds, ARRAY_LEN(seconds));
	assert_int_equal(changes_first(changes, "sd1")->seq, 30);
}

/* Flips bits of the record at a place; with_sum: and makes its sum right. */
static void damage(uint32_t place, size_t byte, bool with_sum)
{
	uint64_t at = kept_events_bytes(PATHS) -
	              (uint64_t)(changes_room(PATHS) - place) * CHANGE_BYTES;
	unsigned char record[CHANGE_BYTES];
	uint64_t sum;

	assert_int_equal(kept_read(kept.fd, record, sizeof(record), at), sizeof(record));
	record[byte] ^= 1;
	sum = hash_bytes(record + sizeof(sum), sizeof(record) - sizeof(sum));
	if (with_sum)
		memcpy(record, &sum, sizeof(sum));
	assert_int_equal(kept_write(kept.fd, record, sizeof(record), at), 0);
}

/* What is at the place, and is not the same change, gives it no order. */
static void another_change_gives_no_order(void **state)
{
	static const int64_t seconds[] = { 20, 10 };
	static const struct {
		size_t byte;
		bool with_sum;
	} damages[] = {
		{ CHANGE_BYTES - EVENT_PATH_MAX - sizeof(uint64_t), false }, /* order */
		{ CHANGE_BYTES - EVENT_PATH_MAX, true },                     /* path */
		{ 2 * sizeof(uint64_t), true },                              /* time */
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(damages); i++) {
		struct event later = event_of(20, i);
		char name[16];

		damage(add_member(10, i), damages[i].byte, damages[i].with_sum);
		add(&later);
		end_group(30);
		restart();
		(void)snprintf(name, sizeof(name), "sd%u", i);
		expect_changes_at(name, seconds, ARRAY_LEN(seconds));
	}
}

/* Two changes of one path have the same time, and the second one takes the place of the first. */
static void changes_of_one_time_keep_their_order(void **state)
{
	uint64_t last;

	(void)state;
	for (uint64_t seq = 1; seq < 3 * (uint64_t)changes_room(PATHS); seq++) {
		struct event e = event_of(seq, seq % 3);

		e.realtime_us = USEC_PER_SEC;
		add(&e);
	}
	restart();
	assert_int_equal(changes_of("sd1", &last), CHANGES_OF_ONE_MAX);
}

static void a_file_of_another_layout_is_not_read(void **state)
{
	const struct {
		uint64_t more_cells, slots, read; /* the last event that is read */
	} layouts[] = {
		{ 0, changes_room(PATHS), 3 },
		{ 1, changes_room(PATHS), 0 },
		{ 0, UINT32_MAX, 0 },
		{ 0, UINT64_MAX, 0 },
	};
	uint64_t cells = (kept_events_bytes(PATHS) - KEPT_BYTES -
	                  (uint64_t)changes_room(PATHS) * CHANGE_BYTES) /
	                 64;
	int old = open(file, O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_true(old >= 0);
	add_some(1, 4);
	assert_int_equal(unlink(file), 0);
	for (unsigned i = 0; i < ARRAY_LEN(layouts); i++) {
		const struct kept_header header = {
			.layout = { cells + layouts[i].more_cells, layouts[i].slots },
		};

		restart();
		kept_events_take_up(&kept, old, &header, &history, changes);
		assert_int_equal(history.last_seq, layouts[i].read);
		assert_true((changes_first(changes, "sd1") != NULL) ==
		            (layouts[i].read > 0));
		assert_int_equal(unlink(file), 0);
	}
	close(old);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_comes_back),
		TEST(the_newest_of_many_come_back),
		TEST(changes_of_a_quiet_path_stay),
		TEST(a_flipped_byte_loses_one_event),
		TEST(a_shorter_file_is_survived),
		TEST(a_link_is_not_followed),
		TEST(a_change_keeps_its_place_when_its_number_comes),
		TEST(another_change_gives_no_order),
		TEST(changes_of_one_time_keep_their_order),
		TEST(a_file_of_another_layout_is_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

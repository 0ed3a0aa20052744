/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state file: taken up by the next store, set aside, ignored, refused. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkerd/store/store.h"
#include "util/kept.h"

#define PATHS 8
#define LIMIT (10 * USEC_PER_SEC)

static char folder[64], file[96];

static _Atomic bool disk_is_slow;     /* [atomic test→store thread] */
static _Atomic unsigned writes_begun; /* [atomic store thread→test] and not ended */

/* Stands before the C library's. Nobody else uses the offset of the descriptor. */
ssize_t pwrite(int fd, const void *from, size_t n, off_t at)
{
	ssize_t r;

	atomic_fetch_add(&writes_begun, 1);
	while (atomic_load(&disk_is_slow))
		sched_yield();
	r = lseek(fd, at, SEEK_SET) < 0 ? -1 : write(fd, from, n);
	atomic_fetch_sub(&writes_begun, 1);
	return r;
}

static void wait_for(_Atomic unsigned *what, unsigned n)
{
	const struct mono until = mono_add(mono_now(), LIMIT);

	while (atomic_load(what) != n) {
		assert_true(mono_before(mono_now(), until));
		sched_yield();
	}
}

static int setup(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/test-store-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(file, sizeof(file), "%s/state", folder);
	return 0;
}

static int teardown(void **state)
{
	static const char *const suffixes[] = { "", ".lock", ".new", ".bad" };
	char name[128];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(suffixes); i++) {
		(void)snprintf(name, sizeof(name), "%s%s", file, suffixes[i]);
		(void)unlink(name);
	}
	return rmdir(folder);
}

static struct store *open_store(uint32_t paths)
{
	const struct store_options o = { .file = file,
		                         .max_paths = paths,
		                         .any_file_system = true };
	struct store *s;

	assert_int_equal(store_new(&s, &o, mono_now()), 0);
	return s;
}

static const char *message(const struct store *s, bool wanted)
{
	bool warning = false;
	const char *text = store_message(s, &warning);

	assert_int_equal(warning, wanted);
	return text;
}

static struct device *disk(unsigned n)
{
	char name[16], node[32];
	const struct device_spec spec = {
		.name = name, .node = node, .devt_major = 8, .devt_minor = n, .wwid = name
	};
	struct device *d;

	(void)snprintf(name, sizeof(name), "sd%u", n);
	(void)snprintf(node, sizeof(node), "/dev/sd%u", n);
	assert_int_equal(device_new(&d, &spec), 0);
	return d;
}

/* Path n is down, or disabled, with n checks. */
static void put(struct store *s, uint32_t slot, unsigned n)
{
	struct device *d = disk(n);
	const struct stored_marks marks = {
		.disabled_until = n % 2 ? MONO_NEVER : (struct mono){ 0 }
	};
	struct path p = { .device = d };

	path_status_init(&p.status, mono_now());
	p.counters.checks = n;
	assert_true(store_put_path(s, slot, &p, &marks, mono_now()));
	device_unref(d);
}

static bool find(const struct store *s, unsigned n)
{
	struct device *d = disk(n);
	struct stored_path got;
	bool found = store_find_path(s, d, mono_now(), &got);

	if (found) {
		assert_int_equal(got.counters.checks, n);
		assert_int_equal(got.marks.disabled_until.us, n % 2 ? INT64_MAX : 0);
	}
	device_unref(d);
	return found;
}

static void close_store(struct store *s)
{
	store_flush(s);
	assert_true(store_free(s, LIMIT));
}

/* Paths 0 to 2 in the slots 0 to 2, and a map. */
static void write_some(void)
{
	const struct map_spec spec = { .name = "m", .uuid = "mpath-x" };
	const struct stored_map sm = { .reported_any = true,
		                       .reported = REDUNDANCY_DEGRADED };
	struct store *s = open_store(PATHS);
	struct map *m;

	assert_true(store_is_open(s));
	assert_string_equal(message(s, false), "");
	assert_false(store_has_old(s));
	for (uint32_t i = 0; i < 3; i++)
		put(s, i, i);
	assert_int_equal(map_new(&m, &spec), 0);
	assert_true(store_put_map(s, 0, m, &sm, mono_now()));
	map_unref(m);
	close_store(s);
}

static bool exists(const char *suffix)
{
	char name[128];
	struct stat st;

	(void)snprintf(name, sizeof(name), "%s%s", file, suffix);
	return lstat(name, &st) == 0;
}

static void a_successor_finds_all(void **state)
{
	const struct map_spec spec = { .name = "renamed", .uuid = "mpath-x" };
	struct stored_map sm;
	struct store *s;
	struct map *m;

	(void)state;
	write_some();
	s = open_store(PATHS);
	assert_string_equal(message(s, false), "");
	assert_int_equal(store_old_count(s), 4);
	for (unsigned i = 0; i < 3; i++)
		assert_true(find(s, i));
	assert_false(find(s, 3));
	assert_int_equal(map_new(&m, &spec), 0);
	assert_true(store_find_map(s, m, &sm));
	assert_true(sm.reported_any);
	assert_int_equal(sm.reported, REDUNDANCY_DEGRADED);
	map_unref(m);
	assert_false(exists(".bad"));
	close_store(s);
}

/* It is killed while it starts: what it took up has other slots, and the rest is where it was. */
static void a_start_that_is_cut_short_loses_nothing(void **state)
{
	struct store *s;

	(void)state;
	write_some();
	for (unsigned round = 0; round < 5; round++) {
		s = open_store(PATHS);
		put(s, 0, 2);
		put(s, 7, 0);
		close_store(s); /* without store_end_old() */
		s = open_store(PATHS);
		assert_int_equal(store_old_count(s), 4);
		for (unsigned i = 0; i < 3; i++)
			assert_true(find(s, i));
		close_store(s);
	}
}

static void the_later_record_counts(void **state)
{
	struct device *d = disk(0);
	struct path p = { .device = d, .counters.checks = 500 };
	const struct stored_marks none = { .forced = 0 };
	struct stored_path got;
	struct store *s;

	(void)state;
	write_some();
	s = open_store(PATHS);
	path_status_init(&p.status, mono_now());
	assert_true(store_put_path(s, 5, &p, &none, mono_now()));
	close_store(s);
	s = open_store(PATHS);
	assert_true(store_find_path(s, d, mono_now(), &got));
	assert_int_equal(got.counters.checks, 500);
	/* The path was removed and added again, and the daemon killed before that was written. */
	for (uint32_t slot = 0; slot < 4; slot++) {
		p.counters.checks = slot == 2 ? 600 : 0;
		assert_true(
		        store_put_path(s, slot, &p, &none,
		                       slot == 2 ? mono_now() : (struct mono){ slot }));
	}
	close_store(s);
	s = open_store(PATHS);
	assert_true(store_find_path(s, d, mono_now(), &got));
	assert_int_equal(got.counters.checks, 600);
	close_store(s);
	device_unref(d);
}

static void what_was_not_taken_up_is_forgotten(void **state)
{
	struct stat st;
	struct store *s;

	(void)state;
	write_some();
	s = open_store(PATHS);
	put(s, 3, 1);
	store_end_old(s);
	assert_false(store_has_old(s));
	assert_false(find(s, 1));
	close_store(s);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_size, store_file_bytes(PATHS));
	s = open_store(PATHS);
	assert_int_equal(store_old_count(s), 1);
	assert_true(find(s, 1));
	close_store(s);
}

static void a_dropped_path_is_forgotten(void **state)
{
	struct store *s;

	(void)state;
	write_some();
	s = open_store(PATHS);
	put(s, 3, 1);
	put(s, 4, 2);
	assert_true(store_drop_path(s, 3));
	store_end_old(s);
	close_store(s);
	s = open_store(PATHS);
	assert_int_equal(store_old_count(s), 1);
	assert_string_equal(message(s, false), "");
	close_store(s);
}

/* Another max_paths means other places. */
static void another_size_takes_up_all(void **state)
{
	struct store *s;

	(void)state;
	write_some();
	for (uint32_t paths = 3; paths < 3000; paths = 3 * paths + 1) {
		s = open_store(paths);
		assert_int_equal(store_old_count(s), 4);
		for (unsigned i = 0; i < 3; i++)
			assert_true(find(s, i));
		close_store(s);
	}
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

/* Never a crash, and never the state of another path. */
static void each_flipped_byte_loses_at_most_its_record(void **state)
{
	size_t size, slots = KEPT_BYTES + PATHS * RECORD_BYTES;
	unsigned char *bytes;
	unsigned found, n;

	(void)state;
	write_some();
	bytes = read_file(&size);
	for (size_t i = 0; i < MIN(size, slots); i++) {
		struct store *s;

		/* The rest of the header's page is empty, and so are these slots. */
		if (i >= sizeof(struct kept_header) && i < KEPT_BYTES)
			continue;
		if (i >= KEPT_BYTES + 3 * RECORD_BYTES && i % 64 != 0)
			continue;
		bytes[i] ^= 0x55;
		write_file(bytes, size);
		bytes[i] ^= 0x55;
		s = open_store(PATHS);
		n = i < KEPT_BYTES ? 0 : 2;
		for (unsigned k = found = 0; k < 3; k++)
			found += find(s, k);
		assert_true(found >= n);
		assert_true(store_is_open(s));
		close_store(s);
	}
	free(bytes);
}

static void each_shorter_file_is_survived(void **state)
{
	unsigned char *bytes;
	size_t size;

	(void)state;
	write_some();
	bytes = read_file(&size);
	for (size_t n = 0; n < size; n += n < 200 ? 1 : 97) {
		struct store *s;

		write_file(bytes, n);
		s = open_store(PATHS);
		assert_true(store_is_open(s));
		for (unsigned k = 0; k < 3; k++)
			(void)find(s, k); /* what is found is right */
		close_store(s);
	}
	free(bytes);
}

static void change_header(size_t at, unsigned char flip)
{
	unsigned char *bytes;
	size_t size;

	bytes = read_file(&size);
	bytes[at] ^= flip;
	write_file(bytes, size);
	free(bytes);
}

static void a_damaged_file_is_set_aside(void **state)
{
	struct store *s;

	(void)state;
	write_some();
	change_header(offsetof(struct kept_header, sum), 1);
	s = open_store(PATHS);
	assert_non_null(strstr(message(s, true), "damaged"));
	assert_true(exists(".bad"));
	assert_false(store_has_old(s));
	assert_true(store_is_open(s));
	close_store(s);
}

static void a_damaged_record_is_reported(void **state)
{
	struct store *s;

	(void)state;
	write_some();
	change_header(KEPT_BYTES + 40, 1);
	s = open_store(PATHS);
	assert_non_null(strstr(message(s, true), "1 records are damaged"));
	assert_true(exists(".bad"));
	assert_int_equal(store_old_count(s), 3);
	assert_false(find(s, 0));
	assert_true(find(s, 1));
	close_store(s);
}

static void another_version_is_set_aside(void **state)
{
	struct store *s;

	(void)state;
	write_some();
	change_header(offsetof(struct kept_header, version), 2);
	s = open_store(PATHS);
	assert_non_null(strstr(message(s, true), "version"));
	assert_true(exists(".bad"));
	assert_false(store_has_old(s));
	close_store(s);
}

static void another_boot_is_ignored(void **state)
{
	struct kept_header h;
	struct store *s;
	int fd;

	(void)state;
	write_some();
	fd = open(file, O_RDWR | O_CLOEXEC);
	assert_int_equal(kept_read(fd, &h, sizeof(h), 0), sizeof(h));
	h.boot_id[0] = h.boot_id[0] == 'a' ? 'b' : 'a';
	kept_seal(&h);
	assert_int_equal(kept_write(fd, &h, sizeof(h), 0), 0);
	close(fd);
	s = open_store(PATHS);
	assert_string_equal(message(s, false), "");
	assert_false(exists(".bad"));
	assert_false(store_has_old(s));
	close_store(s);
}

static void links_and_others_files_are_set_aside(void **state)
{
	char other[128];
	struct store *s;
	struct stat st;

	(void)state;
	(void)snprintf(other, sizeof(other), "%s/other", folder);
	assert_int_equal(symlink(other, file), 0);
	s = open_store(PATHS);
	assert_non_null(strstr(message(s, true), "not a file"));
	close_store(s);
	assert_int_equal(stat(other, &st), -1);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(mkfifo(file, 0600), 0);
	s = open_store(PATHS);
	assert_non_null(strstr(message(s, true), "not a file"));
	close_store(s);
	/* Others may write it. */
	assert_int_equal(chmod(file, 0666), 0);
	s = open_store(PATHS);
	assert_non_null(strstr(message(s, true), "not a file"));
	close_store(s);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void two_stores_do_not_share(void **state)
{
	struct store *a, *b;

	(void)state;
	a = open_store(PATHS);
	b = open_store(PATHS);
	assert_true(store_is_open(a));
	assert_false(store_is_open(b));
	assert_non_null(strstr(message(b, true), "another checkerd"));
	put(b, 0, 0); /* It does nothing. */
	close_store(b);
	put(a, 0, 0);
	close_store(a);
	a = open_store(PATHS);
	assert_int_equal(store_old_count(a), 1);
	close_store(a);
}

static void without_a_directory_it_works(void **state)
{
	struct store_options o = { .file = "/nonexistent/state", .max_paths = PATHS };
	struct store *s;

	(void)state;
	assert_int_equal(store_new(&s, &o, mono_now()), 0);
	assert_false(store_is_open(s));
	assert_non_null(strstr(message(s, false), "will not survive a restart"));
	put(s, 0, 0);
	store_flush(s);
	assert_false(store_has_old(s));
	assert_true(store_free(s, 0));
	o.file = NULL;
	assert_int_equal(store_new(&s, &o, mono_now()), 0);
	assert_string_equal(message(s, false), "");
	assert_true(store_free(s, 0));
}

/* procfs is no tmpfs, on any machine. */
static void a_disk_is_refused(void **state)
{
	const struct store_options o = { .file = "/proc/state", .max_paths = PATHS };
	struct store *s;

	(void)state;
	assert_int_equal(store_new(&s, &o, mono_now()), 0);
	assert_false(store_is_open(s));
	assert_non_null(strstr(message(s, false), "tmpfs"));
	assert_true(store_free(s, 0));
}

static void a_full_ring_refuses(void **state)
{
	struct store *s = open_store(1000);
	const struct stored_marks none = { .forced = 0 };
	struct device *d = disk(0);
	struct path p = { .device = d };
	unsigned n = 0;

	(void)state;
	path_status_init(&p.status, mono_now());
	while (store_put_path(s, n, &p, &none, mono_now())) /* not flushed */
		n++;
	assert_in_range(n, 32, 512);
	assert_true(store_wait(s, mono_add(mono_now(), LIMIT)));
	assert_true(store_put_path(s, n, &p, &none, mono_now()));
	close_store(s);
	device_unref(d);
}

/* A record that is being written is not written yet. */
static void what_counts_as_written_is_in_the_file(void **state)
{
	struct store *s = open_store(PATHS);

	(void)state;
	for (unsigned n = 1; n <= 3; n++) {
		atomic_store(&disk_is_slow, true);
		put(s, 0, n);
		assert_int_equal(store_put_count(s), n);
		assert_int_equal(store_written_count(s), n - 1);
		store_flush(s);
		wait_for(&writes_begun, 1);
		assert_int_equal(store_written_count(s), n - 1);
		atomic_store(&disk_is_slow, false);
		while (store_written_count(s) < n)
			sched_yield();
	}
	close_store(s);
}

static bool is_notified(const struct store *s, int timeout_ms)
{
	struct pollfd p = { .fd = store_fd(s), .events = POLLIN };

	return poll(&p, 1, timeout_ms) == 1;
}

static void who_waits_is_notified_once(void **state)
{
	struct store *s = open_store(PATHS);

	(void)state;
	for (unsigned n = 1; n <= 500; n++) {
		uint64_t before = store_put_count(s);

		store_await(s);
		put(s, 0, n);
		put(s, 1, n);
		store_flush(s);
		/* The wake-up of the last round may come late, and the first one be for that. */
		do {
			assert_true(is_notified(s, (int)(LIMIT / USEC_PER_MSEC)));
			store_clear(s);
			store_await(s);
		} while (store_written_count(s) < before + 2);
	}
	close_store(s);
}

/* No thread: nothing is ever to be waited for. */
static void without_a_file_all_is_written(void **state)
{
	const struct store_options o = { .max_paths = PATHS };
	struct store *s;

	(void)state;
	assert_int_equal(store_new(&s, &o, mono_now()), 0);
	put(s, 0, 0);
	store_flush(s);
	assert_int_equal(store_written_count(s), store_put_count(s));
	assert_true(store_fd(s) >= 0);
	assert_false(is_notified(s, 0));
	assert_true(store_free(s, 0));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_successor_finds_all),
		TEST(a_start_that_is_cut_short_loses_nothing),
		TEST(the_later_record_counts),
		TEST(what_was_not_taken_up_is_forgotten),
		TEST(a_dropped_path_is_forgotten),
		TEST(another_size_takes_up_all),
		TEST(each_flipped_byte_loses_at_most_its_record),
		TEST(each_shorter_file_is_survived),
		TEST(a_damaged_file_is_set_aside),
		TEST(a_damaged_record_is_reported),
		TEST(another_version_is_set_aside),
		TEST(another_boot_is_ignored),
		TEST(links_and_others_files_are_set_aside),
		TEST(two_stores_do_not_share),
		TEST(without_a_directory_it_works),
		TEST(a_disk_is_refused),
		TEST(a_full_ring_refuses),
		TEST(what_counts_as_written_is_in_the_file),
		TEST(who_waits_is_notified_once),
		TEST(without_a_file_all_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the directio checker says of files, of what is no disk, and of what has taken a disk's
 * place; and libaio's backend on real files.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "libcheck/backends/backend.h"
#include "libcheck/checkers/directio.h"
#include "libcheck/region/limits.h"
#include "tests/unit/prober/direct-files.h"

static _Alignas(4096) unsigned char buffer[SCRATCH_BYTES];
static unsigned open_before;

static int setup(void **state)
{
	(void)state; /* no fixture */
	open_before = files_open();
	return 0;
}

/* Every test gives its descriptors back, also where opening fails. */
static int teardown(void **state)
{
	(void)state; /* no fixture */
	return files_open() == open_before ? 0 : -1;
}

static int open_file(const char *file, int stale_fd, int *ret_fd, uint32_t *ret_block)
{
	char name[FILE_NAME_MAX];

	files_name(name, file);
	return directio_open(name, stale_fd, ret_fd, ret_block);
}

static int opened(const char *file, int stale_fd)
{
	uint32_t block = 0;
	int fd = -1;

	assert_int_equal(open_file(file, stale_fd, &fd, &block), 0);
	assert_true(block >= 512 && block <= SCRATCH_BYTES && (block & (block - 1)) == 0);
	return fd;
}

static bool is_file(int fd, const char *file)
{
	struct stat a, b;
	char name[FILE_NAME_MAX];

	files_name(name, file);
	assert_int_equal(fstat(fd, &a), 0);
	assert_int_equal(stat(name, &b), 0);
	return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* --- opening and reading --- */

static void a_file_is_read(void **state)
{
	uint32_t block = 0;
	int fd = -1;

	(void)state; /* no fixture */
	assert_int_equal(open_file("good", -1, &fd, &block), 0);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(fcntl(fd, F_GETFL) & (O_DIRECT | O_ACCMODE),
	                 O_DIRECT | O_RDONLY);
	for (int i = 0; i < 3; i++) /* always the first block */
		assert_int_equal(directio_read(fd, buffer, block), block);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
	close(fd);
}

static void short_ones_give_less_than_a_block(void **state)
{
	uint32_t block = 0;
	int fd = -1;

	(void)state; /* no fixture */
	files_make("short", 100);
	assert_int_equal(open_file("short", -1, &fd, &block), 0);
	assert_in_range(directio_read(fd, buffer, block), 0, 100);
	close(fd);
	files_make("empty", 0);
	assert_int_equal(open_file("empty", -1, &fd, &block), 0);
	assert_int_equal(directio_read(fd, buffer, block), 0);
	close(fd);
}

static void reads_that_fail(void **state)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state; /* no fixture */
	assert_int_equal(directio_read(-1, buffer, 512), -EBADF);
	assert_int_equal(directio_read(fd, buffer, 512), -EISDIR);
	close(fd);
}

static void expect_refusal(const char *name)
{
	uint32_t block = 77;
	int fd = -77, r = directio_open(name, -1, &fd, &block);

	assert_true(r == -ENOTBLK || r == -EINVAL);
	assert_int_equal(fd, -77); /* untouched */
	assert_int_equal(block, 77);
}

static void what_is_no_disk_is_refused(void **state)
{
	char name[FILE_NAME_MAX];
	int writer;

	(void)state; /* no fixture */
	expect_refusal("/");
	expect_refusal("/dev/null");
	expect_refusal("/dev/zero");
	files_name(name, "fifo");
	assert_int_equal(mkfifo(name, 0600), 0);
	expect_refusal(name); /* and does not wait for a writer */
	writer = open(name, O_RDWR | O_CLOEXEC);
	expect_refusal(name); /* nor writes */
	close(writer);
	files_unlink("fifo");
}

static void what_open_says(void **state)
{
	uint32_t block;
	char name[FILE_NAME_MAX];
	int fd;

	(void)state; /* no fixture */
	assert_int_equal(open_file("missing", -1, &fd, &block), -ENOENT);
	assert_int_equal(open_file("good/below", -1, &fd, &block), -ENOTDIR);
	files_name(name, "loop");
	assert_int_equal(symlink(name, name), 0);
	assert_int_equal(open_file("loop", -1, &fd, &block), -ELOOP);
	files_unlink("loop");
}

static void a_socket_is_refused(void **state)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), got;
	uint32_t block;
	char name[FILE_NAME_MAX];

	(void)state; /* no fixture */
	files_name(name, "socket");
	/* A socket's name has less room than a file's: by way of the directory. */
	assert_true(snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/socket",
	                     fd + 1) > 0);
	files_name(name, "");
	got = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(got, fd + 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	close(got);
	assert_int_equal(open_file("socket", -1, &got, &block), -ENXIO);
	files_unlink("socket");
	close(fd);
}

/* --- the descriptor of before --- */

static void the_same_file_keeps_its_descriptor(void **state)
{
	int fd = opened("good", -1);

	(void)state; /* no fixture */
	for (int i = 0; i < 5; i++)
		assert_int_equal(opened("good", fd), fd);
	files_link("other-name", "good");
	assert_int_equal(opened("other-name", fd), fd);
	close(fd);
}

static void another_file_in_its_place_is_opened(void **state)
{
	char from[FILE_NAME_MAX], to[FILE_NAME_MAX];
	int fd;

	(void)state; /* no fixture */
	files_make("disk", 8192);
	files_make("new", 8192);
	fd = opened("disk", -1);
	files_name(from, "new");
	files_name(to, "disk");
	assert_int_equal(rename(from, to), 0);
	assert_false(is_file(fd, "disk"));
	fd = opened("disk", fd); /* the old one is closed: see teardown() */
	assert_true(is_file(fd, "disk"));
	close(fd);
}

static void a_link_that_leads_elsewhere(void **state)
{
	char target[FILE_NAME_MAX], name[FILE_NAME_MAX];
	int fd;

	(void)state; /* no fixture */
	files_make("second", 8192);
	files_name(target, "good");
	files_name(name, "link");
	assert_int_equal(symlink(target, name), 0);
	fd = opened("link", -1);
	assert_int_equal(opened("link", fd), fd);
	files_unlink("link");
	files_name(target, "second");
	assert_int_equal(symlink(target, name), 0);
	fd = opened("link", fd);
	assert_true(is_file(fd, "second"));
	close(fd);
}

static void gone_or_no_disk_any_more(void **state)
{
	char name[FILE_NAME_MAX];
	uint32_t block;
	int fd, got = -1, r;

	(void)state; /* no fixture */
	files_make("disk", 8192);
	fd = opened("disk", -1);
	files_unlink("disk");
	assert_int_equal(open_file("disk", fd, &got, &block), -ENOENT);
	assert_int_equal(fcntl(fd, F_GETFD), -1); /* closed */

	files_make("disk", 8192);
	fd = opened("disk", -1);
	files_unlink("disk");
	files_name(name, "disk");
	assert_int_equal(mkfifo(name, 0600), 0);
	r = open_file("disk", fd, &got, &block);
	assert_true(r == -ENOTBLK || r == -EINVAL);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_int_equal(got, -1);
	files_unlink("disk");
}

/* --- libaio --- */

static void close_aio(void *context, int wake_fd, int fd)
{
	backend_libaio.destroy(context);
	close(wake_fd);
	close(fd);
}

static bool aio_setup_for(unsigned slots, int wake_fd, void **ret_context)
{
	int r = backend_libaio.setup(slots, wake_fd, ret_context);

	/* Other processes may have used up the descriptors. */
	assert_true(r == 0 || r == -EAGAIN);
	return r == 0;
}

static bool aio_setup(int wake_fd, void **ret_context)
{
	return aio_setup_for(PATHCHECK_GROUP_SLOTS, wake_fd, ret_context);
}

/* False: the file system refuses reads that may not wait. tmpfs does. */
static bool submit_all(void *context, struct backend_request *requests, unsigned n)
{
	struct backend_request *list[3 * REAP_BATCH];

	assert_true(n <= ARRAY_LEN(list));
	for (unsigned i = 0; i < n; i++)
		list[i] = &requests[i];
	for (unsigned i = 0; i < n;) {
		int r = backend_libaio.submit(context, list + i, n - i);

		if (i == 0 && r == -EOPNOTSUPP)
			return false;
		assert_true(r > 0);
		i += (unsigned)r;
	}
	return true;
}

/* Each request once; the word that woke it does not take an answer's place. */
static void answers_and_a_word_in_between(void **state)
{
	static struct backend_request requests[3 * REAP_BATCH];
	int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), fd = opened("good", -1);
	struct backend_event events[REAP_BATCH];
	bool seen[ARRAY_LEN(requests)] = { false };
	unsigned left = ARRAY_LEN(requests);
	uint64_t one = 1;
	void *context;

	(void)state; /* no fixture */
	if (!aio_setup(wake_fd, &context)) {
		close(wake_fd);
		close(fd);
		skip(); /* no AIO here: fs.aio-max-nr is used up, or it is not in the kernel */
	}
	for (unsigned i = 0; i < ARRAY_LEN(requests); i++)
		requests[i] = (struct backend_request){ .fd = fd,
			                                .len = SCRATCH_BYTES,
			                                .buffer = buffer };
	assert_int_equal(write(wake_fd, &one, sizeof(one)), sizeof(one));
	if (!submit_all(context, requests, ARRAY_LEN(requests))) {
		close_aio(context, wake_fd, fd);
		skip();
	}
	while (left > 0) {
		int n = backend_libaio.reap(context, events, ARRAY_LEN(events), -1);

		assert_in_range(n, 0, ARRAY_LEN(events));
		for (int i = 0; i < n; i++) {
			ptrdiff_t at = events[i].request - requests;

			assert_false(seen[at]);
			seen[at] = true;
			/* EAGAIN: it would have blocked. */
			assert_true(events[i].result == 8192 ||
			            events[i].result == -EAGAIN ||
			            events[i].result == -EOPNOTSUPP);
			left--;
		}
	}
	close_aio(context, wake_fd, fd);
}

/* While it drains, a small context is not slept in: its events call by the eventfd. */
static void a_small_one_says_that_it_has_events(void **state)
{
	int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), fd = opened("good", -1);
	struct backend_request request = { .fd = fd,
		                           .len = SCRATCH_BYTES,
		                           .buffer = buffer };
	struct pollfd pfd = { .fd = wake_fd, .events = POLLIN };
	struct backend_event event;
	void *context;

	(void)state; /* no fixture */
	if (!aio_setup_for(CONTEXT_SLOTS_MIN, wake_fd, &context)) {
		close(wake_fd);
		close(fd);
		skip(); /* no AIO here: fs.aio-max-nr is used up, or it is not in the kernel */
	}
	if (!submit_all(context, &request, 1)) {
		close_aio(context, wake_fd, fd);
		skip();
	}
	assert_int_equal(poll(&pfd, 1, -1), 1);
	assert_int_equal(backend_libaio.reap(context, &event, 1, 0), 1);
	assert_ptr_equal(event.request, &request);
	close_aio(context, wake_fd, fd);
}

static void woken_or_at_its_time(void **state)
{
	int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct backend_event events[REAP_BATCH];
	uint64_t one = 1, count;
	void *context;

	(void)state; /* no fixture */
	if (!aio_setup(wake_fd, &context)) {
		close(wake_fd);
		skip(); /* no AIO here: fs.aio-max-nr is used up, or it is not in the kernel */
	}
	assert_int_equal(backend_libaio.reap(context, events, REAP_BATCH, 0), 0);
	assert_int_equal(backend_libaio.reap(context, events, REAP_BATCH, 1000), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(write(wake_fd, &one, sizeof(one)), sizeof(one));
		assert_int_equal(backend_libaio.reap(context, events, REAP_BATCH, -1), 0);
		assert_int_equal(read(wake_fd, &count, sizeof(count)), -1); /* cleared */
	}
	backend_libaio.destroy(context);
	close(wake_fd);
}

static void submit_says_what_is_wrong(void **state)
{
	int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct backend_request bad = { .fd = -1, .len = 512, .buffer = buffer };
	struct backend_request *list[] = { &bad };
	void *context;

	(void)state; /* no fixture */
	if (!aio_setup(wake_fd, &context)) {
		close(wake_fd);
		skip(); /* no AIO here: fs.aio-max-nr is used up, or it is not in the kernel */
	}
	assert_int_equal(backend_libaio.submit(context, list, 1), -EBADF);
	backend_libaio.destroy(context);
	close(wake_fd);
}

static int begin(void **state)
{
	(void)state; /* no fixture */
	files_begin();
	files_make("good", 8192);
	return 0;
}

static int end(void **state)
{
	(void)state; /* no fixture */
	files_end();
	return 0;
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_file_is_read),
		T(short_ones_give_less_than_a_block),
		T(reads_that_fail),
		T(what_is_no_disk_is_refused),
		T(what_open_says),
		T(a_socket_is_refused),
		T(the_same_file_keeps_its_descriptor),
		T(another_file_in_its_place_is_opened),
		T(a_link_that_leads_elsewhere),
		T(gone_or_no_disk_any_more),
		T(answers_and_a_word_in_between),
		T(a_small_one_says_that_it_has_events),
		T(woken_or_at_its_time),
		T(submit_says_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, begin, end);
}

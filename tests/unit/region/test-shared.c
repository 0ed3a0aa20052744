/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The region both sides see: where its parts lie, whom it refuses, and how one side sleeps
 * until the other has something for it. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010 /* C libraries older than 2.32 do not know it */
#endif

#include "libcheck/region/device_names.h"
#include "libcheck/region/shared.h"
#include "util/thread.h"

#define LIMIT_MS 60000

static struct pathcheck_options options(uint32_t paths)
{
	struct pathcheck_options o;

	pathcheck_options_init(&o);
	o.max_paths = paths;
	o.prober = "/somewhere";
	return o;
}

struct part {
	const void *at;
	size_t bytes;
};

/* In this order, aligned, one behind the other, the last one ending with the region. */
static void layout(void **state)
{
	(void)state; /* no fixture */
	for (uint32_t paths = 1; paths < 40000; paths = paths * 5 + 3) {
		struct pathcheck_options o = options(paths);
		const char *end;
		struct limits l;
		struct shared s;

		assert_int_equal(limits_from_options(&o, &l), 0);
		assert_int_equal(shared_create(&s, &o, paths % 2 == 0), 0);
		assert_int_equal(s.bytes + s.names_bytes, shared_bytes(&l));
		assert_int_equal(s.header->bytes, s.bytes);
		assert_null(s.header->options.prober); /* a pointer is not for others */
		assert_memory_equal(&s.header->limits, &l, sizeof(l));

		const struct part parts[] = {
			{ s.header, sizeof(*s.header) },
			{ s.commands, ring_bytes(l.commands, sizeof(struct command)) },
			{ s.results, ring_bytes(l.results, sizeof(struct wire_result)) },
			{ s.groups, l.groups * sizeof(*s.groups) },
			{ s.rescuer_busy_us, l.rescuers * sizeof(*s.rescuer_busy_us) },
			{ s.handed_us, l.ids * sizeof(*s.handed_us) },
			{ s.suspects, l.ids },
			{ s.opened, l.ids * sizeof(*s.opened) },
		};

		end = (const char *)s.header;
		for (unsigned i = 0; i < ARRAY_LEN(parts); i++) {
			assert_int_equal((uintptr_t)parts[i].at % 64, 0);
			assert_true((const char *)parts[i].at >= end);
			assert_true((const char *)parts[i].at < end + 64);
			end = (const char *)parts[i].at + parts[i].bytes;
		}
		assert_ptr_equal(end, (const char *)s.header + s.bytes);
		/* The names are in a part of their own. */
		assert_ptr_equal(s.name_at, s.names + (size_t)l.name_units * NAME_UNIT);
		assert_ptr_equal(s.name_at + l.ids, s.names + s.names_bytes);
		assert_int_equal(s.commands->capacity, l.commands);
		assert_int_equal(s.commands->element_size, sizeof(struct command));
		assert_int_equal(s.results->capacity, l.results);
		assert_int_equal(s.results->element_size, sizeof(struct wire_result));
		shared_deinit(&s);
	}
}

static void all_is_given_back(void **state)
{
	struct pathcheck_options o = options(10);
	int first = dup(0), last;
	struct shared s;

	(void)state; /* no fixture */
	for (int i = 0; i < 10; i++) {
		assert_int_equal(shared_create(&s, &o, true), 0);
		shared_deinit(&s);
		assert_null(s.header);
		shared_deinit(
		        &s); /* what is half built, or built no more, can be ended */
	}
	o.rescuers = 0;
	assert_int_equal(shared_create(&s, &o, true), -EINVAL);
	last = dup(0);
	assert_int_equal(last, first + 1);
	close(first);
	close(last);
}

/* The name that id i has in this life. Each length occurs. */
static void name_of(char name[PATHCHECK_DEVICE_MAX], uint32_t i, uint32_t life)
{
	size_t more = (i * 7919U + life * 104729U) % (PATHCHECK_DEVICE_MAX - 20), used;

	used = (size_t)snprintf(name, PATHCHECK_DEVICE_MAX, "/%u/%u", i, life);
	memset(name + used, 'x', more);
	name[used + more] = '\0';
}

static void names_stay_apart(void **state)
{
	enum { PATHS = 300, ROUNDS = 20000 };
	struct pathcheck_options o = options(2 * PATHS); /* so that all find room */
	static uint32_t life[PATHS];
	char name[PATHCHECK_DEVICE_MAX];
	struct names names;
	struct shared s;

	(void)state; /* no fixture */
	assert_int_equal(shared_create(&s, &o, false), 0);
	names_init(&names);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		uint32_t i = round * 31U % PATHS;

		if (life[i] > 0) {
			name_of(name, i, life[i]);
			assert_string_equal(names_get(&s, i), name);
			names_drop(&names, &s, i);
			assert_string_equal(names_get(&s, i), "");
		}
		name_of(name, i, ++life[i]);
		assert_int_equal(names_put(&names, &s, i, name), 0);
	}
	for (uint32_t i = 0; i < PATHS; i++) {
		name_of(name, i, life[i]);
		assert_string_equal(names_get(&s, i), name);
	}
	shared_deinit(&s);
}

/* As many as there is room for, and as many again when they are gone; shorter ones fit, too. */
static void names_have_their_room(void **state)
{
	struct pathcheck_options o = options(100);
	char name[PATHCHECK_DEVICE_MAX];
	struct names names;
	struct limits l;
	struct shared s;
	uint32_t n;

	(void)state; /* no fixture */
	assert_int_equal(limits_from_options(&o, &l), 0);
	assert_int_equal(shared_create(&s, &o, false), 0);
	names_init(&names);
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (int round = 0; round < 3; round++) {
		for (n = 0; names_put(&names, &s, n, name) == 0; n++)
			continue;
		assert_int_equal(n, l.name_units * NAME_UNIT / PATHCHECK_DEVICE_MAX);
		assert_string_equal(names_get(&s, n - 1), name);
		names_drop(&names, &s, 0);
		for (uint32_t i = 0; i < NAME_KINDS; i++)
			assert_int_equal(names_put(&names, &s, n + i, "/short"), 0);
		assert_int_equal(names_put(&names, &s, 0, name), -ENOSPC);
		assert_string_equal(names_get(&s, n), "/short");
		/* All of one size: what comes back as pieces stays so. */
		shared_deinit(&s);
		assert_int_equal(shared_create(&s, &o, false), 0);
		names_init(&names);
	}
	/* So much each: all ids find room. */
	name[NAME_BYTES_EACH - 1] = '\0';
	for (uint32_t i = 0; i < l.ids; i++)
		assert_int_equal(names_put(&names, &s, i, name), 0);
	shared_deinit(&s);
}

/* Two views of one region, as in two processes. */
static void attach(void **state)
{
	struct pathcheck_options o = options(100);
	struct command c = { .op = COMMAND_CHECK, .id = 7, .timeout_us = 12345 }, got;
	struct wire_result w = { .id = 7, .error = EIO }, result;
	struct ring_producer commands, results;
	struct ring_consumer commands_out, results_out;
	struct shared a, b;
	struct names names;

	(void)state; /* no fixture */
	assert_int_equal(shared_create(&a, &o, true), 0);
	assert_int_equal(shared_attach(&b, dup(a.fd), dup(a.names_fd),
	                               dup(a.submitter_fd), dup(a.caller_fd)),
	                 0);
	assert_ptr_not_equal(a.header, b.header);

	ring_producer_init(&commands, a.commands);
	ring_consumer_init(&commands_out, b.commands);
	ring_producer_init(&results, b.results);
	ring_consumer_init(&results_out, a.results);
	names_init(&names);
	assert_int_equal(names_put(&names, &a, 99, "/dev/sdx"), 0);
	assert_true(ring_push(&commands, &c));
	assert_true(ring_pop(&commands_out, &got));
	assert_memory_equal(&got, &c, sizeof(c));
	assert_string_equal(names_get(&b, 99), "/dev/sdx");
	assert_string_equal(names_get(&b, 98), "");
	assert_true(ring_push(&results, &w));
	atomic_store(&b.groups[1].orphans, 3);
	atomic_store(&b.rescuer_busy_us[15], 4);
	assert_true(ring_pop(&results_out, &result));
	assert_memory_equal(&result, &w, sizeof(w));
	assert_int_equal(atomic_load(&a.groups[1].orphans), 3);
	assert_int_equal(atomic_load(&a.rescuer_busy_us[15]), 4);
	atomic_store(&b.rescuer_busy_us[14], 900); /* later than now: it begins now */
	assert_int_equal(shared_rescuers_busy(&a, 16, -1, (struct mono){ 104 }), 2);
	assert_int_equal(shared_rescuers_busy(&a, 16, 99, (struct mono){ 104 }), 1);
	assert_int_equal(shared_rescuers_busy(&a, 16, 100, (struct mono){ 104 }), 0);
	assert_int_equal(shared_rescuers_busy(&a, 15, 99, (struct mono){ 104 }), 0);
	shared_deinit(&b);
	shared_deinit(&a);
}

static int try_attach(int fd, int names_fd)
{
	struct shared s = SHARED_NULL;
	int r = shared_attach(&s, fd, names_fd, -1, -1);

	if (r == 0) {
		munmap(s.header, s.bytes);
		munmap(s.names, s.names_bytes);
	} else {
		assert_null(s.header); /* untouched on failure */
	}
	return r;
}

/* The same, as a file whose size can be changed. */
static int loose_copy(const void *data, size_t size)
{
	int fd = memfd_create("test-shared", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	return fd;
}

static void attach_refuses(void **state)
{
	struct pathcheck_options o = options(100);
	int null, loose, names;
	struct shared s;

	(void)state; /* no fixture */
	assert_int_equal(shared_create(&s, &o, true), 0);
	assert_int_equal(try_attach(s.fd, s.names_fd), 0);

	s.header->size_check++;
	assert_int_equal(try_attach(s.fd, s.names_fd), -EPROTO);
	s.header->size_check--;
	s.header->bytes -= 64;
	assert_int_equal(try_attach(s.fd, s.names_fd), -EPROTO);
	s.header->bytes += 64;
	s.header->limits.ids += 64;
	assert_int_equal(try_attach(s.fd, s.names_fd), -EPROTO);
	s.header->limits.ids -= 64;
	assert_int_equal(try_attach(s.fd, s.names_fd), 0);

	loose = loose_copy(s.header, s.bytes);
	names = loose_copy(s.names, s.names_bytes);
	assert_int_equal(try_attach(loose, names), 0);
	assert_int_equal(ftruncate(loose, (off_t)s.bytes + 4096), 0);
	assert_int_equal(try_attach(loose, names), -EPROTO);
	assert_int_equal(ftruncate(loose, sizeof(struct shared_header) - 1), 0);
	assert_int_equal(try_attach(loose, names), -EPROTO);
	assert_int_equal(ftruncate(names, (off_t)s.names_bytes - 1), 0);
	assert_int_equal(try_attach(s.fd, names), -EPROTO);
	close(loose);
	close(names);

	assert_int_equal(try_attach(-1, s.names_fd), -EBADF);
	assert_int_equal(try_attach(s.fd, -1), -EBADF);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	assert_true(null >= 0);
	assert_int_equal(try_attach(null, s.names_fd), -EPROTO);
	close(null);
	shared_deinit(&s);
}

/*
 * The owner of the region cannot make the other side's reads of it end the process, and
 * cannot rename a device.
 */
static void sealed_parts(void **state)
{
	struct pathcheck_options o = options(100);
	struct names names;
	struct shared s;

	(void)state; /* no fixture */
	assert_int_equal(shared_create(&s, &o, true), 0);
	assert_int_equal(ftruncate(s.fd, 0), -1);
	assert_int_equal(ftruncate(s.fd, (off_t)s.bytes + 1), -1);
	assert_int_equal(ftruncate(s.names_fd, 0), -1);
	names_init(&names);
	assert_int_equal(names_put(&names, &s, 0, "/dev/sda"), 0);
	if ((fcntl(s.names_fd, F_GET_SEALS) & F_SEAL_FUTURE_WRITE) != 0) {
		assert_int_equal(pwrite(s.names_fd, "x", 1, 0), -1);
		assert_ptr_equal(mmap(NULL, s.names_bytes, PROT_READ | PROT_WRITE,
		                      MAP_SHARED, s.names_fd, 0),
		                 MAP_FAILED);
		assert_int_equal(fcntl(s.names_fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
	}
	assert_string_equal(names_get(&s, 0), "/dev/sda");
	shared_deinit(&s);
}

/* The caller's memory is given back as it was taken, whatever the header says meanwhile. */
static void header_is_not_believed(void **state)
{
	struct pathcheck_options o = options(100);
	struct names names;
	struct shared s;
	void *header;
	uint64_t bytes;

	(void)state; /* no fixture */
	assert_int_equal(shared_create(&s, &o, true), 0);
	header = s.header;
	bytes = s.bytes;
	memset(header, 0xff, bytes);
	names_init(&names);
	for (uint32_t id = 0; id < 100; id++)
		assert_int_equal(names_put(&names, &s, id, "/dev/sda"), 0);
	shared_deinit(&s);
	assert_int_equal(msync(header, bytes, MS_ASYNC), -1); /* it is unmapped */
	assert_int_equal(errno, ENOMEM);
}

/* --- sleep and wake --- */

static bool readable(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, 0) == 1;
}

static void wakes_only_who_sleeps(void **state)
{
	struct pathcheck_options o = options(1);
	_Atomic uint32_t *waits;
	struct shared s;

	(void)state; /* no fixture */
	assert_int_equal(shared_create(&s, &o, false), 0);
	waits = &s.header->submitter_waits;
	shared_wake(waits, s.submitter_fd); /* awake: no system call for it */
	assert_false(readable(s.submitter_fd));
	shared_going_to_wait(waits);
	assert_false(readable(s.submitter_fd));
	shared_wake(waits, s.submitter_fd);
	assert_true(readable(s.submitter_fd));
	assert_int_equal(atomic_load(waits), 0);
	assert_true(shared_drain(s.submitter_fd));
	assert_false(readable(s.submitter_fd));
	shared_wake(waits, s.submitter_fd); /* once only */
	assert_false(readable(s.submitter_fd));
	assert_false(shared_drain(s.submitter_fd)); /* nothing there: does not block */
	assert_false(readable(s.caller_fd));
	shared_deinit(&s);
}

enum { PASSED = 30000 };

static void *produce(void *arg)
{
	struct shared *s = arg;
	struct ring_producer commands;

	ring_producer_init(&commands, s->commands);
	for (uint32_t n = 0; n < PASSED; n++) {
		struct command c = { .id = n };

		while (!ring_push(&commands, &c))
			sched_yield();
		shared_wake(&s->header->submitter_waits, s->submitter_fd);
	}
	return NULL;
}

static bool wait_for(struct shared *s, struct ring_consumer *commands,
                     struct command *ret)
{
	struct pollfd pfd = { .fd = s->submitter_fd, .events = POLLIN };

	for (;;) {
		if (ring_pop(commands, ret))
			return true;
		shared_going_to_wait(&s->header->submitter_waits);
		if (ring_pop(commands, ret))
			return true;
		if (poll(&pfd, 1, LIMIT_MS) != 1)
			return false;
		shared_drain(s->submitter_fd);
	}
}

/* No wake-up is lost: one that was would leave the sleeper for good. */
static void two_threads(void **state)
{
	struct pathcheck_options o = options(1);
	struct ring_consumer commands;
	uint32_t wrong = 0;
	pthread_t producer;
	struct shared s;
	bool all = true;

	(void)state; /* no fixture */
	assert_int_equal(shared_create(&s, &o, false), 0);
	ring_consumer_init(&commands, s.commands);
	assert_int_equal(thread_start(&producer, "producer", 0, produce, &s), 0);
	for (uint32_t n = 0; n < PASSED && all; n++) {
		struct command c = { .id = UINT32_MAX };

		all = wait_for(&s, &commands, &c);
		wrong += c.id != n;
	}
	assert_true(all);
	assert_int_equal(wrong, 0);
	assert_int_equal(pthread_join(producer, NULL), 0);
	shared_deinit(&s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout),
		cmocka_unit_test(all_is_given_back),
		cmocka_unit_test(names_stay_apart),
		cmocka_unit_test(names_have_their_room),
		cmocka_unit_test(attach),
		cmocka_unit_test(attach_refuses),
		cmocka_unit_test(sealed_parts),
		cmocka_unit_test(header_is_not_believed),
		cmocka_unit_test(wakes_only_who_sleeps),
		cmocka_unit_test(two_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

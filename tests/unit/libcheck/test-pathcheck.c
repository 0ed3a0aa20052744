/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The public interface with real files, every test with threads and with a process. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/libcheck/pathcheck-bed.h"
#include "util/macro.h"
#include "util/mono.h"

#define PATHS 50

/* --- mistakes of the caller --- */

static void options_out_of_range(void **state)
{
	struct bed *b = *state;
	const struct pathcheck_options good = bed_options(b, PATHS);
	struct pathcheck_bound bound = { .size = sizeof(bound) };
	struct pathcheck_options bad[16];
	unsigned n = 0;

	for (unsigned i = 0; i < ARRAY_LEN(bad); i++)
		bad[i] = good;
	bad[n++].size = sizeof(good) - 8;
	bad[n++].mode = (enum pathcheck_mode)2;
	bad[n++].max_paths = 0;
	bad[n++].max_paths = PATHCHECK_PATHS_MAX + 1;
	bad[n++].rescuers = PATHCHECK_RESCUERS_MIN - 1;
	bad[n++].rescuers = PATHCHECK_RESCUERS_MAX + 1;
	bad[n++].setup_timeout_us = 0;
	bad[n++].setup_timeout_us = UINT64_MAX;
	bad[n++].setup_retry_us = 0;
	bad[n++].setup_retry_us = UINT64_MAX;
	bad[n++].stall_timeout_us = 0;
	bad[n++].stall_timeout_us = UINT64_MAX;
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(pathcheck_new(&b->pc, &bad[i]), -EINVAL);
		assert_int_equal(pathcheck_bound(&bad[i], &bound), -EINVAL);
		assert_null(b->pc);
	}
	assert_int_equal(pathcheck_new(&b->pc, NULL), -EINVAL);
	assert_int_equal(pathcheck_bound(&good, &bound), 0);
	bound.size--;
	assert_int_equal(pathcheck_bound(&good, &bound), -EINVAL);
	assert_null(pathcheck_free(NULL));
}

static void paths_that_are_none(void **state)
{
	static char longest[PATHCHECK_DEVICE_MAX + 1];
	struct bed *b = *state;
	struct pathcheck_path p = { .size = sizeof(p) };
	uint32_t id = 77;

	bed_start(b, 2);
	assert_int_equal(pathcheck_add(b->pc, &p, &id), -EINVAL);
	p.device = "";
	assert_int_equal(pathcheck_add(b->pc, &p, &id), -EINVAL);
	p.device = "dev/sda";
	assert_int_equal(pathcheck_add(b->pc, &p, &id), -EINVAL);
	p.device = "/dev/sda";
	p.host = PATHCHECK_HOSTS_MAX;
	assert_int_equal(pathcheck_add(b->pc, &p, &id), -EINVAL);
	p.host = 0;
	p.size--;
	assert_int_equal(pathcheck_add(b->pc, &p, &id), -EINVAL);
	p.size++;
	memset(longest, '/', PATHCHECK_DEVICE_MAX);
	p.device = longest;
	assert_int_equal(pathcheck_add(b->pc, &p, &id), -ENAMETOOLONG);
	assert_int_equal(id, 77); /* untouched */
	longest[PATHCHECK_DEVICE_MAX - 1] = '\0';
	assert_int_equal(pathcheck_add(b->pc, &p, &id), 0);
}

static void ids_that_are_none(void **state)
{
	static const uint32_t ids[] = { 1, 3, 1000, PATHCHECK_NO_ID };
	struct bed *b = *state;
	uint32_t id;

	bed_start(b, 4);
	bed_file(b, 0, BED_FILE_BYTES);
	id = bed_add(b, 0, 0);
	for (unsigned i = 0; i < ARRAY_LEN(ids); i++) {
		assert_int_equal(pathcheck_check(b->pc, ids[i], 1), -ENOENT);
		assert_int_equal(pathcheck_remove(b->pc, ids[i]), -ENOENT);
	}
	assert_int_equal(pathcheck_check(b->pc, id, 0), -EINVAL);
	assert_int_equal(pathcheck_check(b->pc, id, UINT64_MAX), -EINVAL);
	assert_int_equal(bed_check(b, id).verdict, PATHCHECK_OK);
	assert_int_equal(pathcheck_remove(b->pc, id), 0);
	assert_int_equal(pathcheck_remove(b->pc, id), -ENOENT);
	assert_int_equal(pathcheck_check(b->pc, id, 1), -ENOENT);
}

static void counters_of_another_size(void **state)
{
	struct bed *b = *state;
	struct pathcheck_stats s = { .size = sizeof(s) - 1 };
	struct pathcheck_result r;
	struct pathcheck_group g;

	bed_start(b, 1);
	assert_int_equal(pathcheck_stats(b->pc, &s), -EINVAL);
	assert_int_equal(pathcheck_group(b->pc, 2, &g), -ENOENT); /* there are two */
	assert_int_equal(pathcheck_group(b->pc, UINT32_MAX, &g), -ENOENT);
	assert_int_equal(pathcheck_group(b->pc, 1, &g), -ENOENT); /* is unused */
	assert_int_equal(pathcheck_results(b->pc, &r, 0), 0);
	assert_int_equal(pathcheck_tend(b->pc), 0);
}

static void no_more_than_max_paths(void **state)
{
	struct bed *b = *state;
	struct pathcheck_path p = { .size = sizeof(p), .device = "/nothing" };
	uint32_t ids[4], id;

	bed_start(b, ARRAY_LEN(ids));
	for (unsigned i = 0; i < ARRAY_LEN(ids); i++) {
		assert_int_equal(pathcheck_add(b->pc, &p, &ids[i]), 0);
		for (unsigned j = 0; j < i; j++)
			assert_int_not_equal(ids[i], ids[j]);
	}
	assert_int_equal(pathcheck_add(b->pc, &p, &id), -ENOSPC);
	assert_int_equal(pathcheck_remove(b->pc, ids[2]), 0);
	assert_int_equal(pathcheck_add(b->pc, &p, &id), 0); /* at once */
	assert_int_equal(pathcheck_add(b->pc, &p, &id), -ENOSPC);
}

/*
 * An id is free again only when the prober has released it; until then there are spare ids.
 */
static void faster_than_the_prober(void **state)
{
	struct bed *b = *state;
	struct pathcheck_path p = { .size = sizeof(p), .device = "/nothing" };
	uint32_t id, n = 0;

	bed_start(b, 1);
	while (pathcheck_add(b->pc, &p, &id) == 0) {
		assert_int_equal(pathcheck_remove(b->pc, id), 0);
		assert_true(++n < 1000);
	}
	assert_true(n > 1);
	assert_int_equal(pathcheck_add(b->pc, &p, &id), -EAGAIN);
	pathcheck_flush(b->pc);
	while (pathcheck_add(b->pc, &p, &id) == -EAGAIN) {
		struct pathcheck_result r;

		bed_wait(b);
		assert_int_equal(pathcheck_results(b->pc, &r, 1), 0);
	}
	assert_int_equal(bed_check(b, id).error, ENOENT);
}

static void one_check_at_a_time(void **state)
{
	int64_t before = mono_now().us, oldest;
	struct bed *b = *state;
	uint32_t id;

	bed_start(b, 1);
	bed_file(b, 0, BED_FILE_BYTES);
	id = bed_add(b, 0, 0);
	assert_int_equal(pathcheck_check(b->pc, id, BED_TIMEOUT_US), 0);
	assert_int_equal(pathcheck_check(b->pc, id, BED_TIMEOUT_US), -EBUSY);
	/* It was not asked for before there was anybody to ask. */
	oldest = bed_stats(b).oldest_in_flight_us;
	assert_true(oldest <= mono_now().us - before);
	pathcheck_flush(b->pc);
	assert_int_equal(pathcheck_check(b->pc, id, BED_TIMEOUT_US), -EBUSY);
	assert_int_equal(bed_next(b, false).verdict, PATHCHECK_OK);
	assert_int_equal(bed_check(b, id).verdict, PATHCHECK_OK);
	assert_int_equal(bed_stats(b).checks, 2);
}

/* --- results --- */

static void every_result_has_its_cookie(void **state)
{
	struct bed *b = *state;
	uint32_t ids[PATHS];
	struct pathcheck_stats s;

	bed_start(b, PATHS);
	for (unsigned i = 0; i < PATHS; i++) {
		bed_file(b, i, BED_FILE_BYTES);
		ids[i] = bed_add(b, i, UINT64_C(0xabcdef0000000000) + i);
	}
	for (int round = 0; round < 3; round++) {
		bool seen[PATHS] = { false };

		for (unsigned i = 0; i < PATHS; i++)
			assert_int_equal(pathcheck_check(b->pc, ids[i], BED_TIMEOUT_US),
			                 0);
		pathcheck_flush(b->pc);
		for (unsigned i = 0; i < PATHS; i++) {
			struct pathcheck_result r = bed_next(b, false);
			uint64_t number = r.cookie - UINT64_C(0xabcdef0000000000);

			assert_true(number < PATHS && !seen[number]);
			seen[number] = true;
			assert_int_equal(r.id, ids[number]);
			assert_int_equal(r.verdict, PATHCHECK_OK);
			assert_int_equal(r.stage, PATHCHECK_STAGE_READ);
			assert_int_not_equal(r.engine, PATHCHECK_ENGINE_NONE);
			assert_int_equal(r.error, 0);
			assert_int_equal(r.late, 0);
			assert_true(r.started_us > 0 && r.started_us <= r.finished_us);
			assert_true(r.finished_us <= mono_now().us);
		}
	}
	s = bed_stats(b);
	assert_int_equal(s.checks, 3 * PATHS);
	assert_int_equal(s.timeouts + s.late + s.stale, 0);
	assert_int_equal(s.prober_restarts, 0);
	assert_int_equal(s.prober_pid != 0, b->mode == PATHCHECK_PROCESS);
	assert_int_equal(s.oldest_in_flight_us, 0);
}

/* One result a wake-up, as few as a caller can take: the others are not forgotten. */
static void one_result_at_a_time(void **state)
{
	enum { ROUNDS = 100 };
	struct bed *b = *state;
	uint32_t ids[PATHS];

	bed_start(b, PATHS);
	for (unsigned i = 0; i < PATHS; i++) {
		bed_file(b, i, BED_FILE_BYTES);
		ids[i] = bed_add(b, i, i);
	}
	for (int round = 0; round < ROUNDS; round++) {
		unsigned got = 0;

		for (unsigned i = 0; i < PATHS; i++) {
			assert_int_equal(pathcheck_check(b->pc, ids[i], BED_TIMEOUT_US),
			                 0);
			if (i % 7 == 6)
				pathcheck_flush(b->pc);
		}
		pathcheck_flush(b->pc);
		while (got < PATHS) {
			struct pathcheck_result r;
			int n;

			bed_wait(b);
			n = pathcheck_results(b->pc, &r, 1);
			assert_in_range(n, 0, 1);
			if (n == 0 || r.verdict == PATHCHECK_DEFERRED)
				continue;
			assert_int_equal(r.verdict, PATHCHECK_OK);
			got++;
		}
	}
}

static void a_group_counts_its_paths(void **state)
{
	struct bed *b = *state;
	struct pathcheck_group g;
	uint32_t id = PATHCHECK_NO_ID;

	bed_start(b, PATHS);
	bed_file(b, 0, BED_FILE_BYTES);
	for (unsigned i = 0; i < 5; i++)
		id = bed_add(b, 0, 0);
	assert_int_equal(bed_check(b, id).group, 0); /* the others' adds are done too */
	assert_int_equal(pathcheck_group(b->pc, 0, &g), 0);
	assert_int_equal(g.id, 0);
	assert_int_equal(g.paths, 5);
	assert_int_equal(g.slots, PATHCHECK_GROUP_SLOTS);
	assert_int_equal(g.queued + g.in_flight + g.expired + g.orphans, 0);
	assert_true(g.state == PATHCHECK_GROUP_READY ||
	            g.state ==
	                    PATHCHECK_GROUP_FALLBACK); /* others may use up the quota */
	assert_int_equal(bed_stats(b).groups, 1);
}

static void a_file_that_shrinks_and_grows(void **state)
{
	struct bed *b = *state;
	struct pathcheck_result r;
	uint32_t id;

	bed_start(b, 1);
	bed_file(b, 0, BED_FILE_BYTES);
	id = bed_add(b, 0, 0);
	assert_int_equal(bed_check(b, id).verdict, PATHCHECK_OK);
	bed_file(b, 0, 0);
	for (int i = 0; i < 2; i++) {
		r = bed_check(b, id);
		assert_int_equal(r.verdict, PATHCHECK_FAILED);
		assert_int_equal(r.error, ENODATA);
		assert_int_equal(r.stage, PATHCHECK_STAGE_READ);
	}
	bed_file(b, 0, BED_FILE_BYTES);
	assert_int_equal(bed_check(b, id).verdict, PATHCHECK_OK);
}

static void a_file_that_is_gone(void **state)
{
	struct bed *b = *state;
	struct pathcheck_result r;
	uint32_t id;

	bed_start(b, 1);
	id = bed_add(b, 0, 0);
	for (int i = 0; i < 2; i++) {
		r = bed_check(b, id);
		assert_int_equal(r.verdict, PATHCHECK_FAILED);
		assert_int_equal(r.error, ENOENT);
		assert_int_equal(r.stage, PATHCHECK_STAGE_OPEN);
		assert_int_equal(r.engine, PATHCHECK_ENGINE_NONE);
	}
	bed_file(b, 0, BED_FILE_BYTES);
	assert_int_equal(bed_check(b, id).verdict, PATHCHECK_OK);
	bed_file(b, 0, 0);
	bed_remove(b, 0);
	assert_int_equal(bed_check(b, id).error, ENODATA); /* of the open descriptor */
	assert_int_equal(bed_check(b, id).error, ENOENT);
	bed_file(b, 0, BED_FILE_BYTES);
	assert_int_equal(bed_check(b, id).verdict, PATHCHECK_OK);
}

static void which_device_was_opened(void **state)
{
	struct bed *b = *state;
	struct pathcheck_opened o = { .size = sizeof(o), .diskseq = 9 };
	struct pathcheck_result r;
	uint32_t id;

	bed_start(b, 2);
	bed_file(b, 0, BED_FILE_BYTES);
	id = bed_add(b, 0, 0);
	assert_int_equal(pathcheck_opened(b->pc, id, &o), -ENODATA);
	assert_int_equal(pathcheck_opened(b->pc, id + 1, &o), -ENOENT);
	assert_int_equal(o.diskseq, 9); /* untouched */
	assert_int_equal(bed_check(b, id).opened, 1);
	assert_int_equal(pathcheck_opened(b->pc, id, &o), 0);
	assert_int_equal(o.devt_major + o.devt_minor + o.diskseq + o.wwid, 0);
	assert_int_equal(o.wwid_state, PATHCHECK_WWID_NOT_ASKED);
	assert_int_equal(bed_check(b, id).opened, 0);

	assert_int_equal(pathcheck_identify(b->pc, id, 0), -EINVAL);
	assert_int_equal(pathcheck_identify(b->pc, id, BED_TIMEOUT_US), 0);
	assert_int_equal(pathcheck_identify(b->pc, id, BED_TIMEOUT_US), -EBUSY);
	pathcheck_flush(b->pc);
	r = bed_next(b, false);
	assert_int_equal(r.verdict, PATHCHECK_OK);
	assert_int_equal(r.opened, 1);
	assert_int_equal(pathcheck_opened(b->pc, id, &o), 0);
	assert_int_equal(o.wwid_state, PATHCHECK_WWID_NONE); /* a file has none */
	o.size--;
	assert_int_equal(pathcheck_opened(b->pc, id, &o), -EINVAL);

	/* Of a path that is gone nothing is said to the one after it. */
	o.size++;
	assert_int_equal(pathcheck_remove(b->pc, id), 0);
	assert_int_equal(pathcheck_opened(b->pc, id, &o), -ENOENT);
	id = bed_add(b, 0, 1);
	assert_int_equal(pathcheck_opened(b->pc, id, &o), -ENODATA);
}

/* Nothing is open between checks, so what the name leads to is seen at once. */
static void opened_for_each_check(void **state)
{
	struct bed *b = *state;
	struct pathcheck_path p = { .size = sizeof(p), .flags = PATHCHECK_PATH_CLOSE };
	uint32_t id;

	bed_start(b, 2);
	bed_file(b, 0, BED_FILE_BYTES);
	p.device = bed_name(b, 0);
	assert_int_equal(pathcheck_add(b->pc, &p, &id), 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(bed_check(b, id).verdict, PATHCHECK_OK);
	bed_remove(b, 0);
	assert_int_equal(bed_check(b, id).error, ENOENT);
	bed_file(b, 0, 0); /* another one */
	assert_int_equal(bed_check(b, id).error, ENODATA);
	bed_remove(b, 0);
	bed_file(b, 0, BED_FILE_BYTES);
	assert_int_equal(bed_check(b, id).verdict, PATHCHECK_OK);
	p.flags = PATHCHECK_PATH_CLOSE << 1;
	assert_int_equal(pathcheck_add(b->pc, &p, &id), -EINVAL);
}

static void what_cannot_be_checked_fails_and_hangs_nothing(void **state)
{
	struct bed *b = *state;
	const char *fifo = bed_name(b, 0);
	struct pathcheck_path p = { .size = sizeof(p) };
	const char *names[] = { fifo, b->dir, "/dev/null", "/dev/zero" };

	bed_start(b, ARRAY_LEN(names));
	assert_int_equal(mkfifo(fifo, 0600), 0);
	for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
		struct pathcheck_result r;
		uint32_t id;

		p.device = names[i];
		assert_int_equal(pathcheck_add(b->pc, &p, &id), 0);
		r = bed_check(b, id);
		assert_int_equal(r.verdict, PATHCHECK_FAILED);
		assert_int_equal(r.stage, PATHCHECK_STAGE_OPEN);
		assert_int_equal(r.error, ENOTBLK);
	}
}

static void nothing_of_a_removed_path(void **state)
{
	struct bed *b = *state;
	uint32_t kept, gone;

	bed_start(b, 2);
	bed_file(b, 0, BED_FILE_BYTES);
	kept = bed_add(b, 0, 1);
	for (unsigned i = 0; i < 200; i++) {
		gone = bed_add(b, 0, 2);
		assert_int_equal(pathcheck_check(b->pc, gone, BED_TIMEOUT_US), 0);
		if (i % 2 == 0)
			pathcheck_flush(b->pc);
		assert_int_equal(pathcheck_remove(b->pc, gone), 0);
		assert_int_equal(bed_check(b, kept).cookie, 1);
	}
}

/* --- what it leaves behind --- */

static void descriptors_are_conserved(void **state)
{
	struct bed *b = *state;
	unsigned before = bed_descriptors();

	bed_file(b, 0, BED_FILE_BYTES);
	for (int round = 0; round < 20; round++) {
		uint32_t ids[8];

		bed_start(b, ARRAY_LEN(ids));
		for (unsigned i = 0; i < ARRAY_LEN(ids); i++) {
			ids[i] = bed_add(b, 0, 0);
			assert_int_equal(bed_check(b, ids[i]).verdict, PATHCHECK_OK);
		}
		assert_int_equal(pathcheck_remove(b->pc, ids[3]), 0);
		/* One that is on its way, too. */
		assert_int_equal(pathcheck_check(b->pc, ids[4], BED_TIMEOUT_US), 0);
		pathcheck_flush(b->pc);
		bed_end(b);
		assert_int_equal(bed_descriptors(), before);
	}
}

/* No child is left to be collected; where all is very slow, one may be now and then. */
static void no_child_is_left(void **state)
{
	struct bed *b = *state;
	unsigned collected = 0;

	for (int round = 0; round < 20; round++) {
		int pid;

		bed_start(b, 1);
		pid = bed_stats(b).prober_pid;
		assert_int_equal(pid > 0, b->mode == PATHCHECK_PROCESS);
		b->pc = pathcheck_free(b->pc);
		collected += pid == 0 || waitpid(pid, NULL, 0) < 0;
	}
	assert_true(collected >= 10);
}

/* Removed and added again, its descriptor is closed and not only forgotten. */
static void a_removed_path_is_closed(void **state)
{
	struct bed *b = *state;
	struct pathcheck_path p = { .size = sizeof(p), .device = "/nothing" };
	unsigned before;

	bed_start(b, 1);
	bed_file(b, 0, BED_FILE_BYTES);
	before = bed_descriptors();
	for (int i = 0; i < 100; i++) {
		uint32_t id;

		p.device = bed_name(b, 0);
		while (pathcheck_add(b->pc, &p, &id) == -EAGAIN) {
			struct pathcheck_result r;

			pathcheck_flush(b->pc);
			bed_wait(b);
			assert_int_equal(pathcheck_results(b->pc, &r, 1), 0);
		}
		assert_int_equal(bed_check(b, id).verdict, PATHCHECK_OK);
		assert_int_equal(pathcheck_remove(b->pc, id), 0);
	}
	bed_end(b);
	assert_true(bed_descriptors() <= before);
}

int main(void)
{
#define BOTH(f)                                                              \
	cmocka_unit_test_setup_teardown(f, bed_setup_threads, bed_teardown), \
	        cmocka_unit_test_setup_teardown(f, bed_setup_process, bed_teardown)
	const struct CMUnitTest tests[] = {
		BOTH(options_out_of_range),
		BOTH(paths_that_are_none),
		BOTH(ids_that_are_none),
		BOTH(counters_of_another_size),
		BOTH(no_more_than_max_paths),
		BOTH(faster_than_the_prober),
		BOTH(one_check_at_a_time),
		BOTH(every_result_has_its_cookie),
		BOTH(one_result_at_a_time),
		BOTH(a_group_counts_its_paths),
		BOTH(a_file_that_shrinks_and_grows),
		BOTH(a_file_that_is_gone),
		BOTH(which_device_was_opened),
		BOTH(opened_for_each_check),
		BOTH(what_cannot_be_checked_fails_and_hangs_nothing),
		BOTH(nothing_of_a_removed_path),
		BOTH(descriptors_are_conserved),
		BOTH(no_child_is_left),
		BOTH(a_removed_path_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

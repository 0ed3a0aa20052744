/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The buffers of reads: each slot's are its own, and an area is there before it is used. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit/prober/direct-files.h"
#include "tests/unit/prober/prober-bed.h"
#include "util/pages.h"

#define WATCHDOG_SEC 600

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void no_area_no_buffer(void **state)
{
	static const uint32_t blocks[] = { 512, 1024, 2048, 4096, 8192, 65536 };
	struct buffers b = { .areas = { NULL } };

	(void)state; /* no fixture */
	for (unsigned i = 0; i < ARRAY_LEN(blocks); i++)
		assert_null(buffers_of(&b, 0, blocks[i]));
	assert_int_equal(buffers_make(&b, &lock, 512), 0);
	assert_non_null(buffers_of(&b, 0, 512));
	assert_null(buffers_of(&b, 0, 1024)); /* only where a path needs it */
	assert_int_equal(buffers_make(&b, &lock, 1024), 0);
	assert_non_null(buffers_of(&b, 0, 4096));
	/* Larger ones are read by rescuers. */
	assert_int_equal(buffers_make(&b, &lock, 8192), 0);
	assert_null(buffers_of(&b, 0, 8192));
	buffers_free(&b);
}

/* Each slot writes its own number, and none finds another one's. */
static void no_two_slots_share_a_byte(void **state)
{
	static const uint32_t blocks[] = { 512, 1024, 2048, 4096 };
	struct buffers b = { .areas = { NULL } };

	(void)state; /* no fixture */
	assert_int_equal(buffers_make(&b, &lock, 512), 0);
	assert_int_equal(buffers_make(&b, &lock, 4096), 0);
	for (unsigned i = 0; i < ARRAY_LEN(blocks); i++) {
		uint32_t n = blocks[i] / sizeof(uint32_t);

		for (uint32_t slot = 0; slot < PATHCHECK_GROUP_SLOTS; slot++) {
			uint32_t *words = buffers_of(&b, slot, blocks[i]);

			assert_int_equal((uintptr_t)words % blocks[i], 0);
			for (uint32_t w = 0; w < n; w++)
				words[w] = slot;
		}
		for (uint32_t slot = 0; slot < PATHCHECK_GROUP_SLOTS; slot++) {
			const uint32_t *words = buffers_of(&b, slot, blocks[i]);

			for (uint32_t w = 0; w < n; w++)
				assert_int_equal(words[w], slot);
		}
	}
	buffers_free(&b);
}

/* All pages are present when a read comes. */
static void every_page_is_present(void **state)
{
	static unsigned char present[PATHCHECK_GROUP_SLOTS];
	size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = 1024 * (size_t)512;
	struct buffers b = { .areas = { NULL } };

	(void)state; /* no fixture */
	assert_int_equal(buffers_make(&b, &lock, 512), 0);
	assert_int_equal(mincore(b.areas[BUFFERS_SMALL], bytes, present), 0);
	for (size_t i = 0; i < bytes / page; i++)
		assert_int_equal(present[i] & 1, 1);
	buffers_free(&b);
}

/* One that another thread makes, or that is there, is not made again. */
static void made_once(void **state)
{
	struct buffers b = { .areas = { NULL } };
	void *first;

	(void)state; /* no fixture */
	b.being_made[BUFFERS_SMALL] = true;
	assert_int_equal(buffers_make(&b, &lock, 512), 0);
	assert_null(buffers_of(&b, 0, 512));
	b.being_made[BUFFERS_SMALL] = false;
	assert_int_equal(buffers_make(&b, &lock, 512), 0);
	first = buffers_of(&b, 0, 512);
	assert_int_equal(buffers_make(&b, &lock, 512), 0);
	assert_ptr_equal(buffers_of(&b, 0, 512), first);
	buffers_free(&b);
}

/* --- with all its threads --- */

static struct bed bed;
static struct bed *const b = &bed;

/*
 * As many reads in the kernel as there are paths, of small blocks and large: no byte is in two.
 */
static void reads_in_the_kernel_are_apart(void **state)
{
	enum { PATHS = 1500 };
	struct pathcheck_options o = bed_options(PATHS + 10);

	(void)state; /* no fixture */
	(void)files_no_limit();
	bed_start(b, &o);
	bed_pulse_begin_file(b, "pulse");
	for (uint32_t id = 0; id < PATHS; id++) {
		bed_add_file(b, id, id % 2 == 0 ? "file" : "odd", 0);
		bed_check(b, id, LONG_US);
		bed_final(b, id, 1);
	}
	/* "odd" is read in other sizes by file systems that do not tell theirs. */
	fake_hold_all();
	for (uint32_t id = 0; id < PATHS; id++)
		bed_check(b, id, LONG_US);
	bed_flush(b);
	assert_true(fake_wait_in_kernel(PATHS));
	assert_int_equal(fake_shared_bytes(), 0);
	fake_release_all();
	for (uint32_t id = 0; id < PATHS; id++)
		bed_final(b, id, 2);
	assert_int_equal(b->all.ok, 2 * PATHS);
	bed_stop(b);
}

/* A timed-out read keeps its bytes: the check after it, of another path, gets others. */
static void an_orphan_keeps_its_bytes(void **state)
{
	enum { PATHS = 200 };
	struct pathcheck_options o = bed_options(PATHS);

	(void)state; /* no fixture */
	bed_start(b, &o);
	bed_pulse_begin_file(b, "pulse");
	for (uint32_t id = 0; id < PATHS / 2; id++) {
		bed_add_file(b, id, "hung", 0);
		bed_check(b, id, LONG_US);
		bed_final(b, id, 1);
	}
	bed_hold_file("hung");
	for (uint32_t id = 0; id < PATHS / 2; id++)
		bed_check(b, id, USEC_PER_MSEC);
	for (uint32_t id = 0; id < PATHS / 2; id++)
		bed_until(b, &b->of[id].timed_out, 1);
	for (uint32_t id = 0; id < PATHS / 2; id += 2) {
		bed_remove(b, id);
		bed_until(b, &b->of[id].released, 1);
		bed_add_file(b, id, "hung", 0);
		bed_check(b, id, LONG_US);
	}
	bed_flush(b);
	assert_true(fake_wait_in_kernel(PATHS / 2 + PATHS / 4));
	assert_int_equal(fake_shared_bytes(), 0);
	fake_release_all();
	bed_stop(b);
}

static int begin(void **state)
{
	(void)state; /* no fixture */
	alarm(WATCHDOG_SEC);
	files_begin();
	files_make("file", 8192);
	files_make("hung", 8192);
	files_make("pulse", 8192);
	files_make("odd", 512);
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
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_area_no_buffer),
		cmocka_unit_test(no_two_slots_share_a_byte),
		cmocka_unit_test(every_page_is_present),
		cmocka_unit_test(made_once),
		cmocka_unit_test(reads_in_the_kernel_are_apart),
		cmocka_unit_test(an_orphan_keeps_its_bytes),
	};

	return cmocka_run_group_tests(tests, begin, end);
}

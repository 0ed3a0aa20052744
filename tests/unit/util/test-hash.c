/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* FNV-1a by its published test vectors, the sizes of tables, and the atomic maximum. */
#include "tests/unit/unit.h"

#include "util/atomic_max.h"
#include "util/hash.h"
#include "util/macro.h"
#include "util/thread.h"

/* draft-eastlake-fnv, appendix C. */
static void known_hashes(void **state)
{
	(void)state; /* no fixture */
	assert_int_equal(hash_text32(""), 0x811c9dc5);
	assert_int_equal(hash_text32("a"), 0xe40c292c);
	assert_int_equal(hash_text32("foobar"), 0xbf9cf968);
	assert_true(hash_text("") == UINT64_C(0xcbf29ce484222325));
	assert_true(hash_text("a") == UINT64_C(0xaf63dc4c8601ec8c));
	assert_true(hash_text("foobar") == UINT64_C(0x85944171f73967e8));
	assert_true(hash_wwid("foobar") == hash_text("foobar"));
}

/* A byte above 127 counts as itself, whether or not char is signed. */
static void bytes_are_unsigned(void **state)
{
	(void)state; /* no fixture */
	assert_int_equal(hash_text32("\xff"), (0x811c9dc5U ^ 0xffU) * 0x01000193U);
	assert_true(hash_text("\xff") ==
	            (UINT64_C(0xcbf29ce484222325) ^ 0xff) * UINT64_C(0x100000001b3));
}

static void sizes_of_tables(void **state)
{
	static const struct {
		uint32_t n, size;
	} sizes[] = {
		{ 0, 1 },       { 1, 1 },       { 2, 2 },
		{ 3, 4 },       { 4, 4 },       { 5, 8 },
		{ 1000, 1024 }, { 1024, 1024 }, { UINT32_C(1) << 31, UINT32_C(1) << 31 },
	};

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		assert_int_equal(hash_table_size(sizes[i].n), sizes[i].size);
}

enum { RAISED = 100000 };

static _Atomic uint32_t the_max;

static void *raise_to_all(void *arg)
{
	(void)arg; /* none */
	for (uint32_t i = 0; i < RAISED; i++)
		atomic_max(&the_max, i);
	return NULL;
}

/* It never falls, and two threads do not lose the larger value. */
static void maximum(void **state)
{
	pthread_t other;

	(void)state; /* no fixture */
	atomic_max(&the_max, 7);
	assert_int_equal(atomic_load(&the_max), 7);
	atomic_max(&the_max, 3);
	assert_int_equal(atomic_load(&the_max), 7);
	assert_int_equal(thread_start(&other, "other", 0, raise_to_all, NULL), 0);
	(void)raise_to_all(NULL);
	assert_int_equal(pthread_join(other, NULL), 0);
	assert_int_equal(atomic_load(&the_max), RAISED - 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_hashes),
		cmocka_unit_test(bytes_are_unsigned),
		cmocka_unit_test(sizes_of_tables),
		cmocka_unit_test(maximum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small blocks and large ones, and what becomes the one or the other. */
#include "tests/unit/unit.h"

#include <string.h>
#include <sys/mman.h>

#include "util/block.h"
#include "util/macro.h"

#define PAGES (1024 * 1024) /* bytes that are certainly large */

static unsigned unmapped; /* times */

/* The linker's names, see util/local.mk. NOLINTBEGIN(bugprone-reserved-identifier) */
int __real_munmap(void *p, size_t bytes);
int __wrap_munmap(void *p, size_t bytes);

int __wrap_munmap(void *p, size_t bytes)
{
	unmapped++;
	return __real_munmap(p, bytes);
}
/* NOLINTEND(bugprone-reserved-identifier) */

static void zeroed_and_aligned(void **state)
{
	static const size_t sizes[] = { 0, 1, 100, 32 * 1024 - 32, 32 * 1024, PAGES + 1 };

	(void)state; /* no fixture */
	for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
		unsigned char *p = block_new(sizes[i], 1);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t n = 0; n < sizes[i]; n++)
			assert_int_equal(p[n], 0);
		memset(p, 1, sizes[i]);
		block_free(p);
	}
	block_free(NULL);
}

static void more_than_there_is(void **state)
{
	uint32_t *p = block_new(3, sizeof(*p));
	void *half;

	(void)state; /* no fixture */
	assert_non_null(p);
	p[2] = 7;
	assert_null(block_new(SIZE_MAX, 1));
	assert_null(block_new(SIZE_MAX / 4 + 2, 4));
	half = block_new(SIZE_MAX / 4, 2); /* there is room for one with 32 bits */
	assert_null(block_new(SIZE_MAX / 4, 2));
	assert_null(block_resize(p, SIZE_MAX / 4 + 2, sizeof(*p)));
	assert_null(block_resize(p, SIZE_MAX / 8, sizeof(*p)));
	assert_int_equal(p[2], 7); /* as it was */
	block_free(half);
	block_free(p);
}

/* Back and forth over the border, by a little and by much. */
static void what_fits_stays(void **state)
{
	static const size_t counts[] = { 10,    1000, 8188, 8190, 8192,  100000,
		                         99999, 9000, 20,   1,    300000 };
	uint32_t *p = NULL;
	size_t known = 0;

	(void)state; /* no fixture */
	for (unsigned i = 0; i < ARRAY_LEN(counts); i++) {
		p = block_resize(p, counts[i], sizeof(*p));
		assert_non_null(p);
		known = MIN(known, counts[i]);
		for (size_t n = 0; n < known; n++)
			assert_int_equal(p[n], n);
		for (; known < counts[i]; known++)
			p[known] = (uint32_t)known;
	}
	block_free(p);
}

static void large_ones_are_unmapped(void **state)
{
	void *small = block_new(1, 100), *large = block_new(1, PAGES);

	(void)state; /* no fixture */
	assert_non_null(small);
	assert_non_null(large);
	unmapped = 0;
	block_free(large);
	assert_int_equal(unmapped, 1);
	block_free(small);
	assert_int_equal(unmapped, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(zeroed_and_aligned),
		cmocka_unit_test(more_than_there_is),
		cmocka_unit_test(what_fits_stays),
		cmocka_unit_test(large_ones_are_unmapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

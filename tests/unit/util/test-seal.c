/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is allocated between seal_begin() and seal_end() is counted, and nothing else. */
#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "util/seal.h"

#define KINDS 6

/* One allocation of each kind. Volatile, because the compiler could omit unused ones. */
static void allocate(void)
{
	void *volatile p = malloc(3);
	char *volatile s;

	assert_non_null(p);
	p = realloc(p, 300);
	assert_non_null(p);
	free(p);
	p = calloc(2, 4);
	assert_non_null(p);
	free(p);
	p = aligned_alloc(64, 64);
	assert_non_null(p);
	free(p);
	s = strdup("abc");
	assert_string_equal(s, "abc");
	free(s);
	s = strndup("abc", 2);
	assert_string_equal(s, "ab");
	free(s);
}

static void *allocate_elsewhere(void *arg)
{
	allocate();
	return arg;
}

static void counted_in_between(void **state)
{
	uint64_t before = seal_broken();
	pthread_t t;

	(void)state; /* no fixture */
	allocate();
	assert_int_equal(seal_broken(), before);
	seal_begin();
	allocate();
	seal_end();
	assert_int_equal(seal_broken(), before + KINDS);
	allocate();
	assert_int_equal(seal_broken(), before + KINDS);

	/* Another thread is not sealed by this one. */
	seal_begin();
	assert_int_equal(pthread_create(&t, NULL, allocate_elsewhere, NULL), 0);
	assert_int_equal(pthread_join(t, NULL), 0);
	seal_end();
	assert_int_equal(seal_broken(), before + KINDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counted_in_between),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

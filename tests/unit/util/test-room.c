/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which rows get memory, and what is left as it was when there is none. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "util/block.h"
#include "util/pages.h"
#include "util/room.h"

enum { ROWS = 5000, EACH = 304, FEWER = 1500 };

static bool empty;              /* memory is */
static const char *first, *end; /* of what was made present since the last look */
static unsigned made, unlocked; /* calls */

/* The linker's names, see util/local.mk. NOLINTBEGIN(bugprone-reserved-identifier) */
int __wrap_mlock(const void *from, size_t bytes);
int __wrap_munlock(const void *from, size_t bytes);

int __wrap_mlock(const void *from, size_t bytes)
{
	if (empty) {
		errno = ENOMEM;
		return -1;
	}
	if (first == NULL)
		first = from;
	end = (const char *)from + bytes;
	made++;
	return 0;
}

int __wrap_munlock(const void *from, size_t bytes)
{
	(void)from;
	(void)bytes;
	unlocked++;
	return 0;
}
/* NOLINTEND(bugprone-reserved-identifier) */

static void forget(void)
{
	first = end = NULL;
	made = 0;
}

static char *add_table(struct room *r, uint32_t n)
{
	char *rows = block_new_sparse(n, EACH);

	assert_non_null(rows);
	room_add(r, rows, EACH, n);
	return rows;
}

static void without_a_lock_nothing_is_made(void **state)
{
	struct room r = { .n = 0 };
	char *rows = add_table(&r, ROWS);

	(void)state; /* no fixture */
	assert_int_equal(room_make(&r, ROWS), 0);
	assert_int_equal(made, 0);
	unlocked = 0;
	block_free(rows);
	pages_note_locked(); /* for the other tests */
}

static void rows_are_made_in_steps_and_some_are_to_spare(void **state)
{
	struct room r = { .n = 0 };
	char *rows = add_table(&r, ROWS);

	(void)state; /* no fixture */
	assert_int_equal(unlocked, 1);
	forget();
	assert_int_equal(room_make(&r, 1), 0);
	assert_int_equal(room_ready(&r), ROOM_STEP);
	assert_true(first <= rows && end >= rows + (size_t)ROOM_STEP * EACH);
	forget();
	assert_int_equal(room_make(&r, ROOM_STEP - ROOM_MARGIN), 0);
	assert_int_equal(made, 0); /* there are enough */
	assert_int_equal(room_make(&r, ROOM_STEP - ROOM_MARGIN + 1), 0);
	assert_int_equal(room_ready(&r), 2 * ROOM_STEP);
	assert_true(first > rows && first <= rows + (size_t)ROOM_STEP * EACH);
	assert_true(end >= rows + (size_t)2 * ROOM_STEP * EACH);
	block_free(rows);
}

static void a_table_ends_where_it_ends(void **state)
{
	struct room r = { .n = 0 };
	char *rows = add_table(&r, ROWS), *fewer = add_table(&r, FEWER);

	(void)state; /* no fixture */
	forget();
	assert_int_equal(room_make(&r, ROWS), 0);
	assert_int_equal(made, 2);
	assert_true(end >= fewer + (size_t)FEWER * EACH);
	assert_true(end <
	            fewer + (size_t)FEWER * EACH + 4096 * 17); /* a page, of any size */
	assert_int_equal(room_make(&r, ROWS + 1), 0);
	block_free(rows);
	block_free(fewer);
}

static void without_memory_rows_keep_what_they_have(void **state)
{
	struct room r = { .n = 0 };
	char *rows = add_table(&r, ROWS);

	(void)state; /* no fixture */
	assert_int_equal(room_make(&r, 1), 0);
	empty = true;
	assert_int_equal(room_make(&r, ROWS), -ENOMEM);
	assert_int_equal(room_ready(&r), ROOM_STEP);
	empty = false;
	assert_int_equal(room_make(&r, ROWS), 0);
	assert_true(room_ready(&r) >= ROWS);
	block_free(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_lock_nothing_is_made),
		cmocka_unit_test(rows_are_made_in_steps_and_some_are_to_spare),
		cmocka_unit_test(a_table_ends_where_it_ends),
		cmocka_unit_test(without_memory_rows_keep_what_they_have),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

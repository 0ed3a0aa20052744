/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory that is there, and not locked, also where all other memory is; and memory that goes back
 * to a kernel that refuses to take it for a while.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "util/pages.h"
#include "util/thread.h"

#define BYTES (1024 * 1024)

#define MANY 100 /* more than are remembered */

static bool refuse; /* what munmap() is asked */

/* The linker's names, see util/local.mk. NOLINTBEGIN(bugprone-reserved-identifier) */
int __real_munmap(void *p, size_t bytes);
int __wrap_munmap(void *p, size_t bytes);

int __wrap_munmap(void *p, size_t bytes)
{
	if (!refuse)
		return __real_munmap(p, bytes);
	errno = ENOMEM;
	return -1;
}
/* NOLINTEND(bugprone-reserved-identifier) */

static void zeroed_to_the_last_byte(void **state)
{
	static const size_t sizes[] = { 0, 1, 4095, 4096, 4097, BYTES + 1 };

	(void)state; /* no fixture */
	for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
		unsigned char *p = pages_new(sizes[i]);

		assert_non_null(p);
		for (size_t n = 0; n < sizes[i]; n++)
			assert_int_equal(p[n], 0);
		if (sizes[i] > 0)
			p[sizes[i] - 1] = 1;
		pages_free(p, sizes[i]);
	}
	pages_free(NULL, 1);
	assert_null(pages_new(SIZE_MAX / 8 * 7)); /* 32 bits have room for a half */
}

static long status_kib(const char *key)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	long kib = -1;

	assert_non_null(f);
	while (kib < 0 && fgets(line, sizeof(line), f))
		if (strncmp(line, key, strlen(key)) == 0)
			kib = strtol(line + strlen(key), NULL, 10);
	fclose(f);
	assert_true(kib >= 0);
	return kib;
}

struct measured {
	enum thread_stack_lock how;
	long locked, resident; /* KiB */
};

static void *use_little(void *arg)
{
	struct measured *m = arg;

	thread_stack_lock(m->how);
	m->locked = status_kib("VmLck:");
	m->resident = status_kib("VmRSS:");
	return NULL;
}

/* On a stack of which it needs next to nothing. bytes: more than those before, or the C library
 * gives it one of theirs. */
static struct measured measure(enum thread_stack_lock how, size_t bytes)
{
	struct measured m = { .how = how };
	pthread_t t;

	assert_int_equal(thread_start(&t, "stack", bytes, use_little, &m), 0);
	pthread_join(t, NULL);
	return m;
}

static void not_locked(void **state)
{
	long before, resident;
	struct measured m;
	void *p, *other;

	(void)state;                   /* no fixture */
	(void)mallopt(M_ARENA_MAX, 1); /* another one would count as 64 MiB */
	if (mlockall(MCL_FUTURE) < 0)
		return; /* then nothing is locked anyway */
	before = status_kib("VmLck:");
	other = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
	             0);
	/* It may be more than is allowed; and a sanitizer makes mlockall() do nothing. */
	if (other != MAP_FAILED && status_kib("VmLck:") >= before + BYTES / 1024) {
		munmap(other, BYTES);
		p = pages_new_unlocked(BYTES);
		assert_non_null(p);
		assert_true(status_kib("VmLck:") < before + BYTES / 1024 / 2);
		pages_free(p, BYTES);
		resident = status_kib("VmRSS:");
		m = measure(THREAD_STACK_NONE, BYTES);
		assert_true(m.locked < before + BYTES / 1024 / 2);
		assert_true(m.resident < resident + BYTES / 1024 / 2);
		m = measure(THREAD_STACK_USED, 2 * BYTES);
		assert_true(m.locked >= before + BYTES / 1024);
		assert_true(m.resident < resident + BYTES / 1024 / 2);
	}
	munlockall();
}

/* Emptied at once, locked or not, and unmapped as soon as it is possible. */
static void refused_for_a_while(void **state)
{
	bool locked = mlockall(MCL_FUTURE) == 0;
	unsigned char *p = pages_new(BYTES), *q;
	long resident;

	(void)state; /* no fixture */
	assert_non_null(p);
	memset(p, 1, BYTES);
	resident = status_kib("VmRSS:");
	refuse = true;
	pages_free(p, BYTES);
	assert_int_equal(pages_owed(), 1);
	assert_true(status_kib("VmRSS:") < resident - BYTES / 1024 / 2);
	q = pages_new(1);
	assert_non_null(q);
	assert_int_equal(pages_owed(), 1);
	refuse = false;
	pages_free(q, 1);
	assert_int_equal(pages_owed(), 0);
	assert_int_equal(msync(p, BYTES, MS_ASYNC), -1);
	assert_int_equal(errno, ENOMEM); /* nothing is mapped there */
	if (locked)
		munlockall();
}

/* Refused pages beyond the limit of the record are emptied as well. */
static void refused_too_often(void **state)
{
	void *p[MANY];
	long resident;

	(void)state; /* no fixture */
	for (unsigned i = 0; i < MANY; i++) {
		p[i] = pages_new(BYTES / 4);
		assert_non_null(p[i]);
		memset(p[i], 1, BYTES / 4);
	}
	resident = status_kib("VmRSS:");
	refuse = true;
	for (unsigned i = 0; i < MANY; i++)
		pages_free(p[i], BYTES / 4);
	refuse = false;
	assert_true(status_kib("VmRSS:") < resident - (MANY - 1) * (BYTES / 4 / 1024));
	assert_in_range(pages_owed(), MANY / 2, MANY - 1);
	pages_free(pages_new(1), 1);
	assert_int_equal(pages_owed(), 0);
	for (unsigned i = 0; i < MANY; i++)
		(void)munmap(p[i], BYTES / 4); /* what was forgotten here, too */
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(zeroed_to_the_last_byte),
		cmocka_unit_test(not_locked),
		cmocka_unit_test(refused_for_a_while),
		cmocka_unit_test(refused_too_often),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

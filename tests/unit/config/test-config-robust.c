/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Incomplete texts, unusual values and failing allocations: a refused text has an error, and an
 * accepted one is printed in a form that gives the same configuration. tests/fuzz/fuzz-config.c
 * mutates whole texts. The random values are the same in each run.
 */
#include "tests/unit/unit.h"

#include <errno.h>

#include "checkerd/config/filter.h"
#include "tests/unit/config/config-text.h"
#include "tests/unit/random.h"

#define SEED UINT64_C(0x636865636b657264)

static const char all[] =
        "defaults { discovery static\n polling_interval 0.5 max_polling_interval 4s\n"
        " checker_timeout 500ms\n path_checker tur\n socket_group \"disk\" # why\n}\n"
        "paths { path { device \"/srv/a b\" alias left map demo } ! x\n path { device /x "
        "}\n}\n"
        "blacklist { devnode \"!^sd[a-z]\" wwid 3600.* property ID_ protocol scsi:\n"
        " device { vendor \"A\"\"B\" product \".*\" } }\n"
        "blacklist_exceptions { devnode ^loop device { product \"x{2,3}\" } }\n"
        "devices { device { vendor I product \"2(1|4)5\" revision ^8 product_blacklist "
        "L\n"
        " fail_checks 3 no_path_retry queue } }\n"
        "overrides { recover_checks 2 protocol { type scsi:fcp } }\n"
        "multipaths { multipath { wwid \"3 6\" alias database failback manual } }\n";

/* Allocations until one fails, once; negative: none fails. */
static long allocations_left = -1;

static bool fails(void)
{
	return allocations_left >= 0 && allocations_left-- == 0;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_reallocarray(void *p, size_t n, size_t size);
char *__real_strdup(const char *s);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
char *__wrap_strdup(const char *s);
int __wrap_vasprintf(char **ret, const char *format, va_list args) _printf_(2, 0);
int __wrap_asprintf(char **ret, const char *format, ...) _printf_(2, 3);

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
	return fails() ? NULL : __real_reallocarray(p, n, size);
}

char *__wrap_strdup(const char *s)
{
	return fails() ? NULL : __real_strdup(s);
}

/* Its own, so that the sanitizers' versions need not be wrapped twice. */
int __wrap_vasprintf(char **ret, const char *format, va_list args)
{
	va_list again;
	int n;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	*ret = fails() || n < 0 ? NULL : __real_malloc((size_t)n + 1);
	return *ret ? vsnprintf(*ret, (size_t)n + 1, format, args) : -1;
}

int __wrap_asprintf(char **ret, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = __wrap_vasprintf(ret, format, args);
	va_end(args);
	return n;
}

/* Reads a text; if it is accepted, prints it and reads it again. Returns the result. */
static int round_trip(const char *text, size_t size)
{
	struct config *c = NULL, *again = NULL;
	int r = load_text(TEST_NAME, text, size, &c);
	char *first, *second;

	assert_non_null(c);
	if (r < 0) {
		size_t errors = 0;

		assert_int_equal(r, -EINVAL);
		for (size_t i = 0; i < c->n_problems; i++) {
			errors += c->problems[i].kind == PROBLEM_ERROR ? 1 : 0;
			assert_null(strpbrk(c->problems[i].message, "\n\r\x1b\x07"));
		}
		assert_true(errors > 0);
		config_free(c);
		return r;
	}
	first = text_dump(c);
	r = load_text(TEST_NAME, first, strlen(first), &again);
	if (r < 0) {
		problems_print(again, stderr);
		fail_msg("not read back:\n%s", first);
	}
	second = text_dump(again);
	assert_string_equal(first, second);
	free(first);
	free(second);
	config_free(c);
	config_free(again);
	return 0;
}

/* A quoted value of any bytes: accepted or refused, but never changed. */
static void awkward_strings(void **state)
{
	static const char alphabet[] = "\"\"\"#!{} \t\\'a/=.*[](|)+-0\xc3\xa4\r";
	struct random r = { SEED };
	unsigned accepted = 0;

	(void)state; /* no fixture */
	for (int i = 0; i < 5000; i++) {
		char value[32], quoted[2 * sizeof(value)], text[256];
		size_t size = random_below(&r, sizeof(value) - 2), used = 0, q = 0;
		struct config *c = NULL;

		while (used < size) {
			char byte = alphabet[random_below(&r, sizeof(alphabet) - 1)];

			if (byte == '\xc3' || byte == '\xa4') {
				value[used++] = '\xc3';
				byte = '\xa4';
			}
			value[used++] = byte;
		}
		value[used] = '\0';
		for (size_t j = 0; j < used; j++) {
			if (value[j] == '"')
				quoted[q++] = '"';
			quoted[q++] = value[j];
		}
		quoted[q] = '\0';
		snprintf(text, sizeof(text),
		         "multipaths { multipath { wwid \"%s\" alias a } }\n"
		         "paths { path { device \"/%s\" } }",
		         quoted, quoted);
		if (load_text(TEST_NAME, text, strlen(text), &c) == 0) {
			accepted++;
			assert_string_equal(filter_map_alias(c, value), "a");
			assert_string_equal(c->paths[0].device + 1, value);
		}
		config_free(c);
		assert_int_equal(round_trip(text, strlen(text)), used == 0 ? -EINVAL : 0);
		snprintf(text, sizeof(text), "blacklist {\ndevnode \"%s\"\n}", quoted);
		(void)round_trip(text, strlen(text)); /* may be no expression */
	}
	assert_true(accepted > 4000);
}

/* The text ends anywhere, also within a character or a keyword. */
static void every_beginning(void **state)
{
	(void)state; /* no fixture */
	for (size_t size = 0; size < sizeof(all); size++)
		(void)round_trip(all, size); /* most are refused */
	assert_int_equal(round_trip(all, sizeof(all) - 1), 0);
}

static void deep_nesting(void **state)
{
	static char text[CONFIG_FILE_BYTES_MAX];

	(void)state; /* no fixture */
	memset(text, '{', sizeof(text));
	assert_int_equal(round_trip(text, sizeof(text)), -EINVAL);
	memset(text, '(', sizeof(text));
	assert_int_equal(round_trip(text, sizeof(text)), -EINVAL);
	for (size_t i = 0; i + 8 <= sizeof(text); i += 8)
		memcpy(text + i, "paths { ", 8);
	assert_int_equal(round_trip(text, sizeof(text)), -EINVAL);
	memset(text, '"', sizeof(text));
	assert_int_equal(round_trip(text, sizeof(text)), -EINVAL);
}

static void one_failure(const char *text, size_t size, int result)
{
	for (long n = 0;; n++) {
		static const struct config untouched;
		struct config *c = (struct config *)(uintptr_t)&untouched;
		int r;

		allocations_left = n;
		r = load_text(TEST_NAME, text, size, &c);
		if (allocations_left >= 0) {
			/* It needs no more than n: done. */
			allocations_left = -1;
			assert_int_equal(r, result);
			config_free(c);
			assert_true(n > 5);
			return;
		}
		allocations_left = -1;
		assert_int_equal(r, -ENOMEM);
		assert_ptr_equal(c, &untouched);
	}
}

static void every_allocation_fails_once(void **state)
{
	static const char wrong[] =
	        "paths { path { device /a alias x } path { device /a } }\n"
	        "defaults { verbosity 2 fail_checks 0 path_checker tur\n"
	        " socket_group a socket_group b }\nblacklist { wwid [ }\n";

	(void)state; /* no fixture */
	one_failure(all, sizeof(all) - 1, 0);
	one_failure(wrong, sizeof(wrong) - 1, -EINVAL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(awkward_strings),
		cmocka_unit_test(every_beginning),
		cmocka_unit_test(deep_nesting),
		cmocka_unit_test(every_allocation_fails_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

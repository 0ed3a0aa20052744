/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_UNIT_CONFIG_CONFIG_TEXT_H
#define TESTS_UNIT_CONFIG_CONFIG_TEXT_H

/* What the tests of the configuration share. To be included after cmocka.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkerd/config/dump.h"
#include "checkerd/config/load.h"
#include "checkerd/config/problem.h"

#define TEST_NAME "test.conf"

/* A whole file; free() it. */
static inline char *text_read(const char *name, size_t *ret_size)
{
	FILE *in = fopen(name, "re");
	char *text;
	long size;

	if (!in)
		fail_msg("cannot open %s", name);
	assert_int_equal(fseek(in, 0, SEEK_END), 0);
	size = ftell(in);
	assert_true(size >= 0);
	rewind(in);
	text = calloc(1, (size_t)size + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, (size_t)size, in), (size_t)size);
	fclose(in);
	*ret_size = (size_t)size;
	return text;
}

/* A valid configuration; its warnings are left to the caller to look at. */
static inline struct config *text_parse(const char *text)
{
	struct config *c = NULL;
	int r = load_text(TEST_NAME, text, strlen(text), &c);

	if (r < 0)
		problems_print(c, stderr);
	assert_int_equal(r, 0);
	return c;
}

/* free() it. */
static inline char *text_dump(const struct config *c)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	dump_config(c, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

/* free() it. */
static inline char *text_problems(const struct config *c)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	problems_print(c, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static inline void assert_contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no \"%s\" in:\n%s", part, text);
}

#endif

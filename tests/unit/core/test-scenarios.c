/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The scenarios of tests/unit/core/scenarios: what happens, and the timeline of states, holds and
 * commands that follows. A restart after any step changes nothing of it. With SCENARIO_PRINT the
 * timelines are printed.
 */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/core/scenario.h"
#include "util/macro.h"

#define SCENARIOS_MIN 60

#define FOLDER TEST_SRCDIR "/tests/unit/core/scenarios"

/* free() it. */
static char *read_file(const char *name)
{
	char path[8192], *text = calloc(1, 1 << 20);
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", FOLDER, name);
	f = fopen(path, "re");
	assert_non_null(f);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
	(void)fclose(f);
	return text;
}

static bool is_expected(const struct scenario *s, const struct timeline *t)
{
	if (t->n != s->n_expected)
		return false;
	for (unsigned i = 0; i < t->n; i++)
		if (strcmp(t->lines[i], s->expected[i]) != 0)
			return false;
	return true;
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The same lines, maybe in another order: a successor may visit the paths in another one. */
static bool is_expected_in_any_order(const struct scenario *s, struct timeline *t)
{
	static struct scenario sorted;

	sorted = *s;
	qsort(t->lines, t->n, sizeof(t->lines[0]), compare_lines);
	qsort(sorted.expected, sorted.n_expected, sizeof(sorted.expected[0]),
	      compare_lines);
	return is_expected(&sorted, t);
}

static void print(const struct scenario *s, const struct timeline *t)
{
	print_message("%s\n", s->name);
	for (unsigned i = 0; i < t->n; i++)
		print_message("= %s\n", t->lines[i]);
}

static void play(const char *file, const struct scenario *s)
{
	static struct timeline t;
	unsigned steps;

	scenario_play(s, UINT_MAX, &t);
	if (getenv("SCENARIO_PRINT") != NULL) {
		print(s, &t);
		return;
	}
	if (!is_expected(s, &t)) {
		print(s, &t);
		fail_msg("%s: %s: another timeline", file, s->name);
	}
	steps = t.steps;
	for (unsigned i = 0; i < steps; i += 1 + steps / 200) {
		scenario_play(s, i, &t);
		if (is_expected_in_any_order(s, &t))
			continue;
		print(s, &t);
		fail_msg("%s: %s: another timeline, with a restart after step %u", file,
		         s->name, i);
	}
}

static unsigned play_file(const char *name)
{
	static struct scenario s;
	char *text = read_file(name);
	const char *at = text;
	unsigned n = 0;
	int line = 0, r;

	while ((r = scenario_read(&at, &line, &s)) > 0) {
		play(name, &s);
		n++;
	}
	if (r < 0)
		fail_msg("%s:%d: cannot be read", name, -r);
	free(text);
	return n;
}

static void every_scenario(void **state)
{
	struct dirent **names;
	unsigned played = 0;
	int n = scandir(FOLDER, &names, NULL, alphasort);

	(void)state;
	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		size_t length = strlen(names[i]->d_name);

		if (length > 4 && strcmp(names[i]->d_name + length - 4, ".txt") == 0)
			played += play_file(names[i]->d_name);
		free(names[i]);
	}
	free(names);
	print_message("%u scenarios\n", played);
	assert_true(played >= SCENARIOS_MIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_scenario),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every file of config-bad/ is refused with exactly the errors that it announces in its
 * own comments, in this order: "# expect: LINE:COLUMN: part of the message". The system
 * tests hold the program against the same files.
 */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <errno.h>

#include "tests/unit/config/config-text.h"

#define FOLDER      TEST_SRCDIR "/tests/unit/config/config-bad"
#define FILES_LEAST 50
#define MARK        "# expect: "

/* The next announcement from *text on: its line, changed to end in NUL; NULL: no more. */
static char *next_expectation(char **text, const char *end)
{
	char *found = memmem(*text, (size_t)(end - *text), MARK, strlen(MARK)), *line_end;

	if (!found)
		return NULL;
	found += strlen(MARK);
	line_end = memchr(found, '\n', (size_t)(end - found));
	assert_non_null(line_end);
	*line_end = '\0';
	*text = line_end + 1;
	return found;
}

static bool fulfils(const struct problem *p, const char *expectation)
{
	char at[64];
	int n = snprintf(at, sizeof(at), "%u:%u: ", p->line, p->column);

	return strncmp(expectation, at, (size_t)n) == 0 &&
	       strstr(p->message, expectation + n);
}

/* The number of expectations that were not met, each of them printed. */
static unsigned check_file(const char *name)
{
	char path[512], *expectation, *next, *text;
	struct config *c = NULL;
	size_t size, i = 0;
	unsigned misses = 0, wanted = 0;

	snprintf(path, sizeof(path), "%s/%s", FOLDER, name);
	text = next = text_read(path, &size);
	assert_int_equal(load_text(name, text, size, &c), -EINVAL);
	while ((expectation = next_expectation(&next, text + size))) {
		wanted++;
		while (i < c->n_problems && c->problems[i].kind != PROBLEM_ERROR)
			i++;
		if (i < c->n_problems && fulfils(&c->problems[i++], expectation))
			continue;
		misses++;
		print_error("%s: expected %s\n", name, expectation);
	}
	for (; i < c->n_problems; i++)
		misses += c->problems[i].kind == PROBLEM_ERROR ? 1 : 0;
	if (wanted == 0 || misses > 0) {
		print_error("%s: these are the problems:\n", name);
		problems_print(c, stderr);
		misses++;
	}
	config_free(c);
	free(text);
	return misses;
}

static void every_file_says_where_and_what(void **state)
{
	DIR *dir = opendir(FOLDER);
	unsigned files = 0, misses = 0;

	(void)state; /* no fixture */
	assert_non_null(dir);
	for (const struct dirent *e; (e = readdir(dir));) {
		if (e->d_name[0] == '.')
			continue;
		files++;
		misses += check_file(e->d_name);
	}
	closedir(dir);
	assert_true(files >= FILES_LEAST);
	assert_int_equal(misses, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_file_says_where_and_what),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

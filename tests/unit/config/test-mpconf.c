/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every file NAME.conf of multipath.conf/ is read as NAME.want says: first the warnings, "note:" for
 * those that change no check, then what is in force, as checkerd -T prints it, without what an empty
 * file gives as well. The first files are from hosts, the others have one difficulty each.
 */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <errno.h>

#include "checkerd/config/multipath/mpconf.h"
#include "checkerd/config/multipath/mpconf_import.h"
#include "tests/unit/config/config-text.h"

#define FOLDER      TEST_SRCDIR "/tests/unit/config/multipath.conf"
#define FILES_LEAST 38

static struct config *read_text(const char *name, const char *text, size_t size)
{
	struct config *c = NULL;
	struct reader r;

	assert_int_equal(reader_init(&r), 0);
	mpconf_read_text(&r, name, text, size);
	assert_int_equal(reader_finish(&r, &c), 0);
	reader_deinit(&r);
	return c;
}

/* The lines of the defaults that differ, and what follows them. */
static void print_difference(const char *text, const char *empty, FILE *out)
{
	while (*text != '\0') {
		size_t n = strcspn(text, "\n") + 1, m = strcspn(empty, "\n") + 1;

		if (*empty == '\0' || n != m || memcmp(text, empty, n) != 0)
			fwrite(text, 1, n, out);
		text += n;
		empty += *empty == '\0' ? 0 : m;
	}
}

/* What NAME.want is to say; free() it. */
static char *describe(const struct config *c)
{
	struct config *nothing = text_parse("");
	char *text = NULL, *dumped = text_dump(c), *empty = text_dump(nothing);
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (size_t i = 0; i < c->n_problems; i++) {
		const struct problem *p = &c->problems[i];

		assert_true(p->kind != PROBLEM_ERROR);
		fprintf(out, "%u:%u: %s: %s\n", p->line, p->column,
		        p->kind == PROBLEM_NOTE ? "note" : "warning", p->message);
	}
	fputs("--\n", out);
	print_difference(dumped, empty, out);
	assert_int_equal(fclose(out), 0);
	free(dumped);
	free(empty);
	config_free(nothing);
	return text;
}

/* What is printed is a checkerd.conf, without a mistake, that gives the same again. */
static void check_round(const struct config *c)
{
	char *first = text_dump(c), *second;
	struct config *again = text_parse(first);

	assert_int_equal(again->n_problems, 0);
	second = text_dump(again);
	assert_string_equal(second, first);
	free(first);
	free(second);
	config_free(again);
}

/* checkerctl import: the same is in force, and each warning is in a comment. */
static void check_import(const char *path)
{
	struct config *c = NULL, *imported;
	char *text = NULL, *first, *second;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(load_multipath_conf(path, &c), 0);
	assert_int_equal(mpconf_import(path, out, stderr), 0);
	assert_int_equal(fclose(out), 0);
	imported = text_parse(text);
	assert_int_equal(imported->n_problems, 0);
	first = text_dump(c);
	second = text_dump(imported);
	assert_string_equal(first, second);
	for (size_t i = 0; i < c->n_problems; i++)
		assert_contains(text, c->problems[i].message);
	free(first);
	free(second);
	free(text);
	config_free(c);
	config_free(imported);
}

/* Is the file read as NAME.want says? */
static bool check_file(const char *name)
{
	char path[512], *text, *wanted, *found;
	struct config *c;
	size_t size;
	bool right;

	snprintf(path, sizeof(path), "%s/%s", FOLDER, name);
	text = text_read(path, &size);
	c = read_text(name, text, size);
	found = describe(c);
	check_round(c);
	check_import(path);
	strcpy(strrchr(path, '.'), ".want");
	wanted = text_read(path, &size);
	right = strcmp(found, wanted) == 0;
	if (!right)
		print_error("%s: wanted:\n%sfound:\n%s", name, wanted, found);
	config_free(c);
	free(text);
	free(wanted);
	free(found);
	return right;
}

static void every_file_has_the_effect_that_is_written_beside_it(void **state)
{
	DIR *dir = opendir(FOLDER);
	unsigned files = 0, misses = 0;

	(void)state; /* no fixture */
	assert_non_null(dir);
	for (const struct dirent *e; (e = readdir(dir));) {
		const char *suffix = strrchr(e->d_name, '.');

		if (e->d_name[0] == '.' || suffix == NULL || strcmp(suffix, ".conf") != 0)
			continue;
		files++;
		misses += check_file(e->d_name) ? 0 : 1;
	}
	closedir(dir);
	assert_true(files >= FILES_LEAST);
	assert_int_equal(misses, 0);
}

static void an_import_lists_what_is_not_used(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state; /* no fixture */
	assert_non_null(out);
	assert_int_equal(mpconf_import(FOLDER "/16-crlf.conf", out, stderr), 0);
	assert_int_equal(fclose(out), 0);
	assert_contains(text, "# Not used, because checkerd makes no maps:\n"
	                      "# path_selector path_grouping_policy prio features "
	                      "hardware_handler failback no_path_retry\n"
	                      "# user_friendly_names fast_io_fail_tmo dev_loss_tmo "
	                      "find_multipaths enable_foreign\n");
	assert_contains(text, "\ndefaults {\n"
	                      "	polling_interval 10\n"
	                      "	multipath_conf \"\"\n"
	                      "}\n");
	free(text);
	text = NULL;
	out = open_memstream(&text, &size);
	assert_non_null(out);
	assert_int_equal(mpconf_import(FOLDER "/none", out, out), -EINVAL);
	assert_int_equal(fclose(out), 0);
	assert_contains(text, "/none: warning: cannot be opened");
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_file_has_the_effect_that_is_written_beside_it),
		cmocka_unit_test(an_import_lists_what_is_not_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

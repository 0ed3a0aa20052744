/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * multipathd's file below checkerd.conf: which files are read, in which order, and whose value
 * counts. What each line of it does is in test-mpconf.c.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkerd/config/filter.h"
#include "checkerd/config/loader.h"
#include "tests/unit/config/config-text.h"

#define CASE TEST_SRCDIR "/tests/unit/config/multipath.conf/33-"

/* A folder of the test's own, given by setup(). */
struct place {
	char dir[64];
	char strict[96];    /* "…/checkerd.conf" */
	char multipath[96]; /* "…/multipath.conf" */
	char conf_d[96];    /* "…/conf.d" */
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	snprintf(p->dir, sizeof(p->dir), "/tmp/test-mpconf-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->strict, sizeof(p->strict), "%s/checkerd.conf", p->dir);
	snprintf(p->multipath, sizeof(p->multipath), "%s/multipath.conf", p->dir);
	snprintf(p->conf_d, sizeof(p->conf_d), "%s/conf.d", p->dir);
	assert_int_equal(mkdir(p->conf_d, 0755), 0);
	*state = p;
	return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type,
                        struct FTW *ftw)
{
	(void)st; /* whatever it is */
	(void)type;
	(void)ftw;
	return remove(path);
}

static int teardown(void **state)
{
	struct place *p = *state;

	assert_int_equal(nftw(p->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
	free(p);
	return 0;
}

static void write_file(const char *name, const char *text)
{
	FILE *out = fopen(name, "we");

	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(chmod(name, 0644), 0);
}

/* Writes checkerd.conf: its `defaults` name multipathd's file and have `defaults`. */
static void write_strict(const struct place *p, const char *defaults, const char *more)
{
	char text[2048];

	snprintf(text, sizeof(text), "defaults {\n\tmultipath_conf %s\n%s}\n%s",
	         p->multipath, defaults, more);
	write_file(p->strict, text);
}

/* Writes multipathd's file, whose drop-ins are in the place's folder. */
static void write_multipath(const struct place *p, const char *text)
{
	char whole[2048];

	snprintf(whole, sizeof(whole), "defaults {\n\tconfig_dir %s\n}\n%s", p->conf_d,
	         text);
	write_file(p->multipath, whole);
}

static void write_dropin(const struct place *p, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", p->conf_d, name);
	write_file(path, text);
}

static struct config *load_good(const struct place *p)
{
	struct config *c = NULL;
	int r = load_file(p->strict, &c);

	if (r < 0)
		problems_print(c, stderr);
	assert_int_equal(r, 0);
	return c;
}

static void assert_problem(const struct config *c, const char *wanted)
{
	char *text = text_problems(c);

	assert_contains(text, wanted);
	free(text);
}

static void settings_of(const struct config *c, const char *vendor,
                        struct config_settings *ret, struct filter_origins *ret_from)
{
	const struct config_subject s = {
		.devnode = "sda", .vendor = vendor, .product = "P", .protocol = "scsi:fcp"
	};

	filter_settings_from(c, &s, ret, ret_from);
}

static void each_value_of_checkerd_conf_wins(void **state)
{
	const struct place *p = *state;
	struct config_settings s;
	struct filter_origins from;
	struct config *c;
	char *text;

	write_multipath(p, "defaults {\n"
	                   "	polling_interval 7\n"
	                   "	checker_timeout 9\n"
	                   "	path_checker tur\n"
	                   "}\n"
	                   "blacklist {\n	wwid one\n}\n"
	                   "devices {\n"
	                   "	device {\n"
	                   "		vendor V\n"
	                   "		product P\n"
	                   "		path_checker rdac\n"
	                   "		san_path_err_threshold 3\n"
	                   "	}\n"
	                   "}\n"
	                   "overrides {\n	detect_checker no\n}\n"
	                   "multipaths {\n"
	                   "	multipath {\n		wwid w\n		alias "
	                   "theirs\n	}\n"
	                   "}\n");
	write_strict(p, "\tpolling_interval 2\n",
	             "blacklist { wwid two }\n"
	             "devices { device { vendor V path_checker directio } }\n"
	             "multipaths { multipath { wwid w alias ours } }\n");
	c = load_good(p);
	assert_int_equal(c->polling_interval_us, 2000000);
	assert_int_equal(c->checker_timeout_us, 9000000);
	settings_of(c, "X", &s, &from);
	assert_int_equal(s.checker, CHECKER_UNLESS_DETECTED | CHECKER_TUR);
	settings_of(c, "V", &s, &from);
	assert_int_equal(s.checker, CHECKER_DIRECTIO);
	assert_int_equal(s.holds.san_path_err_threshold, 3);
	assert_false(s.detect_checker);
	assert_string_equal(filter_map_alias(c, "w"), "ours");
	text = text_dump(c);
	assert_contains(text, "blacklist {\n\twwid one\n\twwid two\n}\n");
	free(text);
	config_free(c);
}

static void a_maximum_of_one_file_holds_for_the_interval_of_the_other(void **state)
{
	const struct place *p = *state;
	struct config *c;

	write_multipath(p, "defaults {\n	max_polling_interval 40\n}\n");
	write_strict(p, "\tpolling_interval 2\n", "");
	c = load_good(p);
	assert_int_equal(c->polling_interval_us, 2000000);
	assert_int_equal(c->max_polling_interval_us, 40000000);
	config_free(c);
	write_multipath(p, "defaults {\n	polling_interval 3\n}\n");
	write_strict(p, "", "");
	c = load_good(p);
	assert_int_equal(c->max_polling_interval_us, 12000000);
	config_free(c);
}

static void a_setting_says_from_which_file_it_is(void **state)
{
	const struct place *p = *state;
	const struct keyword *k = keywords_find(SECTION_OVERRIDES, "path_checker");
	struct config_settings s;
	struct filter_origins from;
	struct config *c;

	write_multipath(p, "overrides {\n	path_checker rdac\n}\n");
	write_strict(p, "", "");
	c = load_good(p);
	settings_of(c, "V", &s, &from);
	assert_string_equal(from.of[k - keyword_table].section, "overrides");
	assert_string_equal(config_origin_file(c, from.of[k - keyword_table].at),
	                    p->multipath);
	assert_int_equal(from.of[k - keyword_table].at.line, 5);
	config_free(c);
}

static void dropins_come_after_the_file(void **state)
{
	const struct place *p = *state;
	struct config *c;

	write_multipath(p,
	                "defaults {\n	polling_interval 1\n	checker_timeout 1\n"
	                "	san_path_err_threshold 1\n}\n");
	write_dropin(p, "20.conf", "defaults {\n	checker_timeout 20\n}\n");
	write_dropin(p, "10.conf",
	             "defaults {\n	checker_timeout 10\n"
	             "	san_path_err_threshold 10\n}\n");
	write_dropin(p, ".hidden.conf", "defaults {\n	polling_interval 5\n}\n");
	write_dropin(p, "30.conf~", "defaults {\n	polling_interval 6\n}\n");
	write_dropin(p, "40", "defaults {\n	polling_interval 6\n}\n");
	write_dropin(p, "50.conf",
	             "defaults {\n	config_dir /nowhere\n}\n"
	             "blacklist {\n	devnode \"(\"\n}\n");
	write_strict(p, "", "");
	c = load_good(p);
	assert_int_equal(c->polling_interval_us, 5000000);
	assert_int_equal(c->checker_timeout_us, 20000000);
	assert_int_equal(c->holds.san_path_err_threshold, 10);
	assert_problem(c,
	               "50.conf:2:13: warning: config_dir /nowhere: has no effect in a "
	               "drop-in");
	assert_problem(c, "the line is passed over\n");
	assert_problem(c, "instead of /etc/multipath/conf.d");
	config_free(c);
}

/* The case from a host: its blacklist is in the folder that config_dir names. */
static void the_blacklist_of_a_dropin_counts(void **state)
{
	const struct place *p = *state;
	char *text, *place, name[256];
	struct config *c;
	size_t size;

	text = text_read(CASE "drop-in-dir.conf", &size);
	place = strstr(text, "CONF_D");
	assert_non_null(place);
	*place = '\0';
	write_file(p->multipath, text);
	free(text);
	snprintf(name, sizeof(name), "%s\"\n}\n", p->conf_d);
	{
		FILE *out = fopen(p->multipath, "ae");

		assert_non_null(out);
		fputs(name, out);
		assert_int_equal(fclose(out), 0);
	}
	text = text_read(CASE "conf.d/50-blacklist.conf", &size);
	write_dropin(p, "50-blacklist.conf", text);
	free(text);
	write_strict(p, "", "");
	c = load_good(p);
	text = text_dump(c);
	assert_contains(text,
	                "blacklist {\n\twwid 3600000000000000000000000000000a1\n}\n");
	free(text);
	config_free(c);
}

static void what_is_printed_needs_no_other_file(void **state)
{
	const struct place *p = *state;
	struct config *c, *again = NULL;
	char *first, *second;

	write_multipath(p, "defaults {\n	path_checker tur\n}\n"
	                   "multipaths {\n	multipath {\n		wwid \"a b\"\n"
	                   "		alias \"my data\"\n	}\n}\n");
	write_strict(p, "\tfail_checks 2\n", "");
	c = load_good(p);
	first = text_dump(c);
	assert_contains(first, "\tmultipath_conf \"\"\n");
	assert_contains(first, "\tpath_checker auto:tur\n");
	write_file(p->strict, first);
	assert_int_equal(load_file(p->strict, &again), 0);
	second = text_dump(again);
	assert_string_equal(first, second);
	free(first);
	free(second);
	config_free(c);
	config_free(again);
}

static void an_empty_name_reads_none(void **state)
{
	const struct place *p = *state;
	struct config *c;

	write_file(p->strict, "defaults { multipath_conf \"\" }\n");
	c = load_good(p);
	assert_int_equal(c->n_files, 1);
	assert_false(c->multipath_conf_refused);
	config_free(c);
}

/* A file that cannot be read is a warning, and the rest holds. */
static void a_file_that_cannot_be_read_is_passed_over(void **state)
{
	const struct place *p = *state;
	struct config *c;

	write_strict(p, "\tfail_checks 2\n", "");
	c = load_good(p);
	assert_int_equal(c->fail_checks, 2);
	assert_true(c->multipath_conf_refused);
	assert_problem(c, "multipath.conf: warning: cannot be opened: No such file or "
	                  "directory: nothing of it is in force\n");
	config_free(c);
	assert_int_equal(load_multipath_conf(p->multipath, &c), -EINVAL);
	assert_problem(c, "error: nothing was read");
	config_free(c);
}

static void a_file_of_everybody_is_passed_over(void **state)
{
	const struct place *p = *state;
	bool root = geteuid() == 0;
	struct config *c;

	write_multipath(p, "defaults {\n	polling_interval 7\n}\n");
	assert_int_equal(chmod(p->multipath, 0666), 0);
	write_strict(p, "", "");
	c = load_good(p);
	assert_int_equal(c->multipath_conf_refused, root);
	assert_int_equal(c->polling_interval_us, root ? 5000000 : 7000000);
	if (root)
		assert_problem(c, "may write it (mode 0666)");
	config_free(c);
	/* To check it, nobody has to own it. */
	assert_int_equal(load_multipath_conf(p->multipath, &c), 0);
	assert_int_equal(c->polling_interval_us, 7000000);
	config_free(c);
	assert_int_equal(chmod(p->multipath, 0644), 0);
	assert_int_equal(chmod(p->conf_d, 0777), 0);
	write_dropin(p, "1.conf", "defaults {\n	checker_timeout 9\n}\n");
	c = load_good(p);
	assert_false(c->multipath_conf_refused);
	assert_int_equal(c->polling_interval_us, 7000000);
	assert_int_equal(c->checker_timeout_us, root ? 0 : 9000000);
	config_free(c);
}

static void the_log_has_what_changes_checks(void **state)
{
	const struct place *p = *state;
	struct loaded l;
	char wanted[512];

	write_multipath(p, "defaults {\n	udev_dir /dev\n	failback sometimes\n"
	                   "	path_checker hp_tur\n}\n");
	write_strict(p, "", "");
	assert_int_equal(loader_read(p->strict, NULL, &l), 0);
	assert_contains(l.messages->data, ":7:15: warning: path_checker hp_tur");
	assert_null(strstr(l.messages->data, "udev_dir"));
	assert_null(strstr(l.messages->data, "failback"));
	snprintf(wanted, sizeof(wanted),
	         "%s: warning: 2 more remarks, on what changes no check: to list them: "
	         "checkerd -t -m %s\n",
	         p->multipath, p->multipath);
	assert_contains(l.messages->data, wanted);
	loaded_deinit(&l);
	assert_int_equal(loader_read_extent(p->strict, LOADER_WITH_NOTES, &l), 0);
	assert_contains(l.messages->data, "warning: udev_dir is passed over");
	assert_null(strstr(l.messages->data, "more remarks"));
	loaded_deinit(&l);
}

static void a_reload_keeps_what_was_read(void **state)
{
	const struct place *p = *state;
	struct loaded first, next;

	write_multipath(p, "blacklist {\n	wwid one\n}\n");
	write_strict(p, "", "");
	assert_int_equal(loader_read(p->strict, NULL, &first), 0);
	assert_int_equal(loader_read(p->strict, first.config, &next), 0);
	loaded_deinit(&next);
	assert_int_equal(unlink(p->multipath), 0);
	assert_int_equal(mkdir(p->multipath, 0755), 0);
	assert_int_equal(loader_read(p->strict, first.config, &next), -EINVAL);
	assert_contains(next.messages->data, "the configuration stays as it is");
	loaded_deinit(&next);
	loaded_deinit(&first);
	/* At start there is nothing to keep. */
	assert_int_equal(loader_read(p->strict, NULL, &first), 0);
	assert_contains(first.messages->data, "not a regular file");
	assert_int_equal(loader_read(p->strict, first.config, &next), 0);
	loaded_deinit(&next);
	loaded_deinit(&first);
}

#define IN_A_PLACE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		IN_A_PLACE(each_value_of_checkerd_conf_wins),
		IN_A_PLACE(a_maximum_of_one_file_holds_for_the_interval_of_the_other),
		IN_A_PLACE(a_setting_says_from_which_file_it_is),
		IN_A_PLACE(dropins_come_after_the_file),
		IN_A_PLACE(the_blacklist_of_a_dropin_counts),
		IN_A_PLACE(what_is_printed_needs_no_other_file),
		IN_A_PLACE(an_empty_name_reads_none),
		IN_A_PLACE(a_file_that_cannot_be_read_is_passed_over),
		IN_A_PLACE(a_file_of_everybody_is_passed_over),
		IN_A_PLACE(the_log_has_what_changes_checks),
		IN_A_PLACE(a_reload_keeps_what_was_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

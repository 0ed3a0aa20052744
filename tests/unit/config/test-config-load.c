/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Configuration files as they are found: which are read, in which order, which refused.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkerd/config/source_file.h"
#include "tests/unit/config/config-text.h"

#define NOBODY 65534

/* A folder of the test's own, given by setup(). */
struct place {
	char dir[64];
	char file[96]; /* "…/checkerd.conf" */
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	snprintf(p->dir, sizeof(p->dir), "/tmp/test-config-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->file, sizeof(p->file), "%s/checkerd.conf", p->dir);
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

/* NAME.d/dropin under the place's file. */
static void write_dropin(const struct place *p, const char *dropin, const char *text)
{
	char name[256];

	snprintf(name, sizeof(name), "%s.d", p->file);
	assert_true(mkdir(name, 0755) == 0 || errno == EEXIST);
	snprintf(name, sizeof(name), "%s.d/%s", p->file, dropin);
	write_file(name, text);
}

static struct config *load_good(const struct place *p)
{
	struct config *c = NULL;
	int r = load_file(p->file, &c);

	if (r < 0)
		problems_print(c, stderr);
	assert_int_equal(r, 0);
	return c;
}

/* The one problem there is is this. */
static void assert_refused(const char *file, const char *wanted)
{
	struct config *c = NULL;
	char *text;

	assert_int_equal(load_file(file, &c), -EINVAL);
	assert_int_equal(c->n_problems, 1);
	text = text_problems(c);
	assert_contains(text, wanted);
	free(text);
	config_free(c);
}

static void a_file_alone(void **state)
{
	const struct place *p = *state;
	struct config *c;

	write_file(p->file, "defaults { fail_checks 5 }\n");
	c = load_good(p);
	assert_int_equal(c->fail_checks, 5);
	config_free(c);
}

static void dropins_come_after_it_in_order(void **state)
{
	const struct place *p = *state;
	struct config *c;

	write_file(p->file, "defaults { fail_checks 5 recover_checks 5 max_clients 5 }\n"
	                    "paths { path { device /dev/a } }");
	write_dropin(p, "20.conf", "defaults { recover_checks 20 max_clients 20 }");
	write_dropin(p, "10.conf",
	             "defaults { recover_checks 10 }\npaths { path { device /dev/b } }");
	write_dropin(p, "3.conf", "defaults { max_clients 30 }");
	write_dropin(p, ".hidden.conf", "not read");
	write_dropin(p, "40.conf~", "not read");
	write_dropin(p, "README", "not read");
	write_dropin(p, ".conf", "not read");
	c = load_good(p);
	assert_int_equal(c->fail_checks, 5);
	assert_int_equal(c->recover_checks, 20);
	assert_int_equal(c->max_clients, 30);
	assert_int_equal(c->n_paths, 2);
	assert_string_equal(c->paths[1].device, "/dev/b");
	config_free(c);
}

static void errors_of_all_files_at_once(void **state)
{
	const struct place *p = *state;
	struct config *c = NULL;
	char *text, wanted[1024];

	write_file(p->file, "defaults { fail_checks 0 discovery static }\npaths { path { "
	                    "device /dev/a } }");
	write_dropin(p, "1.conf", "paths { path { device /dev/a } }\n");
	write_dropin(p, "2.conf", "\n}\n");
	assert_int_equal(load_file(p->file, &c), -EINVAL);
	text = text_problems(c);
	snprintf(wanted, sizeof(wanted),
	         "%s:1:24: error: fail_checks 0: must be between 1 and 1000\n"
	         "%s.d/2.conf:2:1: error: '}' closes nothing: remove it, or look for a "
	         "missing "
	         "'{' before it\n"
	         "%s.d/1.conf:1:23: error: device '/dev/a' is there twice: change it "
	         "here or at "
	         "%s:2:23\n",
	         p->file, p->file, p->file, p->file);
	assert_string_equal(text, wanted);
	free(text);
	config_free(c);
}

static void a_named_file_has_to_be_there(void **state)
{
	const struct place *p = *state;

	assert_refused(p->file, "/checkerd.conf: error: cannot be opened: No such file");
}

static void only_regular_files(void **state)
{
	const struct place *p = *state;
	char name[256];

	assert_refused(p->dir, ": error: not a regular file: name one that is");
	assert_refused("/dev/null",
	               "/dev/null: error: not a regular file: name one that is");
	/* Nobody writes to it: opening it must not wait for that. */
	assert_int_equal(mkfifo(p->file, 0644), 0);
	assert_refused(p->file, ": error: not a regular file: name one that is");
	assert_int_equal(unlink(p->file), 0);

	write_file(p->file, "");
	write_dropin(p, "1.conf", "");
	snprintf(name, sizeof(name), "%s.d/2.conf", p->file);
	assert_int_equal(mkdir(name, 0755), 0);
	assert_refused(p->file, ".d/2.conf: error: not a regular file");
}

static void the_folder_has_to_be_one(void **state)
{
	const struct place *p = *state;
	char name[256];

	write_file(p->file, "");
	snprintf(name, sizeof(name), "%s.d", p->file);
	write_file(name, "");
	assert_refused(p->file, ".conf.d: error: cannot be opened: Not a directory");
}

static void not_larger_than_allowed(void **state)
{
	const struct place *p = *state;
	struct config *c;

	write_file(p->file, "\n");
	assert_int_equal(truncate(p->file, CONFIG_FILE_BYTES_MAX + 1), 0);
	assert_refused(p->file, ": error: larger than 1 MiB");
	assert_int_equal(truncate(p->file, 1), 0);
	c = load_good(p);
	config_free(c);
}

static void not_too_many_files(void **state)
{
	const struct place *p = *state;
	char name[32];

	write_file(p->file, "");
	for (int i = 0; i <= CONFIG_DROPINS_MAX; i++) {
		snprintf(name, sizeof(name), "%d.conf", i);
		write_dropin(p, name, "");
	}
	assert_refused(p->file,
	               ".d: error: more than 256 *.conf files: put some into one");
}

static void whom_root_trusts(void **state)
{
	static const struct {
		uid_t owner, euid;
		mode_t mode;
		const char *why; /* NULL: trusted */
	} rows[] = {
		{ 0, 0, 0644, NULL },
		{ 0, 0, 0755, NULL },
		{ 0, 0, 0664, "(mode 0664): chmod go-w FILE" },
		{ 0, 0, 0646, "(mode 0646): chmod go-w FILE" },
		{ 0, 0, 01777, "(mode 1777): chmod go-w FILE" },
		{ 1000, 0, 0644,
		  "belongs to user 1000, not to root: "
		  "chown root FILE" },
		{ 1000, 1000, 0666, NULL },
		{ 0, 1000, 0666, NULL },
	};

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct stat st = { .st_uid = rows[i].owner,
			           .st_mode = S_IFREG | rows[i].mode };
		char why[REFUSAL_SIZE] = "";

		assert_int_equal(source_trusts(&st, rows[i].euid, "FILE", why),
		                 !rows[i].why);
		assert_contains(why, rows[i].why ? rows[i].why : "");
	}
}

static void root_refuses_what_others_can_change(void **state)
{
	const struct place *p = *state;
	char name[256];

	if (geteuid() != 0)
		skip(); /* the rule itself is tested above */
	write_file(p->file, "");
	assert_int_equal(chmod(p->file, 0666), 0);
	assert_refused(p->file,
	               ": error: others than root may write it (mode 0666): chmod go-w");
	assert_int_equal(chmod(p->file, 0644), 0);
	assert_int_equal(chown(p->file, NOBODY, NOBODY), 0);
	assert_refused(p->file, ": error: belongs to user 65534, not to root: "
	                        "chown root");
	assert_int_equal(chown(p->file, 0, 0), 0);

	write_dropin(p, "1.conf", "");
	snprintf(name, sizeof(name), "%s.d", p->file);
	assert_int_equal(chmod(name, 0777), 0);
	assert_refused(p->file,
	               ".conf.d: error: others than root may write it (mode 0777)");
	assert_int_equal(chmod(name, 0755), 0);
	snprintf(name, sizeof(name), "%s.d/1.conf", p->file);
	assert_int_equal(chmod(name, 0620), 0);
	assert_refused(p->file,
	               "1.conf: error: others than root may write it (mode 0620)");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_file_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(dropins_come_after_it_in_order, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(errors_of_all_files_at_once, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(a_named_file_has_to_be_there, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(only_regular_files, setup, teardown),
		cmocka_unit_test_setup_teardown(the_folder_has_to_be_one, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(not_larger_than_allowed, setup, teardown),
		cmocka_unit_test_setup_teardown(not_too_many_files, setup, teardown),
		cmocka_unit_test(whom_root_trusts),
		cmocka_unit_test_setup_teardown(root_refuses_what_others_can_change,
		                                setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

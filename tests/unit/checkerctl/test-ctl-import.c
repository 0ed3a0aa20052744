/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* import: the command becomes checkerd, which a script plays here. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/checkerctl/ctl-fake.h"

static char dir[] = "/tmp/test-import-XXXXXX", script[64];

/* The first checkerd of PATH prints its arguments and ends with this status. */
static void play_checkerd(int status, mode_t mode)
{
	FILE *out = fopen(script, "we");

	assert_non_null(out);
	fprintf(out, "#!/bin/sh\necho \"$@\"\nexit %d\n", status);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(chmod(script, mode), 0);
}

static void expect(const char *const *args, int code, const char *out, const char *err)
{
	struct outcome o = run_ctl(0, args);

	assert_int_equal(o.code, code);
	assert_string_equal(o.out, out);
	if (strstr(o.err, err) == NULL)
		fail_msg("no \"%s\" in: %s", err, o.err);
	outcome_free(&o);
}

static void checkerd_prints_the_file(void **state)
{
	(void)state; /* no fixture */
	play_checkerd(0, 0755);
	expect((const char *[]){ "import", NULL }, 0, "--import=/etc/multipath.conf\n",
	       "");
	expect((const char *[]){ "import", "some file", NULL }, 0, "--import=some file\n",
	       "");
	play_checkerd(1, 0755);
	expect((const char *[]){ "import", "no", NULL }, 1, "--import=no\n", "");
	expect((const char *[]){ "import", "a", "b", NULL }, 2, "", "checkerctl: ");
}

static void checkerd_cannot_be_run(void **state)
{
	(void)state; /* no fixture */
	play_checkerd(0, 0644);
	expect((const char *[]){ "import", NULL }, 1, "",
	       "checkerctl: cannot run checkerd: Permission denied");
}

static int setup(void **state)
{
	(void)state; /* no fixture */
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(script, sizeof(script), "%s/checkerd", dir);
	return setenv("PATH", dir, 1);
}

static int teardown(void **state)
{
	(void)state; /* no fixture */
	return unlink(script) < 0 || rmdir(dir) < 0 ? -1 : 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(checkerd_prints_the_file),
		cmocka_unit_test(checkerd_cannot_be_run),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

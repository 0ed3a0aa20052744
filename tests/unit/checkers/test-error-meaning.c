/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose fault an errno is, of each call. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "libcheck/checkers/error_meaning.h"
#include "util/macro.h"

static unsigned count(enum error_call call, enum error_meaning meaning)
{
	unsigned n = 0;

	for (int error = 1; error < 4096; error++)
		n += error_meaning(error, call) == meaning;
	return n;
}

static void nobody_but_the_device_and_this_host_is_excused(void **state)
{
	(void)state; /* no fixture */
	assert_int_equal(count(ERROR_OF_READ, ERROR_DEVICE), 6);
	assert_int_equal(count(ERROR_OF_OPEN, ERROR_DEVICE), 0);
	assert_int_equal(count(ERROR_OF_SEND, ERROR_DEVICE), 0);
	for (int call = 0; call < ERROR_CALLS_; call++)
		assert_int_equal(count((enum error_call)call, ERROR_SHORTAGE), 3);
	assert_int_equal(count(ERROR_OF_READ, ERROR_HOST), 9);
	assert_int_equal(count(ERROR_OF_OPEN, ERROR_HOST), 9);
	assert_int_equal(count(ERROR_OF_SEND, ERROR_HOST), 11);
}

static void commands_that_were_not_sent(void **state)
{
	static const struct {
		int error;
		enum error_meaning meaning;
	} cells[] = {
		{ ENODEV, ERROR_SUSPECT },  { ENXIO, ERROR_SUSPECT },
		{ EIO, ERROR_SUSPECT },     { ENODATA, ERROR_SUSPECT },
		{ EPERM, ERROR_HOST },      { EACCES, ERROR_HOST },
		{ EAGAIN, ERROR_HOST },     { EINVAL, ERROR_HOST },
		{ EDOM, ERROR_HOST },       { EOPNOTSUPP, ERROR_HOST },
		{ ENOMEM, ERROR_SHORTAGE },
	};

	(void)state; /* no fixture */
	for (unsigned i = 0; i < ARRAY_LEN(cells); i++)
		assert_int_equal(error_meaning(cells[i].error, ERROR_OF_SEND),
		                 cells[i].meaning);
	assert_int_equal(error_meaning(EDOM, ERROR_OF_READ), ERROR_SUSPECT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_but_the_device_and_this_host_is_excused),
		cmocka_unit_test(commands_that_were_not_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

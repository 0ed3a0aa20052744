/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose fault an error is: each errno that a block device gives, in both stages. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "libcheck/checkers/directio_judge.h"

#define BLOCK 4096

static const struct sense gone = { true, 0x05, 0x25, 0x00 };

static struct checker_judgement judge(struct checker_answer a)
{
	a.block = BLOCK;
	return directio_judge(&a);
}

static void assert_judged(struct checker_answer a, enum checker_next next,
                          enum pathcheck_verdict verdict)
{
	struct checker_judgement j = judge(a);

	if (j.next != next || (next == CHECKER_FINAL && j.verdict != verdict))
		fail_msg("%lld: next %d, verdict %d", (long long)a.result, (int)j.next,
		         (int)j.verdict);
	if (a.result < 0)
		assert_int_equal(j.error, -a.result);
}

enum {
	D = PATHCHECK_DEVICE_ERROR,
	F = PATHCHECK_FAILED,
	N = PATHCHECK_NOT_JUDGED,
	S = 99
};

/* What a rescuer's read, and an open, mean. S: a shortage. */
static const struct {
	int error, read, open;
} cells[] = {
	{ EIO, F, F },          { ENOLINK, F, F },      { ETIMEDOUT, F, F },
	{ ENODEV, F, F },       { ENXIO, F, F },        { EHOSTDOWN, F, F },
	{ EHOSTUNREACH, F, F }, { ECONNRESET, F, F },   { ENOTCONN, F, F },
	{ EPIPE, F, F },        { ESHUTDOWN, F, F },    { ENOMEDIUM, F, F },
	{ ESTALE, F, F },       { ETIME, F, F },        { ENOENT, F, F },
	{ ENOTDIR, F, F },      { ENOTBLK, F, F },      { EUCLEAN, F, F },
	{ 4095, F, F },         { ENODATA, D, F },      { EILSEQ, D, F },
	{ ENOSPC, D, F },       { EBADE, D, F },        { EREMOTEIO, D, F },
	{ EOPNOTSUPP, D, F },   { EACCES, N, N },       { EPERM, N, N },
	{ ELOOP, N, N },        { ENAMETOOLONG, N, N }, { EINTR, N, N },
	{ EAGAIN, N, N },       { EINVAL, N, N },       { EBADF, N, N },
	{ EFAULT, N, N },       { ENOMEM, S, S },       { EMFILE, S, S },
	{ ENFILE, S, S },
};

static void assert_cell(struct checker_answer a, int meaning)
{
	if (meaning == S)
		assert_judged(a, CHECKER_SHORTAGE, PATHCHECK_NOT_JUDGED);
	else
		assert_judged(a, CHECKER_FINAL, (enum pathcheck_verdict)meaning);
}

static void each_cell(void **state)
{
	(void)state; /* no fixture */
	for (unsigned i = 0; i < ARRAY_LEN(cells); i++) {
		assert_cell((struct checker_answer){ .result = -cells[i].error,
		                                     .learned = true,
		                                     .replied = CHECKER_REPLIED },
		            cells[i].read);
		assert_cell((struct checker_answer){ .result = -cells[i].error,
		                                     .opening = true },
		            cells[i].open);
	}
}

/* Whatever is not listed is suspect, and no errno is taken for a good read. */
static void every_errno(void **state)
{
	unsigned n[S + 1] = { 0 };

	(void)state; /* no fixture */
	for (int error = 1; error < 4096; error++) {
		struct checker_answer a = { .result = -error,
			                    .block = BLOCK,
			                    .learned = true,
			                    .replied = CHECKER_REPLIED };
		struct checker_judgement j = directio_judge(&a);

		assert_int_equal(j.error, error);
		assert_int_not_equal(j.verdict, PATHCHECK_OK);
		n[j.next == CHECKER_SHORTAGE ? S : (int)j.verdict]++;
	}
	assert_int_equal(n[D], 6);
	assert_int_equal(n[S], 3);
	assert_int_equal(n[N], 9);
	assert_int_equal(n[F], 4095 - 6 - 3 - 9);
}

static void bytes(void **state)
{
	static const int64_t not_all[] = {
		0, 1, BLOCK - 1, BLOCK - 512, BLOCK + 1, 65536
	};

	(void)state; /* no fixture */
	assert_judged((struct checker_answer){ .result = BLOCK }, CHECKER_FINAL,
	              PATHCHECK_OK);
	assert_int_equal(judge((struct checker_answer){ .result = BLOCK }).error, 0);
	/* A medium error has the same errno, and is the device's answer. */
	for (unsigned i = 0; i < ARRAY_LEN(not_all); i++) {
		struct checker_answer a = { .result = not_all[i] };

		assert_judged(a, CHECKER_FINAL, PATHCHECK_FAILED);
		assert_int_equal(judge(a).error, ENODATA);
	}
}

/* An answer to a read that may not wait, and the first of its kind. */
static void what_is_asked_again(void **state)
{
	static const struct {
		int error;
		bool nowait;
		enum checker_next next;
	} again[] = {
		{ EAGAIN, true, CHECKER_BLOCKS },
		{ EINTR, true, CHECKER_BLOCKS },
		{ EOPNOTSUPP, true, CHECKER_NO_NOWAIT },
		{ EINVAL, true, CHECKER_LEARN },
		{ EINVAL, false, CHECKER_LEARN },
		{ ENOMEM, true, CHECKER_SHORTAGE },
	};

	(void)state; /* no fixture */
	for (unsigned i = 0; i < ARRAY_LEN(again); i++)
		assert_judged((struct checker_answer){ .result = -again[i].error,
		                                       .nowait = again[i].nowait },
		              again[i].next, PATHCHECK_NOT_JUDGED);
}

/* Until the unit has answered that holds which the read alone means. Others ask nothing. */
static void which_errors_ask_the_unit(void **state)
{
	static const struct {
		int error;
		enum pathcheck_verdict verdict;
	} asks[] = { { EIO, PATHCHECK_FAILED }, { EREMOTEIO, PATHCHECK_DEVICE_ERROR } };
	unsigned n = 0;

	(void)state; /* no fixture */
	for (int error = 1; error < 4096; error++) {
		struct checker_answer a = { .result = -error, .learned = true };

		n += judge(a).next == CHECKER_COMMAND;
	}
	assert_int_equal(n, ARRAY_LEN(asks));
	for (unsigned i = 0; i < ARRAY_LEN(asks); i++) {
		struct checker_answer a = { .result = -asks[i].error };

		for (int nowait = 0; nowait < 2; nowait++) {
			a.nowait = nowait;
			assert_judged(a, CHECKER_COMMAND, PATHCHECK_NOT_JUDGED);
			assert_int_equal(judge(a).command, DIRECTIO_TEST_UNIT);
		}
		for (int replied = CHECKER_REPLIED; replied <= CHECKER_UNKNOWN;
		     replied++) {
			a.replied = (enum checker_replied)replied;
			assert_judged(a, CHECKER_FINAL, asks[i].verdict);
		}
		a.replied = CHECKER_REPLIED;
		a.sense = gone;
		assert_judged(a, CHECKER_FINAL, PATHCHECK_DISCONNECTED);
		/* There is nothing to ask before it is open. */
		a = (struct checker_answer){ .result = -asks[i].error, .opening = true };
		assert_judged(a, CHECKER_FINAL, PATHCHECK_FAILED);
	}
}

static void each_question_once(void **state)
{
	struct checker_answer a = { .result = -EINVAL, .learned = true };

	(void)state; /* no fixture */
	assert_judged(a, CHECKER_FINAL, PATHCHECK_NOT_JUDGED);
	a = (struct checker_answer){ .result = -EREMOTEIO, .replied = CHECKER_REPLIED };
	assert_judged(a, CHECKER_FINAL, PATHCHECK_DEVICE_ERROR);
	a.sense = gone;
	assert_judged(a, CHECKER_FINAL, PATHCHECK_DISCONNECTED);
	a.nowait = true;
	assert_judged(a, CHECKER_FINAL, PATHCHECK_DISCONNECTED);
}

/* A device that has answered may be asked for its identity: another one is not. */
static void who_has_answered(void **state)
{
	static const int64_t results[] = { BLOCK, 0, -ENODATA, -EIO, -ENODEV, -EPERM };

	(void)state; /* no fixture */
	for (unsigned i = 0; i < ARRAY_LEN(results); i++) {
		struct checker_answer a = { .result = results[i],
			                    .replied = CHECKER_NO_REPLY };
		bool answered = results[i] == BLOCK || results[i] == -ENODATA;

		assert_int_equal(judge(a).answered, answered);
		assert_int_equal(judge(a).next, CHECKER_FINAL);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_cell),
		cmocka_unit_test(every_errno),
		cmocka_unit_test(bytes),
		cmocka_unit_test(what_is_asked_again),
		cmocka_unit_test(which_errors_ask_the_unit),
		cmocka_unit_test(each_question_once),
		cmocka_unit_test(who_has_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

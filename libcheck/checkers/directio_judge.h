/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_CHECKERS_DIRECTIO_JUDGE_H
#define LIBCHECK_CHECKERS_DIRECTIO_JUDGE_H

/* What an answer to the directio checker means. Pure. */
#include "libcheck/checkers/checker.h"

/* The commands that may follow the read. */
enum {
	DIRECTIO_TEST_UNIT = CHECKER_NO_COMMAND + 1,
	DIRECTIO_IDENTIFY,
};

struct checker_judgement directio_judge(const struct checker_answer *a);
bool directio_is_good(uint32_t block, int64_t result);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_CHECKERS_NVME_H
#define LIBCHECK_CHECKERS_NVME_H

/* What an answer to the nvme checker means. Pure. */
#include "libcheck/checkers/checker.h"

/* The commands that may follow the read. */
enum {
	NVME_LOOK = CHECKER_NO_COMMAND + 1, /* at sysfs */
	NVME_IDENTIFY,
};

struct checker_judgement nvme_judge(const struct checker_answer *a);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_CHECKERS_SCSI_JUDGE_H
#define LIBCHECK_CHECKERS_SCSI_JUDGE_H

/*
 * What the answer to a SCSI command means for the path, whatever the command was. An answer of
 * the device is an answer: only the way to the device, and a unit or a port that says that it is not
 * ready, make a path bad. Pure.
 */
#include "libcheck/checkers/checker.h"

/*
 * The same command is sent at most so many times in a check. The other commands of a checker have
 * the rest of CHECKER_SENDS_MAX.
 */
#define SCSI_TRIES 5

/*
 * FINAL with PATHCHECK_OK: the command ended well, and its data can be read. SEND: the same step
 * again. Else the end of the check.
 */
struct checker_judgement scsi_judge(const struct checker_answer *a);

/* In short, since most answers are: the status is GOOD, and nothing else is said. */
bool scsi_judge_good_answer(const struct scsi_answer *a);

/* The same for a READ of one block: its data are all there. */
struct checker_judgement scsi_judge_read(const struct checker_answer *a);

static inline bool scsi_judge_is_good(const struct checker_judgement *j)
{
	return j->next == CHECKER_FINAL && j->verdict == PATHCHECK_OK;
}

/* Does the device not know the command, or not with these fields? SPC-4 annex F. */
bool scsi_judge_is_unknown(const struct checker_answer *a);

/* May a checker still try again in this check? */
static inline bool scsi_judge_may_repeat(const struct checker_answer *a)
{
	return a->tries < SCSI_TRIES - 1;
}

/* The end of the check. */
struct checker_judgement scsi_judge_end(enum pathcheck_verdict verdict, int error,
                                        enum pathcheck_said said);

/* The check goes on with this step. */
static inline struct checker_judgement scsi_judge_send(uint8_t step)
{
	return (struct checker_judgement){ .next = CHECKER_SEND,
		                           .verdict = PATHCHECK_NOT_JUDGED,
		                           .step = step };
}

/* The device cannot be judged by this checker: it is of another kind. */
struct checker_judgement scsi_judge_misfit(enum pathcheck_said said);

#endif

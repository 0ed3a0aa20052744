/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Judges the answers of a block device: directio_judge.h. Runs on reapers. */
#include "libcheck/checkers/directio_judge.h"

#include <errno.h>

#include "libcheck/checkers/error_meaning.h"

static struct checker_judgement end_of_check(enum pathcheck_verdict verdict, int error)
{
	struct checker_judgement j = { CHECKER_FINAL, verdict, error, .answered = false };

	j.answered = verdict == PATHCHECK_OK || verdict == PATHCHECK_DEVICE_ERROR;
	return j;
}

/*
 * EREMOTEIO (BLK_STS_TARGET) and EIO (BLK_STS_IOERR) are the errors of reads of a unit that the
 * target does not have any more. scsi_dh_alua also gives EIO, without a command, for a port
 * that it last knew as standby or unavailable: a command makes it look again
 * (alua_check_sense() in drivers/scsi/device_handler/scsi_dh_alua.c). For other errors a
 * command can say no more: it would go the same way.
 */
static bool tests_unit(int error)
{
	return error == EREMOTEIO || error == EIO;
}

/* What follows to learn more; CHECKER_FINAL: nothing. */
static enum checker_next ask_again(const struct checker_answer *a, int error)
{
	if (a->nowait && (error == EAGAIN || error == EINTR))
		return CHECKER_BLOCKS;
	if (a->nowait && error == EOPNOTSUPP)
		return CHECKER_NO_NOWAIT;
	if (!a->opening && error == EINVAL && !a->learned)
		return CHECKER_LEARN;
	if (!a->opening && tests_unit(error) && a->replied == CHECKER_NOT_SENT)
		return CHECKER_COMMAND;
	return CHECKER_FINAL;
}

bool directio_is_good(uint32_t block, int64_t result)
{
	/* Neither more nor less: a read past the end gives 0. */
	return result == (int64_t)block;
}

static bool unit_is_gone(const struct checker_answer *a)
{
	return a->replied == CHECKER_REPLIED && sense_is_unit_gone(&a->sense);
}

struct checker_judgement directio_judge(const struct checker_answer *a)
{
	enum checker_next next;
	int error;

	if (a->result >= 0)
		return directio_is_good(a->block, a->result)
		               ? end_of_check(PATHCHECK_OK, 0)
		               : end_of_check(PATHCHECK_FAILED, ENODATA);
	error = (int)-a->result;
	next = ask_again(a, error);
	if (next != CHECKER_FINAL)
		return (struct checker_judgement){ next, PATHCHECK_NOT_JUDGED, error,
			                           .command = DIRECTIO_TEST_UNIT };
	if (unit_is_gone(a))
		return end_of_check(PATHCHECK_DISCONNECTED, error);
	switch (error_meaning(error, a->opening ? ERROR_OF_OPEN : ERROR_OF_READ)) {
	case ERROR_DEVICE:
		return end_of_check(PATHCHECK_DEVICE_ERROR, error);
	case ERROR_SHORTAGE:
		return (struct checker_judgement){ CHECKER_SHORTAGE, PATHCHECK_NOT_JUDGED,
			                           error, .answered = false };
	case ERROR_HOST:
		return end_of_check(PATHCHECK_NOT_JUDGED, error);
	case ERROR_SUSPECT:
		break;
	}
	return end_of_check(PATHCHECK_FAILED, error);
}

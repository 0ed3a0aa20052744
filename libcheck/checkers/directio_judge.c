/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "libcheck/checkers/directio_judge.h"

#include <errno.h>

#include "util/macro.h"

enum meaning {
	SUSPECT =
	        0, /* nobody answered, or the way there failed; also what is not listed */
	DEVICE,    /* the device answered */
	SHORTAGE,  /* this host has no memory or descriptor */
	HOST       /* this host or this program did not let the question through */
};

/* Each errno that is not suspect in both stages. */
static const struct {
	int error;
	enum meaning open, read;
} meanings[] = {
	{ ENODATA, SUSPECT, DEVICE },    /* BLK_STS_MEDIUM */
	{ EILSEQ, SUSPECT, DEVICE },     /* BLK_STS_PROTECTION */
	{ ENOSPC, SUSPECT, DEVICE },     /* BLK_STS_NOSPC: a thin pool is full */
	{ EBADE, SUSPECT, DEVICE },      /* BLK_STS_RESV_CONFLICT */
	{ EREMOTEIO, SUSPECT, DEVICE },  /* BLK_STS_TARGET */
	{ EOPNOTSUPP, SUSPECT, DEVICE }, /* BLK_STS_NOTSUPP */
	{ ENOMEM, SHORTAGE, SHORTAGE },  /* BLK_STS_RESOURCE too */
	{ EMFILE, SHORTAGE, SHORTAGE },  { ENFILE, SHORTAGE, SHORTAGE },
	{ EACCES, HOST, HOST },          { EPERM, HOST, HOST },
	{ ELOOP, HOST, HOST },           { ENAMETOOLONG, HOST, HOST },
	{ EINTR, HOST, HOST },           { EAGAIN, HOST, HOST }, /* BLK_STS_AGAIN */
	{ EINVAL, HOST, HOST }, /* no direct I/O there, or of another size */
	{ EBADF, HOST, HOST },           { EFAULT, HOST, HOST },
};

static enum meaning meaning_of(int error, bool opening)
{
	for (unsigned i = 0; i < ARRAY_LEN(meanings); i++)
		if (meanings[i].error == error)
			return opening ? meanings[i].open : meanings[i].read;
	return SUSPECT;
}

static struct directio_judgement final(enum pathcheck_verdict verdict, int error)
{
	return (struct directio_judgement){ DIRECTIO_FINAL, verdict, error };
}

/*
 * EREMOTEIO (BLK_STS_TARGET) and EIO (BLK_STS_IOERR) are what reads of a unit fail with that the
 * target does not have any more. EIO is also what scsi_dh_alua says itself, without a command,
 * of a port that it last knew as standby or unavailable: a command makes it look again
 * (alua_check_sense() in drivers/scsi/device_handler/scsi_dh_alua.c). Of the other errors a
 * command can say no more: it would go the same way.
 */
static bool asks_unit(int error)
{
	return error == EREMOTEIO || error == EIO;
}

/* What is asked again in another way; else DIRECTIO_FINAL. */
static enum directio_next ask_again(const struct directio_answer *a, int error)
{
	if (a->nowait && (error == EAGAIN || error == EINTR))
		return DIRECTIO_BLOCKS;
	if (a->nowait && error == EOPNOTSUPP)
		return DIRECTIO_NO_NOWAIT;
	if (!a->opening && error == EINVAL && !a->learned)
		return DIRECTIO_LEARN;
	if (!a->opening && asks_unit(error) && a->unit == SCSI_UNIT_NOT_ASKED)
		return DIRECTIO_ASK_UNIT;
	return DIRECTIO_FINAL;
}

/* What holds, whatever the unit says, unless it is gone. */
static enum pathcheck_verdict without_unit(const struct directio_answer *a, int error)
{
	return meaning_of(error, a->opening) == DEVICE ? PATHCHECK_DEVICE_ERROR
	                                               : PATHCHECK_FAILED;
}

struct directio_judgement directio_judge(const struct directio_answer *a)
{
	enum directio_next next;
	int error;

	/* Neither more nor less: a read past the end gives 0. */
	if (a->result >= 0)
		return a->result == (int64_t)a->block ? final(PATHCHECK_OK, 0)
		                                      : final(PATHCHECK_FAILED, ENODATA);
	error = (int)-a->result;
	next = ask_again(a, error);
	if (next == DIRECTIO_ASK_UNIT)
		return (struct directio_judgement){ next, without_unit(a, error), error };
	if (next != DIRECTIO_FINAL)
		return (struct directio_judgement){ next, PATHCHECK_NOT_JUDGED, error };
	if (a->unit == SCSI_UNIT_GONE)
		return final(PATHCHECK_DISCONNECTED, error);
	switch (meaning_of(error, a->opening)) {
	case DEVICE:
		return final(PATHCHECK_DEVICE_ERROR, error);
	case SHORTAGE:
		return (struct directio_judgement){ DIRECTIO_SHORTAGE,
			                            PATHCHECK_NOT_JUDGED, error };
	case HOST:
		return final(PATHCHECK_NOT_JUDGED, error);
	case SUSPECT:
		break;
	}
	return final(PATHCHECK_FAILED, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of errnos: error_meaning.h. Pure; any thread. */
#include "libcheck/checkers/error_meaning.h"

#include <errno.h>

#include "util/macro.h"

/* Short names make the table readable. */
enum {
	SUSPECT = ERROR_SUSPECT,
	DEVICE = ERROR_DEVICE,
	SHORTAGE = ERROR_SHORTAGE,
	HOST = ERROR_HOST
};

/*
 * Each errno that is not suspect in all calls. The sg driver gives EDOM to a descriptor with 16
 * commands in flight; EOPNOTSUPP stands for a device that knows no SCSI commands.
 */
static const struct {
	int error;
	unsigned char meaning[ERROR_CALLS_]; /* open, read, send */
} meanings[] = {
	{ ENODATA, { SUSPECT, DEVICE, SUSPECT } }, /* BLK_STS_MEDIUM */
	{ EILSEQ, { SUSPECT, DEVICE, SUSPECT } },  /* BLK_STS_PROTECTION */
	{ ENOSPC, { SUSPECT, DEVICE, SUSPECT } }, /* BLK_STS_NOSPC: a thin pool is full */
	{ EBADE, { SUSPECT, DEVICE, SUSPECT } },  /* BLK_STS_RESV_CONFLICT */
	{ EREMOTEIO, { SUSPECT, DEVICE, SUSPECT } },  /* BLK_STS_TARGET */
	{ EOPNOTSUPP, { SUSPECT, DEVICE, HOST } },    /* BLK_STS_NOTSUPP */
	{ ENOMEM, { SHORTAGE, SHORTAGE, SHORTAGE } }, /* BLK_STS_RESOURCE too */
	{ EMFILE, { SHORTAGE, SHORTAGE, SHORTAGE } },
	{ ENFILE, { SHORTAGE, SHORTAGE, SHORTAGE } },
	{ EACCES, { HOST, HOST, HOST } },
	{ EPERM, { HOST, HOST, HOST } },
	{ ELOOP, { HOST, HOST, HOST } },
	{ ENAMETOOLONG, { HOST, HOST, HOST } },
	{ EINTR, { HOST, HOST, HOST } },
	{ EAGAIN, { HOST, HOST, HOST } }, /* BLK_STS_AGAIN */
	{ EINVAL, { HOST, HOST, HOST } }, /* no direct I/O there, or of another size */
	{ EBADF, { HOST, HOST, HOST } },
	{ EFAULT, { HOST, HOST, HOST } },
	{ EDOM, { SUSPECT, SUSPECT, HOST } },
};

enum error_meaning error_meaning(int error, enum error_call call)
{
	for (unsigned i = 0; i < ARRAY_LEN(meanings); i++)
		if (meanings[i].error == error)
			return (enum error_meaning)meanings[i].meaning[call];
	return ERROR_SUSPECT;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_CHECKERS_DIRECTIO_JUDGE_H
#define LIBCHECK_CHECKERS_DIRECTIO_JUDGE_H

/*
 * What an answer to the directio checker's questions means, and whose fault an error is. The
 * kernel's rule is blk_path_error() in include/linux/blk_types.h; dm-multipath fails a path for
 * nothing else, and neither does this. Pure. Nothing else of the engine knows an errno's meaning.
 */
#include <stdbool.h>
#include <stdint.h>

#include "libcheck/checkers/scsi.h"
#include "libcheck/pathcheck.h"

struct directio_answer {
	bool opening;        /* the stage: opening, else reading */
	bool nowait;         /* the read was not allowed to wait (RWF_NOWAIT) */
	bool learned;        /* its block size was learned again in this check */
	enum scsi_unit unit; /* what TEST UNIT READY said after the read */
	uint32_t block;      /* bytes that were asked for */
	int64_t result;      /* bytes, 0 of an open, or -errno */
};

/* What the engine does next. */
enum directio_next {
	DIRECTIO_FINAL,     /* report the verdict and the error */
	DIRECTIO_SHORTAGE,  /* this host has too little (error): the check is deferred */
	DIRECTIO_BLOCKS,    /* it would wait: a rescuer reads */
	DIRECTIO_NO_NOWAIT, /* the same, from now on: the driver knows no RWF_NOWAIT */
	DIRECTIO_LEARN,     /* learn the block size again, then read again */
	DIRECTIO_ASK_UNIT /* TEST UNIT READY, then judge again; until then the verdict is
	                       what holds if the unit does not answer */
};

struct directio_judgement {
	enum directio_next next;
	enum pathcheck_verdict verdict;
	int error; /* positive errno, 0 with PATHCHECK_OK */
};

/* Nearly every answer: the whole block was read. The judgement of it is DIRECTIO_GOOD. */
static inline bool directio_is_whole(uint32_t block, int64_t result)
{
	return result == (int64_t)block;
}
#define DIRECTIO_GOOD ((struct directio_judgement){ .verdict = PATHCHECK_OK })
/* Of an open: for failures only. */
struct directio_judgement directio_judge(const struct directio_answer *a);

#endif

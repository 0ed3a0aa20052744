/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_REASON_H
#define CHECKERD_CORE_REASON_H

/* What can come of a check, and the reason that a path has for its state. Pure; any thread. */
#include "checkerd/core/sysfs_state.h"

enum outcome_kind {
	OUTCOME_STARTED, /* a check was handed to the engine */
	OUTCOME_OK,
	OUTCOME_FAILED,       /* error says why */
	OUTCOME_DEVICE_ERROR, /* the device answered with an error of its own: the path works */
	OUTCOME_DISCONNECTED, /* the target answered that it has no such unit */
	OUTCOME_TIMED_OUT, /* the request passed its deadline and is still in the kernel */
	/* A check was due while the last one was still in the kernel. That is a failure if the last
	 * one has timed out; else nothing. */
	OUTCOME_SILENT,
	OUTCOME_DEFERRED, /* not made yet */
	OUTCOME_NOT_JUDGED, /* this host or this program prevented the check: error says why */
	OUTCOME_GONE,       /* discovery says that the device was removed */
	OUTCOME_KIND_COUNT_
};

enum outcome_stage { STAGE_OPEN, STAGE_READ };

/*
 * Why a path is in its state. Every path, every copy of it and every remembered change has one, so
 * it is small.
 */
struct reason {
	enum outcome_kind kind : 8;
	enum outcome_stage stage : 8;
	int error : 16;           /* positive errno, at most 4,095 */
	struct sysfs_state sysfs; /* when the check failed */
	uint32_t timeout_us;      /* with TIMED_OUT and SILENT; at most an hour */
};

#define REASON_TEXT_MAX 128 /* bytes of every reason_format(), final NUL included */

/*
 * Writes for example "no answer to a read in 30 s; device blocked, session FAILED", or
 * "read: Input/output error (EIO)". "": there is no reason. Always ends in NUL; returns buf.
 */
const char *reason_format(const struct reason *r, char *buf, size_t size);

/* "EIO". NULL: the number has no name here. */
const char *reason_errno_name(int error);

#endif

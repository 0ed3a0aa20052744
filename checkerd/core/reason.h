/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_REASON_H
#define CHECKERD_CORE_REASON_H

/* What can come of a check, and the reason that a path has for its state. Pure; any thread. */
#include <assert.h>

#include "checkerd/core/nvme_counts.h"
#include "checkerd/core/sysfs_state.h"

enum outcome_kind {
	OUTCOME_STARTED, /* a check was handed to the engine */
	OUTCOME_OK,
	OUTCOME_FAILED,       /* error says why */
	OUTCOME_DEVICE_ERROR, /* the device answered with an error of its own: the path works */
	OUTCOME_DISCONNECTED, /* the target answered that it has no such unit */
	OUTCOME_PASSIVE,      /* the unit answered: this port of it is passive */
	OUTCOME_PENDING, /* the port or the unit changes its state: nothing is decided */
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

/* The request whose answer decided, or which has no answer. */
enum reason_request {
	REQUEST_READ, /* or the open before it */
	REQUEST_TEST_UNIT,
	REQUEST_PORT_GROUPS,
	REQUEST_INQUIRY,
	REQUEST_SCSI_READ,
	REQUEST_COUNT_
};

/* What the answer said, beside the error. */
enum reason_said {
	SAID_NOTHING,
	SAID_SENSE,     /* key, code, qualifier */
	SAID_STATUS,    /* code: the SCSI status, without sense data */
	SAID_TRANSPORT, /* code: the kernel's host byte */
	SAID_BAD_DATA,
	SAID_OPTIMIZED, /* the access state of the port, up to SAID_TRANSITIONING */
	SAID_NON_OPTIMIZED,
	SAID_STANDBY,
	SAID_UNAVAILABLE,
	SAID_LBA_DEPENDENT,
	SAID_OFFLINE,
	SAID_TRANSITIONING,
	SAID_NO_GROUP,
	SAID_NOT_OWNED, /* RDAC */
	SAID_IN_SERVICE,
	SAID_NOT_BOUND, /* CLARiiON */
	SAID_SNAPSHOT,
	SAID_NVME_STATE,
	SAID_INACCESSIBLE, /* ANA, up to SAID_CHANGE */
	SAID_PERSISTENT_LOSS,
	SAID_CHANGE,
	SAID_COUNT_
};

/* SPC-4 4.5: sense key, additional sense code and its qualifier. */
struct reason_sense {
	uint8_t key, code, qualifier;
};

/*
 * Why a path is in its state. Every path, every copy of it and every remembered change has one, so
 * it is small.
 */
struct reason {
	enum outcome_kind kind : 4;
	enum outcome_stage stage : 1;
	unsigned error : 12;      /* positive errno */
	unsigned counts : 15;     /* as of nvme_counts(), when the check failed */
	struct sysfs_state sysfs; /* when the check failed */
	uint8_t request : 3;      /* enum reason_request */
	uint8_t said : 5;         /* enum reason_said */
	union {
		uint32_t timeout_us; /* with TIMED_OUT and SILENT; at most an hour */
		struct reason_sense sense; /* with the others; see enum reason_said */
	};
};

static_assert(OUTCOME_KIND_COUNT_ < 1 << 4 && STAGE_READ < 1 << 1 &&
                      REQUEST_COUNT_ <= 1 << 3 && SAID_COUNT_ <= 1 << 5 &&
                      NVME_COUNTS_BITS <= 15,
              "struct reason has room for the values");
static_assert(sizeof(struct reason) == 12, "every remembered change has one");

/* TIMED_OUT and SILENT: no answer came. */
static inline bool reason_is_silence(const struct reason *r)
{
	return r->kind == OUTCOME_TIMED_OUT || r->kind == OUTCOME_SILENT;
}

#define REASON_ERROR_MAX 4095

#define REASON_TEXT_MAX 128 /* bytes of every reason_format(), final NUL included */

/*
 * Writes for example "no answer to a read in 30 s; device blocked, session FAILED", "read:
 * Input/output error (EIO)", or "TEST UNIT READY: not ready, standby (02/04/0b)". Counts of NVMe follow
 * as far as they fit: "; new: 1 reset". "": there is no reason. Always ends in NUL; returns buf.
 */
const char *reason_format(const struct reason *r, char *buf, size_t size);

/* "EIO". NULL: the number has no name here. */
const char *reason_errno_name(int error);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing. The loop only. */
#include "checkerd/paths/outcome.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* What the library says and what a reason says have the same numbers. */
static_assert((int)REQUEST_SCSI_READ == (int)PATHCHECK_REQUEST_SCSI_READ &&
                      (int)REQUEST_COUNT_ == (int)PATHCHECK_REQUESTS &&
                      (int)SAID_BAD_DATA == (int)PATHCHECK_SAID_BAD_DATA &&
                      (int)SAID_TRANSITIONING == (int)PATHCHECK_SAID_TRANSITIONING &&
                      (int)SAID_SNAPSHOT == (int)PATHCHECK_SAID_SNAPSHOT &&
                      (int)SAID_CHANGE == (int)PATHCHECK_SAID_CHANGE &&
                      (int)SAID_COUNT_ == (int)PATHCHECK_SAID_COUNT,
              "outcome_of_result() copies the numbers");

enum number { NUMBER_UNKNOWN, NUMBER_KNOWN, NUMBER_GONE };

/* Does the kernel know the device number? sysfs answers from memory, without I/O. */
static enum number look_up_number(int sys_dev_block, const struct device *d)
{
	char number[32];

	if ((d->devt_major == 0 && d->devt_minor == 0) || sys_dev_block < 0)
		return NUMBER_UNKNOWN;
	(void)snprintf(number, sizeof(number), "%u:%u", d->devt_major, d->devt_minor);
	if (faccessat(sys_dev_block, number, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return NUMBER_KNOWN;
	return errno == ENOENT ? NUMBER_GONE : NUMBER_UNKNOWN;
}

/*
 * A check fails because the device answers with an error, or because the device is gone. The state
 * machine knows which errors mean by themselves that it is gone.
 */
static enum outcome_kind failure_kind(int sys_dev_block, const struct device *d,
                                      bool *ret_known)
{
	enum number number = look_up_number(sys_dev_block, d);

	*ret_known = number == NUMBER_KNOWN;
	return number == NUMBER_GONE ? OUTCOME_GONE : OUTCOME_FAILED;
}

struct outcome outcome_of_result(int sys_dev_block, const struct device *d,
                                 const struct pathcheck_result *r)
{
	struct outcome o = {
		.kind = OUTCOME_NOT_JUDGED,
		.stage = r->stage == PATHCHECK_STAGE_OPEN ? STAGE_OPEN : STAGE_READ,
		.error = r->error,
		.late = r->late != 0,
		.request = (enum reason_request)r->request,
		.said = (enum reason_said)r->said,
		.sense = { r->sense_key, r->sense_code, r->sense_qualifier },
	};

	switch (r->verdict) {
	case PATHCHECK_OK:
		o.kind = OUTCOME_OK;
		break;
	case PATHCHECK_FAILED:
		o.kind = failure_kind(sys_dev_block, d, &o.known);
		break;
	case PATHCHECK_TIMED_OUT:
		o.kind = OUTCOME_TIMED_OUT;
		break;
	case PATHCHECK_DEFERRED:
		o.kind = OUTCOME_DEFERRED;
		break;
	case PATHCHECK_DEVICE_ERROR:
		o.kind = OUTCOME_DEVICE_ERROR;
		break;
	case PATHCHECK_DISCONNECTED:
		o.kind = OUTCOME_DISCONNECTED;
		break;
	case PATHCHECK_GHOST:
		o.kind = OUTCOME_PASSIVE;
		break;
	case PATHCHECK_PENDING:
		o.kind = OUTCOME_PENDING;
		break;
	case PATHCHECK_NOT_JUDGED:
		break;
	}
	return o;
}

/*
 * The state of sysfs explains a failure, or shows that a failure is over. An NVMe controller answers
 * before its state is `live` again, so the state is read until it is good.
 */
bool outcome_wants_state(const struct path *p, const struct outcome *o)
{
	if (o->kind == OUTCOME_NOT_JUDGED)
		return false;
	/* Half of the paths of some arrays are passive for as long as they are there. */
	if (o->kind == OUTCOME_PASSIVE)
		return p->status.state != PATH_GHOST;
	if (o->kind != OUTCOME_OK && o->kind != OUTCOME_DEVICE_ERROR)
		return true;
	return sysfs_state_is_bad(&p->sysfs) ||
	       (p->status.state != PATH_UP && p->status.state != PATH_PENDING);
}

void outcome_count(struct path_counters *n, const struct outcome *o, unsigned actions)
{
	bool failed = o->kind == OUTCOME_FAILED || o->kind == OUTCOME_GONE ||
	              o->kind == OUTCOME_DISCONNECTED;

	/* A late failure was counted as a timeout. */
	n->failures += failed && !o->late && (actions & ACTION_FAILURE) != 0;
	n->device_errors += o->kind == OUTCOME_DEVICE_ERROR;
	n->timeouts += o->kind == OUTCOME_TIMED_OUT;
}

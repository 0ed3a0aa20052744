/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules for answers to SCSI commands: scsi_judge.h. Pure; reapers and rescuers. */
#include "libcheck/checkers/scsi_judge.h"

#include <errno.h>

#include "libcheck/checkers/error_meaning.h"
#include "util/macro.h"

static_assert(SCSI_TRIES + 3 <= CHECKER_SENDS_MAX,
              "all four steps, and their repetitions");

/* --- the way: the host byte, include/scsi/scsi_status.h --- */

enum host {
	DID_OK = 0x00,
	DID_NO_CONNECT = 0x01,
	DID_BUS_BUSY = 0x02,
	DID_TIME_OUT = 0x03,
	DID_BAD_TARGET = 0x04,
	DID_ABORT = 0x05,
	DID_PARITY = 0x06,
	DID_ERROR = 0x07,
	DID_RESET = 0x08,
	DID_BAD_INTR = 0x09,
	DID_PASSTHROUGH = 0x0a,
	DID_SOFT_ERROR = 0x0b,
	DID_IMM_RETRY = 0x0c,
	DID_REQUEUE = 0x0d,
	DID_TRANSPORT_DISRUPTED = 0x0e,
	DID_TRANSPORT_FAILFAST = 0x0f,
	DID_TARGET_FAILURE = 0x10,
	DID_NEXUS_FAILURE = 0x11,
	DID_ALLOC_FAILURE = 0x12,
	DID_MEDIUM_ERROR = 0x13,
	DID_TRANSPORT_MARGINAL = 0x14
};

enum way {
	BROKEN,  /* the command did not reach the device, or its answer was lost */
	AGAIN,   /* the same, and scsi_decide_disposition() sends the command again */
	CARRIED, /* the device answered: the status and the sense data say what */
};

/* The errors are those of scsi_result_to_blk_status() in drivers/scsi/scsi_lib.c. */
static const struct {
	enum way way;
	int error;
} ways[] = {
	[DID_OK] = { CARRIED, 0 },
	[DID_NO_CONNECT] = { BROKEN, EIO },
	[DID_BUS_BUSY] = { AGAIN, EIO },
	[DID_TIME_OUT] = { BROKEN, EIO }, /* the kernel has waited for long */
	[DID_BAD_TARGET] = { BROKEN, EIO },
	[DID_ABORT] = { BROKEN, EIO }, /* by the error handling, after a timeout */
	[DID_PARITY] = { AGAIN, EIO },
	[DID_ERROR] = { AGAIN, EIO },
	[DID_RESET] = { AGAIN, EIO },
	[DID_BAD_INTR] = { BROKEN, EIO },
	[DID_PASSTHROUGH] = { BROKEN, EIO },
	[DID_SOFT_ERROR] = { AGAIN, EIO },
	[DID_IMM_RETRY] = { AGAIN, EIO },
	[DID_REQUEUE] = { AGAIN, EIO },
	[DID_TRANSPORT_DISRUPTED] = { AGAIN, EIO },
	[DID_TRANSPORT_FAILFAST] = { BROKEN, ENOLINK }, /* BLK_STS_TRANSPORT */
	/* Before Linux 6.0 the kernel marks so what the device has answered. */
	[DID_TARGET_FAILURE] = { CARRIED, 0 },
	[DID_NEXUS_FAILURE] = { CARRIED, 0 },
	[DID_ALLOC_FAILURE] = { CARRIED, 0 },
	[DID_MEDIUM_ERROR] = { CARRIED, 0 },
	[DID_TRANSPORT_MARGINAL] = { BROKEN, ENOLINK },
};

/* Before Linux 5.14 drivers set the driver byte, include/scsi/scsi.h. */
#define DRIVER_BUSY 0x01
#define DRIVER_SOFT 0x02

/* --- the device --- */

#define ANY (-1)

/* What follows the last try. */
struct rule {
	enum pathcheck_verdict verdict;
	int error;
	bool again; /* until then, the command is sent again */
};

/* SAM-5 5.3.1; those that are not listed are obsolete or reserved: the device answered. */
static const struct {
	uint8_t status;
	struct rule rule;
} statuses[] = {
	{ SCSI_GOOD, { PATHCHECK_OK, 0, false } },
	{ SCSI_CONDITION_MET, { PATHCHECK_OK, 0, false } },
	/* The sense data are lost, or those of an earlier command (SPC-4 4.5.7). */
	{ SCSI_CHECK_CONDITION, { PATHCHECK_DEVICE_ERROR, EIO, true } },
	/* The block layer repeats it later: BLK_STS_DEV_RESOURCE. */
	{ SCSI_BUSY, { PATHCHECK_DEVICE_ERROR, EBUSY, false } },
	{ SCSI_TASK_SET_FULL, { PATHCHECK_DEVICE_ERROR, EBUSY, false } },
	{ SCSI_RESERVATION_CONFLICT, { PATHCHECK_DEVICE_ERROR, EBADE, false } },
	{ SCSI_ACA_ACTIVE, { PATHCHECK_DEVICE_ERROR, EIO, false } },
	/* Another initiator aborted it (SAM-5 5.3.1). */
	{ SCSI_TASK_ABORTED, { PATHCHECK_DEVICE_ERROR, EIO, true } },
};

/*
 * SPC-4 table 28 (sense keys) and annex F (codes); the first that fits. The errors are those of
 * scsi_check_sense() in drivers/scsi/scsi_error.c and scsi_io_completion_action() in
 * drivers/scsi/scsi_lib.c.
 */
static const struct {
	int8_t key;
	int16_t code, qualifier;
	struct rule rule;
} senses[] = {
	/* NO SENSE and RECOVERED ERROR: the command ended well; COMPLETED says more of that. */
	{ 0x0, ANY, ANY, { PATHCHECK_OK, 0, false } },
	{ 0x1, ANY, ANY, { PATHCHECK_OK, 0, false } },
	{ 0xf, ANY, ANY, { PATHCHECK_OK, 0, false } },
	/* NOT READY; the port's own states are those of SPC-4 5.15.2.4. */
	{ 0x2, 0x04, 0x0a, { PATHCHECK_PENDING, 0, false } },  /* state transition */
	{ 0x2, 0x04, 0x0b, { PATHCHECK_GHOST, 0, false } },    /* standby */
	{ 0x2, 0x04, 0x0c, { PATHCHECK_FAILED, EIO, false } }, /* unavailable */
	{ 0x2, ANY, ANY, { PATHCHECK_FAILED, EIO, false } },
	/* MEDIUM ERROR, HARDWARE ERROR: of the unit behind all of its paths. */
	{ 0x3, ANY, ANY, { PATHCHECK_DEVICE_ERROR, ENODATA, false } },
	{ 0x4, ANY, ANY, { PATHCHECK_DEVICE_ERROR, EREMOTEIO, false } },
	/* ILLEGAL REQUEST. LOGICAL UNIT NOT SUPPORTED: the target has no such unit. */
	{ 0x5, 0x25, 0x00, { PATHCHECK_DISCONNECTED, EREMOTEIO, false } },
	{ 0x5, 0x10, ANY, { PATHCHECK_DEVICE_ERROR, EILSEQ, false } },
	{ 0x5, ANY, ANY, { PATHCHECK_DEVICE_ERROR, EREMOTEIO, false } },
	/* UNIT ATTENTION: of an event before the command, which was not done (SAM-5 5.14). */
	{ 0x6, ANY, ANY, { PATHCHECK_DEVICE_ERROR, EIO, true } },
	/* DATA PROTECT; SPACE ALLOCATION FAILED WRITE PROTECT: a thin pool is full. */
	{ 0x7, 0x27, 0x07, { PATHCHECK_DEVICE_ERROR, ENOSPC, false } },
	{ 0x7, ANY, ANY, { PATHCHECK_DEVICE_ERROR, EREMOTEIO, false } },
	/* ABORTED COMMAND: it may end well the next time. 10h: the protection information. */
	{ 0xb, 0x10, ANY, { PATHCHECK_DEVICE_ERROR, EILSEQ, false } },
	{ 0xb, ANY, ANY, { PATHCHECK_DEVICE_ERROR, EIO, true } },
	/* Vendor specific, and reserved. */
	{ 0x9, ANY, ANY, { PATHCHECK_DEVICE_ERROR, EIO, false } },
	{ 0xc, ANY, ANY, { PATHCHECK_DEVICE_ERROR, EIO, false } },
	/* BLANK CHECK, COPY ABORTED, VOLUME OVERFLOW, MISCOMPARE. */
	{ ANY, ANY, ANY, { PATHCHECK_DEVICE_ERROR, EREMOTEIO, false } },
};

/* --- the judgement --- */

struct checker_judgement scsi_judge_end(enum pathcheck_verdict verdict, int error,
                                        enum pathcheck_said said)
{
	return (struct checker_judgement){
		.next = CHECKER_FINAL,
		.verdict = verdict,
		.error = error,
		.answered = verdict == PATHCHECK_OK ||
		            verdict == PATHCHECK_DEVICE_ERROR ||
		            verdict == PATHCHECK_GHOST,
		.said = said,
	};
}

struct checker_judgement scsi_judge_misfit(enum pathcheck_said said)
{
	return scsi_judge_end(PATHCHECK_NOT_JUDGED, EOPNOTSUPP, said);
}

static struct checker_judgement judge_rule(const struct checker_answer *a, struct rule r,
                                           enum pathcheck_said said)
{
	if (r.again && scsi_judge_may_repeat(a))
		return scsi_judge_send(a->step);
	return scsi_judge_end(r.verdict, r.error,
	                      r.verdict == PATHCHECK_OK ? PATHCHECK_SAID_NOTHING : said);
}

/* It was not sent, the device was removed, or it could not be opened. */
static struct checker_judgement judge_error(const struct checker_answer *a)
{
	struct checker_judgement j;
	int error = (int)-a->result;

	j = scsi_judge_end(PATHCHECK_NOT_JUDGED, error, PATHCHECK_SAID_NOTHING);
	switch (error_meaning(error, a->opening ? ERROR_OF_OPEN : ERROR_OF_SEND)) {
	case ERROR_SHORTAGE:
		j.next = CHECKER_SHORTAGE;
		return j;
	case ERROR_HOST:
		return j;
	case ERROR_DEVICE: /* not of these calls */
	case ERROR_SUSPECT:
		break;
	}
	j.verdict = PATHCHECK_FAILED;
	return j;
}

static bool is_carried(const struct scsi_answer *s)
{
	/* As in scsi_decide_disposition(): the reservation conflict is the device's answer. */
	if (s->host == DID_ERROR && s->status == SCSI_RESERVATION_CONFLICT)
		return true;
	return s->host < ARRAY_LEN(ways) && ways[s->host].way == CARRIED;
}

static struct checker_judgement judge_way(const struct checker_answer *a)
{
	bool known = a->scsi.host < ARRAY_LEN(ways);
	struct rule r = { PATHCHECK_FAILED, known ? ways[a->scsi.host].error : EIO,
		          known && ways[a->scsi.host].way == AGAIN };

	return judge_rule(a, r, PATHCHECK_SAID_TRANSPORT);
}

static struct checker_judgement judge_driver(const struct checker_answer *a)
{
	struct rule r = { PATHCHECK_FAILED, EIO,
		          a->scsi.driver == DRIVER_BUSY ||
		                  a->scsi.driver == DRIVER_SOFT };

	return judge_rule(a, r, PATHCHECK_SAID_NOTHING);
}

static bool fits(int of_rule, unsigned value)
{
	return of_rule == ANY || (unsigned)of_rule == value;
}

static struct checker_judgement judge_sense(const struct checker_answer *a)
{
	const struct sense *s = &a->scsi.sense;
	unsigned i = 0;

	/* The last one fits everything. */
	while (!fits(senses[i].key, s->key) || !fits(senses[i].code, s->code) ||
	       !fits(senses[i].qualifier, s->qualifier))
		i++;
	return judge_rule(a, senses[i].rule, PATHCHECK_SAID_SENSE);
}

static struct checker_judgement judge_status(const struct checker_answer *a)
{
	struct rule r = { PATHCHECK_DEVICE_ERROR, EIO, false };

	for (unsigned i = 0; i < ARRAY_LEN(statuses); i++)
		if (statuses[i].status == a->scsi.status)
			r = statuses[i].rule;
	return judge_rule(a, r, PATHCHECK_SAID_STATUS);
}

struct checker_judgement scsi_judge(const struct checker_answer *a)
{
	if (a->result < 0)
		return judge_error(a);
	if (!is_carried(&a->scsi))
		return judge_way(a);
	if (a->scsi.driver != 0)
		return judge_driver(a);
	return a->scsi.sense.valid ? judge_sense(a) : judge_status(a);
}

bool scsi_judge_good_answer(const struct scsi_answer *a)
{
	return (a->host | a->driver | a->status) == 0 && !a->sense.valid;
}

struct checker_judgement scsi_judge_read(const struct checker_answer *a)
{
	struct checker_judgement j = scsi_judge(a);

	/* Neither more nor less, as in directio_is_good(). */
	if (scsi_judge_is_good(&j) && a->scsi.got != a->block)
		return scsi_judge_end(PATHCHECK_FAILED, ENODATA, PATHCHECK_SAID_BAD_DATA);
	return j;
}

bool scsi_judge_is_unknown(const struct checker_answer *a)
{
	const struct sense *s = &a->scsi.sense;

	/* INVALID COMMAND OPERATION CODE, INVALID FIELD IN CDB. */
	return a->result >= 0 && is_carried(&a->scsi) && s->valid &&
	       s->key == SENSE_ILLEGAL_REQUEST && (s->code == 0x20 || s->code == 0x24);
}

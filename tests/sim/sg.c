/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The simulated sg driver: SCSI commands to simulated disks, asynchronous and by SG_IO. A write of
 * a command may sleep for a tag. A disk may answer with UNIT ATTENTION first.
 */
#include <errno.h>

#include "tests/sim/calls.h"

#define UNIT_ATTENTION 0x06
#define MEDIUM_ERROR   0x03
#define DID_ERROR      7
#define SLEEP_MAX_US   (400 * USEC_PER_MSEC)
#define LOGICAL_UNIT_UNKNOWN           \
	{                              \
		true, 0x05, 0x25, 0x00 \
	}

int __wrap_scsi_device_open(const char *name, int stale_fd, int *ret_fd,
                            uint32_t *ret_block)
{
	return __wrap_directio_open(name, stale_fd, ret_fd, ret_block);
}

int __wrap_scsi_device_look(const char *name, int fd, uint32_t *ret_block)
{
	return __wrap_directio_look(name, fd, ret_block);
}

void __wrap_scsi_device_describe(int fd, struct opened_device *ret)
{
	__wrap_directio_describe(fd, ret);
}

bool __wrap_scsi_device_is_slow(int fd)
{
	uint64_t seq;

	return fd_disk(fd, &seq)->no_nowait;
}

/* A command that fails may end with any of these: which one is the checker's to say. */
static void note_failure(struct disk *d)
{
	for (int i = 1; i < ERRNOS; i++)
		d->failed_at[i] = sim.now;
}

void sg_answer(struct op *op)
{
	struct disk *d = op->disk;
	struct scsi_answer *a = &op->command->answer;
	bool gone = d->no_unit && d->mode == DISK_ERROR;

	*a = (struct scsi_answer){ .status = SCSI_GOOD };
	op->result = 0;
	if (!d->present || d->seq != op->seq ||
	    (d->mode == DISK_ERROR && !disk_is_device_error(d) && !gone)) {
		a->host = DID_ERROR;
		note_failure(d);
		return;
	}
	if (gone) {
		a->status = SCSI_CHECK_CONDITION;
		a->sense = (struct sense)LOGICAL_UNIT_UNKNOWN;
		d->no_unit_at = sim.now;
		note_failure(d);
	} else if (!sim.calm && sim_one_in(12)) {
		a->status = SCSI_CHECK_CONDITION;
		a->sense = (struct sense){ true, UNIT_ATTENTION, 0x29, 0x00 };
		note_failure(d); /* of several in a row */
	} else if (d->mode == DISK_ERROR) {
		a->status = SCSI_CHECK_CONDITION;
		a->sense = (struct sense){ true, MEDIUM_ERROR, 0x11, 0x00 };
		note_failure(d);
	} else {
		d->good_at = sim.now;
	}
}

int __wrap_scsi_device_send(int fd, struct scsi_exchange *x, void *data)
{
	uint64_t seq;
	struct disk *d = fd_disk(fd, &seq);
	struct op *op = op_new(d, seq);

	(void)data;
	op->sync = true;
	op->command = x;
	op_ask(op, false);
	while (!op->done)
		(void)fiber_wait(op, MONO_NEVER, true);
	op_over(op);
	return 0;
}

int sg_submit(void *context, struct backend_request *const *requests, unsigned n)
{
	struct backend_request *r = requests[0];
	uint64_t seq;
	struct disk *d = fd_disk(r->fd, &seq);
	struct op *op;

	if (*fiber_locks() > 0)
		sim_fail("a command is written with a lock held");
	if (n != 1)
		sim_fail("several commands are written at once");
	/* The write sleeps; the disk, or its process, may be gone when it goes on. */
	if (d->tags_full && sim_one_in(2)) {
		sim.writes_asleep++;
		(void)fiber_wait(r, mono_add(sim.now, sim_between(1000, SLEEP_MAX_US)),
		                 true);
		sim.writes_asleep--;
	}
	op = op_new(d, seq);
	op->command = &r->scsi;
	if ((d->mode == DISK_GOOD || d->mode == DISK_ERROR) && sim_one_in(3)) {
		sg_answer(op);
		op_over(op);
		fiber_point();
		return BACKEND_ANSWERED;
	}
	kernel_enter(op, context, r);
	op_ask(op, false);
	fiber_point();
	return 1;
}

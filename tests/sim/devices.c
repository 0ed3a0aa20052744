/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The simulated devices, as rescuers see them: what may block is asked of them in the place of
 * directio.c and of the commands in scsi.c.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/sim/calls.h"

static struct disk *disk_by_name(const char *name)
{
	for (unsigned i = 0; i < sim.n_disks; i++)
		if (strcmp(sim.disks[i].name, name) == 0)
			return &sim.disks[i];
	sim_fail("%s opens \"%s\", which is no path's name", fiber_name(), name);
}

static int open_answer(const struct disk *d)
{
	if (sim.open_shortage != 0 && sim_one_in(2))
		return sim.open_shortage;
	if (!d->present)
		return -ENOENT;
	return 0;
}

int __wrap_directio_look(const char *name, int fd, uint32_t *ret_block)
{
	struct disk *d = disk_by_name(name);
	struct op *op = op_new(d, d->seq);
	uint64_t seq;
	bool same;

	if (*fiber_locks() > 0)
		sim_fail("stat with a lock held");
	op->is_open = op->is_look = op->sync = true;
	op->at = 1;
	(void)event_at(mono_add(sim.now, sim_between(20, 400)), op_answer, op);
	while (!op->done)
		(void)fiber_wait(op, MONO_NEVER, true);
	(void)fd_disk(fd, &seq);
	same = d->present && seq == d->seq;
	*ret_block = d->block;
	op_over(op);
	return same ? 0 : 1;
}

int __wrap_directio_open(const char *name, int stale_fd, int *ret_fd, uint32_t *ret_block)
{
	struct disk *d = disk_by_name(name);
	struct op *op = op_new(d, d->seq);
	uint64_t seq;
	int r;

	if (*fiber_locks() > 0)
		sim_fail("open with a lock held");
	op->is_open = op->sync = true;
	if (!d->open_hangs) {
		op->at = 1;
		(void)event_at(mono_add(sim.now, sim_between(20, 400)), op_answer, op);
	}
	while (!op->done)
		(void)fiber_wait(op, MONO_NEVER, true);
	r = open_answer(d);
	if (stale_fd >= 0) {
		(void)fd_disk(stale_fd, &seq);
		if (r == 0 && seq == d->seq) {
			*ret_fd = stale_fd;
			*ret_block = d->block;
			op_over(op);
			return 0;
		}
		(void)__wrap_close(stale_fd);
	}
	if (r == 0) {
		*ret_fd = fd_new(fiber_process(), FD_DISK, d);
		*ret_block = d->block;
	} else {
		d->open_failed_at[-r] = sim.now;
	}
	op_over(op);
	return r;
}

int64_t __wrap_directio_read(int fd, void *buffer, uint32_t block)
{
	uint64_t seq;
	struct disk *d = fd_disk(fd, &seq);
	struct op *op = op_new(d, seq);
	int64_t result;

	op->sync = true;
	op_set_buffer(op, buffer, block);
	op_ask(op, false);
	while (!op->done)
		(void)fiber_wait(op, MONO_NEVER, true);
	memset(buffer, 0xa5, 64);
	result = op->result;
	op_over(op);
	return result;
}

enum scsi_unit __wrap_scsi_ask_unit(int fd)
{
	uint64_t seq;
	struct disk *d = fd_disk(fd, &seq);
	struct op *op = op_new(d, seq);

	op->is_open = op->sync = true; /* its answer is none of a read's */
	op_ask(op, false);
	while (!op->done)
		(void)fiber_wait(op, MONO_NEVER, true);
	op_over(op);
	if (d->close_each)
		return SCSI_UNIT_NO_SCSI;
	return d->present && d->seq == seq ? SCSI_UNIT_NOT_GONE : SCSI_UNIT_GONE;
}

/* The text of a disk's WWID, by its name and its number in a row. */
static void wwid_of(const struct disk *d, uint64_t seq, char ret[static VPD_TEXT_MAX])
{
	(void)snprintf(ret, VPD_TEXT_MAX, "3%02u%llu", (unsigned)(d - sim.disks),
	               (unsigned long long)seq);
}

/* As everything that is asked of the unit itself: the one that is there now. */
int __wrap_scsi_ask_wwid(int fd, char ret[static VPD_TEXT_MAX])
{
	uint64_t seq;
	struct disk *d = fd_disk(fd, &seq);
	struct op *op = op_new(d, seq);
	bool answers;

	op->is_open = op->sync = true;
	op_ask(op, false);
	while (!op->done)
		(void)fiber_wait(op, MONO_NEVER, true);
	answers = d->present && d->mode != DISK_ERROR;
	op_over(op);
	if (!answers)
		return -EIO;
	wwid_of(d, d->seq, ret);
	return 0;
}

void __wrap_directio_describe(int fd, struct opened_device *ret)
{
	const struct disk *d = fd_disk(fd, &ret->diskseq);

	ret->devt_major = SD_MAJOR;
	ret->devt_minor = d->devt;
}

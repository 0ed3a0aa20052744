/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The simulated devices as rescuers see them: the calls that may block, in place of
 * directio.c and of the commands in scsi.c.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/sim/calls.h"
#include "util/hash.h"

static struct disk *disk_by_name(const char *name)
{
	for (unsigned i = 0; i < sim.n_disks; i++)
		if (strcmp(sim.disks[i].name, name) == 0)
			return &sim.disks[i];
	sim_fail("%s opens \"%s\", which is not the name of a path", fiber_name(), name);
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

bool disk_is_device_error(const struct disk *d)
{
	return d->mode == DISK_ERROR && d->error != EIO && d->error != ENOLINK &&
	       !d->no_unit;
}

int __wrap_scsi_test_unit(int fd, struct sense *ret)
{
	uint64_t seq;
	struct disk *d = fd_disk(fd, &seq);
	struct op *op = op_new(d, seq);

	op->is_open = op->sync = true; /* not an answer of a read */
	op_ask(op, false);
	while (!op->done)
		(void)fiber_wait(op, MONO_NEVER, true);
	op_over(op);
	if (d->close_each)
		return -EOPNOTSUPP;
	if (d->present && d->seq == seq && !(d->no_unit && d->mode == DISK_ERROR))
		return 0;
	d->no_unit_at = sim.now;
	*ret = (struct sense){ true, 0x05, 0x25, 0x00 }; /* logical unit not supported */
	return 0;
}

/* Formats a unit's WWID. */
static void wwid_of(uint64_t unit, char ret[static VPD_TEXT_MAX])
{
	(void)snprintf(ret, VPD_TEXT_MAX, "3%016llx", (unsigned long long)unit);
}

uint64_t disk_wwid(uint64_t unit)
{
	char text[VPD_TEXT_MAX];

	wwid_of(unit, text);
	return unit == 0 ? 0 : hash_wwid(text);
}

/* A device that fails reads with an error of its own can still report its WWID. */
static bool gives_wwid(const struct disk *d, uint64_t seq)
{
	return d->present && d->seq == seq && !d->no_unit &&
	       !(sim.faults && sim_one_in(5)) &&
	       !(d->mode == DISK_ERROR && (d->error == EIO || d->error == ENOLINK));
}

/* The unit answers that is present now, as with all commands to the unit. */
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
	answers = gives_wwid(d, seq);
	op_over(op);
	if (!answers) {
		d->no_wwid_at = sim.now;
		return -EIO;
	}
	d->wwid = disk_wwid(d->unit);
	d->wwid_at = sim.now;
	if (d->unit == 0)
		return -ENODATA;
	wwid_of(d->unit, ret);
	return 0;
}

void __wrap_directio_describe(int fd, struct opened_device *ret)
{
	(void)fd_disk(fd, &ret->diskseq);
	ret->devt_major = SD_MAJOR;
	ret->devt_minor = fd_devt(fd);
}

/* Adds the path with the flags of its simulated disk. */
int __wrap_pathcheck_add(struct pathcheck *pc, const struct pathcheck_path *p,
                         uint32_t *ret_id)
{
	struct pathcheck_path changed = *p;

	for (unsigned i = 0; i < sim.n_disks; i++) {
		if (strcmp(sim.disks[i].name, p->device) != 0)
			continue;
		changed.flags = sim.disks[i].close_each ? PATHCHECK_PATH_CLOSE : 0;
		changed.checker =
		        sim.disks[i].commands ? PATHCHECK_TUR : PATHCHECK_DIRECTIO;
	}
	return __real_pathcheck_add(pc, &changed, ret_id);
}

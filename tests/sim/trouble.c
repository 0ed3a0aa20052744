/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The faults: what happens to disks, HBAs, the host and its memory at random times. */
#include <errno.h>

#include "tests/sim/calls.h"

#define SEC USEC_PER_SEC

static void set_mode(struct disk *d, enum disk_mode mode)
{
	/* Half of these errors are the device's own and do not fail the path. */
	static const int errors[] = { EIO,     EIO,    EIO,    ENOLINK,   ENOLINK,
		                      ENODATA, EILSEQ, ENOSPC, EREMOTEIO, EBADE };

	if (d->mode == DISK_HUNG && mode != DISK_HUNG)
		kernel_release(d, sim_one_in(3) ? -EIO : (int64_t)d->block);
	d->mode = mode;
	d->blocks = mode == DISK_HUNG && sim.faults && !sim.calm && !d->commands &&
	            sim_one_in(4);
	fiber_wake_all(&d->blocks);
	d->error = errors[sim_below(ARRAY_LEN(errors))];
	d->no_unit = d->error == EREMOTEIO && mode == DISK_ERROR && !d->close_each &&
	             sim_one_in(2);
	d->changed = sim.now;
	sim_trace("disk", d - sim.disks, mode);
}

void trouble_fail(struct disk *d)
{
	set_mode(d, DISK_ERROR);
	d->error = EIO;
	d->no_unit = false;
}

uint64_t trouble_new_unit(void)
{
	return ++sim.units;
}

/* The target presents another unit without an event; or the kernel scans the disk again. */
static void exchange_unseen(struct disk *d)
{
	if (d->unit == 0)
		return;
	if (d->scanned == d->unit) {
		d->unit = trouble_new_unit();
	} else {
		d->scanned = d->unit;
		finder_uevent();
	}
	sim_trace("unit", d - sim.disks, (int64_t)d->unit);
}

static void let_opens_go(struct disk *d)
{
	if (!d->open_hangs)
		return;
	d->open_hangs = false;
	d->open_hung = sim.now;
	kernel_release(d, d->block);
}

/* Another disk under the same name; at times it has the same number as well. */
static void exchange(struct disk *d)
{
	kernel_release(d, -EIO);
	d->seq++;
	d->exchanged = sim.now;
	if (d->unit != 0)
		d->unit = d->scanned = trouble_new_unit();
	if (sim_one_in(2))
		d->devt += DISKS_MAX;
	d->changed = sim.now;
	finder_uevent();
	sim_trace("exchange", d - sim.disks, (int64_t)d->seq);
}

static void disk_trouble(struct disk *d)
{
	switch (sim_below(sim.calm ? 4 : 12)) {
	case 0:
	case 1:
		set_mode(d, DISK_GOOD);
		break;
	case 2:
		set_mode(d, DISK_HUNG);
		break;
	case 3:
		set_mode(d, DISK_ERROR);
		break;
	case 4:
		set_mode(d, (enum disk_mode)sim_below(DISK_MODE_COUNT_));
		break;
	case 5:
		if (d->open_hangs)
			let_opens_go(d);
		else
			d->open_hangs = true;
		break;
	case 6:
		d->no_nowait = !d->no_nowait;
		break;
	case 7:
		d->tags_full = !d->tags_full;
		break;
	case 8:
		exchange(d);
		break;
	case 9:
		d->block = d->block == 512 ? 4096 : 512;
		break;
	case 10:
		exchange_unseen(d);
		break;
	default:
		d->present = !d->present;
		d->changed = sim.now;
		kernel_release(d, -EIO);
		if (!sim_one_in(4)) /* otherwise the event is lost */
			finder_uevent();
	}
}

static struct sim_process *serving(void)
{
	struct sim_process *p = &sim.processes[sim.n_processes - 1];

	return sim.threads || p->killed ? NULL : p;
}

/*
 * All disks of an HBA hang, so that rescuers hang as well. Meanwhile opens get no
 * descriptor.
 */
static void hang_host(uint32_t of_host, bool opens)
{
	for (unsigned i = 0; i < sim.n_disks; i++) {
		struct disk *d = &sim.disks[i];

		if (d->host != of_host && !sim_one_in(8))
			continue;
		set_mode(d, DISK_HUNG);
		d->no_nowait = sim_one_in(2);
		d->open_hangs = d->open_hangs || opens;
	}
	if (opens)
		sim.open_shortage = -EMFILE;
}

static void host_trouble(void)
{
	static const int answers[] = { 0, 0, -EAGAIN, -ENOMEM };
	static const int shortages[] = { 0, 0, 0, -EMFILE, -ENOMEM };
	struct sim_process *p = serving();

	switch (sim_below(10)) {
	case 0:
		sim.setup_answer = answers[sim_below(ARRAY_LEN(answers))];
		break;
	case 1:
		sim.setup_takes_us = sim_one_in(2) ? 0 : sim_between(1000, 9 * SEC);
		break;
	case 2:
		sim.open_shortage = shortages[sim_below(ARRAY_LEN(shortages))];
		break;
	case 3:
		if (sim.submit_blocks_us > 0)
			sim.may_stall.us = MAX(sim.may_stall.us, sim.now.us + 30 * SEC);
		sim.submit_blocks_us = sim_one_in(3) ? sim_between(1000, 2 * SEC) : 0;
		if (sim.submit_blocks_us > 0)
			sim.may_stall.us = MAX(sim.may_stall.us, sim.now.us + 90 * SEC);
		judge_excuse(mono_add(sim.now, 3 * SEC));
		break;
	case 4:
		hang_host((uint32_t)sim_below(HOSTS), sim_one_in(3));
		break;
	case 5:
		if (sim_one_in(2))
			kernel_pause(sim_between(SEC / 10, 20 * SEC));
		else
			sim.pause_us = sim_between(SEC / 10, 20 * SEC);
		break;
	case 6:
		if (p == NULL || !sim_one_in(3))
			break;
		judge_excuse(mono_add(sim.now, 15 * SEC));
		kernel_kill(p);
		break;
	case 7:
		if (p == NULL || !sim_one_in(3))
			break;
		p->frozen_until = mono_add(sim.now, sim_between(SEC / 2, 6 * SEC));
		judge_excuse(mono_add(p->frozen_until, 15 * SEC));
		sim.may_stall.us =
		        MAX(sim.may_stall.us, mono_add(p->frozen_until, 15 * SEC).us);
		break;
	case 8:
		sim.find_slow_us = sim_one_in(2) ? sim_between(1000, 3 * SEC) : 0;
		break;
	default:
		for (unsigned i = 0; i < sim.n_disks; i++) {
			set_mode(&sim.disks[i], DISK_GOOD);
			let_opens_go(&sim.disks[i]);
		}
	}
}

static void heal(void)
{
	sim.faults = false;
	sim.setup_answer = sim.open_shortage = 0;
	sim.pause_us = 0;
	sim.setup_takes_us = sim.submit_blocks_us = sim.find_slow_us = 0;
	for (unsigned i = 0; i < sim.n_disks; i++) {
		struct disk *d = &sim.disks[i];

		d->present = true;
		d->open_hangs = d->tags_full = false;
		d->mode = DISK_HUNG; /* set_mode() releases what hangs */
		set_mode(d, sim_one_in(6) ? DISK_ERROR : DISK_GOOD);
	}
	finder_uevent();
	dm_world_heal();
	natives_heal();
}

void trouble_begin(void *arg)
{
	if (!mono_before(sim.now, sim.end_of_faults) && sim.checks.registry != NULL) {
		heal();
		return;
	}
	if (sim_one_in(8))
		holds_trouble();
	if (sim_one_in(3))
		natives_trouble();
	if (!sim.calm && sim_one_in(4))
		host_trouble();
	else if (sim_one_in(3))
		dm_world_trouble();
	else
		disk_trouble(&sim.disks[sim_below(sim.n_disks)]);
	(void)event_at(mono_add(sim.now, sim_between(2000, 2 * SEC)), trouble_begin, arg);
}

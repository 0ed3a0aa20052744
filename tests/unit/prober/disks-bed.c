/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/unit.h"

#include "tests/unit/prober/disks-bed.h"

#include <errno.h>
#include <stdio.h>

#include "tests/unit/prober/direct-files.h"

struct bed disks_bed;
static struct bed *const b = &disks_bed;
unsigned disks_descriptors;

void disks_begin(uint32_t paths, uint32_t rescuers, int setup)
{
	struct pathcheck_options o = bed_options(paths);

	o.rescuers = rescuers;
	o.setup_retry_us = LONG_US;
	disks_reset();
	disks_descriptors = files_open();
	bed_start(b, &o);
	fake_setup_says(setup);
	bed_pulse_begin(b, "/0.pulse");
}

void disks_end(void)
{
	bed_stop(b);
	assert_int_equal(files_open(), disks_descriptors);
	disks_reset();
}

void disks_add(uint32_t id, unsigned disk, uint32_t host)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "/%u.%u", disk, id);
	bed_add(b, id, name, host);
}

void disks_check(uint32_t id)
{
	bed_check(b, id, LONG_US);
}

void disks_add_open(uint32_t id, unsigned disk, uint32_t host)
{
	disks_add(id, disk, host);
	disks_check(id);
	bed_final(b, id, 1);
	assert_int_equal(b->of[id].ok, 1);
}

void disks_fail_once(uint32_t id, unsigned disk)
{
	disk_read_says(disk, -EIO);
	disks_check(id);
	bed_final(b, id, b->of[id].ok + b->of[id].failed + 1);
	assert_int_equal(b->of[id].last.error, EIO);
	disk_read_says(disk, 0);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_UNIT_PROBER_DISKS_BED_H
#define TESTS_UNIT_PROBER_DISKS_BED_H

/* A prober-bed.h whose paths lead to the disks of fake-directio.h. Disk 0 always answers. */
#include "tests/unit/prober/fake-directio.h"
#include "tests/unit/prober/prober-bed.h"

extern struct bed disks_bed;
extern unsigned disks_descriptors; /* open when it was started */

/* Starts it; io_setup says setup (0 or -errno). */
void disks_begin(uint32_t paths, uint32_t rescuers, int setup);
/* Stops it. Fails unless whatever was opened is closed. */
void disks_end(void);
/* A path of its own name on that disk. */
void disks_add(uint32_t id, unsigned disk, uint32_t host);
/* Starts a check of the path, with a timeout that no test reaches. */
void disks_check(uint32_t id);
/* A new path, checked once: opened, and good. */
void disks_add_open(uint32_t id, unsigned disk, uint32_t host);
/* One check of the path fails, because a read of that disk does. */
void disks_fail_once(uint32_t id, unsigned disk);

#endif

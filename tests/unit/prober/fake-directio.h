/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_UNIT_PROBER_FAKE_DIRECTIO_H
#define TESTS_UNIT_PROBER_FAKE_DIRECTIO_H

/*
 * Disks that open and answer as the test says, in place of checkers/directio.c and scsi.c:
 * linked in front of them. A disk is what a name's digits before the first dot say: "/3.x" and
 * "/3.y" are two names of disk 3. Any thread.
 */
#include <stdbool.h>
#include <stdint.h>

#include "util/macro.h"

#define FAKE_DISKS 16

/* No disk hangs or fails, no thread is refused. */
void disks_reset(void);
/* Its opens, or reads, hang, until it is said that they do not. */
void disk_opens_hang(unsigned disk, bool hang);
void disk_reads_hang(unsigned disk, bool hang);
void disk_looks_hang(unsigned disk, bool hang);
/* A look at an open descriptor finds another one under its name. */
void disk_is_another(unsigned disk, bool another);
/* The same of what rescuers close. */
void disk_closes_hang(unsigned disk, bool hang);
/* The same of TEST UNIT READY. */
void disk_units_hang(unsigned disk, bool hang);
/* What they say: 0: good, or -errno. */
void disk_open_says(unsigned disk, int answer);
void disk_read_says(unsigned disk, int answer);
/* The same for its next read only. */
void disk_read_says_once(unsigned disk, int answer);
/* The answer to TEST UNIT READY, and how often it was sent. */
enum disk_unit {
	DISK_UNIT_READY, /* at first */
	DISK_UNIT_GONE,  /* the target has no such unit */
	DISK_NO_SCSI     /* the driver knows no SCSI commands */
};
void disk_unit_says(unsigned disk, enum disk_unit unit);
unsigned disk_units(unsigned disk);
/* The text of its WWID, "" at first: it has none; NULL: it does not answer. How often asked. */
void disk_wwid_is(unsigned disk, const char *wwid);
unsigned disk_wwids(unsigned disk);
/* Its sequence number; its device number is 7:disk. */
void disk_seq_is(unsigned disk, uint64_t diskseq);

/* Waits until that many threads hang in the fake's opens or reads. False: not in time. */
_must_check_ bool disk_wait_hung(unsigned disk, unsigned n);
unsigned disk_hung(unsigned disk);
/* The same until its opens were tried so often, good or not. */
_must_check_ bool disk_wait_tried(unsigned disk, unsigned n);
unsigned disk_tried(unsigned disk);
unsigned disk_opens(unsigned disk); /* ever, that gave a new descriptor */
unsigned disk_looks(unsigned disk); /* ever, that kept the old one */

/* thread_start() fails with this for threads of this name; NULL: for none. */
void threads_refuse(const char *name);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_DISK_ID_H
#define CHECKERD_CORE_DISK_ID_H

/*
 * What tells one disk from another under the same device number, short enough to be remembered for
 * each path of each map. Pure.
 *
 * Only what is known of both disks can differ. An equal WWID outweighs the kernel's sequence
 * number, because the kernel also numbers the same disk anew when it returns.
 */
#include "checkerd/core/device.h"

struct disk_id {
	uint64_t diskseq;   /* 0: not known */
	uint64_t kernel_id; /* checksum of the WWID from the kernel or the disk; 0 */
	uint64_t udev_id;   /* checksum of udev's WWID; 0 */
};

/* What a check has read from the disk itself. */
struct disk_read {
	uint32_t devt_major, devt_minor; /* 0:0: not known */
	uint64_t diskseq;                /* 0: not known */
	uint64_t kernel_id;              /* 0: not asked for, or the disk has none */
	bool unreadable;                 /* asked for, and the disk did not answer */
	bool not_asked;                  /* the disk was only opened */
};

enum disk_sameness {
	DISK_UNKNOWN, /* nothing can be compared */
	DISK_SAME,
	DISK_ANOTHER,
};

struct disk_id disk_id_of(const struct device *d);
enum disk_sameness disk_id_compare(const struct disk_id *a, const struct disk_id *b);
/* Adds to id what `more` knows of the same disk. */
void disk_id_add(struct disk_id *id, const struct disk_id *more);

/*
 * Compares a map's WWID with its path's. ANOTHER: only when both have one form, because multipathd
 * may use another WWID (uid_attribute) for the same disk. map_wwid NULL: unknown.
 */
enum disk_sameness disk_id_of_map(const char *map_wwid, const struct device *d);

/* FNV-1a (64 bits), never 0. */
uint64_t disk_id_checksum(const char *text);

#endif

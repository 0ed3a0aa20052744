/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_DISK_ID_H
#define CHECKERD_CORE_DISK_ID_H

/*
 * What tells one disk from another under the same device number, as short as it can be
 * remembered for each path of each map. Pure.
 *
 * Only what is known of both can differ. A WWID that is the same outweighs the kernel's sequence
 * number: that one changes also when the same disk comes back.
 */
#include "checkerd/core/device.h"

struct disk_id {
	uint64_t diskseq;   /* 0: not known */
	uint64_t kernel_id; /* checksum of the WWID that the kernel or the disk says; 0 */
	uint64_t udev_id;   /* the same of udev's WWID; 0 */
};

/* What a check has read of the disk itself. */
struct disk_read {
	uint32_t devt_major, devt_minor; /* 0:0: not known */
	uint64_t diskseq;                /* 0: not known */
	uint64_t kernel_id;              /* 0: it was not asked, or has none */
	bool unreadable;                 /* it was asked, and did not answer */
	bool not_asked;                  /* it was opened only */
};

enum disk_sameness {
	DISK_UNKNOWN, /* nothing is known of both */
	DISK_SAME,
	DISK_ANOTHER,
};

struct disk_id disk_id_of(const struct device *d);
enum disk_sameness disk_id_compare(const struct disk_id *a, const struct disk_id *b);
/* What is known of `more` is known of `id`, too: it is the same disk. */
void disk_id_add(struct disk_id *id, const struct disk_id *more);

/*
 * A map's WWID (multipathd's) and its path's: ANOTHER only when both are of one form, so that
 * a different choice of WWIDs (uid_attribute) is no difference of disks. wwid NULL: not known.
 */
enum disk_sameness disk_id_of_map(const char *map_wwid, const struct device *d);

/* FNV-1a (64 bits), never 0. */
uint64_t disk_id_checksum(const char *text);

#endif

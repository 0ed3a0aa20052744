/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_MAPS_DISKS_H
#define CHECKERD_CORE_MAPS_DISKS_H

/*
 * Which disk each path of each map leads to. Belongs to the loop; pure.
 *
 * Each entry remembers which disk was under its device number. When another disk is there, the path
 * is barred from that map until it leaves the map's table: it is failed, also as the last path, and
 * is not reinstated. What discovery knew before the path came into the table may be older than the
 * table. It bars nothing until the disk or discovery confirms it.
 */
#include "checkerd/core/maps.h"

/* A check of the path began. identify: the check asks the disk for its identity. */
void maps_path_asked(struct maps *m, uint32_t path, bool identify);
/* A check of the path has read the disk's identity. To be called before maps_path_checked(). */
void maps_path_read(struct maps *m, uint32_t path, const struct disk_read *read);
/* Has the path failed in a map, so that its checks have to ask for the identity? */
bool maps_is_to_be_identified(const struct maps *m, uint32_t path);
/* Is the path barred from one of its maps? */
bool maps_is_barred(const struct maps *m, uint32_t path);

/* Compares the device with what the entry remembers of its disk, and bars the entry when it is
 * another disk. */
void maps_compare_disk(struct maps *m, uint32_t entry, const struct device *d);
/* The same for an entry that the map's table has just listed. */
void maps_compare_new_disk(struct maps *m, uint32_t entry, const struct device *d);

#endif

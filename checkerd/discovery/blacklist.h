/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DISCOVERY_BLACKLIST_H
#define CHECKERD_DISCOVERY_BLACKLIST_H

/* What discovery by udev excludes when no rule of the configuration names it. Pure. */
#include <stdbool.h>

/*
 * Is the device excluded, unless a devnode of blacklist_exceptions names it? True for every device
 * but SCSI, DASD and NVMe disks, and for every partition.
 */
bool blacklist_excludes(const char *sysname, bool partition);
/* Has the device no medium? True for a loop device without a file and an unconnected nbd device,
 * which no rule can bring in. */
bool blacklist_is_empty(const char *sysname, bool loop_backed,
                        unsigned long long sectors);

#endif

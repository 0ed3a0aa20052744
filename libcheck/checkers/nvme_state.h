/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_CHECKERS_NVME_STATE_H
#define LIBCHECK_CHECKERS_NVME_STATE_H

/*
 * What sysfs says of an NVMe namespace: the state of its controller, and its ANA state there. The
 * kernel answers from memory: neither the controller nor its target is asked.
 */
#include <sys/types.h>

#include "libcheck/pathcheck.h"

#define NVME_SYSFS "/sys/dev/block"

/* controller, ana: the words of sysfs, "": not known. Pure. */
enum pathcheck_said nvme_state_said(const char *controller, const char *ana);

/*
 * The same of the block device with this number. folder: NVME_SYSFS. PATHCHECK_SAID_COUNT: sysfs
 * knows no controller of it.
 */
enum pathcheck_said nvme_state_read(const char *folder, dev_t block);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks a device for its identity: identify_device.h. Runs on rescuers. */
#include "libcheck/checkers/identify_device.h"

#include <errno.h>

#include "libcheck/checkers/scsi.h"
#include "libcheck/checkers/scsi_device.h"
#include "util/hash.h"

void identify_device(int fd, struct checker_reply *ret)
{
	char text[VPD_TEXT_MAX] = "";
	int r = scsi_ask_wwid(fd, text);

	ret->identified = true;
	ret->wwid_state = r == 0          ? PATHCHECK_WWID_READ
	                  : r == -ENODATA ? PATHCHECK_WWID_NONE
	                                  : PATHCHECK_WWID_UNREADABLE;
	ret->wwid = r == 0 ? hash_wwid(text) : 0;
	scsi_device_describe(fd, &ret->device);
}

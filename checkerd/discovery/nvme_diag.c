/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing. Runs on the loop. */
#include "checkerd/discovery/nvme_diag.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/digits.h"

/* The digits of an unsigned long, a newline, and a byte that says that there is more. */
#define NUMBER_MAX 22

/* The controller is the namespace's `device`. */
static const char *const files[NVME_COUNTS] = {
	[NVME_RESETS] = "../device/diag/reset_count",
	[NVME_RECONNECTS] = "../device/diag/reconnect_count",
	[NVME_FAILOVERS] = "multipath_failover_count",
	[NVME_ERRORS] = "command_error_count",
	[NVME_RETRIES] = "command_retries_count",
};

bool nvme_diag_may_have(const struct device *d)
{
	const char *protocol = device_protocol(d);

	return device_is_observed(d) ||
	       (protocol != NULL && strncmp(protocol, "nvme", 4) == 0 &&
	        (d->devt_major != 0 || d->devt_minor != 0));
}

/* NVME_DIAG_UNKNOWN: there is no such file, or it holds anything but one number. */
static uint32_t read_number(int dir, const char *name)
{
	char buf[NUMBER_MAX + 1];
	const char *at = buf;
	ssize_t n = -1;
	int64_t number;
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		n = read(fd, buf, NUMBER_MAX);
		(void)close(fd);
	}
	if (n <= 0 || n == NUMBER_MAX)
		return NVME_DIAG_UNKNOWN;
	buf[n] = '\0';
	if (!digits_take(&at, &number) || strcmp(at, "\n") != 0)
		return NVME_DIAG_UNKNOWN;
	return (uint32_t)MIN(number, (int64_t)NVME_DIAG_MAX);
}

static int open_folder(int sys_dev_block, const struct device *d)
{
	char name[sizeof("../../class/block//diag") + DEVICE_NAME_MAX];

	if (device_is_observed(d))
		(void)snprintf(name, sizeof(name), "../../class/block/%s/diag",
		               device_name(d));
	else
		(void)snprintf(name, sizeof(name), "%u:%u/diag", d->devt_major,
		               d->devt_minor);
	return openat(sys_dev_block, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

bool nvme_diag_read(int sys_dev_block, const struct device *d, struct nvme_diag *ret)
{
	bool any = false;
	int dir;

	if (sys_dev_block < 0 || !nvme_diag_may_have(d))
		return false;
	dir = open_folder(sys_dev_block, d);
	if (dir < 0)
		return false;
	for (unsigned i = 0; i < NVME_COUNTS; i++) {
		ret->value[i] = read_number(dir, files[i]);
		any = any || ret->value[i] != NVME_DIAG_UNKNOWN;
	}
	(void)close(dir);
	return any;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_UNIT_DISK_H
#define TESTS_UNIT_DISK_H

/* Disks for tests that do not care which. To be included after cmocka.h. */
#include <stdio.h>

#include "checkerd/core/device.h"

/* Disk n: "sdN", /dev/sdN and 8:N, with the kernel's state of it or NULL. One reference. */
static inline struct device *disk_new(uint32_t n, const char *sysfs_state)
{
	char name[16], node[32];
	const struct device_spec spec = { .name = name,
		                          .node = node,
		                          .devt_major = 8,
		                          .devt_minor = n,
		                          .sysfs_state = sysfs_state };
	struct device *d;

	(void)snprintf(name, sizeof(name), "sd%u", n);
	(void)snprintf(node, sizeof(node), "/dev/sd%u", n);
	assert_int_equal(device_new(&d, &spec), 0);
	return d;
}

#endif

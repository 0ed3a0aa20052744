/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DISCOVERY_UDEV_DISK_H
#define CHECKERD_DISCOVERY_UDEV_DISK_H

/* One block device as udev and sysfs describe it, and what the configuration makes of it. */
#include <libudev.h>

#include "checkerd/config/config.h"
#include "checkerd/discovery/found.h"
#include "checkerd/discovery/judgement.h"
#include "checkerd/discovery/known.h"

/* Where the descriptions come from. */
struct udev_source {
	int sysfs;       /* borrowed descriptor of /sys */
	bool with_udevd; /* udevd runs: properties and messages are udevd's */
};

/* What the configuration makes of a device. */
enum udev_disk_result {
	UDEV_DISK_GONE,      /* the device is not there, or is no disk */
	UDEV_DISK_INCLUDED,  /* *ret describes it, with a reference */
	UDEV_DISK_EXCLUDED,  /* the same: the device is there */
	UDEV_DISK_NOT_READY, /* of udev_watch_explain() only */
	UDEV_DISK_UNKNOWN,   /* of udev_disk_reconsider() only: it has to be read */
};

/* The kernel's name, "sda"; NULL: the device has none. */
const char *udev_disk_name(struct udev_device *dev);
/* The sequence number of the disk in a message. 0: not known, before Linux 5.15. */
uint64_t udev_disk_diskseq(struct udev_device *dev);
/*
 * Has udevd processed the device? Before that the device has no properties, and a message will
 * follow. Returns 1, 0, or -ENOMEM, -EMFILE, -ENFILE. To be called before other questions.
 */
_must_check_ int udev_disk_is_ready(const struct udev_source *source,
                                    struct udev_device *dev);
/*
 * Describes the device and applies the rules. reported: the entry that was reported before, or
 * NULL. j: how it came about; NULL: nobody asks. *facts is set in any case. Returns
 * enum udev_disk_result, or -ENOMEM, -EMFILE, -ENFILE.
 */
_must_check_ int udev_disk_consider(const struct udev_source *source,
                                    const struct config *c, struct udev_device *dev,
                                    const struct found_entry *reported,
                                    struct judgement *j, struct known_facts *facts,
                                    struct found_entry *ret);
/*
 * The same for a device that was read before, without libudev. From sysfs it reads only what changes
 * without a message: the state, the kernel's WWID, the hardware handler and the timeout.
 */
_must_check_ int udev_disk_reconsider(const struct udev_source *source,
                                      const struct config *c, const char *sysname,
                                      const struct known_disk *known,
                                      const struct found_entry *reported,
                                      struct found_entry *ret);

#endif

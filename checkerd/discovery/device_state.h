/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DISCOVERY_DEVICE_STATE_H
#define CHECKERD_DISCOVERY_DEVICE_STATE_H

/*
 * Reads the kernel's view of a path's device, when a check fails and when the device answers
 * again. Runs on the loop.
 *
 * Reading it never blocks on the device. The show functions copy one word from the kernel's
 * memory: show_state_field() and sdev_show_access_state() in drivers/scsi/scsi_sysfs.c,
 * nvme_sysfs_show_state() in drivers/nvme/host, show_fc_rport_port_state() in
 * scsi_transport_fc.c, show_priv_session_state() in scsi_transport_iscsi.c. None of them takes a
 * lock that error recovery or a removal holds while it waits. The directories on the way have no
 * disk behind them. A device that is being removed waits for its readers, and its readers get
 * ENODEV without waiting (kernfs_get_active() in fs/kernfs/dir.c).
 */
#include "checkerd/core/device.h"
#include "checkerd/core/sysfs_state.h"

/* How many attributes device_state_read() may open, for callers that limit their work. */
unsigned device_state_attributes(const struct device *d);

/* Is a hardware handler attached to the SCSI device? Only then the kernel has access_state.
 * True also for other devices, and when that is unknown. */
bool device_state_has_handler(int sys_dev_block, const struct device *d);

/*
 * sys_dev_block: a descriptor of /sys/dev/block. A missing attribute is unknown; without the
 * device all are unknown. When memory or descriptors are short, the device's word is the one that
 * discovery read last, and the access state in *ret stays. Allocates nothing.
 */
void device_state_read(int sys_dev_block, const struct device *d,
                       struct sysfs_state *ret);

/* Does the path lead over a remote Fibre Channel port that sysfs has? */
bool device_state_has_port(const struct device *d);
/* Reads the state of this port. Positive errno: *ret is unchanged. */
_must_check_ int device_state_read_port(int sys_dev_block, const struct device *d,
                                        struct sysfs_word *ret);

/* Copies what discovery has just read; the rest of `s` stays. */
void device_state_from_discovery(const struct device *d, struct sysfs_state *s);

#endif

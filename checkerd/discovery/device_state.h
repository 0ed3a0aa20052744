/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DISCOVERY_DEVICE_STATE_H
#define CHECKERD_DISCOVERY_DEVICE_STATE_H

/*
 * What the kernel thinks of a path's device right now, read where the loop needs it: when the
 * device did not answer as it should, and when it does again.
 *
 * Reading it does not block on the device, however dead that is. The show functions copy one
 * word from the kernel's memory: show_state_field() in drivers/scsi/scsi_sysfs.c,
 * sdev_show_access_state() beside it, nvme_sysfs_show_state() in drivers/nvme/host, show_fc_rport_port_state() in
 * scsi_transport_fc.c, show_priv_session_state() in scsi_transport_iscsi.c; none of them takes
 * a lock that error recovery or a removal holds while it waits. Around them are a walk through
 * directories that have no disk behind them and a reference (kernfs_get_active() in
 * fs/kernfs/dir.c): a device that is being removed waits for its readers, its readers do not
 * wait, they get ENODEV.
 */
#include "checkerd/core/device.h"
#include "checkerd/core/sysfs_state.h"

/* Attributes device_state_read() may open: what a caller counts its work in. */
unsigned device_state_attributes(const struct device *d);

/* Has a hardware handler attached itself to the SCSI device? The kernel shows access_state only
 * then. True for other devices, and if nothing can be said. */
bool device_state_has_handler(int sys_dev_block, const struct device *d);

/*
 * sys_dev_block: a descriptor of /sys/dev/block. What is not there to read is not known; with
 * the device gone, nothing is. When there is no memory or descriptor to read it with, the
 * device's is what discovery read last, and the access state stays as *ret has it. Allocates
 * nothing.
 */
void device_state_read(int sys_dev_block, const struct device *d,
                       struct sysfs_state *ret);

/* What discovery has just read of it, as far as that goes; the rest of `s` stays. */
void device_state_told(const struct device *d, struct sysfs_state *s);

#endif

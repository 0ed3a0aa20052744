/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_CHECKERS_SCSI_DEVICE_H
#define LIBCHECK_CHECKERS_SCSI_DEVICE_H

/*
 * The calls of checkers that send SCSI commands to a device. A path's name is that of a block
 * device. Its commands go to its node of the sg driver, /dev/sgN: the kernel takes them there
 * without a thread each, and the block device is not even opened. If there is no such node,
 * the block device is opened, and rescuers send the commands by SG_IO. Each call may block:
 * rescuers only.
 */
#include "libcheck/checkers/scsi_command.h"
#include "libcheck/region/opened.h"
#include "util/macro.h"

/*
 * As directio_open(). *ret_block is the logical block size as sysfs has it. -ENOTBLK: it is no block
 * device.
 */
_must_check_ int scsi_device_open(const char *name, int stale_fd, int *ret_fd,
                                  uint32_t *ret_block);
/* As directio_look(). */
_must_check_ int scsi_device_look(const char *name, int fd, uint32_t *ret_block);
/* Which block device the commands reach. */
void scsi_device_describe(int fd, struct opened_device *ret);
void scsi_device_close(int fd);
/* Is it no node of the sg driver? */
bool scsi_device_is_slow(int fd);
/*
 * Sends one command by SG_IO and waits for the answer. 0; -EOPNOTSUPP: the driver knows no SCSI
 * commands; or the -errno of a command that was not sent. data has command->data_size bytes.
 */
_must_check_ int scsi_device_send(int fd, struct scsi_exchange *x, void *data);

#endif

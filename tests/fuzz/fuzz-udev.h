/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_FUZZ_FUZZ_UDEV_H
#define TESTS_FUZZ_FUZZ_UDEV_H

/*
 * A libudev whose messages a fuzz target makes: the functions that checkerd/discovery
 * calls, as libudev documents them. It remembers devices from their first message until
 * their removal.
 */

#include <stdbool.h>

/* Adds "KEY=VALUE" to the message that is being made. Other text is ignored. */
void fuzz_udev_property(const char *line);
/* Adds what each message of the kernel has. folder: of the device in sysfs. */
void fuzz_udev_begin(const char *action, const char *folder, const char *name);
/* Completes the message, which is received next. Without DEVPATH it is discarded. */
void fuzz_udev_message(void);
/*
 * From then on the first read of a device's files fails with ENOMEM. A device that could
 * not be read has no properties.
 */
void fuzz_udev_without_memory(bool without);
/* The kernel drops messages: the next call that receives one fails with ENOBUFS. */
void fuzz_udev_drop(void);
/* Forgets all devices and messages. */
void fuzz_udev_reset(void);

#endif

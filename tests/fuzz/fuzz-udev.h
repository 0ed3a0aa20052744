/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_FUZZ_FUZZ_UDEV_H
#define TESTS_FUZZ_FUZZ_UDEV_H

/*
 * A libudev whose messages are made by a fuzz target: what of it checkerd/discovery calls, as
 * libudev documents it. It remembers the devices that were spoken of and not removed.
 */

#include <stdbool.h>

/* "KEY=VALUE", of the message that is being made. Anything else is left out. */
void fuzz_udev_property(const char *line);
/* The message is complete: the next one that is received. Without DEVPATH it is none. */
void fuzz_udev_message(void);
/* From then on a device's files cannot be read the first time, for want of memory; of one that
 * could not be read nothing is known. */
void fuzz_udev_without_memory(bool without);
/* Forgets all devices and messages. */
void fuzz_udev_reset(void);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_PORT_STATES_H
#define CHECKERD_PATHS_PORT_STATES_H

/*
 * The states of remote Fibre Channel ports, as lately read from sysfs. Many paths lead over one
 * port, and no uevent comes when a program sets a port to Marginal. So a check of a path reads the
 * port's state, if nobody has read it for PORT_STATES_FRESH_US. The loop only.
 */
#include "checkerd/core/device.h"
#include "checkerd/core/sysfs_state.h"
#include "util/mono.h"

/* Two ports may have the same place: then they are read more often. */
#define PORT_STATES_PLACES   64
#define PORT_STATES_FRESH_US (2 * USEC_PER_SEC)

struct port_states {
	struct {
		uint32_t port; /* a hash of its name; 0: none yet */
		struct sysfs_word word;
		struct mono read;
	} of[PORT_STATES_PLACES];
};

/* False: the path leads over no such port, or its state cannot be read now. *ret_read: it was read
 * from sysfs. */
bool port_states_get(struct port_states *p, int sys_dev_block, const struct device *d,
                     struct mono now, struct sysfs_word *ret, bool *ret_read);

#endif

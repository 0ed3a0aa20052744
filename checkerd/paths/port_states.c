/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the table of states. The loop only. */
#include "checkerd/paths/port_states.h"

#include "checkerd/discovery/device_state.h"
#include "util/hash.h"

bool port_states_get(struct port_states *p, int sys_dev_block, const struct device *d,
                     struct mono now, struct sysfs_word *ret, bool *ret_read)
{
	uint32_t port, place;

	*ret_read = false;
	if (!device_state_has_port(d))
		return false;
	port = hash_text32(device_transport(d)) | 1;
	place = port / 2 % PORT_STATES_PLACES;
	if (p->of[place].port != port ||
	    mono_diff(now, p->of[place].read) >= PORT_STATES_FRESH_US) {
		struct sysfs_word word = { .layer = SYSFS_NONE };

		*ret_read = true;
		p->of[place].port = 0;
		if (device_state_read_port(sys_dev_block, d, &word) != 0)
			return false;
		p->of[place].port = port;
		p->of[place].word = word;
		p->of[place].read = now;
	}
	*ret = p->of[place].word;
	return true;
}

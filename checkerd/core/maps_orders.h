/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_MAPS_ORDERS_H
#define CHECKERD_CORE_MAPS_ORDERS_H

/* What has to be sent to device-mapper, so that the kernel agrees with what was decided. Belongs to
 * the loop; pure. */
#include "checkerd/core/maps.h"

/* What the caller has to do for one path of a map. */
struct maps_order {
	enum agreement_step step; /* with NOTHING and WAIT: nothing */
	uint32_t entry;           /* of maps_path() */
	uint64_t token;           /* for the answer */
	bool spared;              /* from now on the path is used, although it is held */
};

/* May commands be sent (dm_control)? */
void maps_set_control(struct maps *m, bool on);
/* The daemon has just started, and may not know every path yet: held paths wait. */
void maps_set_settling(struct maps *m, bool on);
/* keep_last_path of one map. */
void maps_set_keep(struct maps *m, uint32_t index, bool keep);

/* Examines one entry that waits. False: none waits. */
bool maps_next(struct maps *m, struct mono now, struct maps_order *ret);
/* The order could not be carried out: maps_next() returns it again. */
void maps_put_back(struct maps *m, const struct maps_order *o);
/* FAIL or REINSTATE was sent. */
void maps_sent(struct maps *m, const struct maps_order *o);
/*
 * The kernel answered a command. Returns the command's entry, with *ret_command. MAPS_NONE: the
 * path has left the map, and the answer means nothing.
 */
uint32_t maps_answered(struct maps *m, uint64_t token, int error, struct mono now,
                       enum agreement_command *ret_command);
/* When maps_next() has something to examine. us 0: now. MONO_NEVER: not because of time alone. */
struct mono maps_wake(const struct maps *m);

#endif

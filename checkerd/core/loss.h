/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_LOSS_H
#define CHECKERD_CORE_LOSS_H

/* Is a path gone for good, or is it only silent or broken now? Pure; any thread. */
#include "checkerd/core/state.h"

enum loss {
	LOSS_NONE,
	LOSS_TRANSIENT, /* it may come back by itself */
	LOSS_PERMANENT, /* somebody took it away: only an administrator's work brings it back */
	LOSS_COUNT_
};

/* why: as in struct path_status. */
enum loss loss_of(enum path_state state, const struct reason *why);
/* "transient", "permanent"; NULL: LOSS_NONE. */
const char *loss_name(enum loss l);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_PARKED_H
#define CHECKERD_CONTROL_PARKED_H

/* Clients that wait for a snapshot. The control thread's own. */
#include "checkerd/control/service.h"

/* Serves those whom the newest snapshot suits. both_are_read: it may be as old as they accept. */
void parked_serve(struct service *s, bool both_are_read);
/* Requests a snapshot when a client waits for one. Returns when to call this again; MONO_NEVER:
 * when something has happened. */
struct mono parked_request_snapshot(struct service *s);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_NOTIFICATIONS_H
#define CHECKERD_CONTROL_NOTIFICATIONS_H

/* What the main loop has sent by the port: replies, events, a snapshot. The control thread's own. */
#include "checkerd/control/service.h"

/* Takes some thousands, and serves the clients that wait for them. */
void notifications_take(struct service *s);

#endif

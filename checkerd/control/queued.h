/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_QUEUED_H
#define CHECKERD_CONTROL_QUEUED_H

/* Who may request a long list, and who waits. The control thread's own. */
#include "checkerd/control/client.h"

/* Takes those that may go on; it runs them. When it has to be called again; MONO_NEVER: after the
 * next event. */
struct mono queued_serve(struct service *s);

#endif

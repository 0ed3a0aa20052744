/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_MANAGER_MEMLOCK_H
#define CHECKERD_MANAGER_MEMLOCK_H

#include "util/macro.h"

/* Locks the daemon's memory, except what it never reads. To be called before the first thread starts.
 * -EPERM: CAP_IPC_LOCK is needed. Another negative errno: as mlockall(2). */
_must_check_ int memlock_lock(void);

#endif

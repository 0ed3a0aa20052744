/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_PROBER_END_H
#define CHECKERD_PATHS_PROBER_END_H

/* Describes how a prober ended. */
#include <stddef.h>
#include <stdint.h>

#include "checkerd/paths/events.h"
#include "libcheck/pathcheck.h"

#define PROBER_END_TEXT_MAX 96 /* every text fits, final NUL included */

/* "exit status 2", "signal SIGKILL", "it made no progress for 2 s", …; "" with END_NONE. Always
 * ends in NUL; returns buf. */
const char *prober_end_format(enum pathcheck_end end, int32_t code, char *buf,
                              size_t size);
/* Reports that the prober was replaced. The loop only. */
void prober_end_report(struct pathcheck *engine, struct events *ev);

#endif

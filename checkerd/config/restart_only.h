/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_RESTART_ONLY_H
#define CHECKERD_CONFIG_RESTART_ONLY_H

/*
 * What memory, threads and sockets were reserved by cannot change while the daemon runs.
 */
#include <stdio.h>

#include "checkerd/config/config.h"

/*
 * Gives `next` the values of `present` where they are fixed, and writes to `out` one line for
 * each that would have changed: its name and the remedy. Pure but for that. -ENOMEM.
 */
_must_check_ int restart_only_keep(const struct config *present, struct config *next,
                                   FILE *out);

#endif

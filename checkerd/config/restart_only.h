/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_RESTART_ONLY_H
#define CHECKERD_CONFIG_RESTART_ONLY_H

/* The settings by which memory, threads and sockets were reserved: they change at a restart
 * only. */
#include <stdio.h>

#include "checkerd/config/config.h"

/*
 * Copies these settings from `present` to `next`, and writes one line to `out` for each that
 * differs: the keyword and the remedy. -ENOMEM.
 */
_must_check_ int restart_only_keep(const struct config *present, struct config *next,
                                   FILE *out);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_DUMP_H
#define CHECKERD_CONFIG_DUMP_H

#include <stdio.h>

#include "checkerd/config/config.h"

/*
 * Writes the effective configuration in its own syntax, defaults included. Reading that text gives
 * a configuration with the same dump. Not for a configuration that load_file() refused. The caller
 * checks ferror(out) afterwards.
 */
void dump_config(const struct config *c, FILE *out);
/* The same without the defaults that no file has set. */
void dump_given(const struct config *c, FILE *out);

#endif

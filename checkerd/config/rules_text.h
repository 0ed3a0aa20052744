/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_RULES_TEXT_H
#define CHECKERD_CONFIG_RULES_TEXT_H

/* The reply of the method GetRules, as JSON. */
#include <stdio.h>

#include "checkerd/config/config.h"

/*
 * Writes {"filters":[...],"hardware":[...]}: what excludes and includes devices, each rule with its
 * place, those that are built in first; and the built-in table of arrays. The caller checks
 * ferror(out) afterwards.
 */
void rules_text_print(const struct config *c, FILE *out);

#endif

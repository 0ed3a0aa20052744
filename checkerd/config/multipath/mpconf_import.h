/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_MULTIPATH_MPCONF_IMPORT_H
#define CHECKERD_CONFIG_MULTIPATH_MPCONF_IMPORT_H

#include <stdio.h>

#include "util/macro.h"

/*
 * Prints a checkerd.conf(5) with what checkerd takes from multipathd's file and its drop-ins, and
 * comments on the rest. 0; -EINVAL: the file cannot be read, and `err` says why; -ENOMEM.
 */
_must_check_ int mpconf_import(const char *file, FILE *out, FILE *err);

#endif

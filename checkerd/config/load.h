/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_LOAD_H
#define CHECKERD_CONFIG_LOAD_H

#include <sys/stat.h>
#include <sys/types.h>

#include "checkerd/config/problem.h"

#define REFUSAL_SIZE 256

/*
 * Whether a process of user euid may believe what a file or directory says, which root
 * only does when nobody else can change it. False: `why` says what is wrong and the
 * remedy.
 */
bool load_trusts(const struct stat *st, uid_t euid, const char *name,
                 char why[REFUSAL_SIZE]);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_REPEAT_H
#define CHECKERCTL_REPEAT_H

/* --watch: runs a command again and again. */
#include "checkerctl/commands.h"

/* One run of the command. Returns its exit code. */
typedef int repeat_run_fn(const struct ctl_options *o, const struct command *command,
                          size_t words);

/* Until interrupted, or until the command fails: the exit code. A daemon that does not answer may
 * come back. */
int repeat_command(const struct ctl_options *o, const struct command *command,
                   size_t words, repeat_run_fn *run);

#endif

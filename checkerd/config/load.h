/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_LOAD_H
#define CHECKERD_CONFIG_LOAD_H

/* Reads configuration files: the file itself and the *.conf files of its drop-in directory. */
#include <sys/stat.h>
#include <sys/types.h>

#include "checkerd/config/config.h"

#define REFUSAL_SIZE 256

/*
 * Reads `file`, and then the *.conf files of `file`.d in the order of their names. NULL: the
 * default file, "$sysconfdir/checkerd.conf"; when that does not exist, the configuration is empty.
 *
 * Returns 0 with *ret_config, whose problems are all warnings. -EINVAL: *ret_config holds only the
 * problems, and at least one is an error. -ENOMEM: *ret_config is not written.
 * Blocks on the file system. Any thread with a stack of 512 KiB, because regcomp() needs it.
 */
_must_check_ int load_file(const char *file, struct config **ret_config);
/* The same from memory. name: for messages. */
_must_check_ int load_text(const char *name, const char *text, size_t size,
                           struct config **ret_config);

/*
 * May a process of user euid believe what a file or directory says? root believes it only when
 * nobody else can change it. False: `why` says what is wrong, and the remedy.
 */
bool load_trusts(const struct stat *st, uid_t euid, const char *name,
                 char why[REFUSAL_SIZE]);

#endif

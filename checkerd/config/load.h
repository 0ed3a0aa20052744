/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_LOAD_H
#define CHECKERD_CONFIG_LOAD_H

/*
 * Reads configuration files: the file itself, the *.conf files of its drop-in directory, and
 * multipathd's own file below them.
 */
#include "checkerd/config/config.h"

/*
 * Reads `file`, and then the *.conf files of `file`.d in the order of their names. NULL: the
 * default file, "$sysconfdir/checkerd.conf"; when that does not exist, the configuration is empty.
 * What the file that `multipath_conf` names says comes first: each value of checkerd.conf wins.
 *
 * Returns 0 with *ret_config, whose problems are all warnings. -EINVAL: *ret_config holds only the
 * problems, and at least one is an error. -ENOMEM: *ret_config is not written.
 * Blocks on the file system. Any thread with a stack of 512 KiB, because regcomp() needs it.
 */
_must_check_ int load_file(const char *file, struct config **ret_config);
/* Reads multipathd's file `file` with its drop-ins, and nothing else. Nobody has to own it. The only
 * error is that the file itself cannot be read. */
_must_check_ int load_multipath_conf(const char *file, struct config **ret_config);
/* The same as load_file() from memory, without multipathd's file. name: for messages. */
_must_check_ int load_text(const char *name, const char *text, size_t size,
                           struct config **ret_config);

#endif

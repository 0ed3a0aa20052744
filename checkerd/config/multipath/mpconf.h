/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_MULTIPATH_MPCONF_H
#define CHECKERD_CONFIG_MULTIPATH_MPCONF_H

/*
 * Reads multipathd's own file, as multipathd 0.9 to 0.15 reads it, into a configuration. Nothing in
 * the file is an error: what multipathd passes over, reads in an unexpected way, or does in another
 * way than checkerd is a warning that says the effect.
 */
#include "checkerd/config/reader.h"
#include "checkerd/config/source_file.h"

#define MPCONF_FILE "/etc/multipath.conf"

/*
 * Reads the file, and then its drop-ins. To be called before anything else is read, because the
 * configuration takes what comes last.
 *
 * 0; otherwise the error for which nothing was read from the file, which is a warning by then.
 */
int mpconf_read(struct reader *r, const char *file, enum source_trust trust);
/* Reads one file from memory, without drop-ins. name: for messages. */
void mpconf_read_text(struct reader *r, const char *name, const char *text, size_t size);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DISCOVERY_SYSFS_H
#define CHECKERD_DISCOVERY_SYSFS_H

/*
 * Reads files, directories and links of sysfs. Runs on the discovery thread. `sysfs` is the
 * descriptor of its root, `dir` the descriptor of a block device's directory.
 *
 * Every function notes in the identity when memory or descriptors are short.
 */
#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "checkerd/discovery/identity.h"

#define SYSFS_ATTRIBUTE_MAX 256

/* Reads a file, at most size bytes. Returns the bytes read, or -errno. */
ssize_t sysfs_bytes(struct identity *id, int dir, const char *name, void *buf,
                    size_t size);
/* Reads one attribute, without blanks at its end, at most size - 1 bytes. NULL: missing or
 * empty. */
const char *sysfs_attribute(struct identity *id, int dir, const char *name, char *buf,
                            size_t size);
/* Does the file exist? */
bool sysfs_has(struct identity *id, int dir, const char *name);
/* Opens a directory, for closedir(). NULL: it is missing or cannot be read. */
DIR *sysfs_entries(struct identity *id, int dir, const char *name);
/* The next entry; NULL: there is no further one. */
const struct dirent *sysfs_next(struct identity *id, DIR *entries);
/* The target of a link, in buf; "" when the file is no link. */
const char *sysfs_link(struct identity *id, int dir, const char *name,
                       char buf[static PATH_MAX]);
/* Copies an attribute into a field, unless the field is set. */
void sysfs_take(struct identity *id, const char **field, int dir, const char *name);

/*
 * Finds the first component of a path that begins with `word` and a number: "host3" for "host",
 * "rport-3:0-1" for "rport-". False: no component does, or it does not fit.
 */
bool sysfs_component(const char *path, const char *word, unsigned *ret_number,
                     char *ret_component, size_t size);

#endif

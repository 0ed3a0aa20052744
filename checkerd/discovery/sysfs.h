/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DISCOVERY_SYSFS_H
#define CHECKERD_DISCOVERY_SYSFS_H

/*
 * Reading sysfs, for the files that know what is in it. Discovery thread only. `sysfs` is the
 * descriptor of its root, `dir` that of a block device's directory.
 */
#include <dirent.h>
#include <stdbool.h>
#include <sys/types.h>

#include "checkerd/discovery/identity.h"

#define SYSFS_ATTRIBUTE_MAX 256

/* All of these note in the identity when memory or descriptors are short. */

/* The bytes of a file, at most size; -errno. */
ssize_t sysfs_bytes(struct identity *id, int dir, const char *name, void *buf,
                    size_t size);
/* One attribute, trimmed, at most size - 1 bytes; NULL: not there or empty. */
const char *sysfs_attribute(struct identity *id, int dir, const char *name, char *buf,
                            size_t size);
/* Is there such a file? */
bool sysfs_has(struct identity *id, int dir, const char *name);
/* A directory's entries, for closedir(); NULL: it is not there, or cannot be read. */
DIR *sysfs_entries(struct identity *id, int dir, const char *name);
/* The next of them; NULL: that was the last. */
const struct dirent *sysfs_next(struct identity *id, DIR *entries);
/* The attribute into a field, unless that is known already. */
void sysfs_take(struct identity *id, const char **field, int dir, const char *name);

/* The first component of a path that is `word` and a number, "host3" for "host"; with its own
 * suffix, "rport-3:0-1" for "rport-". False: there is none, or it does not fit. */
bool sysfs_component(const char *path, const char *word, unsigned *ret_number,
                     char *ret_component, size_t size);

/* What is particular to a kind of device. path: where the device is in sysfs. */
void scsi_identify(struct identity *id, int sysfs, int dir, const char *path,
                   const char *hcil);
void nvme_identify(struct identity *id, int dir, const char *parent);

#endif

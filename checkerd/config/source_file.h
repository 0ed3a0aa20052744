/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_SOURCE_FILE_H
#define CHECKERD_CONFIG_SOURCE_FILE_H

/* Files and folders of a configuration: opens them, decides whether to believe them, reads them. */
#include <dirent.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "checkerd/config/config.h"

#define REFUSAL_SIZE 256

/* Whoever reads a configuration file only to check it need not own it. */
enum source_trust { SOURCE_TRUST_ROOT, SOURCE_TRUST_ALL };

struct source_file {
	char *text; /* a block of util/block.h; not ended by NUL */
	size_t size;
};

/*
 * Reads a whole file. at_fd, file: as openat() takes them; name: for messages. Opening a name does
 * not hang, whatever the name is, and the checks look at the opened file.
 *
 * 0: the caller calls source_file_deinit(). -ENOENT: there is none, and `why` says so. -ENOMEM.
 * -EPERM, when nobody should believe it, or another error: `why` says what is wrong, and the remedy.
 */
_must_check_ int source_file_read(struct source_file *ret, int at_fd, const char *file,
                                  const char *name, enum source_trust trust,
                                  char why[REFUSAL_SIZE]);
void source_file_deinit(struct source_file *f);

/* Opens a folder; errors are those of source_file_read(). Returns its descriptor. */
_must_check_ int source_dir_open(const char *dir, enum source_trust trust,
                                 char why[REFUSAL_SIZE]);
/*
 * Lists the files of a folder in the byte order of their names, so that the order is the same in
 * every locale. Returns their number, CONFIG_DROPINS_MAX at most; errors are those of
 * source_file_read(), -E2BIG among them.
 */
_must_check_ int source_dir_list(int fd, int (*is_wanted)(const struct dirent *),
                                 struct dirent ***ret, char why[REFUSAL_SIZE]);

/*
 * May a process of user euid believe what a file or directory says? root believes it only when
 * nobody else can change it. False: `why` says what is wrong, and the remedy.
 */
bool source_trusts(const struct stat *st, uid_t euid, const char *name,
                   char why[REFUSAL_SIZE]);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_KEPT_H
#define UTIL_KEPT_H

/*
 * Files that a program leaves to its successor: on tmpfs, for one boot of the host, and for one
 * program at a time. A successor never writes to the file that it found. It makes FILE.new, and puts
 * that in the place of FILE when everything is in it, so a program that is killed leaves one or the
 * other. FILE.lock is locked while a program uses FILE.
 *
 * What is read is untrusted. A file that is not this user's own, or whose header is damaged or of
 * another version, is renamed to FILE.bad. No symbolic link is followed.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/macro.h"

#define KEPT_NAME_MAX 64 /* of FILE without its directory, final NUL included */
#define KEPT_LAYOUTS  4

struct kept_header {
	char magic[8];
	uint32_t version;
	uint32_t bytes; /* of the header: the owner's part begins there */
	/* The kernel's; final NUL included. It also proves that CLOCK_MONOTONIC went on. */
	char boot_id[40];
	uint64_t layout[KEPT_LAYOUTS]; /* sizes and places in the owner's part */
	uint64_t sum;                  /* hash_bytes() of what stands before */
};

/* Where the owner's part begins. */
#define KEPT_BYTES 4096

struct kept {
	char name[KEPT_NAME_MAX];
	char magic[8];
	uint32_t version;
	char boot_id[40];
	int dir_fd, lock_fd; /* -1: not open */
};

#define KEPT_NULL                           \
	{                                   \
		.dir_fd = -1, .lock_fd = -1 \
	}

struct kept_options {
	const char *file;
	const char *magic; /* 8 bytes */
	uint32_t version;
	bool any_file_system; /* not only tmpfs */
	bool unlocked;        /* another file's lock protects this one */
};

/*
 * Opens the directory and takes the lock; does not wait. -ENOENT: there is no such directory.
 * -ENOTUNIQ: others could replace the file. -EXDEV: not on tmpfs. -EAGAIN: another program uses
 * FILE. -EINVAL: the name. *k can be given to kept_deinit() in any case.
 */
_must_check_ int kept_init(struct kept *k, const struct kept_options *o);
void kept_deinit(struct kept *k);

enum kept_found {
	KEPT_FOUND_NONE, /* no file, or one of another boot */
	KEPT_FOUND,
	KEPT_FOUND_DAMAGED, /* FILE is FILE.bad now, as with the next two */
	KEPT_FOUND_FOREIGN, /* another user's, or no regular file */
	KEPT_FOUND_VERSION, /* of a version that is not known here */
};

/* *ret_fd: with KEPT_FOUND, for reading; else -1. -errno: it cannot be read or set aside. */
_must_check_ int kept_find(const struct kept *k, enum kept_found *ret, int *ret_fd,
                           struct kept_header *ret_header);
/* Renames FILE to FILE.bad: what follows the header is damaged. */
_must_check_ int kept_set_aside(const struct kept *k);
/* Makes FILE.new with its header. -errno. */
_must_check_ int kept_create(const struct kept *k, const uint64_t layout[KEPT_LAYOUTS],
                             int *ret_fd);
/* Computes the sum of a header. */
void kept_seal(struct kept_header *h);
/* Puts FILE.new in the place of FILE. -errno. */
_must_check_ int kept_commit(const struct kept *k);

/* --- for the owner's part; not interrupted by signals --- */

/* Reads up to n bytes; returns how many there were, or -errno. */
_must_check_ int64_t kept_read(int fd, void *to, size_t n, uint64_t at);
/* Writes all n bytes. -errno. */
_must_check_ int kept_write(int fd, const void *from, size_t n, uint64_t at);

#endif

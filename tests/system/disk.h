/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_SYSTEM_DISK_H
#define TESTS_SYSTEM_DISK_H

/*
 * The disks of the faulty disk: how each is to behave, and the requests it keeps. One thread
 * owns all of it; a request that hangs is an entry in a list and costs nothing else, so
 * thousands can hang at once.
 */
#define FUSE_USE_VERSION 35
#include <fuse_lowlevel.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define DISK_MAX        8192
#define DISK_NAME_BYTES sizeof("disk0000")
#define DISK_READ_MAX   (1u << 20) /* what FUSE asks for at most */

enum disk_mode {
	DISK_ANSWER, /* zeros, at once */
	DISK_HANG,   /* keeps the read until it is released */
	DISK_FAIL,   /* answers with `error` */
	DISK_SLOW,   /* answers `slow_ms` later */
};

enum held_kind { HELD_READ, HELD_OPEN, HELD_FLUSH };

/* A request that has not been answered yet; in one list of its disk or in the timed one. */
struct held {
	struct held *prev, *next;
	fuse_req_t req;
	enum held_kind kind;
	uint32_t disk;
	int64_t due_ms;  /* of CLOCK_MONOTONIC; 0: until it is released */
	uint64_t offset; /* of a read */
	size_t length;
	struct fuse_file_info file; /* of an open */
};

struct held_list {
	struct held *first, *last;
};

struct disk {
	enum disk_mode mode;
	int error;
	uint32_t slow_ms;
	bool hang_open, hang_close, vanished;
	uint64_t size;
	uint32_t n_held;
	uint64_t reads, opens; /* that arrived, however they ended */
	struct held_list held;
};

struct disks {
	uint32_t n;
	uint64_t full_size; /* of each, when it is not truncated */
	struct disk *disk;
	struct held_list timed;       /* slow answers, the earliest first */
	uint32_t n_held;              /* all disks' */
	struct fuse_session *session; /* borrowed */
};

/* Returns 0, -ENOMEM or -EINVAL (too many). */
int disks_init(struct disks *ds, uint32_t n, uint64_t size);
/* Everything held is answered with EIO first, if there is a session to answer it. */
void disks_deinit(struct disks *ds);

/* The FUSE operations; the session's user data is the struct disks. */
extern const struct fuse_lowlevel_ops disk_ops;

/* Answers the slow ones that are due. Returns milliseconds until the next, -1: there is none. */
int disks_tick(struct disks *ds);

/* Lets go of what a disk keeps: with data, or with a positive errno. */
void disk_release(struct disks *ds, uint32_t index, int error);
/* Tells the kernel to forget what it knows of the file: its size has changed. */
void disk_invalidate(struct disks *ds, uint32_t index);

/*
 * Carries out one command line. `reply` is an open stream for its answer, which ends in "ok"
 * or "error: …". Returns false when the command was "quit".
 */
bool disk_command(struct disks *ds, char *line, FILE *reply);

#endif

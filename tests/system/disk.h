/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_SYSTEM_DISK_H
#define TESTS_SYSTEM_DISK_H

/*
 * The disks of faultydisk: how each disk behaves, and the requests it keeps. One thread
 * owns all of them. A request that hangs is only an entry in a list, so thousands can hang
 * at once.
 */
#define FUSE_USE_VERSION 35
#include <fuse_lowlevel.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define DISK_MAX        8192
#define DISK_NAME_BYTES sizeof("disk0000")
#define DISK_READ_MAX   (1u << 20) /* FUSE's largest read */

enum disk_mode {
	DISK_ANSWER, /* zeros, at once */
	DISK_HANG,   /* keeps the read until it is released */
	DISK_FAIL,   /* answers with `error` */
	DISK_SLOW,   /* answers `slow_ms` later */
};

enum held_kind { HELD_READ, HELD_OPEN, HELD_FLUSH };

/* A request without an answer; in a list of its disk or in the timed list. */
struct held {
	struct held *prev, *next;
	fuse_req_t req;
	enum held_kind kind;
	uint32_t disk;
	/* On CLOCK_MONOTONIC; 0: until it is released. */
	int64_t due_ms;
	/* Of a read. */
	uint64_t offset;
	size_t length;
	/* Of an open. */
	struct fuse_file_info file;
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
	/* All that arrived, whatever their result. */
	uint64_t reads, opens;
	struct held_list held;
};

struct disks {
	uint32_t n;
	/* The size of each disk that is not truncated. */
	uint64_t full_size;
	struct disk *disk;
	/* Slow answers, the earliest first. */
	struct held_list timed;
	/* Of all disks. */
	uint32_t n_held;
	/* Borrowed. */
	struct fuse_session *session;
};

/* Returns 0, -ENOMEM, or -EINVAL (too many). */
int disks_init(struct disks *ds, uint32_t n, uint64_t size);
/* If there is a session, answers all kept requests with EIO first. */
void disks_deinit(struct disks *ds);

/* The FUSE operations; the session's user data is the struct disks. */
extern const struct fuse_lowlevel_ops disk_ops;

/*
 * Gives the slow answers that are due. Returns milliseconds until the next one; -1: none.
 */
int disks_tick(struct disks *ds);

/* Answers the requests that a disk keeps: with data, or with a positive errno. */
void disk_release(struct disks *ds, uint32_t index, int error);
/* Tells the kernel to drop its attributes of the file, because its size has changed. */
void disk_invalidate(struct disks *ds, uint32_t index);

/*
 * Carries out one command line. `reply` is an open stream for its answer, which ends in "ok"
 * or "error: …". Returns false when the command was "quit".
 */
bool disk_command(struct disks *ds, char *line, FILE *reply);

#endif

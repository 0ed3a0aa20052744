/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_BENCH_SUBJECT_H
#define TESTS_BENCH_SUBJECT_H

/*
 * The interface of what the bench measures: a reader of a list of devices, round by round.
 * Each subject is a process of its own (subject.c), so that its cost is separate. One
 * thread; a failure of the bench itself ends the process with a message.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/macro.h"

struct devices {
	char **names;
	uint32_t n;
	uint32_t block; /* bytes of a read */
};

/* The results of a round. If a read fails, the figures of the round are worthless. */
struct round {
	uint64_t checks;
	/* Reads that did not return a whole block. */
	uint64_t failed;
	/* Checks that did not go the way that is measured: io_submit, or /dev/sgN. */
	uint64_t other_way;
};

struct subject {
	const char *name;
	/* Opens and sets up everything. */
	void (*start)(const struct devices *d);
	/* Adds to the counts. */
	void (*round)(struct round *ret);
	void (*stop)(void);
	/* The process that works for the subject; 0: none; NULL: never. */
	pid_t (*helper)(void);
};

extern const struct subject subject_floor, subject_paced, subject_threads,
        subject_process, subject_opened_each, subject_thread_each, subject_context_each,
        subject_sg_floor, subject_tur_threads, subject_tur_process, subject_nvme_threads,
        subject_nvme_process;

/* Ends the process: the bench cannot go on. */
void bench_fail(const char *what, int error) __attribute__((__noreturn__));
void *bench_alloc(size_t n, size_t size);
int bench_open(const char *name);
void *bench_buffer(void);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_BENCH_SUBJECT_H
#define TESTS_BENCH_SUBJECT_H

/*
 * What the bench measures: something that reads a list of devices, round by round. Each is a
 * process of its own (subject.c), so that what it costs can be told from what others cost.
 * One thread; a failure of the bench itself ends the process with a message.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/macro.h"

struct devices {
	char **names;
	uint32_t n;
	uint32_t block; /* bytes a read has */
};

/* What a round found; a bench whose reads do not all succeed has measured something else. */
struct round {
	uint64_t checks;
	uint64_t failed;    /* anything but a whole block */
	uint64_t other_way; /* not by way of io_submit */
};

struct subject {
	const char *name;
	void (*start)(const struct devices *d); /* everything open and set up */
	void (*round)(struct round *ret);       /* adds to it */
	void (*stop)(void);
	pid_t (*helper)(void); /* a process that works for it, 0: none; NULL: never */
};

extern const struct subject subject_floor, subject_paced, subject_threads,
        subject_process, subject_opened_each, subject_thread_each, subject_context_each;

/* The bench cannot go on. */
void bench_fail(const char *what, int error) __attribute__((__noreturn__));
void *bench_alloc(size_t n, size_t size);
int bench_open(const char *name);
void *bench_buffer(void);

#endif

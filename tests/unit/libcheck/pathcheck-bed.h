/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_UNIT_LIBCHECK_PATHCHECK_BED_H
#define TESTS_UNIT_LIBCHECK_PATHCHECK_BED_H

/*
 * A directory of files that stand for disks, and an engine on them by its public interface.
 * Nothing sleeps: what is waited for comes by the engine's descriptor, within a limit that is
 * there only so that a broken engine fails the test and does not hang it.
 */
#include <stdbool.h>
#include <stdint.h>

#include "libcheck/pathcheck.h"

#define BED_LIMIT_MS   60000
#define BED_TIMEOUT_US UINT64_C(30000000) /* of checks that are to be answered */
#define BED_FILE_BYTES 8192

struct bed {
	struct pathcheck *pc;
	enum pathcheck_mode mode;
	char dir[PATHCHECK_DEVICE_MAX - 64];
};

/* cmocka's: state is a struct bed without an engine. */
int bed_setup_threads(void **state);
int bed_setup_process(void **state);
int bed_teardown(void **state); /* frees the engine too */

/* Options of the bed's mode with the helper program of this build. */
struct pathcheck_options bed_options(const struct bed *b, uint32_t max_paths);
void bed_start(struct bed *b, uint32_t max_paths);
/* Ends the engine; PROCESS: collects its children. */
void bed_end(struct bed *b);

/* The file's whole name, in memory that the next but seven calls use again. */
const char *bed_name(const struct bed *b, unsigned number);
/* Makes the file, or changes its length. */
void bed_file(const struct bed *b, unsigned number, int bytes);
void bed_remove(const struct bed *b, unsigned number);

/* Adds file number with that cookie. */
uint32_t bed_add(struct bed *b, unsigned number, uint64_t cookie);
/* One check from asking to its final result. */
struct pathcheck_result bed_check(struct bed *b, uint32_t id);
/*
 * Returns the next result except DEFERRED, which may come at any time on a busy machine.
 * tend: calls pathcheck_tend() meanwhile.
 */
struct pathcheck_result bed_next(struct bed *b, bool tend);
/* The engine's descriptor becomes readable. */
void bed_wait(struct bed *b);
struct pathcheck_stats bed_stats(struct bed *b);
/* Descriptors this process has open. */
unsigned bed_descriptors(void);

#endif

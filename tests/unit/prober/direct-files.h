/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_UNIT_PROBER_DIRECT_FILES_H
#define TESTS_UNIT_PROBER_DIRECT_FILES_H

/* Files that can be read with O_DIRECT, in a directory of the test's own. */
#include <stddef.h>
#include <stdint.h>

#define FILE_NAME_MAX 200

/* Makes the directory: here, or where direct reads work. Once a program. */
void files_begin(void);
void files_end(void); /* removes the files and their folder */

/* The absolute name of a file in it. */
void files_name(char name[FILE_NAME_MAX], const char *file);
void files_make(const char *file, size_t bytes);
void files_link(const char *file, const char *to); /* a further name of one */
void files_unlink(const char *file);
/* Descriptors the process has open. */
unsigned files_open(void);
/* As many descriptors as the process may have: returns how many these are. */
uint64_t files_no_limit(void);

#endif

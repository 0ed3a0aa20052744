/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_FOLD_H
#define CHECKERCTL_FOLD_H

/* Lines that fit the terminal. */
#include <stddef.h>

/* Columns of the terminal; 0: stdout is none, so that lines are not wrapped. */
size_t fold_columns(void);
/*
 * Prints a line, safe for a terminal, with a new line before each word that does not fit. Further lines
 * begin with `indent` blanks. columns: of fold_columns(). used: columns that the line has already.
 */
void fold_print(const char *line, size_t used, size_t indent, size_t columns);

#endif

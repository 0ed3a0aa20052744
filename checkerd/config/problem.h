/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_PROBLEM_H
#define CHECKERD_CONFIG_PROBLEM_H

/*
 * The list of errors, warnings and notes, each with its position in a file. At most
 * CONFIG_PROBLEMS_MAX of each kind are kept; all are counted.
 */
#include <stdio.h>

#include "checkerd/config/config.h"

#define PROBLEM_QUOTE_SIZE 80

struct position {
	const char *file;      /* borrowed */
	unsigned line, column; /* from 1; 0: the file as a whole */
};

struct problems {
	struct problem *list;
	size_t n;
	size_t errors, warnings, notes; /* found, kept or not */
	bool oom; /* memory was short: later problems are not recorded */
	/* The text is multipathd's, and no error of it refuses the configuration: errors become
	 * warnings that the thing is passed over. */
	bool lenient;
};

/* Record one problem. The message is one line, "THING: REMEDY". */
void problem_error(struct problems *p, const struct position *at, const char *format, ...)
        _printf_(3, 4);
void problem_warning(struct problems *p, const struct position *at, const char *format,
                     ...) _printf_(3, 4);
/* A warning about what has no effect on checkerd. */
void problem_note(struct problems *p, const struct position *at, const char *format, ...)
        _printf_(3, 4);
/*
 * Sorts the problems of each file by line, and adds one that counts the errors that were not
 * kept. To be called once, after the last problem.
 */
void problems_close(struct problems *p);
void problems_deinit(struct problem *list, size_t n);
/* Writes one line a problem: "FILE:LINE:COLUMN: error: …" or "FILE:LINE:COLUMN: warning: …". */
void problems_print(const struct config *c, FILE *out);
/* The same for a log: one line for all notes together, which says how to list them. */
void problems_print_brief(const struct config *c, FILE *out);

/* text for a message: in quotes, shortened, with control characters escaped. */
const char *problem_quote(char buf[PROBLEM_QUOTE_SIZE], const char *text);
/* The same, with quotes only if the text has blanks or other special characters. */
const char *problem_word(char buf[PROBLEM_QUOTE_SIZE], const char *text);

/* Returns the array (a block of util/block.h, or NULL) with room for one more than n items.
 * NULL: no memory, and the array is unchanged. */
_must_check_ void *array_room(void *array, size_t n, size_t item_size);

#endif

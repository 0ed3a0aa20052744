/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_PROBLEM_H
#define CHECKERD_CONFIG_PROBLEM_H

/*
 * Where in which file, and the list of what is wrong there. What was found is counted
 * without limit and kept up to CONFIG_PROBLEMS_MAX of each kind.
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
	size_t errors, warnings; /* found, kept or not */
	bool oom;                /* sticky: what follows is not recorded */
};

/* One line; "a: b" where a names the thing and b the remedy. */
void problem_error(struct problems *p, const struct position *at, const char *format, ...)
        _printf_(3, 4);
void problem_warning(struct problems *p, const struct position *at, const char *format,
                     ...) _printf_(3, 4);
/*
 * Puts the problems of a file in the order of their lines, and adds one that counts the
 * errors that were not kept. To be called once, last.
 */
void problems_close(struct problems *p);
void problems_deinit(struct problem *list, size_t n);
/* Writes one line a problem: "FILE:LINE:COLUMN: error: …" or "FILE:LINE:COLUMN: warning: …". */
void problems_print(const struct config *c, FILE *out);

/* text for a message: in quotes, shortened, with nothing that a terminal would obey. */
const char *problem_quote(char buf[PROBLEM_QUOTE_SIZE], const char *text);
/* The same with quotes only where they are needed to see where it begins and ends. */
const char *problem_word(char buf[PROBLEM_QUOTE_SIZE], const char *text);

/* array, a block (util/block.h) or NULL, with room for one more than n items; NULL: no memory, and
 * it is as it was. */
_must_check_ void *array_room(void *array, size_t n, size_t item_size);

#endif

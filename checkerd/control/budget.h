/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_BUDGET_H
#define CHECKERD_CONTROL_BUDGET_H

/*
 * Memory that clients borrow from the server beside their own: for long requests, and for tables
 * of paths. All clients together have a limit, and those that are not root have a lower one. The
 * control thread's own.
 */
#include <stdbool.h>
#include <stddef.h>

struct budget {
	size_t borrowed,
	        borrowed_others; /* bytes: by all, and by those that are not root */
};

struct borrower {
	bool privileged;
	size_t borrowed; /* bytes */
};

/* NULL: a limit is reached, or there is no memory. size may be 0. */
void *budget_borrow(struct budget *b, struct borrower *who, size_t size);
/* p: NULL allowed. */
void budget_return(struct budget *b, struct borrower *who, void *p, size_t size);

#endif

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
	size_t passed;           /* of borrowed: see budget_pass() */
};

struct borrower {
	bool privileged;
	size_t borrowed; /* bytes */
};

/* NULL: a limit is reached, or there is no memory. size may be 0. */
void *budget_borrow(struct budget *b, struct borrower *who, size_t size);
/* p: NULL allowed. */
void budget_return(struct budget *b, struct borrower *who, void *p, size_t size);
/* The borrower ends while the main loop still has the memory. who: is root. */
void budget_pass(struct budget *b, struct borrower *who, size_t size);
/* The main loop has given back what was passed, and the caller has freed it. */
void budget_return_passed(struct budget *b, size_t size);

#endif

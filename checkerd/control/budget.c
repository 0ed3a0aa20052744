/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the count of the bytes that clients have borrowed. The control thread runs it. */
#include "checkerd/control/budget.h"

#include "checkerd/control/control_limits.h"
#include "util/block.h"

/* size: of either sign, modulo SIZE_MAX + 1 */
static void account(struct budget *b, struct borrower *who, size_t size)
{
	who->borrowed += size;
	b->borrowed += size;
	if (!who->privileged)
		b->borrowed_others += size;
}

void *budget_borrow(struct budget *b, struct borrower *who, size_t size)
{
	void *p;

	if (size > BORROWED_MAX - b->borrowed ||
	    (!who->privileged && size > BORROWED_MAX_OTHERS - b->borrowed_others))
		return NULL;
	p = block_new(1, size);
	if (p == NULL)
		return NULL;
	account(b, who, size);
	return p;
}

void budget_return(struct budget *b, struct borrower *who, void *p, size_t size)
{
	if (p == NULL)
		return;
	block_free(p);
	assert(who->borrowed >= size && b->borrowed >= size);
	account(b, who, -size);
}

void budget_pass(struct budget *b, struct borrower *who, size_t size)
{
	assert(who->privileged && who->borrowed >= size);
	who->borrowed -= size;
	b->passed += size;
}

void budget_return_passed(struct budget *b, size_t size)
{
	assert(b->passed >= size && b->borrowed >= size);
	b->passed -= size;
	b->borrowed -= size;
}

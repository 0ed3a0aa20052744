/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the table of requests without a reply. The control thread runs it. */
#include "checkerd/control/pending.h"

#include <errno.h>
#include <stdlib.h>

int pending_init(struct pending_table *t, uint32_t n)
{
	*t = (struct pending_table){ .all = calloc(n, sizeof(*t->all)),
		                     .n = n,
		                     .n_free = n };
	if (t->all == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		t->all[i].next_free = i + 1;
	return 0;
}

void pending_deinit(struct pending_table *t)
{
	free(t->all);
	t->all = NULL;
}

bool pending_take(struct pending_table *t, struct call *call, uint32_t target,
                  uint32_t spare, uint64_t *ret_token)
{
	uint32_t i = t->first_free;
	struct pending *p;

	if (t->n_free <= spare)
		return false;
	p = &t->all[i];
	t->first_free = p->next_free;
	t->n_free--;
	p->call = call;
	p->target = target;
	p->serial++;
	*ret_token = (uint64_t)p->serial << 32 | i;
	return true;
}

void pending_return(struct pending_table *t, uint64_t token)
{
	uint32_t i = (uint32_t)token;

	assert(i < t->n && t->all[i].serial == token >> 32);
	t->all[i].call = NULL;
	t->all[i].next_free = t->first_free;
	t->first_free = i;
	t->n_free++;
}

struct call *pending_answered(struct pending_table *t, uint64_t token,
                              uint32_t *ret_target)
{
	const struct pending *p = &t->all[(uint32_t)token];
	struct call *call;

	assert((uint32_t)token < t->n);
	call = p->call;
	*ret_target = p->target;
	pending_return(t, token);
	return call;
}

void pending_forget(struct pending_table *t, const struct call *call, uint32_t n)
{
	for (uint32_t i = 0; n > 0; i++)
		if (t->all[i].call == call) {
			t->all[i].call = NULL;
			n--;
		}
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of slots. A list belongs to the thread that made it, or that holds its lock. */
#include "libcheck/prober/slot.h"

void slot_list_init(struct slot_list *l)
{
	l->head = NULL;
	l->tail = &l->head;
}

void slot_list_append(struct slot_list *l, struct slot *s)
{
	s->next = NULL;
	*l->tail = s;
	l->tail = &s->next;
}

struct slot *slot_list_take(struct slot_list *l)
{
	struct slot *s = l->head;

	if (s == NULL)
		return NULL;
	l->head = s->next;
	if (l->head == NULL)
		l->tail = &l->head;
	s->next = NULL;
	return s;
}

bool slot_list_empty(const struct slot_list *l)
{
	return l->head == NULL;
}

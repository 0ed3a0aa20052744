/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the bytes of a body, until its last user has gone. Any thread. */
#include "exporter/body.h"

#include <stdlib.h>

struct body *body_new(unsigned status, char *data, size_t size)
{
	struct body *b = malloc(sizeof(*b));

	if (b == NULL) {
		free(data);
		return NULL;
	}
	*b = (struct body){ .users = 1, .status = status, .size = size, .data = data };
	return b;
}

struct body *body_ref(struct body *b)
{
	(void)atomic_fetch_add(&b->users, 1); /* its old value is of no use */
	return b;
}

struct body *body_unref(struct body *b)
{
	if (b != NULL && atomic_fetch_sub(&b->users, 1) == 1) {
		free(b->data);
		free(b);
	}
	return NULL;
}

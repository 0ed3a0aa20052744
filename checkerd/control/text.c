/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkerd/control/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int text_new(struct text **ret, const char *data, size_t size)
{
	struct text *t = malloc(sizeof(*t) + size + 1);

	if (!t)
		return -ENOMEM;
	atomic_init(&t->refs, 1);
	t->size = size;
	if (size > 0)
		memcpy(t->data, data, size);
	t->data[size] = '\0';
	*ret = t;
	return 0;
}

struct text *text_ref(struct text *t)
{
	if (t)
		atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
	return t;
}

struct text *text_unref(struct text *t)
{
	uint32_t refs;

	if (!t)
		return NULL;
	/* Released by all, acquired by the last: it frees what the others have finished with. */
	refs = atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel);
	assert(refs > 0);
	if (refs == 1)
		free(t);
	return NULL;
}

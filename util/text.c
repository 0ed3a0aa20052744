/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing: a text belongs to the holders of its references. Any thread. */
#include "util/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/pages.h"

static void fill(struct text *t, char *to, const char *data, size_t size)
{
	*t = (struct text){ .size = size, .data = to };
	atomic_init(&t->refs, 1);
	if (size > 0)
		memcpy(to, data, size);
	to[size] = '\0';
}

int text_new(struct text **ret, const char *data, size_t size)
{
	struct text *t = malloc(sizeof(*t) + size + 1);

	if (!t)
		return -ENOMEM;
	fill(t, (char *)(t + 1), data, size);
	*ret = t;
	return 0;
}

int text_new_unlocked(struct text **ret, const char *data, size_t size)
{
	struct text *t = malloc(sizeof(*t));
	char *pages = pages_new_unlocked(size + 1);

	if (!t || !pages) {
		pages_free(pages, size + 1);
		free(t);
		return -ENOMEM;
	}
	fill(t, pages, data, size);
	t->unlocked = true;
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
	if (refs > 1)
		return NULL;
	if (t->unlocked)
		pages_free(t->data, t->size + 1);
	free(t);
	return NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns: the configuration, until the last reference is dropped. Any thread. */
#include "checkerd/config/config_ref.h"

#include <errno.h>
#include <stdlib.h>

int config_ref_new(struct config_ref **ret, struct config *c, uint64_t generation)
{
	struct config_ref *ref = malloc(sizeof(*ref));

	if (ref == NULL) {
		config_free(c);
		return -ENOMEM;
	}
	atomic_init(&ref->refs, 1);
	ref->generation = generation;
	ref->config = c;
	*ret = ref;
	return 0;
}

struct config_ref *config_ref_get(struct config_ref *ref)
{
	atomic_fetch_add_explicit(&ref->refs, 1, memory_order_relaxed);
	return ref;
}

struct config_ref *config_ref_put(struct config_ref *ref)
{
	if (ref != NULL &&
	    atomic_fetch_sub_explicit(&ref->refs, 1, memory_order_acq_rel) == 1) {
		config_free(ref->config);
		free(ref);
	}
	return NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the count of allocations where there must be none. Any thread. */
#include "util/seal.h"

#include <stdatomic.h>

static _Thread_local bool sealed;
static _Atomic uint64_t broken; /* [atomic any] */

void seal_begin(void)
{
	sealed = true;
}

void seal_end(void)
{
	sealed = false;
}

void seal_note(void)
{
	if (sealed)
		atomic_fetch_add_explicit(&broken, 1, memory_order_relaxed);
}

uint64_t seal_broken(void)
{
	return atomic_load_explicit(&broken, memory_order_relaxed);
}

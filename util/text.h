/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_TEXT_H
#define UTIL_TEXT_H

/*
 * A text that is made once and then only read: counted references, so that every snapshot and
 * every reply on its way can hold the same one. Any thread.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/macro.h"

struct text {
	_Atomic uint32_t refs; /* [atomic any→any] */
	bool unlocked;         /* [init] */
	size_t size;           /* [init] without the final NUL */
	char *data; /* [init] ends in NUL; behind this, unless it is not locked */
};

/* One reference; size bytes are copied. -ENOMEM. */
_must_check_ int text_new(struct text **ret, const char *data, size_t size);
/* The same, but not locked in memory: for long ones that the loop only hands on, and may drop,
 * which it does without looking at the data. */
_must_check_ int text_new_unlocked(struct text **ret, const char *data, size_t size);
struct text *text_ref(struct text *t);   /* NULL allowed */
struct text *text_unref(struct text *t); /* NULL allowed; returns NULL */

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXPORTER_BODY_H
#define EXPORTER_BODY_H

/* The body of an HTTP response: bytes that several responses share. Any thread. */
#include <stdatomic.h>
#include <stddef.h>

#include "util/macro.h"

struct body {
	atomic_uint users;
	unsigned status; /* of HTTP */
	size_t size;
	char *data; /* owned, from malloc() */
};

/* Takes data over. NULL: no memory; data is freed then, too. */
struct body *body_new(unsigned status, char *data, size_t size);
struct body *body_ref(struct body *b);
struct body *body_unref(struct body *b); /* NULL allowed; returns NULL */

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_ANSWERS_BATCH_H
#define CHECKERD_ANSWERS_BATCH_H

/*
 * Requests that change paths: all paths of a batch at once, or none. The loop only. Whether a map
 * would lose its last usable path is decided in the same round that changes the paths.
 */
#include "checkerd/answers/waits.h"
#include "checkerd/paths/dm.h"

struct batch_parts {
	/* Borrowed, as are all. */
	struct checks *checks;
	struct events *events;
	struct waits *waits;
	struct dm *dm;
};

/* r->batch is not NULL. Writes into its items. Returns 0, or the positive errno of the refusal;
 * then nothing has changed. */
int batch_serve(const struct batch_parts *b, const struct port_request *r,
                struct mono now);
/* PORT_RELEASE without a batch: every path. */
void batch_release_all(const struct batch_parts *b, const struct port_request *r);

#endif

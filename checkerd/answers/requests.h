/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_ANSWERS_REQUESTS_H
#define CHECKERD_ANSWERS_REQUESTS_H

/*
 * Does what the control thread asks for. The loop only.
 */
#include "checkerd/paths/checks.h"
#include "checkerd/paths/dm.h"
#include "checkerd/answers/reload.h"
#include "checkerd/answers/snapshot_fill.h"
#include "checkerd/answers/waits.h"

/* Requests at one go. */
#define REQUESTS_SLICE 256

struct requests {
	struct port *port; /* borrowed, as are all */
	struct waits *waits;
	struct checks *checks;
	struct events *events;
	struct reload *reload;
	struct snapshot_fill *snapshots;
	struct dm *dm;
};

/* Takes requests, a slice at most. True: there may be more. */
bool requests_take(struct requests *q, struct mono now);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DAEMON_REQUESTS_H
#define CHECKERD_DAEMON_REQUESTS_H

/*
 * Does what the control thread asks for. The loop only.
 */
#include "checkerd/daemon/checks.h"
#include "checkerd/daemon/dm.h"
#include "checkerd/daemon/reload.h"
#include "checkerd/daemon/snapshot_fill.h"

/* Requests at one go. */
#define REQUESTS_SLICE 256

struct requests {
	struct port *port; /* borrowed, as are all */
	struct checks *checks;
	struct events *events;
	struct reload *reload;
	struct snapshot_fill *snapshots;
	struct dm *dm;
};

/* Takes requests, a slice at most. True: there may be more. */
bool requests_take(struct requests *q, struct mono now);

#endif

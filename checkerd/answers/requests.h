/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_ANSWERS_REQUESTS_H
#define CHECKERD_ANSWERS_REQUESTS_H

/*
 * Serves the requests of the control thread. The loop only.
 */
#include "checkerd/paths/checks.h"
#include "checkerd/paths/dm.h"
#include "checkerd/answers/reload.h"
#include "checkerd/answers/records_wait.h"
#include "checkerd/answers/snapshot_fill.h"
#include "checkerd/answers/timers_wait.h"
#include "checkerd/answers/waits.h"

/* Requests served in one round of the loop. */
#define REQUESTS_SLICE 256

struct requests {
	/* Borrowed, as are all. */
	struct port *port;
	struct waits *waits;
	struct records_wait *records;
	struct checks *checks;
	struct events *events;
	struct reload *reload;
	struct snapshot_fill *snapshots;
	struct dm *dm;
	struct timers_wait *timers;
	struct discovery *discovery;
};

/* Serves at most REQUESTS_SLICE requests. True: there may be more. */
bool requests_serve(struct requests *q, struct mono now);
/* Replies with the explanations that discovery has filled in. */
void requests_reply_explanations(struct requests *q);

#endif

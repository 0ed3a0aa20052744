/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_ANSWERS_SNAPSHOT_FILL_H
#define CHECKERD_ANSWERS_SNAPSHOT_FILL_H

/*
 * Fills the snapshots the control thread answers from, a slice a round of the loop, so that
 * ten thousand paths hold up nobody. The loop only.
 */
#include "checkerd/paths/checks.h"
#include "checkerd/paths/dm.h"
#include "checkerd/manager/aio_quota.h"
#include "checkerd/paths/overdue_watch.h"
#include "checkerd/manager/privileges.h"
#include "checkerd/manager/ready.h"
#include "checkerd/answers/reload.h"

#define SNAPSHOT_SLICE 1024

struct snapshot_fill_parts {
	struct port *port;
	struct checks *checks;
	struct dm *dm;
	const struct ready *ready;
	const struct aio_quota *aio_quota;
	const struct warnings *warnings;
	const struct reload *reload;
	uint64_t bound_bytes;
};

struct snapshot_fill {
	struct port *port; /* borrowed, as are the next six */
	struct checks *checks;
	struct dm *dm;
	const struct ready *ready;
	const struct aio_quota *aio_quota;
	const struct warnings *warnings;
	const struct reload *reload;
	struct text *memory; /* a reference */
	uint64_t bound_bytes;
	int64_t started_realtime_us;
	int status_fd;                /* /proc/self/status, -1: not to be had */
	struct snapshot *filling;     /* NULL: none */
	struct overdue_engine engine; /* as of when it was begun */
	struct overdue_tally overdue; /* so far */
	uint32_t next;                /* index of a path to go on with … */
	uint32_t next_map;            /* … and of a map, when all paths are in */
	bool wanted;                  /* asked for and not begun yet */
};

/* snapshot_fill_deinit() may be called on it. */
#define SNAPSHOT_FILL_NULL      \
	{                       \
		.status_fd = -1 \
	}

/* memory: a reference, taken over. */
void snapshot_fill_init(struct snapshot_fill *f, const struct snapshot_fill_parts *parts,
                        struct text *memory);
void snapshot_fill_deinit(struct snapshot_fill *f);
void snapshot_fill_ask(struct snapshot_fill *f);
/* True: there is something to be done by snapshot_fill_run(). */
bool snapshot_fill_wanted(const struct snapshot_fill *f);
void snapshot_fill_run(struct snapshot_fill *f);

#endif

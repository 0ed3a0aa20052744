/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_ANSWERS_SNAPSHOT_FILL_H
#define CHECKERD_ANSWERS_SNAPSHOT_FILL_H

/*
 * Fills the snapshots from which the control thread answers. Each round of the loop fills one
 * slice, so ten thousand paths do not delay the loop. The loop only.
 */
#include "checkerd/paths/checks.h"
#include "checkerd/paths/dm.h"
#include "checkerd/paths/purge.h"
#include "checkerd/paths/windows.h"
#include "checkerd/manager/aio_quota.h"
#include "checkerd/paths/overdue_watch.h"
#include "checkerd/manager/privileges.h"
#include "checkerd/manager/ready.h"
#include "checkerd/answers/reload.h"

/* Paths or maps of one round. */
#define SNAPSHOT_SLICE 1024

struct snapshot_fill_parts {
	struct port *port;
	struct checks *checks;
	struct dm *dm;
	const struct purge *purge;
	const struct ready *ready;
	const struct aio_quota *aio_quota;
	const struct warnings *warnings;
	const struct reload *reload;
	const struct inventory *inventory;
	const struct windows *windows;
	uint64_t bound_bytes;
};

struct snapshot_fill {
	/* Borrowed, as are the next nine. */
	struct port *port;
	struct checks *checks;
	struct dm *dm;
	const struct purge *purge;
	const struct ready *ready;
	const struct aio_quota *aio_quota;
	const struct warnings *warnings;
	const struct reload *reload;
	const struct inventory *inventory;
	const struct windows *windows;
	/* A reference. */
	struct text *memory;
	uint64_t bound_bytes;
	int64_t started_realtime_us;
	/* /proc/self/status; -1: it could not be opened. */
	int status_fd;
	/* NULL: none. */
	struct snapshot *filling;
	/* As it was when `filling` was begun. */
	struct overdue_engine engine;
	/* The overdue paths in `filling`. */
	struct overdue_tally overdue;
	/* The next path, and after all paths the next map. */
	uint32_t next, next_map;
	/* A snapshot was requested and is not begun yet. */
	bool wanted;
};

/* snapshot_fill_deinit() may be called on it. */
#define SNAPSHOT_FILL_NULL      \
	{                       \
		.status_fd = -1 \
	}

/* Takes over the reference to memory. */
void snapshot_fill_init(struct snapshot_fill *f, const struct snapshot_fill_parts *parts,
                        struct text *memory);
void snapshot_fill_deinit(struct snapshot_fill *f);
void snapshot_fill_request(struct snapshot_fill *f);
/* True: snapshot_fill_run() has something to do. */
bool snapshot_fill_wanted(const struct snapshot_fill *f);
/* Fills one slice, and publishes the snapshot when it is complete. */
void snapshot_fill_run(struct snapshot_fill *f);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_LOOP_DAEMON_H
#define CHECKERD_LOOP_DAEMON_H

/*
 * Owns every part of the running daemon, and nothing else: who needs whom is decided in
 * daemon_init(), what happens when is decided in sources.c, and what it means in the parts.
 * The loop's thread only.
 */
#include "checkerd/control/control.h"
#include "checkerd/paths/checks.h"
#include "checkerd/paths/dm.h"
#include "checkerd/manager/aio_quota.h"
#include "checkerd/paths/inventory.h"
#include "checkerd/config/loader.h"
#include "checkerd/manager/notify.h"
#include "checkerd/loop/options.h"
#include "checkerd/paths/overdue_watch.h"
#include "checkerd/manager/privileges.h"
#include "checkerd/manager/ready.h"
#include "checkerd/answers/reload.h"
#include "checkerd/answers/requests.h"
#include "checkerd/answers/snapshot_fill.h"
#include "checkerd/answers/waits.h"
#include "checkerd/manager/watchdog.h"

struct daemon {
	struct warnings warnings;
	struct notify notify;
	struct watchdog watchdog;
	int64_t watchdog_limit_us; /* as of watchdog_limit() */
	struct log *log;
	struct port *port;
	struct waits waits;
	struct control *control;
	struct discovery *discovery;
	struct devmapper *devmapper;
	struct loader *loader;
	struct maps *maps;
	struct events events;
	struct checks checks;
	struct overdue_watch overdue;
	struct inventory inventory;
	struct dm dm;
	struct reload reload;
	struct ready ready;
	struct aio_quota aio_quota;
	struct snapshot_fill snapshots;
	struct requests requests;
};

/*
 * Starts everything but the loop. `first`: the configuration, taken over. On failure it has
 * said on stderr what is wrong, and daemon_deinit() is still to be called. -errno.
 */
_must_check_ int daemon_init(struct daemon *d, const struct options *o,
                             struct loaded *first);

/* Stops everything. False: a thread hangs and was left behind: the caller has to _exit(). */
bool daemon_deinit(struct daemon *d);

/* When there is something to do that nothing but time brings about. */
struct mono daemon_next_chore(const struct daemon *d);
/* Does it. */
void daemon_run_chores(struct daemon *d, struct mono now);
/* At the end of each round of the loop: hands over, tells, counts. */
void daemon_complete_round(struct daemon *d, struct mono now);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_LOOP_DAEMON_H
#define CHECKERD_LOOP_DAEMON_H

/*
 * Every part of the running daemon. daemon_init() decides which part needs which, sources.c decides
 * what runs when, and the parts do the work. The loop's thread only.
 */
#include "checkerd/control/control.h"
#include "checkerd/paths/checks.h"
#include "checkerd/paths/dm.h"
#include "checkerd/paths/purge.h"
#include "checkerd/manager/aio_quota.h"
#include "checkerd/paths/inventory.h"
#include "checkerd/config/loader.h"
#include "checkerd/manager/notify.h"
#include "checkerd/loop/options.h"
#include "checkerd/paths/outage.h"
#include "checkerd/paths/overdue_watch.h"
#include "checkerd/manager/privileges.h"
#include "checkerd/manager/ready.h"
#include "checkerd/answers/records_wait.h"
#include "checkerd/answers/reload.h"
#include "checkerd/answers/requests.h"
#include "checkerd/answers/snapshot_fill.h"
#include "checkerd/answers/timers_wait.h"
#include "checkerd/answers/waits.h"
#include "checkerd/manager/clock_watch.h"
#include "checkerd/manager/watchdog.h"
#include "checkerd/store/store.h"
#include "checkerd/paths/windows.h"

struct daemon {
	struct warnings warnings;
	struct notify notify;
	struct watchdog watchdog;
	int64_t watchdog_limit_us; /* as of watchdog_limit() */
	struct log *log;
	struct port *port;
	struct room room; /* of the tables of paths and maps */
	struct waits waits;
	struct records_wait records;
	struct control *control;
	struct discovery *discovery;
	struct devmapper *devmapper;
	struct loader *loader;
	struct maps *maps;
	struct events events;
	struct checks checks;
	struct overdue_watch overdue;
	struct outage outage;
	struct windows windows;
	int clock_fd; /* of clock_watch_new(); negative: there is none */
	struct inventory inventory;
	struct dm dm;
	struct store *store;
	/* Positive errno of a write that was reported. */
	int store_error;
	struct purger *purger;
	struct purge purge;
	struct reload reload;
	struct ready ready;
	struct aio_quota aio_quota;
	struct snapshot_fill snapshots;
	struct timers_wait timers;
	struct requests requests;
};

/*
 * Starts everything but the loop. `first`: the configuration, taken over. -errno: there is a message
 * on stderr, and daemon_deinit() must still be called.
 */
_must_check_ int daemon_init(struct daemon *d, const struct options *o,
                             struct loaded *first);

/* Stops everything. False: a thread hangs and was left behind: the caller must _exit(). */
bool daemon_deinit(struct daemon *d);

/* When daemon_run_chores() is needed next. */
struct mono daemon_next_chore(const struct daemon *d);
/* Does what is due because of time alone, except checks. */
void daemon_run_chores(struct daemon *d, struct mono now);
/* To be called at the end of each round of the loop: hands commands over, reports, counts. */
void daemon_complete_round(struct daemon *d, struct mono now);

#endif

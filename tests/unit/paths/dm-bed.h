/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_UNIT_PATHS_DM_BED_H
#define TESTS_UNIT_PATHS_DM_BED_H

/* A fake device-mapper thread, control port, log and checks. To be included after unit.h. */
#include "checkerd/paths/dm.h"

#define PATHS 1024
#define SEC   USEC_PER_SEC

struct devmapper {
	/* Notifications of the test, and how many of them were taken. */
	struct dm_record news[2 * PATHS];
	unsigned n_news, taken;
	/* Commands that were sent, and how many more are accepted. */
	struct dm_command commands[2 * PATHS];
	unsigned n_commands, room;
	/* Number of calls. */
	unsigned looks, again;
};

struct port {
	unsigned events;
};

struct log {
	unsigned events;
};

extern struct devmapper thread;
extern struct port port;
extern struct log log_thread;
/* The first events, and their number. */
extern struct event reported[64];
extern unsigned n_reported;
/* The path whose check was expedited last, and how often. */
extern uint32_t expedited;
extern unsigned n_expedited;

#endif

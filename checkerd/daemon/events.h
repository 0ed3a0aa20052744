/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DAEMON_EVENTS_H
#define CHECKERD_DAEMON_EVENTS_H

/*
 * Everything worth telling becomes an event here: numbered, worded once, handed to the
 * control thread, and to the log thread when its level and its rate allow. The loop only.
 */
#include "checkerd/control/port.h"
#include "checkerd/core/event.h"
#include "checkerd/core/registry.h"
#include "checkerd/log/log.h"
#include "checkerd/log/rate.h"

struct events {
	struct port *port;  /* borrowed */
	struct log *log;    /* borrowed */
	int level;          /* what is less important is not logged */
	uint64_t seq;       /* of the last event */
	struct rate *rates; /* owned, one a path: a path that flaps fills no log */
	uint32_t max_paths;
};

_must_check_ int events_init(struct events *ev, struct port *port, struct log *log,
                             int level, uint32_t max_paths);
void events_deinit(struct events *ev);
uint64_t events_bytes(uint32_t max_paths);

/* The index now belongs to another path. */
void events_new_path(struct events *ev, uint32_t index);

/* A path came from the state `before` to its present one. */
void events_state(struct events *ev, uint32_t index, const struct path *p,
                  const struct path_status *before, struct mono now);
/* Something else about a path, in the words of the format. */
void events_path(struct events *ev, enum event_type type, int priority,
                 const struct device *d, const char *format, ...) _printf_(5, 6);
/* Something about the daemon, the engine or the configuration. */
void events_say(struct events *ev, enum event_type type, int priority, const char *format,
                ...) _printf_(4, 5);

#endif

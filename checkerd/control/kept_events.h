/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_KEPT_EVENTS_H
#define CHECKERD_CONTROL_KEPT_EVENTS_H

/*
 * The file with the events and the changes of state for the next daemon. The control thread's own; the
 * main thread opens it.
 */
#include "checkerd/control/changes.h"
#include "checkerd/control/history.h"
#include "util/kept.h"

/* All zero: no file. */
struct kept_events {
	bool open;
	int fd;
	/* Where the next event is written, in cells. */
	uint32_t at;
	/* Counts records, so that they are read in their order. */
	uint64_t order;
};

/*
 * Reads the predecessor's events and changes into the two, and makes the file of this daemon. Another
 * file's lock protects it. max_paths: of both daemons, or less is taken up. -errno: there is no file, and
 * nothing is kept.
 */
_must_check_ int kept_events_open(struct kept_events *k, const char *file,
                                  bool any_file_system, uint32_t max_paths,
                                  struct history *h, struct changes *c);
/* The part of it that reads the predecessor's file, which is untrusted; also for tests. k is open. */
void kept_events_take_up(struct kept_events *k, int old, const struct kept_header *header,
                         struct history *h, struct changes *c);
void kept_events_close(struct kept_events *k);
/* Size of the file at most. */
uint64_t kept_events_bytes(uint32_t max_paths);

/* A new event, and a change that is new, or whose event has a number now. */
void kept_events_add(struct kept_events *k, const struct event *e);
void kept_events_add_change(struct kept_events *k, const struct changes *c,
                            uint32_t place);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_HOOK_FOLLOW_H
#define CHECKERCTL_HOOK_FOLLOW_H

/*
 * Follows checkerd's events, also over its restarts. An event is given once. After a break the daemon is
 * asked for the event that was given last: if that is there, the numbers go on from it; if not, this
 * daemon counts from 1 again, and all of its events are new.
 */
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "checkerctl/ctl.h"
#include "util/mono.h"

#define HOOK_FOLLOW_TIME_BYTES 40

struct hook_follow {
	struct ctl *ctl;
	/* The event that was given last. time "": not known. */
	uint64_t seq;
	char time[HOOK_FOLLOW_TIME_BYTES];
	/* seq is valid. Else the first event is the first one after `started`. */
	bool begun;
	/* By the clock of this host, in UTC, as checkerd writes times. */
	char started[HOOK_FOLLOW_TIME_BYTES];
	/* The daemon has said that it sends the events. */
	bool connected;
	bool complained;
	struct mono retry;
};

/* ctl: stays valid. It begins after the event of --since, or with the first event from now on, even if
 * the daemon can be reached only later. */
void hook_follow_init(struct hook_follow *f, struct ctl *ctl);

/* Connects, if that is due. Waits for the daemon as long as --timeout says. */
void hook_follow_connect(struct hook_follow *f);

/* When hook_follow_connect() is due. */
static inline struct mono hook_follow_next(const struct hook_follow *f)
{
	return f->connected ? MONO_NEVER : f->retry;
}

/* The socket to poll; -1: none. */
static inline int hook_follow_fd(const struct hook_follow *f)
{
	return f->connected ? f->ctl->connection.fd : -1;
}

/*
 * Takes one message that has arrived. False: none has, or the connection has ended. *ret_event: NULL, or
 * an event, which the caller puts. *ret_lost: events that the daemon had no more.
 */
bool hook_follow_take(struct hook_follow *f, json_object **ret_event, uint64_t *ret_lost);

#endif

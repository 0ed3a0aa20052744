/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_CONTROL_H
#define CHECKERD_CONTROL_CONTROL_H

/*
 * The Varlink server: a thread of its own beside a port. No client reaches the main loop. A client
 * that sends garbage, sends slowly or never reads loses its connection, and disturbs no other.
 *
 * The mode of the socket decides who may connect, and who may connect may read. Only root may
 * change things, and the daemon's own user when that is not root.
 */
#include "checkerd/control/port.h"

struct control;

struct control_options {
	struct port *port; /* has to outlive the control */
	/* From socket activation, or listen_at(). Taken over, also by a control_new() that
	 * fails. */
	int listen_fd;
	/* The file with the events for the next daemon, which is this daemon's alone. NULL: none. */
	const char *events_file;
	bool any_file_system; /* the file may be on a disk; for tests */
	uint32_t max_clients; /* CLIENTS_FOR_ROOT of them are kept for root */
	/* Times; 0: the default in control_limits.h. */
	int64_t write_timeout_us; /* a client that reads nothing for that long is dropped */
	int64_t reply_timeout_us;   /* so is one that has not read all of a reply */
	int64_t idle_timeout_us;    /* so is one that sends no request */
	int64_t request_timeout_us; /* so is one that does not end a request it has begun */
	int64_t loop_timeout_us; /* the main loop has to answer within it; then: Busy */
};

/* Starts the thread. -EINVAL: the socket does not listen; -ENOMEM; -EAGAIN: no thread. */
_must_check_ int control_new(struct control **ret, const struct control_options *o);
/* The number of the last event that the predecessor left; 0: none. Before the first new event. */
uint64_t control_last_seq(const struct control *c);
/* Stops the thread at once, whatever its clients do. NULL allowed; returns NULL. */
struct control *control_free(struct control *c);
/* How many bytes it may use at most, without the port: for the bound. */
uint64_t control_bytes(uint32_t max_paths, uint32_t max_clients);
/* Size of events_file at most. */
uint64_t control_file_bytes(uint32_t max_paths);

#endif

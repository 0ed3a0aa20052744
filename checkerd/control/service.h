/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_SERVICE_H
#define CHECKERD_CONTROL_SERVICE_H

/* What all clients of the server share. All of it belongs to the control thread. */
#include "checkerd/control/budget.h"
#include "checkerd/control/changes.h"
#include "checkerd/control/history.h"
#include "checkerd/control/kept_events.h"
#include "checkerd/control/pending.h"
#include "checkerd/control/port.h"
#include "checkerd/control/views.h"

struct client;

struct service {
	struct port *port;
	int epoll_fd, dev_fd;
	int64_t write_timeout_us, reply_timeout_us, idle_timeout_us, request_timeout_us,
	        loop_timeout_us;
	struct mono now; /* of this round */

	/* Places for clients: so many are made, when they are needed, and gone when the last of them
	 * are free. */
	uint32_t n_clients, max_clients;
	struct client **clients;
	uint32_t next_serial; /* of a client */
	uint64_t last_queued; /* the number of the client that waits for a list last */

	struct budget budget;
	struct views views;
	struct pending_table pending; /* port_control_replies_max() places */
	struct history history;
	struct changes *changes;
	unsigned explanations;   /* EXPLANATIONS_MAX at most: the calls' and the loop's */
	struct kept_events kept; /* both, for the next daemon */
	char *out; /* OUT_SIZE bytes, for the message that is written just now */
};

#endif

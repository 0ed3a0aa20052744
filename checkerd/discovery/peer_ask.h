/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DISCOVERY_PEER_ASK_H
#define CHECKERD_DISCOVERY_PEER_ASK_H

#include "checkerd/core/peer.h"
#include "util/mono.h"

/* While a path hangs, multipathd may not answer for long. */
#define PEER_LIMIT_US (2 * USEC_PER_SEC)

/* What runs there is multipathd if it holds the lock of this file. */
#define PEER_PID_FILE "/run/multipathd.pid"
/* multipathd listens at this abstract address. */
#define PEER_ADDRESS "/org/kernel/linux/storage/multipathd"

/*
 * Asks multipathd whether it checks paths. Runs on the discovery thread, for PEER_LIMIT_US at most;
 * allocates nothing. Asks nothing when multipathd does not run: systemd may listen at its address,
 * and would start it. pid_file, address: as above, or a test's.
 */
void peer_ask(const char *pid_file, const char *address, int64_t limit_us,
              struct peer *ret);

#endif

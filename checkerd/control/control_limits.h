/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_CONTROL_LIMITS_H
#define CHECKERD_CONTROL_CONTROL_LIMITS_H

/*
 * Every limit on what clients may take. Each place, buffer and table has a limit here. Nothing
 * grows with what a client sends or does not read.
 */
#include "checkerd/control/json_writer.h"
#include "checkerd/control/metrics.h"
#include "util/macro.h"
#include "util/mono.h"

/* --- clients --- */
#define CLIENTS_MAX      1024 /* upper limit of control_options.max_clients */
#define CLIENTS_FOR_ROOT 4    /* places of max_clients that only root gets */
#define CLIENTS_PER_USER 16   /* of a user that is not root */
#define LISTEN_BACKLOG   128
#define ACCEPT_BATCH     16                    /* at once; then clients are served */
#define ACCEPT_PAUSE_US  (100 * USEC_PER_MSEC) /* out of descriptors */

/* --- requests --- */
#define REQUEST_MAX       (64 * 1024)       /* bytes, the final NUL not counted */
#define REQUEST_SMALL     (4 * 1024)        /* every client has this; more is borrowed */
#define REQUEST_DEPTH_MAX 8                 /* of objects and arrays in each other */
#define NAMES_MAX         (REQUEST_MAX / 4) /* `"a",` is the shortest one */
#define DISABLE_MAX_S     (10 * 365 * 24 * 3600)

/* --- replies --- */
#define OUT_SIZE          (80 * 1024)  /* of the one buffer that pieces are written to */
#define OUT_ENOUGH        (16 * 1024)  /* when it holds this, it is sent */
#define OUT_BURST         (256 * 1024) /* sent to one client before others are served */
#define TEXT_PIECE        (2 * 1024)   /* of a long text, before it is escaped */
#define PIECE_STRINGS_MAX 16           /* strings in one piece */
#define PIECE_REST_MAX    (8 * 1024)   /* its keys and numbers */

/* --- what clients borrow beside that: long requests, tables of paths --- */
#define BORROWED_MAX        (4 * 1024 * 1024)
#define BORROWED_MAX_OTHERS (BORROWED_MAX / 2) /* by all clients that are not root */

/* --- times --- */
#define WRITE_TIMEOUT_US    (5 * USEC_PER_SEC)   /* no byte is read */
#define IDLE_TIMEOUT_US     (120 * USEC_PER_SEC) /* no request ends */
#define REQUEST_TIMEOUT_US  (10 * USEC_PER_SEC)  /* from its first byte to its last */
#define LOOP_TIMEOUT_US     (2 * USEC_PER_SEC)   /* for a snapshot, or a reply */
#define RELOAD_TIMEOUT_US   (60 * USEC_PER_SEC)
#define REPLY_TIMEOUT_US    (60 * USEC_PER_SEC)   /* for all of a reply; not Monitor's */
#define SNAPSHOT_FRESH_US   (100 * USEC_PER_MSEC) /* so old a snapshot serves any client */
#define SNAPSHOT_SPACING_US (20 * USEC_PER_MSEC)  /* between two requests for one */
/* While both snapshots are being read, the newest serves clients when it is this old, if nothing
 * has changed since it was taken. */
#define SNAPSHOT_STALE_US (5 * USEC_PER_SEC)
/* While both are being read and clients wait for a third, those that have read the older one for
 * longer than this are dropped. */
#define SNAPSHOT_HOLD_US (1 * USEC_PER_SEC)

/* --- long lists: of all paths or maps, and metrics with the series of paths --- */
#define LISTS_AT_ONCE 4
#define LIST_STALL_US (200 * USEC_PER_MSEC) /* a client that reads nothing for so long, */
#define LIST_TIME_US  (1 * USEC_PER_SEC)    /* or reads longer, delays no other list */
#define LIST_WAIT_US  (300 * USEC_PER_SEC)  /* for the others */

/* --- what the port has sent: taken in one round --- */
#define NOTIFICATIONS_BATCH 4096

/* --- events that are kept --- */
#define EVENTS_KEPT 4096
#define HISTORY_BYTES \
	(1024 * 1024) /* of all of them: 256 each; fewer are kept when they are long */

/* --- changes of state that are kept: of one path, and of all paths --- */
#define CHANGES_OF_ONE_MAX 32
#define CHANGES_A_PATH     2 /* so that all paths can go down and up again */
#define CHANGES_MARGIN     1024
#define CHANGE_TEXT_MAX    512 /* bytes of one, as JSON */

static_assert(OUT_ENOUGH + PIECE_STRINGS_MAX * JW_STRING_MAX * JW_ESCAPE_MAX +
                              PIECE_REST_MAX <=
                      OUT_SIZE,
              "a piece of the worst strings always fits");
static_assert(OUT_ENOUGH + TEXT_PIECE * JW_ESCAPE_MAX <= OUT_SIZE,
              "a piece of a text always fits");
static_assert(OUT_ENOUGH + CHANGES_OF_ONE_MAX * CHANGE_TEXT_MAX +
                              PIECE_STRINGS_MAX * JW_STRING_MAX <=
                      OUT_SIZE,
              "the history of a path always fits");
static_assert(OUT_ENOUGH + METRICS_PIECE * JW_ESCAPE_MAX <= OUT_SIZE,
              "a piece of the metrics always fits");
static_assert(SNAPSHOT_HOLD_US < LOOP_TIMEOUT_US,
              "a client that waits sees the readers dropped");
static_assert(LIST_TIME_US * CLIENTS_MAX / LISTS_AT_ONCE <= LIST_WAIT_US,
              "clients that read slowly do not keep others from a list");
static_assert(NAMES_MAX * sizeof(uint32_t) + REQUEST_MAX <= BORROWED_MAX_OTHERS,
              "the largest request can be served");

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_CONTROL_LIMITS_H
#define CHECKERD_CONTROL_CONTROL_LIMITS_H

/*
 * Every limit on what clients may take. A place, a buffer or a table has one of these in
 * front of it; nothing grows with what a client sends or does not read.
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
#define ACCEPT_BATCH     16                    /* at one go, so that others have a turn */
#define ACCEPT_PAUSE_US  (100 * USEC_PER_MSEC) /* out of descriptors */

/* --- requests --- */
#define REQUEST_MAX       (64 * 1024) /* bytes, the final NUL not counted */
#define REQUEST_SMALL     (4 * 1024)  /* every client has room for this; more is lent */
#define REQUEST_DEPTH_MAX 8           /* of objects and arrays in each other */
#define NAMES_MAX         (REQUEST_MAX / 4) /* `"a",` is the shortest */
#define DISABLE_MAX_S     (10 * 365 * 24 * 3600)

/* --- replies --- */
#define OUT_SIZE          (80 * 1024)  /* of the one buffer that pieces are written to */
#define OUT_ENOUGH        (16 * 1024)  /* when it holds this, it is sent */
#define OUT_BURST         (256 * 1024) /* sent to one client before others have a turn */
#define TEXT_PIECE        (2 * 1024)   /* of a long text, before it is escaped */
#define PIECE_STRINGS_MAX 16           /* strings in one piece */
#define PIECE_REST_MAX    (8 * 1024)   /* its keys and numbers */

/* --- what is lent to clients beside that: long requests, tables of paths --- */
#define LENT_MAX        (4 * 1024 * 1024)
#define LENT_MAX_OTHERS (LENT_MAX / 2) /* to all who are not root, together */

/* --- times --- */
#define WRITE_TIMEOUT_US    (5 * USEC_PER_SEC)   /* without a byte taken */
#define IDLE_TIMEOUT_US     (120 * USEC_PER_SEC) /* without a finished request */
#define REQUEST_TIMEOUT_US  (10 * USEC_PER_SEC)  /* from its first byte to its last */
#define LOOP_TIMEOUT_US     (2 * USEC_PER_SEC)   /* for a snapshot, or a reply */
#define RELOAD_TIMEOUT_US   (60 * USEC_PER_SEC)
#define REPLY_TIMEOUT_US    (60 * USEC_PER_SEC) /* for the whole of one, but Monitor's */
#define SNAPSHOT_FRESH_US   (100 * USEC_PER_MSEC)
#define SNAPSHOT_SPACING_US (20 * USEC_PER_MSEC) /* between two, whatever is asked */
/* While both are being read the newest will do when it is this old, if nothing has changed. */
#define SNAPSHOT_STALE_US (5 * USEC_PER_SEC)
/* Others wait for a snapshot and both are being read: who has read the older one for longer
 * than this has to go. */
#define SNAPSHOT_HOLD_US (1 * USEC_PER_SEC)

/* --- what comes by the port, at one go --- */
#define NEWS_BATCH 4096

/* --- events kept --- */
#define EVENTS_KEPT 4096
#define HISTORY_BYTES \
	(1024 * 1024) /* for all of them: 256 each, fewer when they are long */

/* --- changes of state kept: of one path, and of all of them --- */
#define CHANGES_OF_ONE_MAX 32
#define CHANGES_A_PATH     2 /* enough for all of them to go down and come up again */
#define CHANGES_MARGIN     1024
#define CHANGE_TEXT_MAX    512 /* bytes of one, as JSON */

static_assert(OUT_ENOUGH + PIECE_STRINGS_MAX * JW_STRING_MAX * JW_ESCAPE_MAX +
                              PIECE_REST_MAX <=
                      OUT_SIZE,
              "a piece of the worst strings always fits");
static_assert(OUT_ENOUGH + TEXT_PIECE * JW_ESCAPE_MAX <= OUT_SIZE,
              "so does one of a text");
static_assert(OUT_ENOUGH + CHANGES_OF_ONE_MAX * CHANGE_TEXT_MAX +
                              PIECE_STRINGS_MAX * JW_STRING_MAX <=
                      OUT_SIZE,
              "so does a path's history");
static_assert(OUT_ENOUGH + METRICS_PIECE * JW_ESCAPE_MAX <= OUT_SIZE, "so do metrics");
static_assert(SNAPSHOT_HOLD_US < LOOP_TIMEOUT_US, "who waits lives to see it");
static_assert(NAMES_MAX * sizeof(uint32_t) + REQUEST_MAX <= LENT_MAX_OTHERS,
              "one such request at least");

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_CALL_H
#define CHECKERD_CONTROL_CALL_H

/*
 * A call: one request of a client while it is served, what it holds, and its reply. The control
 * thread's own.
 */
#include <sys/types.h>

#include "checkerd/control/budget.h"
#include "checkerd/control/history.h"
#include "checkerd/control/json_writer.h"
#include "checkerd/control/metrics.h"
#include "checkerd/control/port.h"
#include "checkerd/control/request.h"
#include "checkerd/control/view.h"
#include "util/text.h"

struct call;
struct service;

enum piece {
	PIECE_MORE,     /* this piece is written, others follow */
	PIECE_LAST,     /* the reply is complete */
	PIECE_NONE_YET, /* Monitor: the next event has not come */
};

/*
 * Writes one thing and moves the cursor in call->reply. It need not look for room: each piece
 * fits, as control_limits.h proves.
 */
typedef enum piece write_piece(struct service *s, struct call *c, struct jw *j);

struct reply {
	write_piece *piece; /* NULL: not decided yet */
	bool begun, finished;
	uint32_t at;                /* in the list that is written */
	const struct view_map *map; /* the one that is begun; NULL: none */
	uint32_t in_map, map_group;
	struct history_cursor cursor;
	bool in_event; /* the names of an event are being written */
	struct history_names names;
	struct metrics metrics;
	uint64_t lost;
	const char *error;      /* the name of an error, or NULL */
	const char *key, *text; /* the only parameter, of any length */
	size_t text_size, text_at;
	bool raw; /* the text is JSON itself */
};

/* What one request to the main loop is about. */
struct target {
	struct device *device; /* a reference; NULL: it is about no path */
	uint32_t index, generation;
	enum path_state state; /* from the loop's reply */
	int error;             /* from the loop's reply; 0, or positive errno */
};

struct call {
	/* The caller: the same from call to call. */
	struct borrower borrower;
	uid_t uid;
	pid_t pid;

	struct request request;
	struct view *view; /* the snapshot that it reads, or NULL */
	/* Borrowed: n_selected places in the view, of room for selected_max. NULL: all of it. */
	uint32_t *selected;
	uint32_t n_selected, selected_max;

	struct target *targets; /* borrowed */
	uint32_t n_targets, n_sent, n_answered;
	struct text *answer; /* Reload's, or a long reason; a reference */
	/* Borrowed: the paths to change. NULL: the method changes no paths. */
	struct port_batch *batch;
	bool batch_sent;                 /* the main loop has it */
	struct explanation *explanation; /* owned; NULL: none, or the main loop has it */

	struct reply reply;
};

#endif

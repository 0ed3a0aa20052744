/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_PEER_H
#define CHECKERD_CORE_PEER_H

/* What multipathd does on this host, and whether that fits dm_control. Pure: discovery asks it. */
#include <stdbool.h>
#include <stdint.h>

#include "checkerd/core/finding.h"

#define PEER_CHECKER_MAX 32 /* bytes of the name of a checker */

enum peer_state {
	PEER_ABSENT,  /* multipathd does not run */
	PEER_SILENT,  /* it runs, and does not answer in time */
	PEER_ANSWERED /* it runs; the numbers of struct peer are known */
};

struct peer {
	enum peer_state state;
	bool control;     /* checkerd's dm_control, when multipathd was asked */
	uint32_t paths;   /* of multipathd's maps */
	uint32_t checked; /* those that have a checker */
	char checker[PEER_CHECKER_MAX]; /* of the first one of these */
};

/*
 * Takes one line of the answer to PEER_QUESTION: the name of a path's checker, and its map. Paths
 * that are in no map do not count.
 */
#define PEER_QUESTION "show paths raw format \"%c %m\""
void peer_add(struct peer *p, const char *line);

/* Do both programs decide, or none of them? False: neither. */
bool peer_finding(const struct peer *p, struct finding *ret);

#endif

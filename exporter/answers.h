/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXPORTER_ANSWERS_H
#define EXPORTER_ANSWERS_H

/*
 * What checkerd says, ready to be sent. An answer serves everybody who asks within a second of its
 * making, so many clients cost checkerd no more than one. A question that fails is an answer, too.
 */
#include <stdbool.h>

#include "exporter/body.h"

enum answer_kind {
	ANSWER_OPENMETRICS,
	ANSWER_CLASSIC,
	ANSWER_PICTURE, /* JSON: maps, paths, counts; see picture.h */
	ANSWER_EVENTS,  /* JSON: the latest events */
	ANSWER_HEALTH,
	ANSWER_COUNT_
};

struct answers_options {
	const char *socket; /* of checkerd; stays valid */
	bool paths;         /* series of each path */
	bool latency;       /* the histogram of each path */
};

/* Once, before the first answers_get(). */
void answers_init(const struct answers_options *o);
void answers_deinit(void);

/* The newest answer. NULL: no memory. Any thread; waits up to ASK_TIMEOUT_US for checkerd. */
struct body *answers_get(enum answer_kind kind);

/* The changes of up to ANSWERS_PATHS_MAX paths, as JSON; never kept. */
#define ANSWERS_PATHS_MAX 128
struct body *answers_history(const char *const *paths, size_t n);

#endif

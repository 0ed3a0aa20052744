/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_REQUEST_H
#define CHECKERD_CONTROL_REQUEST_H

/*
 * What a client asks, checked and taken apart. Knows the methods of both interfaces, and
 * nothing of what they do.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/macro.h"

enum method {
	METHOD_GET_INFO,
	METHOD_GET_INTERFACE,
	METHOD_LIST_PATHS,
	METHOD_LIST_MAPS,
	METHOD_GET_GROUPS,
	METHOD_GET_STATUS,
	METHOD_GET_CONFIG,
	METHOD_GET_MEMORY,
	METHOD_GET_METRICS,
	METHOD_LIST_EVENTS,
	METHOD_LIST_HISTORY,
	METHOD_MONITOR,
	METHOD_CHECK,
	METHOD_DISABLE,
	METHOD_ENABLE,
	METHOD_FAIL,
	METHOD_REINSTATE,
	METHOD_RELEASE,
	METHOD_RELOAD,
	METHOD_SET_LOG_LEVEL,
	METHOD_PING,
};

enum request_problem {
	REQUEST_FINE,
	REQUEST_GARBAGE, /* not Varlink: there is nothing to answer */
	REQUEST_NO_INTERFACE,
	REQUEST_NO_METHOD,
	REQUEST_BAD_PARAMETER,
	REQUEST_WANTS_MORE, /* the method needs "more" */
};

#define REQUEST_WHAT_MAX 192

struct request {
	enum method method;
	bool changes; /* for root only */
	bool more, oneway;
	bool wait;      /* Check */
	bool has_names; /* paths or maps were given, perhaps none */
	uint32_t n_names;
	const char *names; /* one after the other, each with its NUL */
	bool has_since;
	uint64_t since;
	int64_t for_us; /* 0: not given */
	int level;
	/* The interface asked for, what the problem is about, or why it was refused. */
	char what[REQUEST_WHAT_MAX];
};

/*
 * Takes a request apart. text: size bytes and the NUL behind them, which are used up: the names
 * end up in them. Allocates nothing.
 */
_must_check_ enum request_problem request_parse(char *text, size_t size,
                                                struct request *ret);

/* The next name after `name`; all of them: n_names times, beginning with request.names. */
const char *request_next_name(const char *name);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_REQUEST_H
#define CHECKERD_CONTROL_REQUEST_H

/* What a client requests, taken apart, and how each kind of parameter is read. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/macro.h"

struct method;

enum request_problem {
	REQUEST_FINE,
	REQUEST_GARBAGE, /* not Varlink: there is nothing to answer */
	REQUEST_NO_INTERFACE,
	REQUEST_NO_METHOD,
	REQUEST_BAD_PARAMETER,
	REQUEST_NEEDS_MORE, /* the method needs "more" */
};

#define REQUEST_DETAIL_MAX 192

struct request {
	const struct method *method; /* NULL: not known yet, or there is none */
	bool more, oneway;
	bool wait;      /* reply when the check has its result */
	bool has_names; /* paths or maps were given, perhaps none */
	uint32_t n_names;
	const char *names; /* one after the other, each with its NUL */
	bool has_since;
	uint64_t since; /* the number of an event */
	/* Which paths: those that have all that is given. NULL, 0: any. The texts are in the request. */
	struct {
		const char *host, *target, *map;
		uint32_t
		        states; /* a bit for each kind of state; PATH_KIND_DISABLED too */
	} select;
	uint64_t fields;    /* ListPaths: keys of document_path.h; 0: all */
	bool force;         /* also the last usable path of a map */
	bool fail;          /* Disable: fail the paths, too */
	bool without_paths; /* GetMetrics: without the series of each path */
	bool latency;       /* GetMetrics: with the latencies of each path */
	int64_t arg; /* for the main loop: microseconds, or a syslog level; 0: not given */
	/* A text for the reply: the interface asked for, what the problem is about, or the
	 * reason of a refusal. */
	char detail[REQUEST_DETAIL_MAX];
};

/*
 * Reads one parameter. False: the value has another type, or is out of range. The value is never
 * null. It is not JSON any more when this returns: what it says ends up in its own bytes.
 */
typedef bool request_reader(char *value, struct request *r);

request_reader request_read_names, request_read_wait, request_read_duration,
        request_read_since, request_read_level, request_read_interface, request_read_host,
        request_read_target, request_read_map, request_read_states, request_read_force,
        request_read_fail, request_read_device, request_read_path_series,
        request_read_path_latency, request_read_fields;

/* The request gives properties of paths. */
static inline bool request_selects(const struct request *r)
{
	return r->select.host != NULL || r->select.target != NULL ||
	       r->select.map != NULL || r->select.states != 0;
}

/* The next name after `name`. To visit all: n_names times, beginning with request.names. */
const char *request_next_name(const char *name);

#endif

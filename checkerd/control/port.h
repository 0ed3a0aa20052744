/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_PORT_H
#define CHECKERD_CONTROL_PORT_H

/*
 * The one door between the loop and the control thread: rings of fixed-size messages with an
 * eventfd each way, and snapshots handed over whole. Neither side ever waits for the other.
 *
 * loop → control: replies, events, snapshots. control → loop: requests.
 */
#include <sys/types.h>

#include "checkerd/core/device.h"
#include "checkerd/core/event.h"
#include "checkerd/core/registry.h"
#include "util/spsc.h"

enum port_op {
	PORT_SNAPSHOT,  /* fill and publish a snapshot */
	PORT_CHECK,     /* check path now; reply when queued, or with wait when answered */
	PORT_DISABLE,   /* arg_us: for how long, 0: until enabled */
	PORT_ENABLE,
	PORT_RELOAD,    /* reply when applied or refused; the text says why */
	PORT_LOG_LEVEL, /* arg: syslog level 0..7 */
};

struct port_request {
	enum port_op op;
	bool wait;
	uint32_t path, generation; /* of a snapshot */
	int64_t arg;
	uint64_t token;            /* handed back in the reply */
	uid_t uid;                 /* who asks, for the log */
	pid_t pid;
};

#define PORT_TEXT_MAX 2048

struct port_reply {
	uint64_t token;
	int error;                 /* 0, or positive errno: ESTALE: that path is gone */
	enum path_state state;     /* with CHECK: after it */
	char text[PORT_TEXT_MAX];  /* RELOAD: what changed, or every error, one a line */
};

/* One path as it was when the snapshot was taken. */
struct snap_path {
	struct device *device; /* a reference */
	uint32_t index, generation;
	enum path_state state;
	struct reason reason;
	struct mono since, last, due, started;
	bool enabled, outstanding;
	uint8_t engine;        /* enum pathcheck_engine */
	uint8_t checker;       /* enum checker_kind */
	uint32_t group;        /* REGISTRY_NONE: none */
	int64_t interval_us, timeout_us;
	struct path_counters counters;
	uint32_t last_us, p50_us, p99_us, max_us;
};

struct snap_group {
	uint32_t id, slots, queued, in_flight, expired, orphans, paths;
	const char *kind, *state; /* static strings */
};

#define SNAP_WARNINGS_MAX 8

struct snapshot {
	struct mono taken;
	int64_t taken_realtime_us; /* to turn a struct mono into a wall-clock time */
	int64_t started_realtime_us;
	bool ready, dm_control;
	uint32_t n_paths;
	struct snap_path *paths;   /* capacity max_paths */
	uint32_t n_groups;
	struct snap_group *groups; /* capacity for max_paths and a margin */
	uint64_t deferred_now, deferred_max, deferred_total;
	uint64_t emergency_now, emergency_max, emergency_total;
	uint32_t rescuers, rescuers_busy, rescuers_stuck, rescuers_stuck_max;
	int64_t aio_nr, aio_max_nr; /* -1: not known */
	uint64_t io_setup_failures;
	int64_t lag_last_us, lag_max_us;
	int64_t oldest_in_flight_us;
	uint64_t bound_bytes, locked_bytes;
	int prober_pid;
	uint64_t prober_restarts;
	int64_t heartbeat_age_us;
	uint32_t n_warnings;
	char warnings[SNAP_WARNINGS_MAX][256];
	char *config_text; /* `checkerd -T`'s output for what is in force; shared, see port.c */
	char *memory_text; /* JSON object for show memory, made by the loop's bound code */
};

struct port;

_must_check_ int port_new(struct port **ret, uint32_t max_paths);
struct port *port_free(struct port *p);
uint64_t port_bytes(uint32_t max_paths);

/* --- the loop's side --- */
int port_loop_fd(const struct port *p); /* POLLIN: requests are waiting */
bool port_loop_next(struct port *p, struct port_request *ret);
/* False: the ring is full (the control thread is behind); the caller drops it. */
bool port_loop_reply(struct port *p, const struct port_reply *reply);
void port_loop_event(struct port *p, const struct event *e); /* full: dropped and counted */
/* The snapshot that may be filled now, emptied; NULL while the control thread still reads the
 * last two. Publish hands it over. */
struct snapshot *port_loop_snapshot_begin(struct port *p);
void port_loop_snapshot_publish(struct port *p, struct snapshot *s);

/* --- the control thread's side --- */
int port_control_fd(const struct port *p); /* POLLIN: replies, events or a snapshot */
void port_control_clear(struct port *p);   /* resets the eventfd before draining */
bool port_control_request(struct port *p, const struct port_request *r);
bool port_control_reply(struct port *p, struct port_reply *ret);
bool port_control_event(struct port *p, struct event *ret);
uint64_t port_control_events_lost(struct port *p);
/* The newest published snapshot, NULL: none yet. It stays valid until it is released. */
struct snapshot *port_control_snapshot(struct port *p);
void port_control_snapshot_release(struct port *p, struct snapshot *s);

#endif

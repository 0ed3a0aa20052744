/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_PORT_H
#define CHECKERD_CONTROL_PORT_H

/*
 * The one door between the loop and the control thread: rings of fixed-size messages with an
 * eventfd each way, and snapshots handed over whole. Neither side ever waits for the other.
 *
 * loop → control: replies, events, snapshots. control → loop: requests.
 *
 * Every request but PORT_SNAPSHOT gets exactly one reply, and the control thread never has
 * more requests without a reply than the reply ring holds: a reply always finds room.
 * Everything is allocated by port_new(), but for the texts and the second snapshot.
 */
#include <sys/types.h>

#include "util/text.h"
#include "checkerd/core/device.h"
#include "checkerd/core/event.h"
#include "checkerd/core/map.h"
#include "checkerd/core/overdue.h"
#include "checkerd/core/registry.h"
#include "util/spsc.h"

#define PORT_GROUP_PATHS 1024 /* of one AIO group: PATHCHECK_GROUP_SLOTS */

enum port_op {
	PORT_SNAPSHOT, /* fill and publish a snapshot; no reply */
	PORT_PING,     /* reply at once */
	/* Check path now. Without wait: reply when that is arranged. With wait: reply by
	 * port_loop_settle() when the check has its final result or has timed out; at once when
	 * the last check is past its deadline and still in the kernel, or when nothing can be
	 * checked (disabled: EBUSY). */
	PORT_CHECK,
	PORT_DISABLE, /* arg: for how long in microseconds, 0: until enabled */
	PORT_ENABLE,
	/* Fail the path in every map that it is in, and keep it failed until it is reinstated.
	 * Reply when that is arranged, or refused: EPERM: dm_control is off; ENXIO: it is in no
	 * map; EBUSY: it is a map's last path, and keep_last_path. */
	PORT_FAIL,
	/* Take that back. EPERM, ENXIO; EXDEV: another disk is there; EIO: done, but its checks
	 * do not find it good. */
	PORT_REINSTATE,
	/* Give the path back in every map in which it was failed, and let go of it until the next
	 * decision; all: every path. ENXIO, EXDEV. */
	PORT_RELEASE,
	/* Reply when applied, or refused (EINVAL); the text says what or why. EBUSY: another one
	 * is on its way. */
	PORT_RELOAD,
	PORT_LOG_LEVEL, /* arg: syslog level 0..7 */
};

struct port_request {
	enum port_op op;
	bool wait;
	bool all; /* RELEASE: path does not matter */
	uint32_t path,
	        generation; /* of a snapshot; another generation now: reply ESTALE */
	int64_t arg;
	uint64_t token; /* handed back in the reply */
	uid_t uid;      /* who asks, for the log */
	pid_t pid;
};

struct port_reply {
	uint64_t token;
	int error;             /* 0, or positive errno: ESTALE: that path is gone */
	enum path_state state; /* what is about a path: its state, after it */
	struct text *text; /* a reference that goes along, or NULL. RELOAD: what changed,
	                        * or every error, one a line */
};

/* What the last check went through. */
enum snap_engine { SNAP_ENGINE_NONE, SNAP_ENGINE_AIO, SNAP_ENGINE_SYNC };

enum snap_checker { SNAP_CHECKER_NONE, SNAP_CHECKER_DIRECTIO };

/* One path as it was when the snapshot was taken. There are max_paths of them in locked memory,
 * or twice as many, so they have no padding. */
struct snap_path {
	struct device *device;                 /* a reference */
	struct mono since, last, due, started; /* as in struct path */
	struct mono good, heard;               /* due: with disabled, its end */
	uint64_t interval_us : PATH_INTERVAL_BITS;
	uint64_t group : 16;  /* PATH_GROUP_NONE: none */
	uint64_t checker : 2; /* enum snap_checker */
	uint64_t engine : 2;  /* enum snap_engine */
	uint64_t enabled : 1, outstanding : 1;
	uint64_t overdue : 1; /* when the snapshot was taken */
	uint64_t forced : 1;  /* checkerctl fail: to be failed in its maps */
	uint32_t timeout_us;
	uint32_t index, generation;
	struct path_counters counters;
	uint32_t samples; /* of the latencies; 0: there are none */
	uint32_t last_us, p50_us, p99_us, max_us;
	/* Its place in its device-mapper map: in map_paths[]; REGISTRY_NONE: it is in none.
	 * Whoever wants the name of its map takes that one's, and the device's only without. */
	uint32_t in_map;
	struct reason reason;
	uint16_t cells[HISTOGRAM_CELLS]; /* histogram_cells() */
	struct overdue_why why;          /* with overdue */
	struct sysfs_state sysfs;        /* as last known */
	enum path_state state : 8;
};

static_assert(sizeof(struct snap_path) == 176, "nothing of it is padding");

/* One path of one map. What else is known of it: paths[] of its struct map, same place. */
struct snap_map_path {
	struct mono held_until; /* not given back before, because others fail it */
	uint32_t
	        path; /* place in paths[] of the snapshot; REGISTRY_NONE: not one of ours */
	uint32_t map;   /* place in maps[] */
	uint16_t turns; /* failures by others, lately */
	uint16_t
	        error; /* why its last command was refused, and it is tried again; 0: none */
	bool active;  /* what the kernel thinks; newer than what the struct map says */
	bool pending; /* a command for it is on its way */
	bool kept;    /* down, but not failed: the last one, and keep_last_path */
	bool barred;  /* another disk was under its number */
};

/*
 * One map of device-mapper. Maps that are but a name in the configuration's paths are not
 * among these: they are what snap_path's device says.
 */
struct snap_map {
	struct map *map; /* a reference: name, uuid, wwid, queueing, suspended … */
	uint32_t
	        first_path; /* in map_paths[]: map->n_paths of them, in the table's order */
	/* Not decided to be down, and active in the kernel: what I/O can go through. Of one
	 * that is not ours, or never checked, the kernel's word counts. */
	uint32_t paths_up;
	uint32_t paths_disabled; /* they count for nothing */
	uint32_t paths_overdue;  /* of those that are not disabled */
};

struct snap_group {
	uint32_t id, slots, queued, in_flight, expired, orphans, paths;
	const char *kind, *state; /* static strings: "aio" or "sync"; the state's name */
};

#define SNAP_WARNINGS_MAX 8
#define SNAP_WARNING_SIZE 256

/*
 * Belongs to the loop from begin to publish, then to the control thread, which only reads it,
 * until it releases it.
 */
struct snapshot {
	uint32_t max_paths, max_groups, max_maps,
	        max_map_paths;     /* [init] capacity of the arrays */
	struct mono taken;         /* set by begin: nothing in here is older */
	int64_t taken_realtime_us; /* set by begin, to turn a struct mono into a date */
	int64_t started_realtime_us;
	bool ready;
	bool dm_control; /* commands are sent */
	bool dm_known;   /* the maps could be listed, and what there are is in here */
	/* A path that is in no map of dm's is in none: the map its device speaks of has gone, or
	 * is not there yet. False: that name is all there is. */
	bool dm_decides;
	int dm_error; /* why not: positive errno; 0: it is too early */
	uint32_t n_paths;
	struct snap_path *paths;
	uint32_t n_groups;
	struct snap_group *groups;
	uint32_t n_maps; /* in the order of nothing */
	struct snap_map *maps;
	uint32_t n_map_paths;
	struct snap_map_path *map_paths;
	uint32_t maps_left_out;            /* for want of room */
	uint64_t dm_failed, dm_reinstated; /* commands done so far */
	uint64_t dm_refused;               /* commands the kernel refused so far */
	uint64_t deferred_now, deferred_max, deferred_total;
	uint64_t emergency_now, emergency_max, emergency_total;
	uint32_t rescuers, rescuers_busy, rescuers_stuck, rescuers_stuck_max;
	int64_t aio_nr, aio_max_nr; /* -1: not known */
	uint64_t io_setup_failures;
	uint32_t lanes_stuck;
	uint64_t lane_replacements;
	uint32_t blockers; /* paths whose submit blocked: rescuers check them */
	int64_t lag_last_us, lag_max_us;
	int64_t oldest_in_flight_us;       /* 0: nothing is in flight */
	struct histogram_totals durations; /* of good checks */
	uint32_t n_overdue;
	char overdue_text[SNAP_WARNING_SIZE]; /* with n_overdue > 0: how many, and why */
	uint64_t bound_bytes, locked_bytes;
	uint64_t sealed_allocations; /* where there are to be none */
	int prober_pid;              /* 0: none */
	uint64_t prober_restarts;
	uint32_t probers_lingering;
	char prober_end[SNAP_WARNING_SIZE]; /* how the last one ended; "": none has */
	int64_t heartbeat_age_us;
	uint32_t n_warnings;
	char warnings[SNAP_WARNINGS_MAX][SNAP_WARNING_SIZE];
	struct text *
	        config_text; /* a reference: `checkerd -T`'s output for what is in force */
	struct text *memory_text; /* a reference: JSON object for show memory */
};

/* The path in its map; NULL: it is in none. */
static inline const struct snap_map_path *snap_in_map(const struct snapshot *s,
                                                      const struct snap_path *p)
{
	return p->in_map == REGISTRY_NONE ? NULL : &s->map_paths[p->in_map];
}

/* Gives back the references and sets all but the capacities to zero. Any thread. */
void snapshot_reset(struct snapshot *s);

struct port;

/* max_paths: 1 to REGISTRY_PATHS_MAX. -ENOMEM, -EINVAL, or what eventfd() says. */
_must_check_ int port_new(struct port **ret, uint32_t max_paths);
/* When both sides have stopped. NULL allowed; returns NULL. */
struct port *port_free(struct port *p);
/* Bytes port_new(max_paths) takes: for the bound. */
uint64_t port_bytes(uint32_t max_paths);
uint32_t port_max_paths(const struct port *p);
uint32_t port_max_groups(uint32_t max_paths);  /* room for them in a snapshot */
uint32_t port_replies_max(uint32_t max_paths); /* requests that may be without a reply */

/* --- the loop's side --- */
int port_loop_fd(const struct port *p); /* POLLIN: requests are waiting */
void port_loop_clear(struct port *p);   /* resets that; before taking the requests */
bool port_loop_next(struct port *p, struct port_request *ret);
/* Takes over reply->text. */
void port_loop_reply(struct port *p, const struct port_reply *reply);
/* Remembers a PORT_CHECK with wait until … */
void port_loop_wait(struct port *p, const struct port_request *r);
/* … the check of that path has its result or has timed out, or it is gone (ESTALE): replies
 * to everyone who waits for it. Costs next to nothing when nobody does. */
void port_loop_settle(struct port *p, uint32_t path, int error, enum path_state state);
/* No room: it is dropped and counted. */
void port_loop_event(struct port *p, const struct event *e);
/*
 * The snapshot that may be filled now, emptied but for its times; NULL while the control
 * thread still reads the last two, which it does not when it asks for one. Filling may take
 * many rounds of the loop; one that is begun and not published is to be begun again.
 * Publish hands it over.
 */
struct snapshot *port_loop_snapshot_begin(struct port *p);
void port_loop_snapshot_publish(struct port *p, struct snapshot *s);

/* --- the control thread's side --- */
/* POLLIN: replies, events, a snapshot, or room. */
int port_control_fd(const struct port *p);
void port_control_clear(struct port *p); /* resets that; before draining */
void port_control_wake(struct port *p);  /* makes it readable; any thread */
/* How many requests may be without a reply. */
uint32_t port_control_replies_max(const struct port *p);
/* False: no room; port_control_fd() tells when there is some again. */
_must_check_ bool port_control_request(struct port *p, const struct port_request *r);
bool port_control_reply(struct port *p, struct port_reply *ret); /* ret->text: to unref */
bool port_control_event(struct port *p, struct event *ret);
uint64_t port_control_events_lost(struct port *p);
/* Takes over the newest snapshot published since the last call; NULL: none was. At most two
 * can be had at once. */
struct snapshot *port_control_snapshot(struct port *p);
/*
 * Brings the memory of the second snapshot, for a request that is made while the first one is
 * still being read; it is taken away when one of them is released. -ENOMEM: the loop does
 * without, and publishes nothing.
 */
_must_check_ int port_control_snapshot_bring(struct port *p);
/* It has been, and not taken away yet. */
bool port_control_snapshot_brought(const struct port *p);
/* Gives back what the snapshot holds, and the snapshot. */
void port_control_snapshot_release(struct port *p, struct snapshot *s);

#endif

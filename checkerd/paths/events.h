/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_EVENTS_H
#define CHECKERD_PATHS_EVENTS_H

/*
 * Makes events: numbered, worded once, handed to the control thread. An event goes to the log thread
 * too when its level and its rate allow. The loop only.
 */
#include "checkerd/control/port.h"
#include "checkerd/core/event.h"
#include "checkerd/core/gather.h"
#include "checkerd/core/hold_gather.h"
#include "checkerd/core/map_loss.h"
#include "checkerd/core/maps.h"
#include "checkerd/core/registry.h"
#include "checkerd/log/log.h"
#include "checkerd/log/rate.h"

/* Number of errno values that have a remedy. */
#define EVENTS_REMEDY_KINDS 9

struct events_options {
	struct port *port;
	struct log *log;
	struct maps *maps;
	int level;
	uint32_t max_paths;
};

struct events {
	/* Borrowed, as are the next two. */
	struct port *port;
	struct log *log;
	/* Which path is in which map. */
	struct maps *maps;
	/* Events of a lower priority are not logged. */
	int level;
	/* Number of the last event. */
	uint64_t seq;
	/* Owned, one per path: a path that flaps does not fill the log. */
	struct rate *rates;
	/* Owned, one per path: for events about the path in its map. */
	struct rate *dm_rates;
	/* Owned, one per map. */
	struct rate *map_rates;
	struct rate turn_rates[CAUSE_TURNS];
	/* Of all paths and maps: an array that is slow makes each of its maps slow. */
	struct rate slow_rate;
	/* Owned: changes that outage.h reports together. */
	struct gather *gathered;
	/* Begins and ends of holds that outage_holds.h reports together. */
	struct hold_gather holds;
	/* Owned: maps without a usable path. */
	struct map_losses *losses;
	/* The last path of a map is reported at once from then on: see outage_state(). */
	struct mono urgent_from;
	/* The other paths of this part are to be checked; see outage_run(). */
	struct cause suspect;
	enum cause_turn suspect_turn;
	bool is_suspect;
	struct rate suspect_rate;
	/* The same as urgent_from, for maps without a usable path. */
	struct mono urgent_map_from;
	/* Maps whose redundancy is to be reported, and since when the first one is gathered. */
	uint32_t maps_gathered;
	/* Those of them whose paths are observed. */
	uint32_t observed_gathered;
	struct mono maps_first;
	/* Events about a common cause since the start. */
	uint32_t causes_total[CAUSE_KINDS][CAUSE_TURNS];
	/* Number of the last group of records. */
	uint32_t group;
	struct rate remedy_rates[EVENTS_REMEDY_KINDS];
	uint32_t max_paths;
	/* The table of maps is complete: the map that a device names is ignored. */
	bool maps_decide;
};

/* -ENOMEM. */
_must_check_ int events_init(struct events *ev, const struct events_options *o);
void events_deinit(struct events *ev);
uint64_t events_bytes(uint32_t max_paths);

/* The index belongs to another path now: its rates start again. */
void events_new_path(struct events *ev, uint32_t index);
/* The map that a path is in: as of the kernel, or else as of discovery. NULL: none. */
const char *events_map_of(const struct events *ev, uint32_t index,
                          const struct device *d);

/* A path came to another state. */
struct events_change {
	const struct device *device;
	const char *map; /* its name; NULL: none */
	enum path_state from, to;
	int64_t lasted_us; /* how long `from` lasted */
	struct mono since; /* when that was */
	struct reason why;
};
/* index: REGISTRY_NONE: the path was removed. */
void events_change(struct events *ev, uint32_t index, const struct events_change *c,
                   struct mono now);

/* Makes an event about many paths or maps. */
struct events_group {
	uint32_t number, members;
	uint16_t records;
	size_t used; /* of names.message */
	struct event names;
};
void events_group_begin(struct events *ev, struct events_group *g);
void events_group_name(struct events *ev, struct events_group *g, const char *name);
/* Adds a change to the path's history. */
void events_group_change(struct events *ev, const struct events_group *g,
                         const struct events_change *c, struct mono now);
/* Completes the event: numbers it, and hands it over. e: its type, priority and texts but the
 * message, which is cut if it is too long. */
void events_group_end(struct events *ev, struct events_group *g, struct event *e,
                      const char *message, bool to_log);
/* Is there room for records of a group? */
bool events_have_room(const struct events *ev);
/* May an event about this turn be logged? */
bool events_may_log(struct events *ev, int priority, enum cause_turn turn,
                    struct mono now, char *ret_suppressed, size_t size);

/* A path is slow, or no longer. path: NULL: the whole map is. */
struct events_slow {
	const struct device *path;
	const char *map; /* NULL: none */
	bool slow;
	struct mono now;
};
void events_slow(struct events *ev, const struct events_slow *s, const char *format, ...)
        _printf_(3, 4);

/* The device of a path that is up answers with an error of its own: path_status.reason. */
void events_device_error(struct events *ev, uint32_t index, const struct path *p,
                         struct mono now);
/* The path is held for another reason than `before` says, or is held no longer, since then. */
void events_hold(struct events *ev, uint32_t index, const struct path *p,
                 const struct hold *before, struct mono since, struct mono now);
/* A check did not start or was not judged. Reports the remedy, if there is one, rarely. */
void events_not_judged(struct events *ev, const struct path *p, const struct outcome *o,
                       struct mono now);
/*
 * Something happened to a path in a map, or to a map. format: what happened. from, to: "": none.
 * events_map(): map: index in the table of maps.
 */
void events_dm(struct events *ev, uint32_t index, const struct path *p, const char *map,
               int priority, const char *from, const char *to, struct mono now,
               const char *format, ...) _printf_(9, 10);
/* The same of what happened at `since`. */
void events_dm_since(struct events *ev, uint32_t index, const struct path *p,
                     const char *map, int priority, const char *from, const char *to,
                     struct mono since, struct mono now, const char *format, ...)
        _printf_(10, 11);
void events_map(struct events *ev, uint32_t map, const char *name, int priority,
                const char *from, const char *to, struct mono now, const char *format,
                ...) _printf_(8, 9);
struct events_map_change {
	const char *map; /* its name */
	const char *from, *to;
	int priority;
};
/* The same of a map whose paths are observed. path: the index of one of them. */
void events_observed_map(struct events *ev, uint32_t path,
                         const struct events_map_change *c, const char *words,
                         struct mono now);
/* The level of an event that a map has this redundancy now. */
int events_redundancy_priority(enum redundancy r);
struct events_redundancy {
	const char *map;  /* its name */
	const char *from; /* "": nothing was reported yet */
	enum redundancy to;
	uint32_t usable, paths, disabled;
};
/* The redundancy of a map is another one. map: index in the table of maps. */
void events_redundancy(struct events *ev, uint32_t map, const struct events_redundancy *r,
                       struct mono now);
/* The same of a map whose paths are observed. path: the index of one of them. */
void events_observed_redundancy(struct events *ev, uint32_t path,
                                const struct events_redundancy *r, struct mono now);
/* The index belongs to another map now: its rate starts again. */
void events_new_map(struct events *ev, uint32_t map);
/* Something else about a path. */
void events_path(struct events *ev, enum event_type type, int priority,
                 const struct device *d, const char *format, ...) _printf_(5, 6);
/* The engine checks worse from now on, or well again. from, to: "": none. */
void events_engine(struct events *ev, int priority, const char *from, const char *to,
                   const char *format, ...) _printf_(5, 6);
/* Something about the daemon, the engine or the configuration. */
void events_say(struct events *ev, enum event_type type, int priority, const char *format,
                ...) _printf_(4, 5);

#endif

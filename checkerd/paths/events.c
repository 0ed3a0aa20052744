/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the rates of the log's lines. The loop only: the control and log threads get copies. */
#include "checkerd/paths/events.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "checkerd/core/loss.h"
#include "util/utf8.h"

/* Lines about the states of one path. */
static const struct rate_policy path_rate = { .burst = 10, .window = 60 };

/* Lines about many paths of one HBA, target or array, and about slow paths. */
static const struct rate_policy turn_rate = { .burst = 30, .window = 60 };

/* A shortage lasts, and its remedy stays the same. */
static const struct rate_policy remedy_rate = { .burst = 1, .window = 600 };

/* What a user can do about a check that this host or this program prevented. */
static const struct {
	int error;
	const char *remedy; /* NULL: the reason says it */
} remedies[EVENTS_REMEDY_KINDS] = {
	{ EINVAL, NULL },
	{ EOPNOTSUPP, "choose another path_checker for this device" },
	{ EACCES, "let checkerd open the device: check its user and groups, "
	          "DeviceAllow= of its unit, and the security module" },
	{ EPERM, "let checkerd open the device: check its capabilities and DeviceAllow= "
	         "of its unit" },
	{ ENOENT,
	  "the kernel has the device, and its name is missing: run udevadm trigger" },
	{ ELOOP, "correct the symbolic links of the device's name" },
	{ EMFILE, "raise LimitNOFILE= of checkerd.service" },
	{ ENFILE, "raise sysctl fs.file-max" },
	{ ENOMEM, "free memory, or raise MemoryMax= of checkerd.service" },
};

int events_init(struct events *ev, const struct events_options *o)
{
	*ev = (struct events){
		.port = o->port,
		.log = o->log,
		.maps = o->maps,
		.level = o->level,
		.max_paths = o->max_paths,
	};
	ev->rates = calloc(o->max_paths, sizeof(ev->rates[0]));
	ev->dm_rates = calloc(o->max_paths, sizeof(ev->dm_rates[0]));
	ev->map_rates = calloc(map_room(o->max_paths), sizeof(ev->map_rates[0]));
	if (ev->rates == NULL || ev->dm_rates == NULL || ev->map_rates == NULL ||
	    gather_new(&ev->gathered, o->max_paths) < 0 ||
	    map_losses_new(&ev->losses, map_room(o->max_paths)) < 0) {
		events_deinit(ev);
		return -ENOMEM;
	}
	return 0;
}

void events_deinit(struct events *ev)
{
	free(ev->rates);
	free(ev->dm_rates);
	free(ev->map_rates);
	ev->rates = ev->dm_rates = ev->map_rates = NULL;
	ev->gathered = gather_free(ev->gathered);
	ev->losses = map_losses_free(ev->losses);
}

uint64_t events_bytes(uint32_t max_paths)
{
	return sizeof(struct events) + gather_bytes(max_paths) +
	       map_losses_bytes(map_room(max_paths)) +
	       (2 * (uint64_t)max_paths + map_room(max_paths)) * sizeof(struct rate);
}

void events_new_path(struct events *ev, uint32_t index)
{
	assert(index < ev->max_paths);
	ev->rates[index] = ev->dm_rates[index] = (struct rate){ .suppressed = 0 };
}

void events_new_map(struct events *ev, uint32_t map)
{
	assert(map < map_room(ev->max_paths));
	ev->map_rates[map] = (struct rate){ .suppressed = 0 };
	map_losses_forget(ev->losses, map);
}

static int64_t realtime_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / NSEC_PER_USEC;
}

/* Truncates a text that does not fit, never inside a UTF-8 character. */
static void put_text(char *buf, size_t size, const char *text)
{
	size_t n = strlen(text);

	if (n >= size) {
		n = size - 1;
		while (n > 0 && utf8_continues(text[n]))
			n--;
	}
	memcpy(buf, text, n);
	buf[n] = '\0';
}

/* Size of describe_path()'s text: a name, an alias, a map, and the characters between them. */
#define NAME_TEXT_MAX (DEVICE_NAME_MAX + 64 + MAP_NAME_MAX + 16)

static void begin_event(struct event *e, enum event_type type, int priority,
                        const struct device *d, const char *map)
{
	memset(e, 0, sizeof(*e));
	e->type = type;
	e->priority = priority;
	if (d != NULL)
		put_text(e->path, sizeof(e->path), device_name(d));
	if (map != NULL)
		put_text(e->map, sizeof(e->map), map);
}

const char *events_map_of(const struct events *ev, uint32_t index, const struct device *d)
{
	const struct map *m = maps_of(ev->maps, index);

	if (m != NULL)
		return m->name;
	return ev->maps_decide && !device_is_observed(d) ? NULL : device_map(d);
}

/* The path's name in messages: "sda", "sda (left)", "sda (left, map demo)". */
static void describe_path(char *buf, size_t size, const struct device *d, const char *map)
{
	const char *alias = device_alias(d);

	(void)snprintf(
	        buf, size, "%s%s%s%s%s%s%s", device_name(d),
	        alias != NULL || map != NULL ? " (" : "", alias == NULL ? "" : alias,
	        alias != NULL && map != NULL ? ", " : "", map == NULL ? "" : "map ",
	        map == NULL ? "" : map, alias != NULL || map != NULL ? ")" : "");
}

/* Numbers the event, and hands it to the control and log threads. */
static void finish_event_at(struct events *ev, struct event *e, bool to_log,
                            int64_t ago_us)
{
	e->seq = ++ev->seq;
	e->realtime_us = realtime_us() - ago_us;
	port_loop_event(ev->port, e);
	if (to_log && e->priority <= ev->level)
		log_push(ev->log, e);
}

static void finish_event(struct events *ev, struct event *e, bool to_log)
{
	finish_event_at(ev, e, to_log, 0);
}

static int state_priority(enum path_state from, enum path_state to)
{
	switch (to) {
	case PATH_DOWN:
	case PATH_REMOVED:
	case PATH_DISCONNECTED:
		return LOG_ERR;
	case PATH_TIMEOUT:
	case PATH_SHAKY:
		return LOG_WARNING;
	case PATH_UNCHECKED:
	case PATH_PENDING:
		return LOG_DEBUG;
	case PATH_UP:
	case PATH_GHOST:
	case PATH_DELAYED:
	case PATH_STATE_COUNT_:
		break;
	}
	/* The log of a healthy system has no line for each path. */
	return from == PATH_PENDING || from == PATH_UNCHECKED ? LOG_DEBUG : LOG_NOTICE;
}

/* The event of one change, without its message. */
static void begin_change(struct event *e, const struct events_change *c)
{
	char reason[REASON_TEXT_MAX];

	begin_event(e, EVENT_PATH_STATE, state_priority(c->from, c->to), c->device,
	            c->map);
	put_text(e->from, sizeof(e->from), path_state_name(c->from));
	put_text(e->to, sizeof(e->to), path_state_name(c->to));
	e->lasted_us = c->lasted_us;
	e->why = c->why;
	e->loss = (uint8_t)loss_of(c->to, &c->why);
	reason_format(&c->why, reason, sizeof(reason));
	put_text(e->reason, sizeof(e->reason), reason);
}

void events_change(struct events *ev, uint32_t index, const struct events_change *c,
                   struct mono now)
{
	char name[NAME_TEXT_MAX], left[64] = "", text[576];
	struct event e;
	uint32_t left_out = 0;
	bool to_log;

	begin_change(&e, c);
	to_log = e.priority <= ev->level &&
	         (index == REGISTRY_NONE ||
	          rate_allow(&ev->rates[index], &path_rate, now, &left_out));
	if (left_out > 0)
		(void)snprintf(left, sizeof(left), " (%u earlier changes suppressed)",
		               left_out);
	describe_path(name, sizeof(name), c->device, c->map);
	if (e.reason[0] != '\0')
		(void)snprintf(text, sizeof(text), "%s: %s -> %s: %s%s%s", name, e.from,
		               e.to, e.reason,
		               e.loss == LOSS_PERMANENT && c->to == PATH_DOWN
		                       ? "; gone for good"
		                       : "",
		               left);
	else
		(void)snprintf(text, sizeof(text), "%s: %s -> %s after %.1f s%s", name,
		               e.from, e.to, (double)e.lasted_us / (double)USEC_PER_SEC,
		               left);
	put_text(e.message, sizeof(e.message), text);
	finish_event_at(ev, &e, to_log, mono_diff(now, c->since));
}

void events_group_begin(struct events *ev, struct events_group *g)
{
	*g = (struct events_group){ .number = ++ev->group };
	if (g->number == 0)
		g->number = ++ev->group;
}

static void flush_names(struct events *ev, struct events_group *g)
{
	if (g->used == 0)
		return;
	g->names.part = EVENT_NAMES;
	g->names.group = g->number;
	g->names.seq = ev->seq;
	g->names.message[g->used] = '\0';
	port_loop_event(ev->port, &g->names);
	g->records++;
	g->used = 0;
}

void events_group_name(struct events *ev, struct events_group *g, const char *name)
{
	size_t n = strnlen(name, EVENT_MAP_MAX);

	if (g->used + n + 2 > sizeof(g->names.message))
		flush_names(ev, g);
	memcpy(g->names.message + g->used, name, n);
	g->used += n;
	g->names.message[g->used++] = EVENT_NAME_END;
	g->members++;
}

void events_group_change(struct events *ev, const struct events_group *g,
                         const struct events_change *c, struct mono now)
{
	struct event e;

	begin_change(&e, c);
	e.part = EVENT_MEMBER;
	e.group = g->number;
	e.seq = ev->seq;
	e.reason[0] = e.map[0] = '\0';
	e.realtime_us = realtime_us() - mono_diff(now, c->since);
	port_loop_event(ev->port, &e);
}

void events_group_end(struct events *ev, struct events_group *g, struct event *e,
                      const char *message, bool to_log)
{
	flush_names(ev, g);
	put_text(e->message, sizeof(e->message), message);
	e->group = g->number;
	e->members = g->members;
	e->name_records = g->records;
	finish_event(ev, e, to_log);
}

bool events_have_room(const struct events *ev)
{
	return port_loop_has_room(ev->port);
}

/* ret_suppressed: how many lines were left out before, in words. */
static bool may_log(const struct events *ev, int priority, struct rate *rate,
                    struct mono now, char *ret_suppressed, size_t size)
{
	uint32_t left_out = 0;
	bool may = priority <= ev->level && rate_allow(rate, &turn_rate, now, &left_out);

	ret_suppressed[0] = '\0';
	if (left_out > 0)
		(void)snprintf(ret_suppressed, size, " (%u such messages suppressed)",
		               left_out);
	return may;
}

bool events_may_log(struct events *ev, int priority, enum cause_turn turn,
                    struct mono now, char *ret_suppressed, size_t size)
{
	return may_log(ev, priority, &ev->turn_rates[turn], now, ret_suppressed, size);
}

/* "NAME: WORDS", and the number of lines that the rate suppressed before. */
static void finish_rated_at(struct events *ev, struct event *e, struct rate *rate,
                            const char *name, const char *words, struct mono since,
                            struct mono now)
{
	char text[NAME_TEXT_MAX + EVENT_MESSAGE_MAX + 64], left[64] = "";
	uint32_t left_out = 0;
	bool to_log =
	        e->priority <= ev->level && rate_allow(rate, &path_rate, now, &left_out);

	if (left_out > 0)
		(void)snprintf(left, sizeof(left), " (%u earlier changes suppressed)",
		               left_out);
	(void)snprintf(text, sizeof(text), "%s: %s%s", name, words, left);
	put_text(e->message, sizeof(e->message), text);
	finish_event_at(ev, e, to_log, mono_diff(now, since));
}

static void finish_rated(struct events *ev, struct event *e, struct rate *rate,
                         const char *name, const char *words, struct mono now)
{
	finish_rated_at(ev, e, rate, name, words, now, now);
}

void events_device_error(struct events *ev, uint32_t index, const struct path *p,
                         struct mono now)
{
	char name[NAME_TEXT_MAX], words[EVENT_MESSAGE_MAX], reason[REASON_TEXT_MAX];
	struct event e;
	const char *map = events_map_of(ev, index, p->device);

	assert(index < ev->max_paths);
	begin_event(&e, EVENT_PATH_STATE, LOG_WARNING, p->device, map);
	put_text(e.from, sizeof(e.from), path_state_name(p->status.state));
	put_text(e.to, sizeof(e.to), path_state_name(p->status.state));
	e.lasted_us = mono_diff(now, p->status.since);
	e.why = p->status.reason;
	put_text(e.reason, sizeof(e.reason),
	         reason_format(&p->status.reason, reason, sizeof(reason)));
	describe_path(name, sizeof(name), p->device, map);
	(void)snprintf(words, sizeof(words), "%s; the path stays %s: examine the device",
	               reason, e.to);
	finish_rated(ev, &e, &ev->rates[index], name, words, now);
}

static const char *describe_hold(const struct path *p, const struct hold *before,
                                 struct mono since, char buf[EVENT_MESSAGE_MAX])
{
	enum hold_why was = policy_why(before), is = policy_why(&p->hold);
	int64_t left_us = mono_diff(policy_until(&p->hold), since);

	if (is == HOLD_NONE)
		(void)snprintf(buf, EVENT_MESSAGE_MAX, "held no longer: %s, for %.0f s",
		               hold_why_name(was),
		               (double)mono_diff(since, policy_since(before)) /
		                       (double)USEC_PER_SEC);
	else if (left_us > 0)
		(void)snprintf(buf, EVENT_MESSAGE_MAX,
		               "held: %s: for %.0f s at least; it ends %s",
		               hold_why_name(is), (double)left_us / (double)USEC_PER_SEC,
		               hold_why_end(is));
	else
		(void)snprintf(buf, EVENT_MESSAGE_MAX, "held: %s: it ends %s",
		               hold_why_name(is), hold_why_end(is));
	return buf;
}

void events_hold(struct events *ev, uint32_t index, const struct path *p,
                 const struct hold *before, struct mono since, struct mono now)
{
	enum hold_why was = policy_why(before), is = policy_why(&p->hold);
	char name[NAME_TEXT_MAX], words[EVENT_MESSAGE_MAX];
	const char *map = events_map_of(ev, index, p->device);
	struct event e;

	assert(index < ev->max_paths && was != is);
	begin_event(&e, EVENT_HOLD, is == HOLD_NONE ? LOG_NOTICE : LOG_WARNING, p->device,
	            map);
	put_text(e.from, sizeof(e.from), was == HOLD_NONE ? "" : hold_why_name(was));
	put_text(e.to, sizeof(e.to), is == HOLD_NONE ? "" : hold_why_name(is));
	put_text(e.reason, sizeof(e.reason), is == HOLD_NONE ? e.from : e.to);
	describe_path(name, sizeof(name), p->device, map);
	finish_rated_at(ev, &e, &ev->rates[index], name,
	                describe_hold(p, before, since, words), since, now);
}

void events_not_judged(struct events *ev, const struct path *p, const struct outcome *o,
                       struct mono now)
{
	const struct reason why = { .kind = OUTCOME_NOT_JUDGED,
		                    .stage = o->stage,
		                    .error = o->error,
		                    .request = o->request,
		                    .said = o->said,
		                    .sense = o->sense };
	char name[NAME_TEXT_MAX], reason[REASON_TEXT_MAX], text[2 * EVENT_MESSAGE_MAX];
	struct event e;
	uint32_t left_out = 0;
	size_t i = 0;

	while (i < ARRAY_LEN(remedies) && remedies[i].error != o->error)
		i++;
	if (i == ARRAY_LEN(remedies) ||
	    !rate_allow(&ev->remedy_rates[i], &remedy_rate, now, &left_out))
		return;
	begin_event(&e, EVENT_ENGINE, LOG_WARNING, p->device, device_map(p->device));
	reason_format(&why, reason, sizeof(reason));
	put_text(e.reason, sizeof(e.reason), reason);
	describe_path(name, sizeof(name), p->device, device_map(p->device));
	(void)snprintf(text, sizeof(text),
	               "%s: cannot be checked, its state stays: %s%s%s", name, reason,
	               remedies[i].remedy != NULL ? "; " : "",
	               remedies[i].remedy != NULL ? remedies[i].remedy : "");
	if (left_out > 0)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
		               " (%u more since the last such message)", left_out);
	put_text(e.message, sizeof(e.message), text);
	finish_event(ev, &e, true);
}

/* words: what happened. */
static void report_dm(struct events *ev, uint32_t index, const struct path *p,
                      struct event *e, const char *words, struct mono since,
                      struct mono now)
{
	char name[NAME_TEXT_MAX], reason[REASON_TEXT_MAX];

	assert(index < ev->max_paths);
	e->why = p->status.reason;
	put_text(e->reason, sizeof(e->reason),
	         reason_format(&p->status.reason, reason, sizeof(reason)));
	describe_path(name, sizeof(name), p->device, e->map[0] == '\0' ? NULL : e->map);
	finish_rated_at(ev, e, &ev->dm_rates[index], name, words, since, now);
}

static void begin_dm(struct event *e, const struct path *p, const char *map, int priority,
                     const char *from, const char *to)
{
	begin_event(e, EVENT_DM, priority, p->device, map);
	put_text(e->from, sizeof(e->from), from);
	put_text(e->to, sizeof(e->to), to);
}

void events_dm(struct events *ev, uint32_t index, const struct path *p, const char *map,
               int priority, const char *from, const char *to, struct mono now,
               const char *format, ...)
{
	char words[EVENT_MESSAGE_MAX];
	struct event e;
	va_list args;

	begin_dm(&e, p, map, priority, from, to);
	va_start(args, format);
	(void)vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	report_dm(ev, index, p, &e, words, now, now);
}

void events_dm_since(struct events *ev, uint32_t index, const struct path *p,
                     const char *map, int priority, const char *from, const char *to,
                     struct mono since, struct mono now, const char *format, ...)
{
	char words[EVENT_MESSAGE_MAX];
	struct event e;
	va_list args;

	begin_dm(&e, p, map, priority, from, to);
	va_start(args, format);
	(void)vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	report_dm(ev, index, p, &e, words, since, now);
}

static void report_map(struct events *ev, struct rate *rate,
                       const struct events_map_change *c, const char *words,
                       struct mono now)
{
	char text[MAP_NAME_MAX + 8];
	struct event e;

	begin_event(&e, EVENT_MAP, c->priority, NULL, c->map);
	put_text(e.from, sizeof(e.from), c->from);
	put_text(e.to, sizeof(e.to), c->to);
	(void)snprintf(text, sizeof(text), "map %s", c->map);
	finish_rated(ev, &e, rate, text, words, now);
}

void events_map(struct events *ev, uint32_t map, const char *name, int priority,
                const char *from, const char *to, struct mono now, const char *format,
                ...)
{
	const struct events_map_change c = { name, from, to, priority };
	char words[EVENT_MESSAGE_MAX];
	va_list args;

	assert(map < map_room(ev->max_paths));
	va_start(args, format);
	(void)vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	report_map(ev, &ev->map_rates[map], &c, words, now);
}

void events_observed_map(struct events *ev, uint32_t path,
                         const struct events_map_change *c, const char *words,
                         struct mono now)
{
	assert(path < ev->max_paths);
	report_map(ev, &ev->dm_rates[path], c, words, now);
}

int events_redundancy_priority(enum redundancy r)
{
	switch (r) {
	case REDUNDANCY_NONE:
		return LOG_ERR;
	case REDUNDANCY_LAST:
	case REDUNDANCY_DEGRADED:
		return LOG_WARNING;
	case REDUNDANCY_FULL:
		break;
	}
	return LOG_NOTICE;
}

static void report_redundancy(struct events *ev, struct rate *rate,
                              const struct events_redundancy *r, struct mono now)
{
	char words[EVENT_MESSAGE_MAX], name[MAP_NAME_MAX + 8], disabled[48] = "";
	struct event e;

	begin_event(&e, EVENT_MAP, events_redundancy_priority(r->to), NULL, r->map);
	put_text(e.from, sizeof(e.from), r->from);
	put_text(e.to, sizeof(e.to), redundancy_name(r->to));
	(void)snprintf(name, sizeof(name), "map %s", r->map);
	if (r->disabled > 0)
		(void)snprintf(disabled, sizeof(disabled), ", %u disabled", r->disabled);
	(void)snprintf(words, sizeof(words), "%s%s%s: %u of %u paths usable%s", r->from,
	               r->from[0] == '\0' ? "" : " -> ", redundancy_name(r->to),
	               r->usable, r->paths, disabled);
	finish_rated(ev, &e, rate, name, words, now);
}

void events_redundancy(struct events *ev, uint32_t map, const struct events_redundancy *r,
                       struct mono now)
{
	assert(map < map_room(ev->max_paths));
	report_redundancy(ev, &ev->map_rates[map], r, now);
}

void events_observed_redundancy(struct events *ev, uint32_t path,
                                const struct events_redundancy *r, struct mono now)
{
	assert(path < ev->max_paths);
	report_redundancy(ev, &ev->dm_rates[path], r, now);
}

void events_path(struct events *ev, enum event_type type, int priority,
                 const struct device *d, const char *format, ...)
{
	char name[NAME_TEXT_MAX], words[EVENT_MESSAGE_MAX],
	        text[sizeof(name) + sizeof(words) + 2];
	struct event e;
	va_list args;

	begin_event(&e, type, priority, d, device_map(d));
	describe_path(name, sizeof(name), d, device_map(d));
	va_start(args, format);
	(void)vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	(void)snprintf(text, sizeof(text), "%s: %s", name, words);
	put_text(e.message, sizeof(e.message), text);
	finish_event(ev, &e, true);
}

void events_slow(struct events *ev, const struct events_slow *s, const char *format, ...)
{
	char name[NAME_TEXT_MAX] = "", words[EVENT_MESSAGE_MAX], left[64],
	     text[sizeof(name) + sizeof(words) + sizeof(left)];
	struct event e;
	bool to_log;
	va_list args;

	begin_event(&e, EVENT_SLOW, s->slow ? LOG_WARNING : LOG_NOTICE, s->path, s->map);
	put_text(e.from, sizeof(e.from), s->slow ? "" : "slow");
	put_text(e.to, sizeof(e.to), s->slow ? "slow" : "");
	if (s->path != NULL)
		describe_path(name, sizeof(name), s->path, s->map);
	va_start(args, format);
	(void)vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	to_log = may_log(ev, e.priority, &ev->slow_rate, s->now, left, sizeof(left));
	(void)snprintf(text, sizeof(text), "%s%s%s%s", name, s->path != NULL ? ": " : "",
	               words, left);
	put_text(e.message, sizeof(e.message), text);
	finish_event(ev, &e, to_log);
}

void events_engine(struct events *ev, int priority, const char *from, const char *to,
                   const char *format, ...)
{
	struct event e;
	va_list args;

	begin_event(&e, EVENT_ENGINE, priority, NULL, NULL);
	put_text(e.from, sizeof(e.from), from);
	put_text(e.to, sizeof(e.to), to);
	va_start(args, format);
	(void)vsnprintf(e.message, sizeof(e.message), format, args);
	va_end(args);
	finish_event(ev, &e, true);
}

void events_say(struct events *ev, enum event_type type, int priority, const char *format,
                ...)
{
	struct event e;
	va_list args;

	begin_event(&e, type, priority, NULL, NULL);
	va_start(args, format);
	(void)vsnprintf(e.message, sizeof(e.message), format, args);
	va_end(args);
	finish_event(ev, &e, true);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the table of the metric families of the whole daemon: one piece each. The control thread runs
 * this. */
#include "checkerd/control/metrics_daemon.h"

#include <inttypes.h>
#include <stdio.h>

#include "config.h"

/* Edges of the histogram: one for each power of two from 15 us to 134 s. */
#define EDGE_FIRST 7
#define EDGE_LAST  53
#define EDGE_STEP  2
static_assert(EDGE_LAST < HISTOGRAM_BUCKETS, "each edge is a bucket");

static void build(struct metrics_piece *o, const char *name,
                  const struct metrics_source *s, const void *row)
{
	(void)s;
	(void)row;
	metrics_labels(o, name, "", METRICS_LABELS("version", PACKAGE_VERSION));
	metrics_uint(o, 1);
}

static void durations(struct metrics_piece *o, const char *name,
                      const struct metrics_source *s, const void *row)
{
	const struct histogram_totals *h = &s->v->snap->durations;
	uint64_t below = 0;
	unsigned b = 0;

	(void)row;
	for (unsigned edge = EDGE_FIRST; edge <= EDGE_LAST; edge += EDGE_STEP) {
		uint32_t us = histogram_upper_us(edge);
		char le[24];

		for (; b <= edge; b++)
			below += h->bucket[b];
		(void)snprintf(le, sizeof(le), "%u.%06u", us / 1000000, us % 1000000);
		metrics_labels(o, name, "_bucket", METRICS_LABELS("le", le));
		metrics_uint(o, below);
	}
	metrics_labels(o, name, "_bucket", METRICS_LABELS("le", "+Inf"));
	metrics_uint(o, h->count);
	metrics_labels(o, name, "_count", NULL);
	metrics_uint(o, h->count);
	metrics_labels(o, name, "_sum", NULL);
	metrics_seconds(o, (int64_t)h->sum_us);
}

static void put_state(struct metrics_piece *o, const char *name, const char *state,
                      uint64_t n)
{
	metrics_labels(o, name, "", METRICS_LABELS("state", state));
	metrics_uint(o, n);
}

static uint64_t orphans_of(const struct snapshot *snap)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < snap->n_groups; i++)
		n += snap->groups[i].orphans;
	return n;
}

/* Of the groups that send SCSI commands, or of the others. */
static void put_slots(struct metrics_piece *o, const char *name,
                      const struct snapshot *snap, bool sg)
{
	uint64_t slots = 0, queued = 0, in_flight = 0, expired = 0, orphan = 0, used;

	for (uint32_t i = 0; i < snap->n_groups; i++) {
		const struct pathcheck_group *g = &snap->groups[i];

		if ((g->kind == PATHCHECK_GROUP_SG) != sg)
			continue;
		slots += g->slots;
		queued += g->queued;
		in_flight += g->in_flight;
		expired += g->expired;
		orphan += g->orphans;
	}
	used = queued + in_flight + expired + orphan;
	put_state(o, name, "free", slots > used ? slots - used : 0);
	put_state(o, name, "queued", queued);
	put_state(o, name, "in_flight", in_flight);
	put_state(o, name, "expired", expired);
	put_state(o, name, "orphan", orphan);
}

static void aio_slots(struct metrics_piece *o, const char *name,
                      const struct metrics_source *s, const void *row)
{
	(void)row;
	put_slots(o, name, s->v->snap, false);
}

static void sg_slots(struct metrics_piece *o, const char *name,
                     const struct metrics_source *s, const void *row)
{
	(void)row;
	put_slots(o, name, s->v->snap, true);
}

static void orphans(struct metrics_piece *o, const char *name,
                    const struct metrics_source *s, const void *row)
{
	(void)row;
	metrics_one(o, name, orphans_of(s->v->snap));
}

static void deferred(struct metrics_piece *o, const char *name,
                     const struct metrics_source *s, const void *row)
{
	(void)row;
	metrics_labels(o, name, "_total", NULL);
	metrics_uint(o, s->v->snap->engine.deferred_total);
}

static void emergency(struct metrics_piece *o, const char *name,
                      const struct metrics_source *s, const void *row)
{
	(void)row;
	metrics_one(o, name, s->v->snap->engine.emergency_now);
}

static void rescuers(struct metrics_piece *o, const char *name,
                     const struct metrics_source *s, const void *row)
{
	const struct snapshot *snap = s->v->snap;
	uint32_t busy = MIN(snap->engine.rescuers_busy, snap->engine.rescuers);
	uint32_t stuck = MIN(snap->engine.rescuers_stuck, busy);

	(void)row;
	put_state(o, name, "idle", snap->engine.rescuers - busy);
	put_state(o, name, "busy", busy - stuck);
	put_state(o, name, "stuck", stuck);
}

/* The number is not known: there is no sample. */
static void aio_nr(struct metrics_piece *o, const char *name,
                   const struct metrics_source *s, const void *row)
{
	(void)row;
	if (s->v->snap->aio_nr >= 0)
		metrics_one(o, name, (uint64_t)s->v->snap->aio_nr);
}

static void aio_max_nr(struct metrics_piece *o, const char *name,
                       const struct metrics_source *s, const void *row)
{
	(void)row;
	if (s->v->snap->aio_max_nr >= 0)
		metrics_one(o, name, (uint64_t)s->v->snap->aio_max_nr);
}

static void dm_commands(struct metrics_piece *o, const char *name,
                        const struct metrics_source *s, const void *row)
{
	const struct snapshot *snap = s->v->snap;

	(void)row;
	metrics_labels(o, name, "_total", METRICS_LABELS("result", "failed"));
	metrics_uint(o, snap->dm_failed);
	metrics_labels(o, name, "_total", METRICS_LABELS("result", "reinstated"));
	metrics_uint(o, snap->dm_reinstated);
	metrics_labels(o, name, "_total", METRICS_LABELS("result", "refused"));
	metrics_uint(o, snap->dm_refused);
}

static void purges(struct metrics_piece *o, const char *name,
                   const struct metrics_source *s, const void *row)
{
	const struct snapshot *snap = s->v->snap;

	(void)row;
	metrics_labels(o, name, "_total", METRICS_LABELS("result", "deleted"));
	metrics_uint(o, snap->purge_deleted);
	metrics_labels(o, name, "_total", METRICS_LABELS("result", "failed"));
	metrics_uint(o, snap->purge_failed);
}

static void lag(struct metrics_piece *o, const char *name, const struct metrics_source *s,
                const void *row)
{
	(void)row;
	metrics_labels(o, name, "", NULL);
	metrics_seconds(o, s->v->snap->lag_last_us);
}

static void events_lost(struct metrics_piece *o, const char *name,
                        const struct metrics_source *s, const void *row)
{
	(void)row;
	metrics_labels(o, name, "_total", NULL);
	metrics_uint(o, s->events_lost);
}

static void restarts(struct metrics_piece *o, const char *name,
                     const struct metrics_source *s, const void *row)
{
	(void)row;
	metrics_labels(o, name, "_total", NULL);
	metrics_uint(o, s->v->snap->engine.prober_restarts);
}

static void prober_up(struct metrics_piece *o, const char *name,
                      const struct metrics_source *s, const void *row)
{
	(void)row;
	metrics_one(o, name, s->v->snap->engine.prober_pid > 0);
}

static void locked(struct metrics_piece *o, const char *name,
                   const struct metrics_source *s, const void *row)
{
	(void)row;
	metrics_one(o, name, s->v->snap->locked_bytes);
}

static void holds(struct metrics_piece *o, const char *name,
                  const struct metrics_source *s, const void *row)
{
	(void)row;
	for (unsigned w = HOLD_NONE + 1; w < HOLD_WHY_COUNT_; w++) {
		metrics_labels(o, name, "_total",
		               METRICS_LABELS("reason", hold_why_name((enum hold_why)w)));
		metrics_uint(o, s->v->snap->holds_begun[w]);
	}
}

static void cause_events(struct metrics_piece *o, const char *name,
                         const struct metrics_source *s, const void *row)
{
	(void)row;
	for (unsigned kind = 0; kind < CAUSE_KINDS; kind++)
		for (unsigned turn = 0; turn < CAUSE_TURNS; turn++) {
			metrics_labels(
			        o, name, "_total",
			        METRICS_LABELS("part",
			                       cause_kind_name((enum cause_kind)kind),
			                       "direction",
			                       cause_turn_name((enum cause_turn)turn)));
			metrics_uint(o, s->v->snap->cause_events[kind][turn]);
		}
}

const struct metrics_family metrics_daemon_families[] = {
	/* No info: node_exporter's textfile collector refuses a file with that type. */
	{ "build_info", "gauge", NULL, "Always 1. The version that runs.", METRICS_ONE,
	  build },
	{ "holds", "counter", NULL, "Holds that have begun, by reason.", METRICS_ONE,
	  holds },
	{ "cause_events", "counter", NULL,
	  "Events about paths that changed together, by the part that they share.",
	  METRICS_ONE, cause_events },
	{ "dm_commands", "counter", NULL, "Commands to device-mapper, by result.",
	  METRICS_ONE, dm_commands },
	{ "purges", "counter", NULL,
	  "Deletions of disconnected disks from this host, by result.", METRICS_ONE,
	  purges },
	{ "check_duration_seconds", "histogram", "seconds",
	  "Duration of successful checks.", METRICS_ONE, durations },
	{ "aio_slots", "gauge", NULL, "Slots for asynchronous reads, by state.",
	  METRICS_ONE, aio_slots },
	{ "sg_slots", "gauge", NULL, "Slots for SCSI commands, by state.", METRICS_ONE,
	  sg_slots },
	{ "orphans", "gauge", NULL,
	  "Requests in the kernel whose path was removed or has another one.",
	  METRICS_ONE, orphans },
	{ "deferred_checks", "counter", NULL,
	  "Checks that were deferred because of a shortage or a limit.", METRICS_ONE,
	  deferred },
	{ "emergency_slots", "gauge", NULL,
	  "Paths that are read synchronously because no asynchronous slot is free.",
	  METRICS_ONE, emergency },
	{ "rescuers", "gauge", NULL, "Threads for blocking calls, by state.", METRICS_ONE,
	  rescuers },
	{ "aio_nr", "gauge", NULL, "The host's fs.aio-nr.", METRICS_ONE, aio_nr },
	{ "aio_max_nr", "gauge", NULL, "The host's fs.aio-max-nr.", METRICS_ONE,
	  aio_max_nr },
	{ "loop_lag_seconds", "gauge", "seconds",
	  "Delay of the last check after its due time.", METRICS_ONE, lag },
	{ "events_lost", "counter", NULL,
	  "Events for which the control thread had no room.", METRICS_ONE, events_lost },
	{ "prober_up", "gauge", NULL, "1: the prober process runs.", METRICS_ONE,
	  prober_up },
	{ "prober_restarts", "counter", NULL, "Prober processes that were replaced.",
	  METRICS_ONE, restarts },
	{ "locked_memory_bytes", "gauge", "bytes", "Locked memory of both processes.",
	  METRICS_ONE, locked },
};

const unsigned metrics_daemon_count = ARRAY_LEN(metrics_daemon_families);

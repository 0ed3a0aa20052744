/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the table of metric families. The samples of a family follow its head, one piece for
 * each path or map. OpenMetrics wants seconds, and _total after the name of a counter. The
 * control thread runs this.
 */
#include "checkerd/control/metrics.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "checkerd/control/json_writer.h"
#include "checkerd/core/loss.h"
#include "config.h"

#define PREFIX      "checkerd_"
#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Bytes of a label's value that are written: no name is longer. Each byte may take three. */
#define VALUE_MAX 128
static_assert((PATH_STATE_COUNT_ + 1) * (3 * VALUE_MAX + 96) <= METRICS_PIECE,
              "the longest piece fits: a map's samples for every state");

/* Edges of the histogram: one for each power of two from 15 us to 134 s. */
#define EDGE_FIRST 7
#define EDGE_LAST  53
#define EDGE_STEP  2
static_assert(EDGE_LAST < HISTOGRAM_BUCKETS, "each edge is a bucket");

struct source {
	const struct view *v;
	uint64_t events_lost;
};

enum rows { ROWS_ONE, ROWS_PATHS, ROWS_MAPS };

struct family {
	const char *name, *type;
	const char *unit; /* NULL: none */
	const char *help;
	enum rows rows;
	void (*write)(struct metrics_piece *o, const char *name, const struct source *s,
	              const void *row);
};

/* --- the text --- */

_printf_(2, 3) static void put_text(struct metrics_piece *o, const char *format, ...)
{
	size_t room = sizeof(o->text) - o->size;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(o->text + o->size, room, format, args);
	va_end(args);
	assert(n >= 0 && (size_t)n < room);
	o->size += (size_t)n;
}

/*
 * OpenMetrics has escapes for three characters only. Other control characters are replaced,
 * because they would reach a terminal.
 */
static void put_escaped(struct metrics_piece *o, const char *s)
{
	const char *end = s + jw_text_cut(s, strnlen(s, VALUE_MAX + 1), VALUE_MAX);

	for (; s < end; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '\n')
			put_text(o, "\\n");
		else if (c == '"' || c == '\\')
			put_text(o, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			put_text(o, REPLACEMENT);
		else if (c == 0xc2 && (unsigned char)s[1] >= 0x80 &&
		         (unsigned char)s[1] < 0xa0) {
			put_text(o, REPLACEMENT); /* U+0080 to U+009F */
			s++;
		} else
			put_text(o, "%c", c);
	}
}

/* labels: pairs of a label and its value, then NULL. A value of NULL: the label is omitted. */
static void put_labels(struct metrics_piece *o, const char *name, const char *suffix,
                       const char *const *labels)
{
	const char *before = "{";

	put_text(o, PREFIX "%s%s", name, suffix);
	for (; labels != NULL && *labels != NULL; labels += 2) {
		if (labels[1] == NULL)
			continue;
		put_text(o, "%s%s=\"", before, labels[0]);
		put_escaped(o, labels[1]);
		put_text(o, "\"");
		before = ",";
	}
	put_text(o, "%s ", *before == ',' ? "}" : "");
}

#define LABELS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void put_uint(struct metrics_piece *o, uint64_t v)
{
	put_text(o, "%" PRIu64 "\n", v);
}

static void put_seconds(struct metrics_piece *o, int64_t us)
{
	put_text(o, "%s%" PRId64 ".%06" PRId64 "\n", us < 0 ? "-" : "",
	         (us < 0 ? -us : us) / USEC_PER_SEC, (us < 0 ? -us : us) % USEC_PER_SEC);
}

static void put_one(struct metrics_piece *o, const char *name, uint64_t v)
{
	put_labels(o, name, "", NULL);
	put_uint(o, v);
}

/* --- paths --- */

static void put_path_labels(struct metrics_piece *o, const char *name, const char *suffix,
                            const struct source *s, const struct snap_path *p,
                            const char *key, const char *value)
{
	put_labels(o, name, suffix,
	           LABELS("path", device_name(p->device), "map",
	                  view_path_map(s->v->snap, p), key, value));
}

static void path_up(struct metrics_piece *o, const char *name, const struct source *s,
                    const void *row)
{
	const struct snap_path *p = row;

	put_path_labels(o, name, "", s, p, NULL, NULL);
	put_uint(o, p->enabled && path_state_usable(p->status.state));
}

static void path_state(struct metrics_piece *o, const char *name, const struct source *s,
                       const void *row)
{
	const struct snap_path *p = row;

	put_path_labels(o, name, "", s, p, "state", view_path_state(p));
	put_uint(o, 1);
}

static void path_checks(struct metrics_piece *o, const char *name, const struct source *s,
                        const void *row)
{
	const struct snap_path *p = row;

	put_path_labels(o, name, "_total", s, p, NULL, NULL);
	put_uint(o, p->counters.checks);
}

static void path_failures(struct metrics_piece *o, const char *name,
                          const struct source *s, const void *row)
{
	const struct snap_path *p = row;

	put_path_labels(o, name, "_total", s, p, "reason", "error");
	put_uint(o, p->counters.failures);
	put_path_labels(o, name, "_total", s, p, "reason", "timeout");
	put_uint(o, p->counters.timeouts);
	put_path_labels(o, name, "_total", s, p, "reason", "device");
	put_uint(o, p->counters.device_errors);
}

static void path_overdue(struct metrics_piece *o, const char *name,
                         const struct source *s, const void *row)
{
	const struct snap_path *p = row;

	put_path_labels(o, name, "", s, p, NULL, NULL);
	put_uint(o, p->overdue);
}

static void path_slow(struct metrics_piece *o, const char *name, const struct source *s,
                      const void *row)
{
	const struct snap_path *p = row;

	put_path_labels(o, name, "", s, p, NULL, NULL);
	put_uint(o, p->slow);
}

/* No check succeeded yet: there is no sample. */
static void path_last_good(struct metrics_piece *o, const char *name,
                           const struct source *s, const void *row)
{
	const struct snap_path *p = row;

	if (p->good.us == 0)
		return;
	put_path_labels(o, name, "", s, p, NULL, NULL);
	put_seconds(o, mono_diff(s->v->snap->taken, p->good));
}

static void path_loss(struct metrics_piece *o, const char *name, const struct source *s,
                      const void *row)
{
	const struct snap_path *p = row;
	enum loss loss = loss_of(p->status.state, &p->status.reason);

	if (loss == LOSS_NONE)
		return;
	put_path_labels(o, name, "", s, p, "loss", loss_name(loss));
	put_uint(o, 1);
}

static void path_transitions(struct metrics_piece *o, const char *name,
                             const struct source *s, const void *row)
{
	const struct snap_path *p = row;

	put_path_labels(o, name, "_total", s, p, NULL, NULL);
	put_uint(o, p->counters.transitions);
}

static void path_held(struct metrics_piece *o, const char *name, const struct source *s,
                      const void *row)
{
	const struct snap_path *p = row;

	if (p->held_why == HOLD_NONE)
		return;
	put_path_labels(o, name, "", s, p, "reason",
	                hold_why_name((enum hold_why)p->held_why));
	put_uint(o, 1);
}

static void path_failures_in_row(struct metrics_piece *o, const char *name,
                                 const struct source *s, const void *row)
{
	const struct snap_path *p = row;

	put_path_labels(o, name, "", s, p, NULL, NULL);
	put_uint(o, (uint64_t)MAX(-p->status.streak, 0));
}

/* No check ended yet: there is no sample. */
static void path_error_ratio(struct metrics_piece *o, const char *name,
                             const struct source *s, const void *row)
{
	const struct snap_path *p = row;
	uint32_t permille = error_share_permille(&p->share);

	if (error_share_checks(&p->share) == 0)
		return;
	put_path_labels(o, name, "", s, p, NULL, NULL);
	put_text(o, "%u.%03u\n", permille / 1000, permille % 1000);
}

/* --- maps --- */

/* Disabled paths are counted behind the states. */
#define MAP_STATE_DISABLED PATH_STATE_COUNT_

/* A path that checkerd does not know is unchecked. */
static unsigned state_in_map(const struct source *s, const struct view_map *m, uint32_t i)
{
	uint32_t path = view_map_path(s->v, m, i);
	const struct snap_path *p;

	if (path == REGISTRY_NONE)
		return PATH_UNCHECKED;
	p = &s->v->snap->paths[path];
	return p->enabled ? p->status.state : MAP_STATE_DISABLED;
}

static const char *map_state_name(unsigned state)
{
	return state == MAP_STATE_DISABLED ? VIEW_DISABLED
	                                   : path_state_name((enum path_state)state);
}

/* up and down always have a sample, so that an alert finds both. */
static void map_paths(struct metrics_piece *o, const char *name, const struct source *s,
                      const void *row)
{
	const struct view_map *m = row;
	uint32_t n[PATH_STATE_COUNT_ + 1] = { 0 };

	for (uint32_t i = 0; i < m->n; i++)
		n[state_in_map(s, m, i)]++;
	for (unsigned i = 0; i < ARRAY_LEN(n); i++)
		if (n[i] > 0 || i == PATH_UP || i == PATH_DOWN) {
			put_labels(o, name, "",
			           LABELS("map", m->name, "state", map_state_name(i)));
			put_uint(o, n[i]);
		}
}

static void map_redundancy(struct metrics_piece *o, const char *name,
                           const struct source *s, const void *row)
{
	const struct view_map *m = row;

	(void)s;
	put_labels(o, name, "", LABELS("map", m->name));
	put_uint(o, REDUNDANCY_NONE - view_redundancy(m));
}

/* A map that only the configuration names has no sample. */
static void map_expected(struct metrics_piece *o, const char *name,
                         const struct source *s, const void *row)
{
	const struct view_map *m = row;

	(void)s;
	if (m->dm == NULL)
		return;
	put_labels(o, name, "", LABELS("map", m->name));
	put_uint(o, m->dm->paths_expected);
}

/* The same. */
static void map_lost(struct metrics_piece *o, const char *name, const struct source *s,
                     const void *row)
{
	const struct view_map *m = row;
	struct mono since = view_lost_since(m);

	if (m->dm == NULL)
		return;
	put_labels(o, name, "", LABELS("map", m->name));
	put_seconds(o, since.us == 0 ? 0 : MAX(mono_diff(s->v->snap->taken, since), 0));
}

/* --- the daemon: one piece each --- */

static void build(struct metrics_piece *o, const char *name, const struct source *s,
                  const void *row)
{
	(void)s;
	(void)row;
	put_labels(o, name, "_info", LABELS("version", PACKAGE_VERSION));
	put_uint(o, 1);
}

static void durations(struct metrics_piece *o, const char *name, const struct source *s,
                      const void *row)
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
		put_labels(o, name, "_bucket", LABELS("le", le));
		put_uint(o, below);
	}
	put_labels(o, name, "_bucket", LABELS("le", "+Inf"));
	put_uint(o, h->count);
	put_labels(o, name, "_count", NULL);
	put_uint(o, h->count);
	put_labels(o, name, "_sum", NULL);
	put_seconds(o, (int64_t)h->sum_us);
}

static void put_state(struct metrics_piece *o, const char *name, const char *state,
                      uint64_t n)
{
	put_labels(o, name, "", LABELS("state", state));
	put_uint(o, n);
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

static void aio_slots(struct metrics_piece *o, const char *name, const struct source *s,
                      const void *row)
{
	(void)row;
	put_slots(o, name, s->v->snap, false);
}

static void sg_slots(struct metrics_piece *o, const char *name, const struct source *s,
                     const void *row)
{
	(void)row;
	put_slots(o, name, s->v->snap, true);
}

static void orphans(struct metrics_piece *o, const char *name, const struct source *s,
                    const void *row)
{
	(void)row;
	put_one(o, name, orphans_of(s->v->snap));
}

static void deferred(struct metrics_piece *o, const char *name, const struct source *s,
                     const void *row)
{
	(void)row;
	put_labels(o, name, "_total", NULL);
	put_uint(o, s->v->snap->engine.deferred_total);
}

static void emergency(struct metrics_piece *o, const char *name, const struct source *s,
                      const void *row)
{
	(void)row;
	put_one(o, name, s->v->snap->engine.emergency_now);
}

static void rescuers(struct metrics_piece *o, const char *name, const struct source *s,
                     const void *row)
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
static void aio_nr(struct metrics_piece *o, const char *name, const struct source *s,
                   const void *row)
{
	(void)row;
	if (s->v->snap->aio_nr >= 0)
		put_one(o, name, (uint64_t)s->v->snap->aio_nr);
}

static void aio_max_nr(struct metrics_piece *o, const char *name, const struct source *s,
                       const void *row)
{
	(void)row;
	if (s->v->snap->aio_max_nr >= 0)
		put_one(o, name, (uint64_t)s->v->snap->aio_max_nr);
}

static void dm_commands(struct metrics_piece *o, const char *name, const struct source *s,
                        const void *row)
{
	const struct snapshot *snap = s->v->snap;

	(void)row;
	put_labels(o, name, "_total", LABELS("result", "failed"));
	put_uint(o, snap->dm_failed);
	put_labels(o, name, "_total", LABELS("result", "reinstated"));
	put_uint(o, snap->dm_reinstated);
	put_labels(o, name, "_total", LABELS("result", "refused"));
	put_uint(o, snap->dm_refused);
}

static void purges(struct metrics_piece *o, const char *name, const struct source *s,
                   const void *row)
{
	const struct snapshot *snap = s->v->snap;

	(void)row;
	put_labels(o, name, "_total", LABELS("result", "deleted"));
	put_uint(o, snap->purge_deleted);
	put_labels(o, name, "_total", LABELS("result", "failed"));
	put_uint(o, snap->purge_failed);
}

static void lag(struct metrics_piece *o, const char *name, const struct source *s,
                const void *row)
{
	(void)row;
	put_labels(o, name, "", NULL);
	put_seconds(o, s->v->snap->lag_last_us);
}

static void events_lost(struct metrics_piece *o, const char *name, const struct source *s,
                        const void *row)
{
	(void)row;
	put_labels(o, name, "_total", NULL);
	put_uint(o, s->events_lost);
}

static void restarts(struct metrics_piece *o, const char *name, const struct source *s,
                     const void *row)
{
	(void)row;
	put_labels(o, name, "_total", NULL);
	put_uint(o, s->v->snap->engine.prober_restarts);
}

static void locked(struct metrics_piece *o, const char *name, const struct source *s,
                   const void *row)
{
	(void)row;
	put_one(o, name, s->v->snap->locked_bytes);
}

static void holds(struct metrics_piece *o, const char *name, const struct source *s,
                  const void *row)
{
	(void)row;
	for (unsigned w = HOLD_NONE + 1; w < HOLD_WHY_COUNT_; w++) {
		put_labels(o, name, "_total",
		           LABELS("reason", hold_why_name((enum hold_why)w)));
		put_uint(o, s->v->snap->holds_begun[w]);
	}
}

static const struct family families[] = {
	{ "build", "info", NULL, "The version that runs.", ROWS_ONE, build },
	{ "path_up", "gauge", NULL,
	  "Whether the path is usable: up or ghost, and not disabled.", ROWS_PATHS,
	  path_up },
	{ "path_state", "gauge", NULL, "1 for the state that the path is in.", ROWS_PATHS,
	  path_state },
	{ "path_checks", "counter", NULL, "Checks started.", ROWS_PATHS, path_checks },
	{ "path_failures", "counter", NULL,
	  "Failed checks: error and timeout. device: the device answered with an error "
	  "of "
	  "its own, which does not fail the path.",
	  ROWS_PATHS, path_failures },
	{ "path_overdue", "gauge", NULL,
	  "1: nothing was heard of the path for longer than its interval and timeout.",
	  ROWS_PATHS, path_overdue },
	{ "path_loss", "gauge", NULL,
	  "1: the path is lost, transient or permanent; the others have no sample.",
	  ROWS_PATHS, path_loss },
	{ "path_slow", "gauge", NULL,
	  "1: checks take much longer than those of the other paths of the map.",
	  ROWS_PATHS, path_slow },
	{ "path_last_good_seconds", "gauge", "seconds",
	  "Time since the last successful check.", ROWS_PATHS, path_last_good },
	{ "path_transitions", "counter", NULL, "Changes of state.", ROWS_PATHS,
	  path_transitions },
	{ "path_held", "gauge", NULL,
	  "1: the path is held, kept out of use; the others have no sample.", ROWS_PATHS,
	  path_held },
	{ "path_failures_in_row", "gauge", NULL,
	  "Failed checks since the last successful one.", ROWS_PATHS,
	  path_failures_in_row },
	{ "path_error_ratio", "gauge", NULL,
	  "Share of failed checks among the last 64 to 128.", ROWS_PATHS,
	  path_error_ratio },
	{ "holds", "counter", NULL, "Holds that have begun, by reason.", ROWS_ONE,
	  holds },
	{ "map_paths", "gauge", NULL, "Paths of the map in each state.", ROWS_MAPS,
	  map_paths },
	{ "map_redundancy", "gauge", NULL,
	  "3: all paths are usable, 2: some are not, 1: one is left, 0: none is.",
	  ROWS_MAPS, map_redundancy },
	{ "map_paths_expected", "gauge", NULL,
	  "The most paths that the map had since its number was accepted.", ROWS_MAPS,
	  map_expected },
	{ "map_lost_seconds", "gauge", "seconds",
	  "Time for which the map has had no usable path; 0: it has one.", ROWS_MAPS,
	  map_lost },
	{ "dm_commands", "counter", NULL, "Commands to device-mapper, by result.",
	  ROWS_ONE, dm_commands },
	{ "purges", "counter", NULL,
	  "Deletions of disconnected disks from this host, by result.", ROWS_ONE,
	  purges },
	{ "check_duration_seconds", "histogram", "seconds",
	  "Duration of successful checks.", ROWS_ONE, durations },
	{ "aio_slots", "gauge", NULL, "Slots for asynchronous reads, by state.", ROWS_ONE,
	  aio_slots },
	{ "sg_slots", "gauge", NULL, "Slots for SCSI commands, by state.", ROWS_ONE,
	  sg_slots },
	{ "orphans", "gauge", NULL,
	  "Requests in the kernel whose path was removed or has another one.", ROWS_ONE,
	  orphans },
	{ "deferred_checks", "counter", NULL,
	  "Checks that were deferred because of a shortage or a limit.", ROWS_ONE,
	  deferred },
	{ "emergency_slots", "gauge", NULL,
	  "Paths that are read synchronously because no asynchronous slot is free.",
	  ROWS_ONE, emergency },
	{ "rescuers", "gauge", NULL, "Threads for blocking calls, by state.", ROWS_ONE,
	  rescuers },
	{ "aio_nr", "gauge", NULL, "The host's fs.aio-nr.", ROWS_ONE, aio_nr },
	{ "aio_max_nr", "gauge", NULL, "The host's fs.aio-max-nr.", ROWS_ONE,
	  aio_max_nr },
	{ "loop_lag_seconds", "gauge", "seconds",
	  "Delay of the last check after its due time.", ROWS_ONE, lag },
	{ "events_lost", "counter", NULL,
	  "Events for which the control thread had no room.", ROWS_ONE, events_lost },
	{ "prober_restarts", "counter", NULL, "Prober processes that were replaced.",
	  ROWS_ONE, restarts },
	{ "locked_memory_bytes", "gauge", "bytes", "Locked memory of both processes.",
	  ROWS_ONE, locked },
};

static void put_head(struct metrics_piece *o, const struct family *f)
{
	put_text(o, "# TYPE " PREFIX "%s %s\n", f->name, f->type);
	if (f->unit != NULL)
		put_text(o, "# UNIT " PREFIX "%s %s\n", f->name, f->unit);
	put_text(o, "# HELP " PREFIX "%s %s\n", f->name, f->help);
}

/* False: the family has no more rows. */
static bool next_row(struct metrics *m, const struct source *s, struct metrics_piece *o)
{
	const struct family *f = &families[m->family];
	const struct snapshot *snap = s->v->snap;

	switch (f->rows) {
	case ROWS_ONE:
		if (m->row++ > 0)
			return false;
		f->write(o, f->name, s, NULL);
		return true;
	case ROWS_PATHS:
		if (m->row == snap->n_paths)
			return false;
		f->write(o, f->name, s, &snap->paths[m->row++]);
		return true;
	case ROWS_MAPS:
		if (m->row == s->v->n_maps)
			return false;
		f->write(o, f->name, s, &s->v->maps[m->row++]);
		return true;
	}
	assert(!"a kind of rows");
	return false;
}

bool metrics_next(struct metrics *m, const struct view *v, uint64_t events_lost_total,
                  struct metrics_piece *ret)
{
	const struct source s = { .v = v, .events_lost = events_lost_total };

	ret->size = 0;
	for (; m->family < ARRAY_LEN(families); m->family++) {
		if (!m->headed) {
			put_head(ret, &families[m->family]);
			m->headed = true;
			m->row = 0;
			return true;
		}
		if (next_row(m, &s, ret))
			return true;
		m->headed = false;
	}
	put_text(ret, "# EOF\n");
	return false;
}

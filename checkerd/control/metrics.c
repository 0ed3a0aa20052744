/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the table of the metric families of paths and maps. The samples of a family follow its
 * head, one piece for each path or map. OpenMetrics wants seconds, and _total after the name of a
 * counter. The control thread runs this.
 */
#include "checkerd/control/metrics.h"

#include <stdio.h>
#include <string.h>

#include "checkerd/control/metrics_daemon.h"
#include "checkerd/core/loss.h"

static_assert((PATH_STATE_COUNT_ + 1) * (3 * METRICS_VALUE_MAX + 96) <= METRICS_PIECE,
              "the longest piece fits: a map's samples for every state");

/* --- paths --- */

static void put_path_labels(struct metrics_piece *o, const char *name, const char *suffix,
                            const struct metrics_source *s, const struct snap_path *p,
                            const char *key, const char *value)
{
	metrics_labels(o, name, suffix,
	               METRICS_LABELS("path", device_name(p->device), "map",
	                              view_path_map(s->v->snap, p), key, value));
}

static void path_up(struct metrics_piece *o, const char *name,
                    const struct metrics_source *s, const void *row)
{
	const struct snap_path *p = row;

	put_path_labels(o, name, "", s, p, NULL, NULL);
	metrics_uint(o, p->enabled && path_state_usable(p->status.state));
}

static void path_state(struct metrics_piece *o, const char *name,
                       const struct metrics_source *s, const void *row)
{
	const struct snap_path *p = row;

	put_path_labels(o, name, "", s, p, "state", view_path_state(p));
	metrics_uint(o, 1);
}

static void path_checks(struct metrics_piece *o, const char *name,
                        const struct metrics_source *s, const void *row)
{
	const struct snap_path *p = row;

	put_path_labels(o, name, "_total", s, p, NULL, NULL);
	metrics_uint(o, p->counters.checks);
}

static void path_failures(struct metrics_piece *o, const char *name,
                          const struct metrics_source *s, const void *row)
{
	const struct snap_path *p = row;

	put_path_labels(o, name, "_total", s, p, "reason", "error");
	metrics_uint(o, p->counters.failures);
	put_path_labels(o, name, "_total", s, p, "reason", "timeout");
	metrics_uint(o, p->counters.timeouts);
	put_path_labels(o, name, "_total", s, p, "reason", "device");
	metrics_uint(o, p->counters.device_errors);
}

static void path_overdue(struct metrics_piece *o, const char *name,
                         const struct metrics_source *s, const void *row)
{
	const struct snap_path *p = row;

	put_path_labels(o, name, "", s, p, NULL, NULL);
	metrics_uint(o, p->overdue);
}

static void path_slow(struct metrics_piece *o, const char *name,
                      const struct metrics_source *s, const void *row)
{
	const struct snap_path *p = row;

	put_path_labels(o, name, "", s, p, NULL, NULL);
	metrics_uint(o, p->slow);
}

/* No check succeeded yet: there is no sample. */
static void path_last_good(struct metrics_piece *o, const char *name,
                           const struct metrics_source *s, const void *row)
{
	const struct snap_path *p = row;

	if (p->good.us == 0)
		return;
	put_path_labels(o, name, "", s, p, NULL, NULL);
	metrics_seconds(o, mono_diff(s->v->snap->taken, p->good));
}

static void path_loss(struct metrics_piece *o, const char *name,
                      const struct metrics_source *s, const void *row)
{
	const struct snap_path *p = row;
	enum loss loss = loss_of(p->status.state, &p->status.reason);

	if (loss == LOSS_NONE)
		return;
	put_path_labels(o, name, "", s, p, "loss", loss_name(loss));
	metrics_uint(o, 1);
}

static void path_transitions(struct metrics_piece *o, const char *name,
                             const struct metrics_source *s, const void *row)
{
	const struct snap_path *p = row;

	put_path_labels(o, name, "_total", s, p, NULL, NULL);
	metrics_uint(o, p->counters.transitions);
}

static void path_held(struct metrics_piece *o, const char *name,
                      const struct metrics_source *s, const void *row)
{
	const struct snap_path *p = row;

	if (p->held_why == HOLD_NONE)
		return;
	put_path_labels(o, name, "", s, p, "reason",
	                hold_why_name((enum hold_why)p->held_why));
	metrics_uint(o, 1);
}

static void path_failures_in_row(struct metrics_piece *o, const char *name,
                                 const struct metrics_source *s, const void *row)
{
	const struct snap_path *p = row;

	put_path_labels(o, name, "", s, p, NULL, NULL);
	metrics_uint(o, (uint64_t)MAX(-p->status.streak, 0));
}

/* No check ended yet: there is no sample. */
static void path_error_ratio(struct metrics_piece *o, const char *name,
                             const struct metrics_source *s, const void *row)
{
	const struct snap_path *p = row;
	uint32_t permille = error_share_permille(&p->share);

	if (error_share_checks(&p->share) == 0)
		return;
	put_path_labels(o, name, "", s, p, NULL, NULL);
	metrics_text(o, "%u.%03u\n", permille / 1000, permille % 1000);
}

/* What the path is: joins it with node_exporter's metrics of disks, by device. */
static void path_info(struct metrics_piece *o, const char *name,
                      const struct metrics_source *s, const void *row)
{
	const struct snap_path *p = row;
	const struct device *d = p->device;
	const char *node = device_node(d), *slash = strrchr(node, '/');
	const char *kernel_name = slash != NULL ? slash + 1 : node;

	metrics_labels(o, name, "",
	               METRICS_LABELS("path", device_name(d), "map",
	                              view_path_map(s->v->snap, p), "device", kernel_name,
	                              "sysfs_name", kernel_name, "wwid", device_wwid(d),
	                              "host", device_host(d), "target", device_target(d),
	                              "protocol", device_protocol(d)));
	metrics_uint(o, 1);
}

static void path_state_since(struct metrics_piece *o, const char *name,
                             const struct metrics_source *s, const void *row)
{
	const struct snap_path *p = row;

	put_path_labels(o, name, "", s, p, NULL, NULL);
	metrics_seconds(o, MAX(mono_diff(s->v->snap->taken, p->status.since), 0));
}

/* The cells fade, so these are no counters. Each second edge: 64 us, 256 us, … 262 ms. */
#define LATENCY_STEP 2
static_assert(HISTOGRAM_CELLS % LATENCY_STEP == 0, "the last edge is the end");
static_assert((HISTOGRAM_CELLS / LATENCY_STEP + 1) *
                              (3 * (DEVICE_NAME_MAX + METRICS_VALUE_MAX) + 96) <=
                      METRICS_PIECE,
              "the latencies of a path fit into a piece");
static void path_latency(struct metrics_piece *o, const char *name,
                         const struct metrics_source *s, const void *row)
{
	const struct snap_path *p = row;
	uint64_t below = 0;
	char le[24];

	if (!p->has_latency)
		return;
	for (unsigned i = 0; i < HISTOGRAM_CELLS; i++) {
		below += p->cells[i];
		if (i % LATENCY_STEP != LATENCY_STEP - 1)
			continue;
		if (i == HISTOGRAM_CELLS - 1)
			(void)snprintf(le, sizeof(le), "+Inf");
		else
			(void)snprintf(le, sizeof(le), "0.%06u", 32U << i);
		put_path_labels(o, name, "_bucket", s, p, "le", le);
		metrics_uint(o, below);
	}
	put_path_labels(o, name, "_gcount", s, p, NULL, NULL);
	metrics_uint(o, below);
}

/* --- maps --- */

/* Disabled paths are counted behind the states. */
#define MAP_STATE_DISABLED PATH_STATE_COUNT_

/* A path that checkerd does not know is unchecked. */
static unsigned state_in_map(const struct metrics_source *s, const struct view_map *m,
                             uint32_t i)
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
static void map_paths(struct metrics_piece *o, const char *name,
                      const struct metrics_source *s, const void *row)
{
	const struct view_map *m = row;
	uint32_t n[PATH_STATE_COUNT_ + 1] = { 0 };

	for (uint32_t i = 0; i < m->n; i++)
		n[state_in_map(s, m, i)]++;
	for (unsigned i = 0; i < ARRAY_LEN(n); i++)
		if (n[i] > 0 || i == PATH_UP || i == PATH_DOWN) {
			metrics_labels(o, name, "",
			               METRICS_LABELS("map", m->name, "state",
			                              map_state_name(i)));
			metrics_uint(o, n[i]);
		}
}

static void map_redundancy(struct metrics_piece *o, const char *name,
                           const struct metrics_source *s, const void *row)
{
	const struct view_map *m = row;

	(void)s;
	metrics_labels(o, name, "", METRICS_LABELS("map", m->name));
	metrics_uint(o, REDUNDANCY_NONE - view_redundancy(m));
}

/* A map that only the configuration names has no sample. */
static void map_expected(struct metrics_piece *o, const char *name,
                         const struct metrics_source *s, const void *row)
{
	const struct view_map *m = row;

	(void)s;
	if (m->dm == NULL)
		return;
	metrics_labels(o, name, "", METRICS_LABELS("map", m->name));
	metrics_uint(o, m->dm->paths_expected);
}

/* The same. */
static void map_lost(struct metrics_piece *o, const char *name,
                     const struct metrics_source *s, const void *row)
{
	const struct view_map *m = row;
	struct mono since = view_lost_since(m);

	if (m->dm == NULL && !m->observed)
		return;
	metrics_labels(o, name, "", METRICS_LABELS("map", m->name));
	metrics_seconds(o,
	                since.us == 0 ? 0 : MAX(mono_diff(s->v->snap->taken, since), 0));
}

static void map_info(struct metrics_piece *o, const char *name,
                     const struct metrics_source *s, const void *row)
{
	const struct view_map *m = row;
	char kernel_name[24];

	(void)s;
	if (m->dm == NULL)
		return;
	(void)snprintf(kernel_name, sizeof(kernel_name), "dm-%u", m->dm->map->devt_minor);
	metrics_labels(o, name, "",
	               METRICS_LABELS("map", m->name, "device", m->name, "sysfs_name",
	                              kernel_name, "uuid", m->dm->map->uuid, "wwid",
	                              m->dm->map->wwid));
	metrics_uint(o, 1);
}

static const struct metrics_family families[] = {
	{ "path_info", "gauge", NULL,
	  "Always 1. The labels are what the path is; device is the kernel's name.",
	  METRICS_PATHS, path_info },
	{ "path_up", "gauge", NULL,
	  "Whether the path is usable: up or ghost, and not disabled.", METRICS_PATHS,
	  path_up },
	{ "path_state", "gauge", NULL, "1 for the state that the path is in.",
	  METRICS_PATHS, path_state },
	{ "path_state_seconds", "gauge", "seconds",
	  "Time for which the path has been in its state.", METRICS_PATHS,
	  path_state_since },
	{ "path_latency_seconds", "gaugehistogram", "seconds",
	  "Durations of the latest successful checks. Older ones fade, so rate() has no "
	  "meaning.",
	  METRICS_PATHS, path_latency },
	{ "path_checks", "counter", NULL, "Checks started.", METRICS_PATHS, path_checks },
	{ "path_failures", "counter", NULL,
	  "Failed checks: error and timeout. device: the device answered with an error "
	  "of "
	  "its own, which does not fail the path.",
	  METRICS_PATHS, path_failures },
	{ "path_overdue", "gauge", NULL,
	  "1: nothing was heard of the path for longer than its interval and timeout.",
	  METRICS_PATHS, path_overdue },
	{ "path_loss", "gauge", NULL,
	  "1: the path is lost, transient or permanent; the others have no sample.",
	  METRICS_PATHS, path_loss },
	{ "path_slow", "gauge", NULL,
	  "1: checks take much longer than those of the other paths of the map.",
	  METRICS_PATHS, path_slow },
	{ "path_last_good_seconds", "gauge", "seconds",
	  "Time since the last successful check.", METRICS_PATHS, path_last_good },
	{ "path_transitions", "counter", NULL, "Changes of state.", METRICS_PATHS,
	  path_transitions },
	{ "path_held", "gauge", NULL,
	  "1: the path is held, kept out of use; the others have no sample.",
	  METRICS_PATHS, path_held },
	{ "path_failures_in_row", "gauge", NULL,
	  "Failed checks since the last successful one.", METRICS_PATHS,
	  path_failures_in_row },
	{ "path_error_ratio", "gauge", NULL,
	  "Share of failed checks among the last 64 to 128.", METRICS_PATHS,
	  path_error_ratio },
	{ "map_info", "gauge", NULL,
	  "Always 1. The labels are what the map is; sysfs_name is the kernel's name.",
	  METRICS_MAPS, map_info },
	{ "map_paths", "gauge", NULL, "Paths of the map in each state.", METRICS_MAPS,
	  map_paths },
	{ "map_redundancy", "gauge", NULL,
	  "3: all paths are usable, 2: some are not, 1: one is left, 0: none is.",
	  METRICS_MAPS, map_redundancy },
	{ "map_paths_expected", "gauge", NULL,
	  "The most paths that the map had since its number was accepted.", METRICS_MAPS,
	  map_expected },
	{ "map_lost_seconds", "gauge", "seconds",
	  "Time for which the map has had no usable path; 0: it has one.", METRICS_MAPS,
	  map_lost },
};

static void put_head(struct metrics_piece *o, const struct metrics_family *f)
{
	metrics_text(o, "# TYPE " METRICS_PREFIX "%s %s\n", f->name, f->type);
	if (f->unit != NULL)
		metrics_text(o, "# UNIT " METRICS_PREFIX "%s %s\n", f->name, f->unit);
	metrics_text(o, "# HELP " METRICS_PREFIX "%s %s\n", f->name, f->help);
}

#define FAMILIES ((unsigned)ARRAY_LEN(families))

/* NULL: there are no more. */
static const struct metrics_family *family_at(unsigned i)
{
	if (i < FAMILIES)
		return &families[i];
	return i - FAMILIES < metrics_daemon_count
	               ? &metrics_daemon_families[i - FAMILIES]
	               : NULL;
}

static bool is_left_out(const struct metrics *m, const struct metrics_family *f)
{
	return f->rows == METRICS_PATHS &&
	       (m->without_paths || (f->write == path_latency && !m->latency));
}

/* False: the family has no more rows. */
static bool next_row(struct metrics *m, const struct metrics_source *s,
                     struct metrics_piece *o)
{
	const struct metrics_family *f = family_at(m->family);
	const struct snapshot *snap = s->v->snap;

	switch (f->rows) {
	case METRICS_ONE:
		if (m->row++ > 0)
			return false;
		f->write(o, f->name, s, NULL);
		return true;
	case METRICS_PATHS:
		if (m->row == snap->n_paths)
			return false;
		f->write(o, f->name, s, &snap->paths[m->row++]);
		return true;
	case METRICS_MAPS:
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
	const struct metrics_source s = { .v = v, .events_lost = events_lost_total };

	ret->size = 0;
	for (; family_at(m->family) != NULL; m->family++) {
		if (is_left_out(m, family_at(m->family)))
			continue;
		if (!m->headed) {
			put_head(ret, family_at(m->family));
			m->headed = true;
			m->row = 0;
			return true;
		}
		if (next_row(m, &s, ret))
			return true;
		m->headed = false;
	}
	metrics_text(ret, "# EOF\n");
	return false;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the snapshot that is being filled. The loop's thread runs this. */
#include "checkerd/answers/snapshot_fill.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkerd/core/maps_count.h"
#include "checkerd/core/maps_paths.h"
#include "checkerd/core/policy_rules.h"
#include "checkerd/paths/prober_end.h"
#include "util/seal.h"

void snapshot_fill_init(struct snapshot_fill *f, const struct snapshot_fill_parts *parts,
                        struct text *memory)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	*f = (struct snapshot_fill){
		.port = parts->port,
		.checks = parts->checks,
		.dm = parts->dm,
		.purge = parts->purge,
		.ready = parts->ready,
		.aio_quota = parts->aio_quota,
		.warnings = parts->warnings,
		.reload = parts->reload,
		.inventory = parts->inventory,
		.windows = parts->windows,
		.memory = memory,
		.bound_bytes = parts->bound_bytes,
		.started_realtime_us =
		        ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / NSEC_PER_USEC,
		.status_fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC),
	};
}

void snapshot_fill_deinit(struct snapshot_fill *f)
{
	if (f->status_fd >= 0)
		close(f->status_fd);
	f->status_fd = -1;
	f->memory = text_unref(f->memory);
}

/* VmLck of a process. Reading procfs does not wait for a disk. */
static uint64_t locked_bytes(int fd)
{
	char buf[4096];
	const char *line;
	ssize_t n;

	n = fd < 0 ? -1 : pread(fd, buf, sizeof(buf) - 1, 0);
	if (n <= 0)
		return 0;
	buf[n] = '\0';
	line = strstr(buf, "\nVmLck:");
	return line == NULL ? 0 : strtoull(line + strlen("\nVmLck:"), NULL, 10) * 1024;
}

static uint64_t locked_bytes_of(int pid)
{
	char name[40];
	uint64_t bytes;
	int fd;

	(void)snprintf(name, sizeof(name), "/proc/%d/status", pid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	bytes = locked_bytes(fd);
	if (fd >= 0)
		close(fd);
	return bytes;
}

static void fill_groups(struct snapshot *s, struct pathcheck *engine)
{
	for (uint32_t id = 0; id < s->engine.groups && s->n_groups < s->max_groups; id++)
		if (pathcheck_group(engine, id, &s->groups[s->n_groups]) == 0)
			s->n_groups++;
}

static void fill_engine(struct snapshot *s, struct pathcheck *engine)
{
	s->engine.size = sizeof(s->engine);
	if (pathcheck_stats(engine, &s->engine) < 0)
		return;
	(void)prober_end_format(s->engine.prober_end, s->engine.prober_end_code,
	                        s->prober_end, sizeof(s->prober_end));
	fill_groups(s, engine);
}

/* id: SNAP_WARNING_… */
static void warn(struct snapshot *s, const char *id, const char *text)
{
	if (s->n_warnings == SNAP_WARNINGS_MAX)
		return;
	s->warning_ids[s->n_warnings] = id;
	(void)snprintf(s->warnings[s->n_warnings++], SNAP_WARNING_SIZE, "%s", text);
}

static void fill_dm(const struct dm *dm, struct snapshot *s)
{
	char text[SNAP_WARNING_SIZE];
	uint32_t kept = 0, spared = 0;

	s->dm_control = dm->control;
	s->dm_known = dm->synced && dm->error == 0;
	s->dm_decides = dm_decides(dm);
	s->dm_error = dm->error;
	s->maps_left_out = dm->excluded + dm->no_room;
	s->dm_failed = dm->failed;
	s->dm_reinstated = dm->reinstated;
	s->dm_refused = dm->refused;
	if (dm->trouble[0] != '\0' && (dm->control || dm->error == 0))
		warn(s, SNAP_WARNING_DM, dm->trouble);
	for (uint32_t i = 0; i < s->n_map_paths; i++) {
		kept += s->map_paths[i].kept;
		spared += s->map_paths[i].spared;
	}
	(void)snprintf(text, sizeof(text),
	               "%u paths are down and kept, each the last one of its map", kept);
	if (kept > 0)
		warn(s, SNAP_WARNING_KEPT, text);
	(void)snprintf(text, sizeof(text),
	               "%u paths are held but used, as the last usable ones of their "
	               "maps",
	               spared);
	if (spared > 0)
		warn(s, SNAP_WARNING_SPARED, text);
}

static void fill_purge(const struct purge *g, struct snapshot *s)
{
	char text[PURGE_WARNING_SIZE];

	s->purge_deleted = g->deleted;
	s->purge_failed = g->failed;
	if (*purge_warning(g, s->taken, text) != '\0')
		warn(s, SNAP_WARNING_PURGE, text);
}

static void fill_overdue(const struct snapshot_fill *f, struct snapshot *s)
{
	s->n_overdue = f->overdue.total;
	if (s->n_overdue == 0)
		return;
	(void)overdue_watch_format(&f->overdue, f->checks->engine, s->overdue_text,
	                           sizeof(s->overdue_text));
	warn(s, SNAP_WARNING_OVERDUE, s->overdue_text);
}

/* The kernel's timers and multipathd are warnings, too, but notes are not. */
static void fill_discovery(const struct inventory *inv, struct snapshot *s)
{
	char text[SNAP_WARNING_SIZE];
	struct finding finding;

	s->excluded = inv->excluded;
	s->discovery_error = inv->error;
	s->timers = timer_report_ref(inv->timers);
	for (unsigned i = 0; s->timers != NULL && i < TIMER_RULE_COUNT_; i++)
		if (timer_report_finding(s->timers, (enum timer_rule)i, &finding) &&
		    finding.severity > FINDING_NOTE)
			warn(s, finding.id, finding_format(&finding, text, sizeof(text)));
	if (s->timers != NULL && peer_finding(&s->timers->peer, &finding))
		warn(s, finding.id, finding_format(&finding, text, sizeof(text)));
}

static void fill_rules(struct snapshot *s)
{
	if (policy_rules_refused() > 0)
		warn(s, SNAP_WARNING_RULES,
		     "the table of rules for holds is full, and some paths have the "
		     "default rule: systemctl restart checkerd");
}

static void fill_daemon(const struct snapshot_fill *f, struct snapshot *s)
{
	s->started_realtime_us = f->started_realtime_us;
	s->ready = f->ready->ready;
	fill_overdue(f, s);
	fill_rules(s);
	fill_dm(f->dm, s);
	fill_purge(f->purge, s);
	memcpy(s->holds_begun, f->checks->holds.begun, sizeof(s->holds_begun));
	memcpy(s->cause_events, f->dm->events->causes_total, sizeof(s->cause_events));
	s->lag_last_us = f->checks->lag_last_us;
	s->lag_max_us = f->checks->lag_max_us;
	s->durations = f->checks->durations;
	aio_quota_read(f->aio_quota, &s->aio_nr, &s->aio_max_nr);
	s->bound_bytes = f->bound_bytes;
	s->locked_bytes = locked_bytes(f->status_fd);
	if (s->engine.prober_pid > 0)
		s->locked_bytes += locked_bytes_of(s->engine.prober_pid);
	s->sealed_allocations = s->engine.sealed_allocations + seal_broken();
	if (s->sealed_allocations > 0)
		warn(s, SNAP_WARNING_SEALED,
		     "memory was allocated where none should be, on the way of checks: "
		     "please report this");
	if (f->aio_quota->reported)
		warn(s, SNAP_WARNING_AIO, f->aio_quota->text);
	for (unsigned i = 0; i < f->warnings->n; i++)
		warn(s, f->warnings->ids[i], f->warnings->text[i]);
	fill_discovery(f->inventory, s);
	s->config_text = text_ref(f->reload->dump);
	s->rules_text = text_ref(f->reload->rules);
	s->memory_text = text_ref(f->memory);
	s->window_places = text_ref(f->windows->places);
}

/* The index of a path in the snapshot; REGISTRY_NONE: the snapshot does not have the path. */
static uint32_t place_of(const struct snapshot *s, struct registry *registry,
                         uint32_t index)
{
	const struct path *p = index == MAPS_NONE ? NULL : registry_get(registry, index);
	uint32_t low = 0, high = s->n_paths;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (s->paths[middle].index < index)
			low = middle + 1;
		else
			high = middle;
	}
	if (p == NULL || low == s->n_paths || s->paths[low].index != index ||
	    s->paths[low].generation != p->generation)
		return REGISTRY_NONE;
	return low;
}

static void fill_map(const struct snapshot_fill *f, struct snapshot *s, uint32_t index,
                     const struct maps_map *m)
{
	struct maps *maps = f->dm->maps;
	struct snap_map *to = &s->maps[s->n_maps];
	uint32_t place;

	*to = (struct snap_map){
		.map = map_ref(m->map),
		.first_path = s->n_map_paths,
		.paths_up = (uint16_t)maps_usable(maps, m),
		.paths_disabled = (uint16_t)maps_disabled(maps, m),
		.paths_expected = m->expected,
		.lost_since =
		        (uint32_t)(map_losses_since(f->dm->events->losses, index).us /
		                   MAP_LOSS_UNIT_US),
	};
	for (uint32_t i = m->first; i != MAPS_NONE; i = maps_path(maps, i)->next) {
		const struct maps_path *e = maps_path(maps, i);

		place = place_of(s, f->checks->registry, e->path);
		s->map_paths[s->n_map_paths++] = (struct snap_map_path){
			.path = place,
			.active = e->agreement.active,
			.pending = e->agreement.in_flight != COMMAND_NONE,
			.kept = e->kept,
			.barred = e->bar != BAR_NONE,
			.spared = e->spared,
			.error = (uint16_t)e->agreement.error,
			.map = s->n_maps,
		};
		if (place != REGISTRY_NONE)
			to->paths_overdue =
			        (uint16_t)(to->paths_overdue + s->paths[place].overdue);
		if (place == REGISTRY_NONE || s->paths[place].in_map != REGISTRY_NONE)
			continue;
		s->paths[place].in_map = s->n_map_paths - 1;
		s->paths[place].forced = maps_is_forced(maps, e->path);
	}
	s->n_maps++;
}

/* Fills in at most SNAPSHOT_SLICE maps or paths of maps. True: there are more. */
static bool fill_maps(struct snapshot_fill *f, struct snapshot *s)
{
	uint32_t end = maps_end(f->dm->maps), from = s->n_map_paths;
	const struct maps_map *m;

	for (unsigned n = 0; n < SNAPSHOT_SLICE && f->next_map < end;
	     n++, f->next_map++) {
		m = maps_get(f->dm->maps, f->next_map);
		if (m == NULL)
			continue;
		/* Maps may have been added and removed since the snapshot was begun. */
		if (s->n_maps == s->max_maps ||
		    m->map->n_paths > s->max_map_paths - s->n_map_paths)
			return false;
		if (s->n_map_paths - from > SNAPSHOT_SLICE)
			return true;
		fill_map(f, s, f->next_map, m);
	}
	return f->next_map < end;
}

static void fill_path(struct snapshot_fill *f, struct snap_path *s, uint32_t index,
                      const struct path *p)
{
	*s = (struct snap_path){
		.device = device_ref(p->device),
		.index = index,
		.generation = p->generation,
		.status = p->status,
		.sysfs = p->sysfs,
		.last = p->last,
		.due = p->due,
		.started = p->started,
		.good = p->good,
		.heard = p->heard,
		.overdue = path_is_overdue(p, f->filling->taken),
		.enabled = p->enabled,
		.by_hand = p->by_hand,
		.window = p->window,
		.slow = p->slow_state == SLOW_PATH,
		.outstanding = p->outstanding,
		.engine = p->engine,
		.checker = p->settings.checker,
		.checker_why = p->settings.checker_why,
		.group = p->group,
		.interval_us = (uint64_t)p->interval_us,
		.timeout_us = p->settings.timeout_us,
		.counters = p->counters,
		.has_latency = p->latency.samples > 0,
		.last_us = p->latency.last_us,
		.p50_us = histogram_quantile(&p->latency, 0.5),
		.p99_us = histogram_quantile(&p->latency, 0.99),
		.max_us = p->latency.max_us,
		.held_why = policy_why(&p->hold),
		.sampled = policy_is_sampled(&p->hold),
		.hold_failures = p->hold.failures,
		.held_since = policy_is_held(&p->hold) ? p->hold.at : 0,
		.held_until = p->hold.marks == 0 ? p->hold.until : 0,
		.share = p->share,
		.in_map = REGISTRY_NONE,
	};
	if (device_is_observed(p->device))
		s->map_lost_since =
		        (uint32_t)(map_loss_since(&p->map_loss).us / MAP_LOSS_UNIT_US);
	histogram_cells(&p->latency, s->cells);
	if (s->overdue || p->shortage != 0)
		s->why = overdue_watch_why(p, &f->engine);
	if (s->overdue)
		overdue_add(&f->overdue, s->why);
}

void snapshot_fill_request(struct snapshot_fill *f)
{
	f->wanted = true;
}

bool snapshot_fill_wanted(const struct snapshot_fill *f)
{
	return f->wanted || f->filling != NULL;
}

void snapshot_fill_run(struct snapshot_fill *f)
{
	struct registry *registry = f->checks->registry;
	struct snapshot *s = f->filling;
	uint32_t end;

	if (s == NULL) {
		/* NULL: both are being read. The control thread requests another one. */
		f->wanted = false;
		f->filling = s = port_loop_snapshot_begin(f->port);
		f->next = f->next_map = 0;
		f->overdue = (struct overdue_tally){ 0 };
		f->engine = overdue_watch_engine(f->checks);
		if (s == NULL)
			return;
	}
	end = MIN(registry_end(registry), f->next + SNAPSHOT_SLICE);
	for (; f->next < end; f->next++) {
		const struct path *p = registry_get(registry, f->next);

		if (p != NULL && s->n_paths < s->max_paths)
			fill_path(f, &s->paths[s->n_paths++], f->next, p);
	}
	if (f->next < registry_end(registry) || fill_maps(f, s))
		return;
	/* Last, so that the counters are as new as the paths. */
	fill_engine(s, f->checks->engine);
	fill_daemon(f, s);
	f->filling = NULL;
	port_loop_snapshot_publish(f->port, s);
}

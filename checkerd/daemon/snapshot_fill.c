/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkerd/daemon/snapshot_fill.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void snapshot_fill_init(struct snapshot_fill *f, struct text *memory,
                        uint64_t bound_bytes)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	f->started_realtime_us = ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / NSEC_PER_USEC;
	f->status_fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	f->memory = memory;
	f->bound_bytes = bound_bytes;
}

void snapshot_fill_deinit(struct snapshot_fill *f)
{
	if (f->status_fd >= 0)
		close(f->status_fd);
	f->status_fd = -1;
	f->memory = text_unref(f->memory);
}

/* VmLck of a process; what procfs says of it comes from memory. */
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

static const char *group_state(enum pathcheck_group_state s)
{
	static const char *const names[] = {
		[PATHCHECK_GROUP_UNUSED] = "unused",
		[PATHCHECK_GROUP_SETTING_UP] = "setting up",
		[PATHCHECK_GROUP_READY] = "aio",
		[PATHCHECK_GROUP_FALLBACK] = "sync",
		[PATHCHECK_GROUP_RETIRING] = "retiring",
		[PATHCHECK_GROUP_RECOVERING] = "recovering",
	};

	return s < ARRAY_LEN(names) ? names[s] : "unknown";
}

static void fill_groups(struct snapshot *s, struct pathcheck *engine, uint32_t groups)
{
	struct pathcheck_group g;

	for (uint32_t id = 0; id < groups && s->n_groups < s->max_groups; id++) {
		if (pathcheck_group(engine, id, &g) < 0)
			continue;
		s->groups[s->n_groups++] = (struct snap_group){
			.id = g.id,
			.slots = g.slots,
			.queued = g.queued,
			.in_flight = g.in_flight,
			.expired = g.expired,
			.orphans = g.orphans,
			.paths = g.paths,
			.kind = g.kind == PATHCHECK_GROUP_AIO ? "aio" : "sync",
			.state = group_state(g.state),
		};
	}
}

static void fill_engine(struct snapshot *s, struct pathcheck *engine)
{
	struct pathcheck_stats stats = { .size = sizeof(stats) };

	if (pathcheck_stats(engine, &stats) < 0)
		return;
	s->deferred_now = stats.deferred_now;
	s->deferred_max = stats.deferred_max;
	s->deferred_total = stats.deferred_total;
	s->emergency_now = stats.emergency_now;
	s->emergency_max = stats.emergency_max;
	s->emergency_total = stats.emergency_total;
	s->rescuers = stats.rescuers;
	s->rescuers_busy = stats.rescuers_busy;
	s->rescuers_stuck = stats.rescuers_stuck;
	s->rescuers_stuck_max = stats.rescuers_stuck_max;
	s->io_setup_failures = stats.io_setup_failures;
	s->oldest_in_flight_us = stats.oldest_in_flight_us;
	s->prober_pid = stats.prober_pid;
	s->prober_restarts = stats.prober_restarts;
	s->heartbeat_age_us = stats.heartbeat_age_us;
	fill_groups(s, engine, stats.groups);
}

static void warn(struct snapshot *s, const char *text)
{
	if (s->n_warnings == SNAP_WARNINGS_MAX)
		return;
	(void)snprintf(s->warnings[s->n_warnings++], SNAP_WARNING_SIZE, "%s", text);
}

static void fill_daemon(const struct snapshot_fill *f, struct snapshot *s)
{
	s->started_realtime_us = f->started_realtime_us;
	s->ready = f->ready->ready;
	s->dm_control = false; /* this version observes */
	s->lag_last_us = f->checks->lag_last_us;
	s->lag_max_us = f->checks->lag_max_us;
	s->durations = f->checks->durations;
	hint_read(f->hint, &s->aio_nr, &s->aio_max_nr);
	s->bound_bytes = f->bound_bytes;
	s->locked_bytes = locked_bytes(f->status_fd);
	if (s->prober_pid > 0)
		s->locked_bytes += locked_bytes_of(s->prober_pid);
	if (f->hint->told)
		warn(s, f->hint->text);
	for (unsigned i = 0; i < f->warnings->n; i++)
		warn(s, f->warnings->text[i]);
	s->config_text = text_ref(f->reload->dump);
	s->memory_text = text_ref(f->memory);
}

static const char *engine_name(uint8_t engine)
{
	switch ((enum pathcheck_engine)engine) {
	case PATHCHECK_ENGINE_NONE:
		break;
	case PATHCHECK_ENGINE_AIO:
		return "aio";
	case PATHCHECK_ENGINE_SYNC:
		return "sync";
	}
	return "none";
}

static void fill_path(struct snap_path *s, uint32_t index, const struct path *p)
{
	*s = (struct snap_path){
		.device = device_ref(p->device),
		.index = index,
		.generation = p->generation,
		.state = p->status.state,
		.reason = p->status.reason,
		.sysfs = p->sysfs,
		.since = p->status.since,
		.last = p->last,
		.due = p->due,
		.started = p->started,
		.enabled = p->enabled,
		.outstanding = p->outstanding,
		.engine = engine_name(p->engine),
		.checker = checker_kind_name((enum checker_kind)p->settings.checker),
		.group = p->group,
		.interval_us = p->interval_us,
		.timeout_us = p->settings.timeout_us,
		.counters = p->counters,
		.samples = p->latency.samples,
		.last_us = p->latency.last_us,
		.p50_us = histogram_quantile(&p->latency, 0.5),
		.p99_us = histogram_quantile(&p->latency, 0.99),
		.max_us = p->latency.max_us,
		.map = REGISTRY_NONE,
	};
	histogram_cells(&p->latency, s->cells);
}

void snapshot_fill_ask(struct snapshot_fill *f)
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
		/* NULL: both are being read. Whoever still wants one asks again. */
		f->wanted = false;
		f->filling = s = port_loop_snapshot_begin(f->port);
		f->next = 0;
		if (s == NULL)
			return;
	}
	end = MIN(registry_end(registry), f->next + SNAPSHOT_SLICE);
	for (; f->next < end; f->next++) {
		const struct path *p = registry_get(registry, f->next);

		if (p != NULL && s->n_paths < s->max_paths)
			fill_path(&s->paths[s->n_paths++], f->next, p);
	}
	if (f->next < registry_end(registry))
		return;
	/* Last, so that the sums are of now. */
	fill_engine(s, f->checks->engine);
	fill_daemon(f, s);
	f->filling = NULL;
	port_loop_snapshot_publish(f->port, s);
}

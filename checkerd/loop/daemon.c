/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns every part of the daemon: makes them in the order of their dependence, and stops them. Runs
 * on the main thread, which becomes the loop's.
 */
#include "checkerd/loop/daemon.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "checkerd/control/listen.h"
#include "checkerd/loop/bound.h"

/* checkerd is ready at the latest this long after the first checks may have timed out … */
#define READY_MARGIN_US (5 * USEC_PER_SEC)
/* … and before systemd's limit, also with a long checker_timeout. */
#define READY_MAX_US (300 * USEC_PER_SEC)
/* Of the files for the next daemon. */
#define STATE_NAME_MAX 300
#define EVENTS_SUFFIX  ".events"
/* A thread that does not end within this time hangs: daemon_deinit() leaves it behind. */
#define JOIN_LIMIT_US (250 * USEC_PER_MSEC)

static int complain(int error, const char *what)
{
	(void)fprintf(stderr, "checkerd: %s: %s (%s)\n", what, strerrordesc_np(-error),
	              strerrorname_np(-error));
	return error;
}

/* Reads /etc/group alone. */
static bool find_local_group(const char *name, gid_t *ret)
{
	FILE *f = fopen("/etc/group", "re");
	const struct group *g = NULL;

	if (f == NULL)
		return false;
	do
		g = fgetgrent(f);
	while (g != NULL && strcmp(g->gr_name, name) != 0);
	if (g != NULL)
		*ret = g->gr_gid;
	(void)fclose(f); /* it was only read */
	return g != NULL;
}

/*
 * The group that may read, by its name or number. The other sources of nsswitch.conf may wait for the
 * network, which an early start is before: they are asked only for what nothing else knows.
 */
static int find_group(const char *name, gid_t *ret)
{
	const struct group *g;
	char *end;
	unsigned long number;

	*ret = (gid_t)-1;
	if (name == NULL || find_local_group(name, ret))
		return 0;
	number = strtoul(name, &end, 10);
	if (end != name && *end == '\0') {
		*ret = (gid_t)number;
		return 0;
	}
	g = getgrnam(name); /* NOLINT(concurrency-mt-unsafe): the only thread */
	if (g == NULL) {
		(void)fprintf(stderr,
		              "checkerd: socket_group %s: there is no such group\n",
		              name);
		return -ENOENT;
	}
	*ret = g->gr_gid;
	return 0;
}

static int refuse_socket(int error)
{
	if (error == -EADDRNOTAVAIL)
		(void)fprintf(stderr,
		              "checkerd: the socket that was passed is abstract, so "
		              "every user could connect: give it a name in the "
		              "file system (ListenStream=/...)\n");
	else
		(void)fprintf(stderr, "checkerd: the descriptor that was passed is not a "
		                      "listening unix stream socket: use "
		                      "ListenStream=/...\n");
	return error;
}

static void complain_listen(int error, const char *name)
{
	if (error == -EADDRINUSE)
		(void)fprintf(stderr, "checkerd: another checkerd already serves %s\n",
		              name);
	else if (error == -ENOENT)
		(void)fprintf(stderr,
		              "checkerd: %s: its directory does not exist: create it, or "
		              "name another socket with -s\n",
		              name);
	else if (error == -EEXIST)
		(void)fprintf(stderr,
		              "checkerd: %s: the file is not a socket: "
		              "remove it, or name another socket with -s\n",
		              name);
	else if (error == -ENOTUNIQ)
		(void)fprintf(
		        stderr,
		        "checkerd: %s: other users could replace the socket: "
		        "root must own the directory (chown root, chmod go-w), and this "
		        "user must own %s.lock (remove it); or name another socket "
		        "with -s\n",
		        name, name);
	else
		(void)complain(error, name);
}

/* The socket that systemd passed; or, with *ret_ours, one whose name checkerd must remove. */
static int listen_on(const struct options *o, const struct config *c, int *ret_fd,
                     bool *ret_ours)
{
	gid_t group;
	int n, r;

	n = sd_listen_fds(1);
	if (n > 1) {
		(void)fprintf(stderr,
		              "checkerd: %d sockets were passed, one is expected\n", n);
		return -EINVAL;
	}
	if (n == 1) {
		r = listen_check(SD_LISTEN_FDS_START);
		if (r < 0)
			return refuse_socket(r);
		*ret_fd = SD_LISTEN_FDS_START;
		*ret_ours = false;
		return 0;
	}
	r = find_group(c->socket_group, &group);
	if (r < 0)
		return r;
	r = listen_at(o->socket, group, ret_fd);
	*ret_ours = r == 0;
	if (r < 0)
		complain_listen(r, o->socket);
	return r;
}

/* The file with the states. By default it is in the directory of the socket, which belongs to this
 * daemon. "": none. */
static void name_state(const struct options *o, char *buf, size_t size)
{
	const char *slash = strrchr(o->socket, '/');

	if (o->state == NULL)
		(void)snprintf(buf, size, "%.*sstate",
		               slash == NULL ? 0 : (int)(slash + 1 - o->socket),
		               o->socket);
	else
		(void)snprintf(buf, size, "%s",
		               strcmp(o->state, "none") == 0 ? "" : o->state);
}

static int make_store(struct daemon *d, const struct options *o, const struct config *c)
{
	char file[STATE_NAME_MAX];
	struct store_options store = { .max_paths = c->max_paths };
	int r;

	name_state(o, file, sizeof(file));
	store.file = file[0] == '\0' ? NULL : file;
	r = store_new(&d->store, &store, mono_now());
	return r < 0 ? complain(r, "cannot start the thread that writes states") : 0;
}

/* The lock of the file with the states protects the one with the events, too. */
static int start_control(struct daemon *d, const struct options *options,
                         const struct config *c, int listen_fd)
{
	struct control_options o = {
		.port = d->port,
		.listen_fd = listen_fd,
		.max_clients = c->max_clients,
	};
	char file[STATE_NAME_MAX];
	int r;

	name_state(options, file, sizeof(file) - sizeof(EVENTS_SUFFIX));
	strcat(file, EVENTS_SUFFIX);
	o.events_file = store_is_open(d->store) ? file : NULL;
	r = control_new(&d->control, &o);
	if (r == 0)
		d->events.seq = control_last_seq(d->control);
	return r < 0 ? complain(r, "cannot start the control thread") : 0;
}

/* Before the checks, whose results it gets. */
static int make_purge(struct daemon *d)
{
	struct purge_parts parts = {
		.checks = &d->checks,
		.maps = d->maps,
		.events = &d->events,
		.dm = &d->dm,
		.next = waits_listener(&d->waits),
	};
	int r;

	r = purger_new(&d->purger, NULL);
	if (r < 0)
		return complain(r, "cannot start the thread that deletes disks");
	parts.purger = d->purger;
	purge_init(&d->purge, &parts);
	return 0;
}

/* The prober inherits the realtime priority; the threads that are made later do not. */
static int make_checks(struct daemon *d, const struct config *c)
{
	const struct checks_options o = {
		.config = c,
		.events = &d->events,
		.maps = d->maps,
		.store = d->store,
		.listener = purge_listener(&d->purge),
	};
	const char *what;
	int r;

	privileges_realtime(&d->warnings, c->realtime_priority);
	r = checks_init(&d->checks, &o, &what);
	if (c->realtime_priority > 0)
		privileges_no_realtime();
	if (r == -ENOENT || r == -EACCES)
		(void)fprintf(
		        stderr,
		        "checkerd: the prober cannot be run: install it, or name it in "
		        "the environment as PATHCHECK_PROBER\n");
	return r < 0 ? complain(r, what) : 0;
}

static int make_dm(struct daemon *d, const struct config *c)
{
	const struct devmapper_options o = { .max_maps = map_room(c->max_paths) };
	struct dm_parts parts = {
		.maps = d->maps,
		.checks = &d->checks,
		.events = &d->events,
	};
	int r;

	r = devmapper_new(&d->devmapper, &o);
	if (r < 0)
		return complain(r, "cannot start the device-mapper thread");
	parts.devmapper = d->devmapper;
	dm_init(&d->dm, &parts, mono_now());
	return 0;
}

/* Makes what allocates memory and starts threads, after it is known that no other daemon runs. */
static int make_parts(struct daemon *d, const struct options *o, const struct config *c,
                      const struct bound *bound)
{
	struct events_options events = {
		.level = o->log_level == LOG_LEVEL_UNSET ? c->log_level : o->log_level,
		.max_paths = c->max_paths,
	};
	int r;

	privileges_acquire(&d->warnings, bound->descriptors_each);
	r = port_new(&d->port, c->max_paths);
	if (r == 0)
		r = waits_init(&d->waits, d->port);
	if (r == 0)
		r = records_wait_init(&d->records, d->port, &d->checks.persist);
	if (r < 0)
		return complain(r, "cannot allocate the control port");
	port_use_room(d->port, &d->room);
	r = log_new(&d->log, o->log_target);
	if (r < 0)
		return complain(r, "cannot start the log thread");
	r = maps_new(&d->maps, c->max_paths);
	if (r < 0)
		return complain(r, "cannot allocate the table of maps");
	events.port = d->port;
	events.log = d->log;
	events.maps = d->maps;
	r = events_init(&d->events, &events);
	if (r < 0)
		return complain(r, "cannot allocate the rates of events");
	r = make_purge(d);
	if (r == 0)
		r = make_store(d, o, c);
	if (r == 0)
		r = make_checks(d, c);
	if (r == 0)
		r = make_dm(d, c);
	if (r < 0)
		return r;
	registry_add_room(d->checks.registry, &d->room);
	maps_add_room(d->maps, &d->room);
	r = room_make(&d->room, 0);
	if (r < 0)
		return complain(r, "cannot lock the tables of paths and maps");
	r = discovery_new(&d->discovery, &d->room);
	if (r == 0)
		r = loader_new(&d->loader, o->config);
	return r < 0 ? complain(r, "cannot start the threads of discovery and the loader")
	             : 0;
}

/* Makes what works with those parts, and applies the first configuration. */
static int make_workers(struct daemon *d, const struct options *o, struct loaded *first)
{
	const struct reload_parts parts = {
		.loader = d->loader,
		.discovery = d->discovery,
		.inventory = &d->inventory,
		.ready = &d->ready,
		.events = &d->events,
		.port = d->port,
		.keep_level = o->log_level != LOG_LEVEL_UNSET,
	};
	const struct watchdog_options watchdog = {
		.notify = &d->notify,
		.checks = &d->checks,
		.limit_us = d->watchdog_limit_us,
	};
	int64_t timeout = first->config->checker_timeout_us > 0
	                          ? first->config->checker_timeout_us
	                          : CONFIG_TIMEOUT_DEFAULT_US;
	int64_t patience = MIN(timeout + READY_MARGIN_US, READY_MAX_US);
	int r;

	watchdog_init(&d->watchdog, &watchdog, mono_now());
	outage_init(&d->outage, &d->checks);
	overdue_watch_init(&d->overdue, &d->checks, &d->events);
	windows_init(&d->windows, &d->checks, &d->events);
	d->clock_fd = clock_watch_new();
	if (d->clock_fd < 0)
		return complain(d->clock_fd, "cannot watch the clock");
	inventory_init(&d->inventory, d->discovery, &d->checks, &d->events);
	ready_init(&d->ready, &d->notify, mono_add(mono_now(), patience));
	aio_quota_init(&d->aio_quota, d->checks.engine, &d->events);
	r = reload_init(&d->reload, &parts, first);
	return r < 0 ? complain(r, "cannot apply the configuration") : 0;
}

/* Makes what serves the requests of the control thread. */
static int make_answers(struct daemon *d, const struct bound *bound)
{
	const struct snapshot_fill_parts parts = {
		.port = d->port,
		.checks = &d->checks,
		.dm = &d->dm,
		.purge = &d->purge,
		.ready = &d->ready,
		.aio_quota = &d->aio_quota,
		.warnings = &d->warnings,
		.reload = &d->reload,
		.inventory = &d->inventory,
		.windows = &d->windows,
		.bound_bytes = bound->bytes,
	};
	struct text *memory;
	int r;

	r = bound_json(bound, &memory);
	if (r < 0)
		return complain(r, "cannot compute the limits");
	snapshot_fill_init(&d->snapshots, &parts, memory);
	d->timers = (struct timers_wait){
		.discovery = d->discovery,
		.inventory = &d->inventory,
		.port = d->port,
	};
	d->requests = (struct requests){
		.port = d->port,
		.waits = &d->waits,
		.records = &d->records,
		.checks = &d->checks,
		.events = &d->events,
		.reload = &d->reload,
		.snapshots = &d->snapshots,
		.dm = &d->dm,
		.timers = &d->timers,
		.discovery = d->discovery,
	};
	return 0;
}

static void report_store(struct daemon *d)
{
	bool warning;
	const char *text = store_message(d->store, &warning);

	if (text[0] != '\0')
		events_say(&d->events, EVENT_DAEMON, warning ? LOG_WARNING : LOG_NOTICE,
		           "%s", text);
}

/* listen_fd: passed to control_new(), or closed. */
static int make_all(struct daemon *d, const struct options *o, struct loaded *first,
                    int listen_fd, bool ours)
{
	struct bound bound;
	int r;

	r = bound_compute(first->config, &bound);
	if (r < 0)
		r = complain(r, "cannot compute the limits");
	else
		r = make_parts(d, o, first->config, &bound);
	if (r < 0) {
		/* While the socket listens, no other daemon takes its name: it is still ours. */
		if (ours)
			(void)unlink(o->socket); /* The next start removes it too. */
		close(listen_fd);
		return r;
	}
	r = start_control(d, o, first->config, listen_fd);
	if (r < 0)
		return r;
	for (unsigned i = 0; i < d->warnings.n; i++)
		events_say(&d->events, EVENT_DAEMON, LOG_WARNING, "%s",
		           d->warnings.text[i]);
	report_store(d);
	r = make_workers(d, o, first);
	return r < 0 ? r : make_answers(d, &bound);
}

int daemon_init(struct daemon *d, const struct options *o, struct loaded *first)
{
	uint32_t priority = first->config->realtime_priority;
	int listen_fd, r;
	bool ours;

	*d = (struct daemon){
		.notify = NOTIFY_NULL,
		.aio_quota = AIO_QUOTA_NULL,
		.checks = CHECKS_NULL,
		.snapshots = SNAPSHOT_FILL_NULL,
		.clock_fd = -1,
	};
	r = notify_init(&d->notify);
	if (r < 0)
		return complain(r, "cannot connect to the service manager");
	d->watchdog_limit_us = watchdog_limit();
	r = listen_on(o, first->config, &listen_fd, &ours);
	if (r < 0)
		return r;
	r = make_all(d, o, first, listen_fd, ours);
	if (r == 0)
		privileges_realtime(NULL, priority); /* All other threads have started. */
	return r;
}

bool daemon_deinit(struct daemon *d)
{
	bool ended = true;

	(void)!notify_send(&d->notify, "STOPPING=1");
	records_wait_deinit(&d->records);
	/* The control thread takes these events before it ends. */
	if (d->outage.events != NULL)
		outage_finish(&d->outage, mono_now());
	d->control = control_free(d->control);
	if (d->checks.engine != NULL)
		persist_finish(&d->checks.persist, mono_now(),
		               mono_add(mono_now(), JOIN_LIMIT_US));
	checks_deinit(&d->checks);
	ended = store_free(d->store, JOIN_LIMIT_US) && ended;
	ended = discovery_free(d->discovery, JOIN_LIMIT_US) && ended;
	ended = devmapper_free(d->devmapper, JOIN_LIMIT_US) && ended;
	ended = purger_free(d->purger, JOIN_LIMIT_US) && ended;
	ended = loader_free(d->loader, JOIN_LIMIT_US) && ended;
	purge_deinit(&d->purge);
	inventory_deinit(&d->inventory);
	reload_deinit(&d->reload);
	snapshot_fill_deinit(&d->snapshots);
	windows_deinit(&d->windows);
	if (d->clock_fd >= 0)
		close(d->clock_fd);
	events_deinit(&d->events);
	d->maps = maps_free(d->maps);
	ended = log_free(d->log, JOIN_LIMIT_US) && ended;
	waits_deinit(&d->waits);
	d->port = port_free(d->port);
	aio_quota_deinit(&d->aio_quota);
	notify_deinit(&d->notify);
	return ended;
}

struct mono daemon_next_chore(const struct daemon *d)
{
	struct mono next = mono_min(d->ready.next, d->watchdog.feed_at);

	next = mono_min(next, d->checks.maintain_at);
	next = mono_min(next, persist_next(&d->checks.persist));
	next = mono_min(next, records_wait_next(&d->records));
	next = mono_min(next, dm_next(&d->dm));
	next = mono_min(next, overdue_watch_next(&d->overdue));
	next = mono_min(next, purge_next(&d->purge));
	next = mono_min(next, outage_next(&d->outage));
	next = mono_min(next, windows_next(&d->windows));
	if (d->inventory.holding)
		next = mono_min(next, d->checks.blocked_until);
	if (d->checks.relist)
		next = mono_min(next, d->checks.relist_from);
	return next;
}

static void maintain(struct daemon *d, struct mono now)
{
	if (mono_before(now, d->checks.maintain_at))
		return;
	checks_maintain(&d->checks, now);
	aio_quota_update(&d->aio_quota);
}

void daemon_run_chores(struct daemon *d, struct mono now)
{
	maintain(d, now);
	/* daemon_complete_round() sends what ready has to send, and the source of this timer
	 * applies the record that inventory holds. */
}

static void run_windows(struct daemon *d, struct mono now)
{
	struct timespec ts;

	if (mono_before(now, windows_next(&d->windows)))
		return;
	clock_gettime(CLOCK_REALTIME, &ts);
	windows_run(&d->windows, now, ts.tv_sec);
}

static void complete_maps(struct daemon *d, struct mono now)
{
	const struct config_ref *ref = d->reload.ref;

	if (d->dm.generation != ref->generation) {
		dm_configure(&d->dm, ref->config, ref->generation);
		windows_configure(&d->windows, d->reload.ref);
	}
	if (d->inventory.map_changed)
		dm_look(&d->dm);
	d->inventory.map_changed = false;
	if (d->dm.foreign)
		inventory_suspect_peer(&d->inventory, now);
	d->dm.foreign = false;
	d->events.maps_decide = dm_decides(&d->dm);
	run_windows(d, now);
	dm_complete_round(&d->dm, now);
}

/* A check has read another device than the one that discovery found. */
static void relist(struct daemon *d, struct mono now)
{
	if (!d->checks.relist || mono_before(now, d->checks.relist_from))
		return;
	d->checks.relist = false;
	d->checks.relist_from = mono_add(now, CHECKS_RELIST_US);
	discovery_look(d->discovery);
}

/* Commands to device-mapper come after the records that they depend on. */
static void keep_states(struct daemon *d, struct mono now)
{
	int error;

	if (store_has_old(d->store) && d->inventory.generation > 0 &&
	    d->inventory.error == 0 && dm_is_ready(&d->dm))
		persist_end_old(&d->checks.persist);
	persist_run(&d->checks.persist, now);
	error = store_take_error(d->store);
	if (error != 0 && error != d->store_error)
		events_say(&d->events, EVENT_DAEMON, LOG_WARNING,
		           "states cannot be written for the next start: %s (%s)",
		           strerrordesc_np(error), strerrorname_np(error));
	if (error != 0)
		d->store_error = error;
}

void daemon_complete_round(struct daemon *d, struct mono now)
{
	uint32_t by_kind[PATH_KINDS];
	bool complete;
	char summary[200];

	reload_progress(&d->reload, now);
	timers_wait_progress(&d->timers);
	requests_reply_explanations(&d->requests);
	keep_states(d, now);
	complete_maps(d, now);
	purge_run(&d->purge, now);
	relist(d, now);
	outage_run(&d->outage, now); /* It may start checks. */
	checks_flush(&d->checks, now);
	maintain(d, now);
	if (watchdog_is_due(&d->watchdog, now))
		watchdog_run(&d->watchdog, now);
	overdue_watch_run(&d->overdue, now);
	persist_run(&d->checks.persist, now);
	records_wait_progress(&d->records, now);
	complete = d->inventory.generation > 0 && d->inventory.error == 0 &&
	           checks_all_answered(&d->checks) && dm_is_ready(&d->dm);
	checks_count(&d->checks, by_kind);
	if (ready_update(&d->ready, by_kind, complete, now)) {
		ready_summary(summary, sizeof(summary), by_kind);
		events_say(&d->events, EVENT_DAEMON, complete ? LOG_INFO : LOG_WARNING,
		           complete ? "ready: %s"
		                    : "ready without waiting any longer: %s",
		           summary);
	}
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the discovery thread, its list of reported devices, and the ring to the loop. The thread may
 * block: on sysfs, on netlink, on a full ring. The functions for the loop never do.
 */
#include "checkerd/discovery/discovery.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkerd/discovery/explain.h"
#include "checkerd/discovery/identity.h"
#include "checkerd/discovery/known.h"
#include "checkerd/discovery/native_paths.h"
#include "checkerd/discovery/peer_ask.h"
#include "checkerd/discovery/static.h"
#include "checkerd/discovery/timers_read.h"
#include "checkerd/discovery/udev_watch.h"
#include "util/ring.h"
#include "util/worker.h"

#define DISCOVERY_RING_RECORDS 1024
/* libudev and regexec() need a large stack. */
#define DISCOVERY_STACK_BYTES (4 * THREAD_STACK_BYTES)
#define LIST_RETRY_US         (1 * USEC_PER_SEC)
/* Of timers: the loop's, those of two snapshots, one in the ring, one that is being made. */
#define DISCOVERY_REPORTS 5

struct discovery {
	struct worker worker;          /* notifies of records, is woken for the inbox */
	struct ring_producer producer; /* [thread] of struct found */
	struct ring_consumer consumer; /* [loop] */
	/* Explanations: of struct discovery_answer. Never more than the rings hold. */
	struct {
		struct ring_producer to;   /* [loop] */
		struct ring_consumer from; /* [loop] */
		unsigned n;                /* [loop] on their way */
		struct ring_consumer in;   /* [thread] */
		struct ring_producer out;  /* [thread] */
	} explain;
	_Atomic bool look;      /* [atomic loop→thread] list again */
	_Atomic uint32_t asked; /* [atomic loop→thread] discovery_read_timers() */
	_Atomic(struct config_ref *) inbox; /* [atomic loop→thread] a reference */

	/* These belong to the thread. */
	struct config_ref *ref; /* in force; NULL before the first */
	struct found_list reported;
	struct room *room;        /* of the loop's tables of paths */
	struct udev_watch *watch; /* with discovery udev */
	struct native_paths native;
	uint32_t answered; /* `asked` of the last report of timers */
	int sysfs;
	struct mono
	        again; /* when a list that failed is made again; MONO_NEVER: none failed */
	bool again_gone; /* a device that is not on that list is gone */
};

/* Paths that the loop has, or will have soon. */
static size_t known_paths(const struct discovery *d)
{
	return d->reported.n + d->native.list.n;
}

/*
 * Hands a record to the loop, and waits for room in the ring. A path more has room in the tables, because
 * there is always some to spare; this makes more of it. -ECANCELED: the daemon ends.
 */
static int discovery_emit(void *arg, struct found *f)
{
	struct discovery *d = arg;
	int r;

	if (f->op == FOUND_ADD)
		(void)!room_make(d->room,
		                 (uint32_t)known_paths(d)); /* else it is tried again */
	r = worker_emit(&d->worker, &d->producer, f, 0, NULL, NULL);

	if (r < 0)
		found_deinit(f);
	return r;
}

static int discovery_scan(struct discovery *d, bool reload, struct found_list *list,
                          uint32_t *ret_excluded)
{
	const struct config *c = d->ref->config;
	int r;

	if (c->discovery == DISCOVERY_STATIC) {
		d->watch = udev_watch_free(d->watch);
		return static_scan(c, d->sysfs, &d->reported, list, ret_excluded);
	}
	if (d->watch == NULL) {
		r = udev_watch_new(&d->watch, d->sysfs);
		if (r < 0)
			return r;
	}
	return udev_watch_scan(d->watch, c, reload, list, ret_excluded);
}

/* Lists the devices, and reports the difference. */
static int reconcile(struct discovery *d, bool gone, uint32_t *ret_excluded)
{
	struct found_list list = FOUND_LIST_NULL;
	int r;

	list.before = &d->reported;
	r = discovery_scan(d, !gone, &list, ret_excluded);
	list.before = NULL;
	if (r == 0)
		r = room_make(d->room, (uint32_t)(list.n + d->native.list.n));
	if (r == 0)
		r = found_plan(&d->reported, &list, gone, discovery_emit, d);
	if (r < 0) {
		found_list_deinit(&list);
		return r;
	}
	found_list_deinit(&d->reported);
	d->reported = list;
	return 0;
}

/* Lists the devices, and reports the difference. When memory or descriptors are short, the reported
 * list stays, and the thread tries again later. */
static int relist(struct discovery *d, bool gone, uint32_t *ret_excluded)
{
	int r = reconcile(d, gone, ret_excluded);

	if (r == 0)
		r = native_paths_update(&d->native, d->sysfs, &d->reported, gone,
		                        discovery_emit, d);
	d->again = MONO_NEVER;
	if (r < 0 && r != -ECANCELED) {
		d->again = mono_add(mono_now(), LIST_RETRY_US);
		d->again_gone = gone;
	}
	return r;
}

static void emit_sync(struct discovery *d, int error, uint32_t excluded)
{
	struct found sync = { .op = FOUND_SYNC,
		              .generation = d->ref->generation,
		              .excluded = excluded,
		              .error = -error };

	(void)discovery_emit(d, &sync); /* -ECANCELED: the thread ends */
}

/* Compares the kernel's timers and multipathd with the settings. Without memory or descriptors there is no report;
 * the next reload or request makes one. */
static void report_timers(struct discovery *d, uint32_t asked)
{
	struct found f = { .op = FOUND_TIMERS,
		           .generation = d->ref->generation,
		           .timers = timer_report_new(),
		           .asked = asked };

	if (f.timers != NULL) {
		f.timers->udevd_missing =
		        d->watch != NULL && !udev_watch_has_udevd(d->watch);
		peer_ask(PEER_PID_FILE, PEER_ADDRESS, PEER_LIMIT_US, &f.timers->peer);
		f.timers->peer.control = d->ref->config->dm_control;
		if (timers_read(d->sysfs, &d->reported, &d->native.list, f.timers) < 0)
			f.timers = timer_report_unref(f.timers);
	}
	d->answered = asked;
	(void)discovery_emit(d, &f); /* -ECANCELED: the thread ends */
}

static void emit_map(struct discovery *d)
{
	struct found map = { .op = FOUND_MAP };

	(void)discovery_emit(d, &map); /* -ECANCELED: the thread ends */
}

static void take_events(struct discovery *d)
{
	uint32_t excluded;
	int r;

	r = udev_watch_take(d->watch, d->ref->config, &d->reported, discovery_emit, d);
	if (udev_watch_heard_nvme(d->watch))
		native_paths_expect(&d->native, mono_now());
	/* Messages were lost, or memory was short: list the devices instead. */
	if (r < 0 && r != -ECANCELED) {
		(void)relist(d, true, &excluded); /* it is tried again */
		emit_map(d);
	}
}

static void take_config(struct discovery *d)
{
	struct config_ref *ref = atomic_exchange(&d->inbox, NULL);
	uint32_t excluded = 0;
	int r;

	if (ref == NULL)
		return;
	/* What is waiting was said about devices that the reload does not read again. */
	if (d->watch != NULL)
		take_events(d);
	config_ref_put(d->ref);
	d->ref = ref;
	r = relist(d, false, &excluded);
	emit_sync(d, r, excluded);
	report_timers(d, atomic_load(&d->asked));
}

/* discovery_look() was called: a path's name may lead to another device. */
static void take_look(struct discovery *d)
{
	uint32_t excluded;

	if (!atomic_exchange(&d->look, false) || d->ref == NULL)
		return;
	/* A failed list is made again. Static paths depend on the configuration only. */
	(void)relist(d, d->ref->config->discovery != DISCOVERY_STATIC, &excluded);
}

static void take_question(struct discovery *d)
{
	uint32_t asked = atomic_load(&d->asked);

	if (asked != d->answered && d->ref != NULL)
		report_timers(d, asked);
}

static void take_explanations(struct discovery *d)
{
	const struct explain_source source = {
		.config = d->ref == NULL ? NULL : d->ref->config,
		.sysfs = d->sysfs,
		.watch = d->watch,
		.reported = &d->reported,
		.observed = &d->native.list,
	};
	struct discovery_answer a;

	while (d->ref != NULL && ring_pop(&d->explain.in, &a)) {
		explain_device(&source, a.explanation);
		/* The ring has room for all that may be on their way. */
		if (!ring_push(&d->explain.out, &a))
			assert(!"more answers than questions");
		worker_notify(&d->worker);
	}
}

/* Makes a failed list again when it is due. Returns the timeout of poll(). */
static int retry_list(struct discovery *d)
{
	int64_t left_us = mono_diff(d->again, mono_now());
	uint32_t excluded = 0;

	if (mono_is_never(d->again))
		return -1;
	if (left_us > 0)
		return (int)(left_us / USEC_PER_MSEC) + 1;
	if (relist(d, d->again_gone, &excluded) == 0) {
		emit_sync(d, 0, excluded);
		emit_map(d);
	}
	return mono_is_never(d->again) ? -1 : (int)(LIST_RETRY_US / USEC_PER_MSEC);
}

/* Reads the states of observed paths when they are due. Returns the timeout of poll(). */
static int poll_native(struct discovery *d)
{
	int64_t left_us;

	/* -errno: it is tried again; -ECANCELED: the thread ends. */
	if (!mono_before(mono_now(), d->native.due))
		(void)native_paths_update(&d->native, d->sysfs, &d->reported, true,
		                          discovery_emit, d);
	if (mono_is_never(d->native.due))
		return -1;
	left_us = mono_diff(d->native.due, mono_now());
	return left_us <= 0 ? 0 : (int)(left_us / USEC_PER_MSEC) + 1;
}

/* Does what is due. Returns the timeout of poll(). */
static int run_due(struct discovery *d)
{
	int list_ms = retry_list(d), native_ms = poll_native(d);

	return list_ms < 0 || native_ms < 0 ? MAX(list_ms, native_ms)
	                                    : MIN(list_ms, native_ms);
}

static void *discovery_main(void *arg)
{
	struct discovery *d = arg;

	thread_stack_lock(THREAD_STACK_USED);
	while (!worker_stopping(&d->worker)) {
		int timeout_ms = run_due(d);
		int r = worker_wait(&d->worker,
		                    d->watch == NULL ? -1 : udev_watch_fd(d->watch),
		                    timeout_ms);

		if (r < 0)
			continue;
		if ((r & WORKER_WOKEN) != 0) {
			take_config(d);
			take_look(d);
			take_question(d);
			take_explanations(d);
		} else if (r == WORKER_READABLE) {
			take_events(d);
		}
	}
	d->watch = udev_watch_free(d->watch);
	found_list_deinit(&d->reported);
	native_paths_deinit(&d->native);
	d->ref = config_ref_put(d->ref);
	return NULL;
}

static void discovery_destroy(struct discovery *d)
{
	struct discovery_answer a;
	struct found f;

	while (ring_is_made(&d->consumer) && discovery_next(d, &f))
		found_deinit(&f);
	while (ring_is_made(&d->explain.in) && ring_pop(&d->explain.in, &a))
		explanation_free(a.explanation);
	while (ring_is_made(&d->explain.from) && ring_pop(&d->explain.from, &a))
		explanation_free(a.explanation);
	ring_free(&d->explain.to);
	ring_free(&d->explain.out);
	config_ref_put(atomic_load(&d->inbox));
	ring_free(&d->producer);
	worker_deinit(&d->worker);
	if (d->sysfs >= 0)
		close(d->sysfs);
	free(d);
}

int discovery_new(struct discovery **ret, struct room *room)
{
	struct discovery *d;
	int r;

	d = calloc(1, sizeof(*d));
	if (d == NULL)
		return -ENOMEM;
	d->room = room;
	d->again = MONO_NEVER;
	d->native = (struct native_paths)NATIVE_PATHS_NULL;
	d->sysfs = open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = d->sysfs < 0 ? -errno : 0;
	d->worker = (struct worker)WORKER_NULL;
	if (r == 0)
		r = worker_init(&d->worker, true);
	if (r == 0)
		r = ring_new(&d->producer, &d->consumer, DISCOVERY_RING_RECORDS,
		             sizeof(struct found));
	if (r == 0)
		r = ring_new(&d->explain.to, &d->explain.in, EXPLANATIONS_MAX,
		             sizeof(struct discovery_answer));
	if (r == 0)
		r = ring_new(&d->explain.out, &d->explain.from, EXPLANATIONS_MAX,
		             sizeof(struct discovery_answer));
	if (r == 0)
		r = worker_start(&d->worker, "discovery", DISCOVERY_STACK_BYTES,
		                 discovery_main, d);
	if (r < 0) {
		discovery_destroy(d);
		return r;
	}
	*ret = d;
	return 0;
}

bool discovery_free(struct discovery *d, int64_t limit_us)
{
	if (d == NULL)
		return true;
	if (!worker_stop(&d->worker, limit_us))
		return false;
	discovery_destroy(d);
	return true;
}

void discovery_apply(struct discovery *d, struct config_ref *ref)
{
	config_ref_put(atomic_exchange(&d->inbox, config_ref_get(ref)));
	worker_wake(&d->worker);
}

void discovery_look(struct discovery *d)
{
	atomic_store(&d->look, true);
	worker_wake(&d->worker);
}

uint32_t discovery_read_timers(struct discovery *d)
{
	uint32_t asked = atomic_fetch_add(&d->asked, 1) + 1;

	worker_wake(&d->worker);
	return asked;
}

bool discovery_explain(struct discovery *d, const struct discovery_answer *question)
{
	if (d->explain.n == EXPLANATIONS_MAX || !ring_push(&d->explain.to, question))
		return false;
	d->explain.n++;
	worker_wake(&d->worker);
	return true;
}

bool discovery_next_answer(struct discovery *d, struct discovery_answer *ret)
{
	if (!ring_pop(&d->explain.from, ret))
		return false;
	d->explain.n--;
	return true;
}

int discovery_fd(const struct discovery *d)
{
	return d->worker.out_fd;
}

void discovery_clear(struct discovery *d)
{
	(void)worker_clear(&d->worker); /* there may be none */
}

bool discovery_next(struct discovery *d, struct found *ret)
{
	return ring_pop(&d->consumer, ret);
}

uint64_t discovery_bytes(uint32_t max_paths)
{
	/* Each device twice, because a reload has an old and a new list. The heads of native
	 * multipathing come on top of their paths, in a list that is replaced before. */
	uint64_t device = sizeof(struct device) + IDENTITY_TEXT_MAX + DEVICE_NAME_MAX +
	                  sizeof(struct found_entry);

	return sizeof(struct discovery) +
	       ring_bytes(DISCOVERY_RING_RECORDS, sizeof(struct found)) +
	       DISCOVERY_STACK_BYTES + 3 * (uint64_t)max_paths * device +
	       known_bytes(max_paths) + (uint64_t)max_paths * sizeof(uint32_t) +
	       timers_read_bytes(max_paths) +
	       DISCOVERY_REPORTS * sizeof(struct timer_report) +
	       2 * EXPLANATIONS_MAX * sizeof(struct explanation) +
	       2 * ring_bytes(EXPLANATIONS_MAX, sizeof(struct discovery_answer));
}

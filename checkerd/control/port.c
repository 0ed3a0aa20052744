/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the rings between the loop and the control thread, and the two snapshots. The loop
 * runs port_loop_ functions, the control thread runs port_control_ functions. None blocks.
 * Nothing is allocated after port_new() except the second snapshot: only the control thread
 * knows when it is needed, so that thread allocates and frees it.
 *
 * A snapshot belongs to exactly one of: the loop, `published`, the control thread. Its owner
 * changes by an exchange or a release store that the next owner reads with acquire, so the next
 * owner sees all that was written to it.
 */
#include "checkerd/control/port.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "util/block.h"
#include "util/ring.h"
#include "util/wake.h"

#define REQUEST_RING 256
/* More than a thousand events of most kinds. */
#define EVENT_RING (256 * 1024 / EVENT_CELL)
#define SNAPSHOTS  2
/* Checks of one request that may be without a reply at once. The control thread requests the
 * rest when replies have come. */
#define REPLIES_AT_ONCE UINT32_C(1024)
/* Other requests that may be without a reply. */
#define REPLIES_MARGIN 64

struct owned_snapshot {
	struct snapshot s;
	/* [atomic control↔loop] True: the thread that clears it owns the snapshot. */
	_Atomic bool spare;
};

struct port {
	/* [init] */
	uint32_t max_paths, replies_max;
	const struct room *room; /* of paths; NULL: none is made */
	int loop_fd, control_fd;
	/* [loop] Its ends of the rings. */
	struct {
		struct ring_consumer requests;
		struct ring_producer replies, events;
	} loop;
	/* [control] The other ends. */
	struct {
		struct ring_producer requests;
		struct ring_consumer replies, events;
	} control;
	/* [atomic control→loop] The control thread found no room for a request. */
	_Atomic bool wants_room;
	/* [atomic loop→control] */
	_Atomic uint64_t events_lost;
	struct owned_snapshot snapshots[SNAPSHOTS];
	/* [loop] */
	struct owned_snapshot *filling;
	/* [control] The second snapshot has its arrays. */
	bool brought;
	/* [loop] Of the wall clock: see realtime_offset_us(). */
	int64_t offset_us;
	/* [atomic loop→control] */
	_Atomic(struct owned_snapshot *) published;
};

size_t port_batch_bytes(uint32_t n)
{
	return sizeof(struct port_batch) + n * sizeof(struct port_item);
}

void port_batch_drop(struct port_batch *b)
{
	for (uint32_t i = 0; i < b->n; i++) {
		(void)device_unref(b->items[i].device); /* NULL, always */
		(void)map_unref(b->items[i].map);       /* the same */
	}
}

void port_batch_free(struct port_batch *b)
{
	if (b != NULL)
		port_batch_drop(b);
	block_free(b);
}

uint32_t port_replies_max(uint32_t max_paths)
{
	return MIN(max_paths, REPLIES_AT_ONCE) + REPLIES_MARGIN;
}

uint64_t port_bytes(uint32_t max_paths)
{
	return sizeof(struct port) +
	       ring_bytes(REQUEST_RING, sizeof(struct port_request)) +
	       ring_bytes(port_replies_max(max_paths), sizeof(struct port_reply)) +
	       ring_bytes(EVENT_RING, EVENT_CELL) +
	       SNAPSHOTS * snapshot_array_bytes(max_paths);
}

static int rings_new(struct port *p)
{
	int r = ring_new(&p->control.requests, &p->loop.requests, REQUEST_RING,
	                 sizeof(struct port_request));

	if (r == 0)
		r = ring_new(&p->loop.replies, &p->control.replies, p->replies_max,
		             sizeof(struct port_reply));
	if (r == 0)
		r = ring_new(&p->loop.events, &p->control.events, EVENT_RING, EVENT_CELL);
	return r;
}

/* The loop fills as many rows as there are paths, and does not wait for their memory. */
static void prepare(const struct port *p, struct snapshot *s)
{
	if (p->room != NULL)
		snapshot_prepare(s, room_ready(p->room));
}

/* Allocates the arrays, and lets the loop take the snapshot. */
static int make_spare(struct port *p, struct owned_snapshot *o)
{
	int r = snapshot_new_arrays(&o->s);

	if (r < 0)
		return r;
	prepare(p, &o->s);
	atomic_store_explicit(&o->spare, true, memory_order_release);
	return 0;
}

static int snapshots_new(struct port *p)
{
	for (unsigned i = 0; i < SNAPSHOTS; i++) {
		snapshot_init(&p->snapshots[i].s, p->max_paths);
		atomic_init(&p->snapshots[i].spare, false);
	}
	return make_spare(p, &p->snapshots[0]);
}

int port_new(struct port **ret, uint32_t max_paths)
{
	struct port *p;
	int r;

	if (max_paths == 0 || max_paths > REGISTRY_PATHS_MAX)
		return -EINVAL;
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return -ENOMEM;
	p->max_paths = max_paths;
	p->replies_max = port_replies_max(max_paths);
	p->control_fd = -1;
	p->loop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (p->loop_fd >= 0)
		p->control_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = p->control_fd < 0 ? -errno : 0;
	if (r == 0)
		r = rings_new(p);
	if (r == 0)
		r = snapshots_new(p);
	if (r < 0) {
		port_free(p);
		return r;
	}
	*ret = p;
	return 0;
}

struct port *port_free(struct port *p)
{
	struct port_reply reply;
	struct port_request request;

	if (p == NULL)
		return NULL;
	while (ring_is_made(&p->loop.requests) && ring_pop(&p->loop.requests, &request)) {
		port_batch_free(request.batch);
		explanation_free(request.explanation);
	}
	while (ring_is_made(&p->control.replies) &&
	       ring_pop(&p->control.replies, &reply)) {
		port_batch_free(port_reply_batch(&reply));
		explanation_free(port_reply_explanation(&reply));
		text_unref(port_reply_text(&reply));
	}
	for (unsigned i = 0; i < SNAPSHOTS; i++) {
		snapshot_reset(&p->snapshots[i].s);
		snapshot_free_arrays(&p->snapshots[i].s);
	}
	ring_free(&p->loop.events);
	ring_free(&p->loop.replies);
	ring_free(&p->control.requests);
	if (p->control_fd >= 0)
		close(p->control_fd);
	if (p->loop_fd >= 0)
		close(p->loop_fd);
	free(p);
	return NULL;
}

void port_use_room(struct port *p, const struct room *room)
{
	p->room = room;
	prepare(p, &p->snapshots[0].s);
}

uint32_t port_max_paths(const struct port *p)
{
	return p->max_paths;
}

/* --- the loop's side --- */

int port_loop_fd(const struct port *p)
{
	return p->loop_fd;
}

void port_loop_clear(struct port *p)
{
	(void)wake_clear(p->loop_fd); /* it may be clear */
}

bool port_loop_next(struct port *p, struct port_request *ret)
{
	if (!ring_pop(&p->loop.requests, ret))
		return false;
	/* port_control_request() exchanges wants_room, too. The second of the two exchanges sees
	 * what the first thread did, so either the request finds room or the wake-up comes. */
	if (atomic_exchange_explicit(&p->wants_room, false, memory_order_acq_rel))
		wake(p->control_fd);
	return true;
}

void port_loop_reply(struct port *p, const struct port_reply *reply)
{
	bool pushed = ring_push(&p->loop.replies, reply);

	assert(pushed);
	wake(p->control_fd);
}

void port_loop_event(struct port *p, const struct event *e)
{
	if (!event_push(&p->loop.events, e)) {
		atomic_fetch_add_explicit(&p->events_lost, 1, memory_order_relaxed);
		return;
	}
	wake(p->control_fd);
}

bool port_loop_has_room(const struct port *p)
{
	return ring_producer_used(&p->loop.events) <= EVENT_RING / 2;
}

/*
 * The difference between the wall clock and the monotonic clock. The last difference counts
 * until it is wrong by a millisecond, so a moment has the same date in each snapshot.
 */
static int64_t realtime_offset_us(struct port *p, struct mono now)
{
	struct timespec ts;
	int64_t offset_us;

	clock_gettime(CLOCK_REALTIME, &ts);
	offset_us = ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / NSEC_PER_USEC - now.us;
	if (offset_us > p->offset_us + USEC_PER_MSEC ||
	    offset_us < p->offset_us - USEC_PER_MSEC)
		p->offset_us = offset_us;
	return p->offset_us;
}

/* Any thread. True: the caller owns the snapshot now. */
static bool take_spare(struct owned_snapshot *o)
{
	/* snapshot.pml: BEGIN */
	return atomic_exchange_explicit(&o->spare, false, memory_order_acquire);
}

struct snapshot *port_loop_snapshot_begin(struct port *p)
{
	/* snapshot.pml: BEGIN */
	if (p->filling != NULL)
		snapshot_reset(&p->filling->s);
	for (unsigned i = 0; p->filling == NULL && i < SNAPSHOTS; i++) {
		struct owned_snapshot *o = &p->snapshots[i];

		if (take_spare(o))
			p->filling = o;
	}
	if (p->filling == NULL)
		return NULL;
	p->filling->s.taken = mono_now();
	p->filling->s.taken_realtime_us =
	        p->filling->s.taken.us + realtime_offset_us(p, p->filling->s.taken);
	return &p->filling->s;
}

void port_loop_snapshot_publish(struct port *p, struct snapshot *s)
{
	/* snapshot.pml: PUBLISH */
	struct owned_snapshot *old;

	assert(p->filling != NULL && s == &p->filling->s);
	old = atomic_exchange_explicit(&p->published, p->filling, memory_order_acq_rel);
	p->filling = NULL;
	if (old != NULL) { /* the control thread did not take it */
		snapshot_reset(&old->s);
		atomic_store_explicit(&old->spare, true, memory_order_release);
	}
	wake(p->control_fd);
}

/* --- the control thread's side --- */

int port_control_fd(const struct port *p)
{
	return p->control_fd;
}

void port_control_clear(struct port *p)
{
	(void)wake_clear(p->control_fd); /* it may be clear */
}

void port_control_wake(struct port *p)
{
	wake(p->control_fd);
}

uint32_t port_control_replies_max(const struct port *p)
{
	return p->replies_max;
}

bool port_control_request(struct port *p, const struct port_request *r)
{
	if (!ring_push(&p->control.requests, r)) {
		/* The loop may have made room since: see port_loop_next(). */
		(void)atomic_exchange_explicit(&p->wants_room, true,
		                               memory_order_acq_rel);
		if (!ring_push(&p->control.requests, r))
			return false;
	}
	wake(p->loop_fd);
	return true;
}

bool port_control_reply(struct port *p, struct port_reply *ret)
{
	return ring_pop(&p->control.replies, ret);
}

bool port_control_event(struct port *p, struct event *ret)
{
	return event_pop(&p->control.events, ret);
}

uint64_t port_control_events_lost(struct port *p)
{
	return atomic_load_explicit(&p->events_lost, memory_order_relaxed);
}

struct snapshot *port_control_snapshot(struct port *p)
{
	/* snapshot.pml: TAKE */
	struct owned_snapshot *o =
	        atomic_exchange_explicit(&p->published, NULL, memory_order_acq_rel);

	return o == NULL ? NULL : &o->s;
}

/* Frees the second snapshot unless the loop owns it now. */
static void free_second(struct port *p)
{
	/* snapshot.pml: FREE */
	if (!p->brought || !take_spare(&p->snapshots[1]))
		return;
	snapshot_free_arrays(&p->snapshots[1].s);
	p->brought = false;
}

void port_control_snapshot_release(struct port *p, struct snapshot *s)
{
	/* snapshot.pml: RELEASE */
	struct owned_snapshot *o = container_of(s, struct owned_snapshot, s);

	assert(o >= p->snapshots && o < p->snapshots + SNAPSHOTS);
	snapshot_reset(s);
	prepare(p, s);
	atomic_store_explicit(&o->spare, true, memory_order_release);
	free_second(p);
}

int port_control_snapshot_bring(struct port *p)
{
	/* snapshot.pml: BRING */
	int r;

	if (p->brought)
		return 0;
	r = make_spare(p, &p->snapshots[1]);
	p->brought = r == 0;
	return r;
}

bool port_control_snapshot_brought(const struct port *p)
{
	return p->brought;
}

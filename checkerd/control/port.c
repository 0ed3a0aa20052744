/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the rings between the loop and the control thread, and the two snapshots. Nothing here
 * blocks, and nothing is allocated after port_new() but the second snapshot: only the control
 * thread knows when it is needed, so that thread brings the memory and takes it away; the loop
 * finds it there or does without.
 *
 * A snapshot is always with exactly one of: the loop (spare, or being filled), `published`,
 * the control thread. It changes hands by an exchange or a release store that the taker reads
 * with acquire, so that whoever has it sees all that was written to it.
 */
#include "checkerd/control/port.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "util/ring.h"
#include "util/wake.h"

#define REQUEST_RING 1024
#define EVENT_RING \
	(256 * 1024 / EVENT_CELL) /* more than a thousand events of most kinds */
#define SNAPSHOTS 2
/* Paths that may be waited for, or asked for, at once: with more the control thread sends the
 * rest when there are answers. */
#define REPLIES_AT_ONCE UINT32_C(4096)
/* Replies besides those: requests that are answered at once. */
#define REPLIES_MARGIN 64

struct owned_snapshot {
	struct snapshot s;
	_Atomic bool spare; /* [atomic control↔loop] whoever clears it has it */
};

struct port {
	uint32_t max_paths;   /* [init] */
	uint32_t replies_max; /* [init] */
	int loop_fd, control_fd;
	struct {
		struct ring_consumer requests;
		struct ring_producer replies, events;
	} loop; /* [loop] its ends of the rings */
	struct {
		struct ring_producer requests;
		struct ring_consumer replies, events;
	} control; /* [control] the other ends */
	/* [atomic control→loop] the control thread found no room for a request */
	_Atomic bool wants_room;
	_Atomic uint64_t events_lost; /* [atomic loop→control] */
	struct owned_snapshot snapshots[SNAPSHOTS];
	struct owned_snapshot *filling; /* [loop] */
	bool brought;                   /* [control] the second one has its memory */
	int64_t offset_us; /* [loop] the wall clock's, see realtime_offset_us() */
	_Atomic(struct owned_snapshot *) published; /* [atomic loop→control] */
};

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

/* Makes it one that the loop may have. */
static int make_spare(struct owned_snapshot *o)
{
	int r = snapshot_new_arrays(&o->s);

	if (r < 0)
		return r;
	atomic_store_explicit(&o->spare, true, memory_order_release);
	return 0;
}

static int snapshots_new(struct port *p)
{
	for (unsigned i = 0; i < SNAPSHOTS; i++) {
		snapshot_init(&p->snapshots[i].s, p->max_paths);
		atomic_init(&p->snapshots[i].spare, false);
	}
	return make_spare(&p->snapshots[0]);
}

int port_new(struct port **ret, uint32_t max_paths)
{
	struct port *p;
	int r;

	if (max_paths == 0 || max_paths > REGISTRY_PATHS_MAX)
		return -EINVAL;
	p = calloc(1, sizeof(*p));
	if (!p)
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

	if (!p)
		return NULL;
	while (ring_is_made(&p->control.replies) && ring_pop(&p->control.replies, &reply))
		text_unref(reply.text);
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
	wake_clear(p->loop_fd);
}

bool port_loop_next(struct port *p, struct port_request *ret)
{
	if (!ring_pop(&p->loop.requests, ret))
		return false;
	/* The exchange orders the room just made before the other side's next look at it:
	 * whichever of the two exchanges comes second sees what the other one did. */
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

/*
 * The wall clock's distance from the monotonic one, as of this snapshot. It is kept while the
 * two agree with it to a millisecond, so that the same moment has the same date every time.
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

/* Any thread: only one of those who try it gets it. */
static bool take_spare(struct owned_snapshot *o)
{
	return atomic_exchange_explicit(&o->spare, false, memory_order_acquire);
}

struct snapshot *port_loop_snapshot_begin(struct port *p)
{
	if (p->filling)
		snapshot_reset(&p->filling->s);
	for (unsigned i = 0; !p->filling && i < SNAPSHOTS; i++) {
		struct owned_snapshot *o = &p->snapshots[i];

		if (take_spare(o))
			p->filling = o;
	}
	if (!p->filling)
		return NULL;
	p->filling->s.taken = mono_now();
	p->filling->s.taken_realtime_us =
	        p->filling->s.taken.us + realtime_offset_us(p, p->filling->s.taken);
	return &p->filling->s;
}

void port_loop_snapshot_publish(struct port *p, struct snapshot *s)
{
	struct owned_snapshot *old;

	assert(p->filling && s == &p->filling->s);
	old = atomic_exchange_explicit(&p->published, p->filling, memory_order_acq_rel);
	p->filling = NULL;
	if (old) { /* nobody came for it */
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
	wake_clear(p->control_fd);
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
		/* The loop may have made room since; see port_loop_next(). */
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
	struct owned_snapshot *o =
	        atomic_exchange_explicit(&p->published, NULL, memory_order_acq_rel);

	return o ? &o->s : NULL;
}

/* The second one's memory, unless the loop has it just now. */
static void take_away(struct port *p)
{
	if (!p->brought || !take_spare(&p->snapshots[1]))
		return;
	snapshot_free_arrays(&p->snapshots[1].s);
	p->brought = false;
}

void port_control_snapshot_release(struct port *p, struct snapshot *s)
{
	struct owned_snapshot *o = container_of(s, struct owned_snapshot, s);

	assert(o >= p->snapshots && o < p->snapshots + SNAPSHOTS);
	snapshot_reset(s);
	atomic_store_explicit(&o->spare, true, memory_order_release);
	take_away(p);
}

int port_control_snapshot_bring(struct port *p)
{
	int r;

	if (p->brought)
		return 0;
	r = make_spare(&p->snapshots[1]);
	p->brought = r == 0;
	return r;
}

bool port_control_snapshot_brought(const struct port *p)
{
	return p->brought;
}

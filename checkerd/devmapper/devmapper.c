/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the device-mapper thread and its rings. The thread may block: in ioctls, and on a full ring.
 * The functions for the loop never do.
 *
 * Answers never wait for the loop: half of the ring of records is reserved for them, which is room
 * for every command without an answer.
 */
#include "checkerd/devmapper/devmapper.h"

#include <errno.h>
#include <stdlib.h>

#include "checkerd/devmapper/backend_libdm.h"
#include "checkerd/devmapper/follow.h"
#include "util/seal.h"
#include "util/ring.h"
#include "util/worker.h"

/* libdevmapper needs 13 KiB for a map of a thousand paths. */
#define DEVMAPPER_STACK_BYTES THREAD_STACK_BYTES
#define DEVMAPPER_RECORDS     (2 * DEVMAPPER_COMMANDS) /* the upper half is for answers */

struct devmapper {
	struct worker worker; /* notifies of records, is woken for commands or a look */
	struct {
		struct ring_consumer records;  /* of struct dm_record */
		struct ring_producer commands; /* of struct dm_command */
	} loop; /* the ends of the rings that the loop uses */
	/* [atomic loop→thread] Set by the loop, cleared by the thread: list the devices. */
	_Atomic bool look;
	/* [atomic loop→thread] Set by the loop, cleared by the thread: report every map. */
	_Atomic bool again;
	uint32_t unanswered; /* commands whose answer the loop has not taken */

	/* These belong to the thread. */
	struct ring_producer records;
	struct ring_consumer commands;
	struct dm_backend *backend;
	struct follow follow;
};

/* Sends the waiting commands, at most as many as fit in the ring, so that devices are read, too. */
static int run_commands(void *arg)
{
	struct devmapper *d = arg;
	struct dm_record n = { .op = DM_RECORD_DONE };
	bool pushed;

	for (unsigned i = 0; i < DEVMAPPER_COMMANDS; i++) {
		if (worker_stopping(&d->worker))
			return -ECANCELED;
		if (!ring_pop(&d->commands, &n.command))
			break;
		seal_begin();
		n.error = -d->backend->message(d->backend, &n.command);
		/* The kernel's view of the path is not the one that the loop knows. */
		if (n.error != 0)
			follow_mark(&d->follow, n.command.map_major, n.command.map_minor);
		pushed = ring_push(&d->records, &n);
		assert(pushed); /* its room was reserved */
		seal_end();
		worker_notify(&d->worker);
	}
	return 0;
}

/* Hands a record to the loop, and waits for room. -ECANCELED: the daemon ends. */
static int devmapper_emit(void *arg, struct dm_record *n)
{
	struct devmapper *d = arg;
	int r = worker_emit(&d->worker, &d->records, n, DEVMAPPER_COMMANDS, run_commands,
	                    d);

	if (r < 0)
		(void)map_unref(n->map); /* NULL, always */
	return r;
}

/* The timeout of poll(), rounded up, so that the work is due when it returns. */
static int timeout_ms(const struct devmapper *d)
{
	struct mono due = follow_due(&d->follow);
	int64_t us;

	if (mono_is_never(due))
		return -1;
	us = mono_diff(due, d->backend->now(d->backend));
	if (us <= 0)
		return 0;
	return (int)MIN((us + USEC_PER_MSEC - 1) / USEC_PER_MSEC, INT32_MAX);
}

/* Waits for work. Returns whether to update. */
static bool wait_for_work(struct devmapper *d)
{
	int fd = d->follow.armed ? d->backend->fd(d->backend) : -1;
	int r = worker_wait(&d->worker, fd, timeout_ms(d));

	if (r < 0)
		return false;
	return r == 0 || (r & WORKER_READABLE) != 0;
}

static void *devmapper_main(void *arg)
{
	struct devmapper *d = arg;
	bool update = true, all = false;
	int r = 0;

	while (r == 0 && !worker_stopping(&d->worker)) {
		r = run_commands(d);
		if (atomic_exchange(&d->again, false)) {
			follow_report_again(&d->follow);
			update = true;
		}
		if (r == 0 && (update || all))
			r = follow_update(&d->follow, all);
		if (r == 0)
			update = wait_for_work(d);
		all = atomic_exchange(&d->look, false);
	}
	return NULL;
}

static void devmapper_destroy(struct devmapper *d)
{
	struct dm_record n;

	while (ring_is_made(&d->loop.records) && ring_pop(&d->loop.records, &n))
		map_unref(n.map);
	follow_deinit(&d->follow);
	if (d->backend != NULL)
		d->backend->free(d->backend);
	ring_free(&d->records);
	ring_free(&d->loop.commands);
	worker_deinit(&d->worker);
	free(d);
}

int devmapper_new_on(struct devmapper **ret, const struct devmapper_options *o,
                     struct dm_backend *b)
{
	struct devmapper *d;
	int r;

	d = calloc(1, sizeof(*d));
	if (d == NULL) {
		b->free(b);
		return -ENOMEM;
	}
	d->backend = b;
	r = worker_init(&d->worker, true);
	if (r == 0)
		r = ring_new(&d->records, &d->loop.records, DEVMAPPER_RECORDS,
		             sizeof(struct dm_record));
	if (r == 0)
		r = ring_new(&d->loop.commands, &d->commands, DEVMAPPER_COMMANDS,
		             sizeof(struct dm_command));
	if (r == 0)
		r = follow_init(&d->follow, o->max_maps);
	if (r < 0)
		goto fail;
	d->follow.backend = b;
	d->follow.emit = devmapper_emit;
	d->follow.between = run_commands;
	d->follow.arg = d;
	r = worker_start(&d->worker, "devmapper", DEVMAPPER_STACK_BYTES, devmapper_main,
	                 d);
	if (r < 0)
		goto fail;
	*ret = d;
	return 0;
fail:
	devmapper_destroy(d);
	return r;
}

int devmapper_new(struct devmapper **ret, const struct devmapper_options *o)
{
	struct dm_backend *b;
	int r;

	r = backend_libdm_new(&b);
	return r < 0 ? r : devmapper_new_on(ret, o, b);
}

bool devmapper_free(struct devmapper *d, int64_t limit_us)
{
	if (d == NULL)
		return true;
	if (!worker_stop(&d->worker, limit_us))
		return false;
	devmapper_destroy(d);
	return true;
}

int devmapper_fd(const struct devmapper *d)
{
	return d->worker.out_fd;
}

void devmapper_clear(struct devmapper *d)
{
	(void)worker_clear(&d->worker); /* there may be none */
}

bool devmapper_next(struct devmapper *d, struct dm_record *ret)
{
	if (!ring_pop(&d->loop.records, ret))
		return false;
	if (ret->op == DM_RECORD_DONE)
		d->unanswered--;
	return true;
}

bool devmapper_command(struct devmapper *d, const struct dm_command *c)
{
	if (d->unanswered == DEVMAPPER_COMMANDS || !ring_push(&d->loop.commands, c))
		return false;
	d->unanswered++;
	worker_wake(&d->worker);
	return true;
}

void devmapper_look(struct devmapper *d)
{
	/* One wake-up is enough until the thread clears the flag. */
	if (!atomic_exchange(&d->look, true))
		worker_wake(&d->worker);
}

void devmapper_report_again(struct devmapper *d)
{
	if (!atomic_exchange(&d->again, true))
		worker_wake(&d->worker);
}

uint64_t devmapper_bytes(uint32_t max_maps, uint32_t max_paths)
{
	/* Each map twice, the reported one and its successor; no group is empty. */
	uint64_t maps =
	        (uint64_t)max_maps * (sizeof(struct map) + MAP_NAME_MAX + MAP_UUID_MAX) +
	        (uint64_t)max_paths *
	                (sizeof(struct map_path) + sizeof(enum map_group_state));

	return sizeof(struct devmapper) +
	       ring_bytes(DEVMAPPER_RECORDS, sizeof(struct dm_record)) +
	       ring_bytes(DEVMAPPER_COMMANDS, sizeof(struct dm_command)) +
	       DEVMAPPER_STACK_BYTES + follow_bytes(max_maps) +
	       backend_libdm_bytes(follow_max_devices(max_maps)) + 2 * maps;
}

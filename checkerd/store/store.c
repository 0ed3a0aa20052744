/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the state file, the ring to the thread that writes it, and the predecessor's records.
 *
 * Why a thread, and no mapping that the loop writes: a page of tmpfs may be swapped out, and the loop
 * would wait for the swap device, unless the mapping is locked. 10,240 records are 5 MiB, for which
 * locked memory has no room. The ring has 32 records, which is enough for the changes of a round; when
 * it is full, the loop keeps its mark and puts the record later.
 *
 * Why a new file at each start: the successor's slots have other indexes than the predecessor's. The
 * new file has the old records behind its own slots until every path was taken up, and takes the place
 * of the old file by rename(). So a daemon that is killed at any moment of its start leaves all that it
 * found. Of two records of one path the later one counts.
 *
 * What a SIGKILL loses: the records in the ring, which are a few milliseconds old, and the counters
 * and latencies of a minute at most (checkerd/paths/persist.c). No command to device-mapper waits for a
 * record. That is harmless: the kernel's state of each path is read anew, a failed path is reinstated
 * only after a new successful check, and a path that is active is failed only after a new failed one.
 * A change of state that was lost is found, and reported, by the first check. A hold that failures began
 * in these milliseconds may be lost. A command of the administrator is not: its reply waits until
 * the records are written (checkerd/answers/records_wait.c).
 *
 * A record lies within a page, and the kernel copies it at once, so a SIGKILL does not tear it. Its sum
 * finds other damage.
 */
#include "checkerd/store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkerd/store/old_records.h"
#include "util/kept.h"
#include "util/worker.h"

#define STORE_MAGIC   "ckdstate"
#define STORE_VERSION 1
#define STORE_RING    32
/* It calls little. */
#define STORE_STACK_BYTES (THREAD_STACK_BYTES / 2)
#define STORE_WAIT_US     500

static_assert(KEPT_BYTES % RECORD_BYTES == 0, "a record lies within a page");

/* struct kept_header.layout */
enum { LAYOUT_RECORD, LAYOUT_PATHS, LAYOUT_MAPS, LAYOUT_OLD };

struct store_write {
	uint64_t slot;
	struct record record;
};

struct store {
	struct kept kept;                /* [init] */
	uint32_t paths, maps;            /* [init] slots */
	int fd;                          /* [init] -1: nothing is kept */
	struct old_records old;          /* [loop] */
	bool warning;                    /* [init] */
	char message[STORE_MESSAGE_MAX]; /* [init] */
	struct worker worker;
	struct ring_producer producer; /* [loop] of struct store_write */
	struct ring_consumer consumer; /* [store thread] */
	uint64_t put;                  /* [loop] records */
	_Atomic bool awaited; /* [atomic loop↔store thread] the loop is to be notified */
	_Atomic int error;    /* [atomic store thread→loop] positive errno */
	_Atomic bool truncate; /* [atomic loop→store thread] */
};

static uint64_t place_of(uint64_t slot)
{
	return KEPT_BYTES + slot * RECORD_BYTES;
}

uint64_t store_file_bytes(uint32_t max_paths)
{
	return place_of((uint64_t)max_paths + map_room(max_paths));
}

uint64_t store_bytes(void)
{
	return sizeof(struct store) + ring_bytes(STORE_RING, sizeof(struct store_write)) +
	       STORE_STACK_BYTES;
}

/* --- the start --- */

static void say(struct store *s, bool warning, const char *file, const char *why)
{
	s->warning = warning;
	(void)snprintf(s->message, sizeof(s->message), "%s: %s", file, why);
}

#define LOST "states, marks and counters will not survive a restart: "

static void say_unusable(struct store *s, const char *file, int error)
{
	char text[128];

	switch (error) {
	case -EAGAIN:
		say(s, true, file,
		    LOST "another checkerd uses the file: name another one with --state");
		return;
	case -ENOTUNIQ:
		say(s, true, file,
		    LOST "other users could replace the file: root must own its "
		         "directory (chown root, chmod go-w), and this user its lock");
		return;
	case -EXDEV:
		say(s, false, file,
		    LOST "the directory is not on tmpfs: name another file with --state");
		return;
	default:
		(void)snprintf(text, sizeof(text), LOST "%s", strerrordesc_np(-error));
		say(s, error != -ENOENT && error != -EACCES && error != -EROFS, file,
		    text);
	}
}

#define ANEW                                                                           \
	"every path is checked as a new one, and what was disabled or failed by hand " \
	"is not"

static void say_found(struct store *s, const char *file, enum kept_found found)
{
	switch (found) {
	case KEPT_FOUND_DAMAGED:
		say(s, true, file, "damaged, and renamed to .bad: " ANEW);
		break;
	case KEPT_FOUND_FOREIGN:
		say(s, true, file,
		    "not a file of this user alone, and renamed to .bad: " ANEW);
		break;
	case KEPT_FOUND_VERSION:
		say(s, true, file,
		    "of another version of checkerd, and renamed to .bad: " ANEW);
		break;
	case KEPT_FOUND_NONE:
	case KEPT_FOUND:
		break;
	}
}

static bool layout_is_good(const struct kept_header *h)
{
	return h->layout[LAYOUT_RECORD] == RECORD_BYTES &&
	       h->layout[LAYOUT_PATHS] <= REGISTRY_PATHS_MAX &&
	       h->layout[LAYOUT_MAPS] <= map_room(REGISTRY_PATHS_MAX) &&
	       h->layout[LAYOUT_OLD] <= 2 * (uint64_t)REGISTRY_PATHS_MAX;
}

/* Reads the predecessor's records. -errno: nothing can be kept. */
static int read_old(struct store *s, const char *file, struct mono now)
{
	enum kept_found found;
	struct kept_header h;
	uint64_t slots;
	int fd, r;

	r = kept_find(&s->kept, &found, &fd, &h);
	say_found(s, file, found);
	if (r < 0 || found != KEPT_FOUND)
		return r;
	if (!layout_is_good(&h)) {
		close(fd);
		say_found(s, file, KEPT_FOUND_DAMAGED);
		return kept_set_aside(&s->kept);
	}
	slots = h.layout[LAYOUT_PATHS] + h.layout[LAYOUT_MAPS] + h.layout[LAYOUT_OLD];
	r = old_records_read(&s->old, fd, place_of(0), place_of(slots),
	                     2 * REGISTRY_PATHS_MAX, now);
	close(fd);
	return r;
}

/* Makes the new file, with the old records behind its slots. */
static int make_file(struct store *s, const char *file)
{
	const uint64_t layout[KEPT_LAYOUTS] = {
		[LAYOUT_RECORD] = RECORD_BYTES,
		[LAYOUT_PATHS] = s->paths,
		[LAYOUT_MAPS] = s->maps,
		[LAYOUT_OLD] = s->old.n,
	};
	char text[192];
	int r;

	r = kept_create(&s->kept, layout, &s->fd);
	if (r == 0 && ftruncate(s->fd, (off_t)place_of((uint64_t)s->paths + s->maps +
	                                               s->old.n)) < 0)
		r = -errno;
	if (r == 0 && s->old.n > 0)
		r = kept_write(s->fd, s->old.records, s->old.n * sizeof(struct record),
		               place_of((uint64_t)s->paths + s->maps));
	if (r == 0 && s->old.damaged > 0) {
		(void)snprintf(text, sizeof(text),
		               "%u records are damaged, their paths are checked as new "
		               "ones, and their marks are lost; the file was renamed to "
		               ".bad",
		               s->old.damaged);
		say(s, true, file, text);
		r = kept_set_aside(&s->kept);
	}
	return r < 0 ? r : kept_commit(&s->kept);
}

static int open_file(struct store *s, const struct store_options *o, struct mono now)
{
	const struct kept_options kept = {
		.file = o->file,
		.magic = STORE_MAGIC,
		.version = STORE_VERSION,
		.any_file_system = o->any_file_system,
	};
	int r;

	r = kept_init(&s->kept, &kept);
	if (r == 0)
		r = read_old(s, o->file, now);
	if (r == 0)
		r = make_file(s, o->file);
	return r;
}

/* --- the thread --- */

static void note_error(struct store *s, int r)
{
	if (r < 0)
		atomic_store_explicit(&s->error, -r, memory_order_relaxed);
}

static void write_all(struct store *s)
{
	/* Before the ring: the records of what was taken up are written first. */
	bool truncate = atomic_exchange(&s->truncate, false);
	struct store_write w;
	size_t bytes;

	while (ring_take(&s->consumer, &w)) {
		record_seal(&w.record);
		bytes = sizeof(w.record.head) + w.record.head.bytes;
		if (w.record.head.kind == RECORD_NONE)
			memset(&w.record.head, 0, sizeof(w.record.head));
		note_error(s, kept_write(s->fd, &w.record, bytes, place_of(w.slot)));
		/* After the write: a place that was given back means a record in the file. */
		ring_give_back(&s->consumer);
	}
	if (!truncate)
		return;
	/* A successor reads what the header says, or up to the end of the file. */
	if (ftruncate(s->fd, (off_t)place_of((uint64_t)s->paths + s->maps)) < 0)
		note_error(s, -errno);
}

/* The loop exchanges `awaited`, too, and looks at the ring then. The second of the two exchanges sees what
 * the first thread did, so either the loop sees what was written or the notification comes. */
static void notify(struct store *s)
{
	if (atomic_exchange_explicit(&s->awaited, false, memory_order_acq_rel))
		worker_notify(&s->worker);
}

static void *store_thread(void *arg)
{
	struct store *s = arg;

	thread_stack_lock(THREAD_STACK_NONE);
	for (;;) {
		/* Read before draining: what is put later wakes the thread again. */
		bool stop = worker_stopping(&s->worker);

		write_all(s);
		notify(s);
		if (stop)
			return NULL;
		(void)worker_wait(&s->worker, -1, -1); /* woken early: drains early */
	}
}

static void store_destroy(struct store *s)
{
	worker_deinit(&s->worker);
	ring_free(&s->producer);
	old_records_deinit(&s->old);
	if (s->fd >= 0)
		close(s->fd);
	kept_deinit(&s->kept);
	free(s);
}

static int start(struct store *s)
{
	int r;

	r = ring_new(&s->producer, &s->consumer, STORE_RING, sizeof(struct store_write));
	if (r == 0)
		r = worker_start(&s->worker, "store", STORE_STACK_BYTES, store_thread, s);
	return r;
}

static void close_file(struct store *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	old_records_deinit(&s->old);
	kept_deinit(&s->kept);
}

/* 0 also if the file cannot be used. */
static int open_and_start(struct store *s, const struct store_options *o, struct mono now)
{
	int r = open_file(s, o, now);

	if (r == 0)
		return start(s);
	say_unusable(s, o->file, r);
	close_file(s);
	return 0;
}

int store_new(struct store **ret, const struct store_options *o, struct mono now)
{
	struct store *s;
	int r;

	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return -ENOMEM;
	s->kept = (struct kept)KEPT_NULL;
	s->worker = (struct worker)WORKER_NULL;
	s->fd = -1;
	s->paths = o->max_paths;
	s->maps = map_room(o->max_paths);
	r = worker_init(&s->worker, true);
	if (r == 0 && o->file != NULL)
		r = open_and_start(s, o, now);
	if (r < 0)
		store_destroy(s);
	else
		*ret = s;
	return r;
}

bool store_free(struct store *s, int64_t limit_us)
{
	if (s == NULL)
		return true;
	if (store_is_open(s) && !worker_stop(&s->worker, limit_us))
		return false;
	store_destroy(s);
	return true;
}

bool store_is_open(const struct store *s)
{
	return s->fd >= 0;
}

const char *store_message(const struct store *s, bool *ret_warning)
{
	*ret_warning = s->warning;
	return s->message;
}

/* --- what the predecessor left --- */

bool store_has_old(const struct store *s)
{
	return s->old.n > 0;
}

uint32_t store_old_count(const struct store *s)
{
	return s->old.n;
}

bool store_find_path(const struct store *s, const struct device *d, struct mono now,
                     struct stored_path *ret)
{
	const struct stored_disk disk = stored_disk_of(d);
	const struct record *r = old_records_find(&s->old, RECORD_PATH, device_name(d));
	struct stored_path p;

	if (r == NULL || !stored_path_read(r, now, &p) ||
	    !stored_disk_same(&p.disk, &disk))
		return false;
	*ret = p;
	return true;
}

bool store_find_map(const struct store *s, const struct map *m, struct stored_map *ret)
{
	const struct record *r = old_records_find(&s->old, RECORD_MAP, stored_map_key(m));

	return r != NULL && stored_map_read(r, ret);
}

void store_end_old(struct store *s)
{
	if (!store_has_old(s))
		return;
	old_records_deinit(&s->old);
	atomic_store(&s->truncate, true);
	worker_wake(&s->worker);
}

/* --- the loop --- */

static bool put(struct store *s, const struct store_write *w)
{
	if (!ring_put(&s->producer, w))
		return false;
	s->put++;
	return true;
}

bool store_put_path(struct store *s, uint32_t index, const struct path *p,
                    const struct stored_marks *marks, struct mono now)
{
	struct store_write w;

	if (!store_is_open(s))
		return true;
	assert(index < s->paths);
	w.slot = index;
	stored_path_write(&w.record, p, marks, now);
	return put(s, &w);
}

bool store_put_map(struct store *s, uint32_t index, const struct map *map,
                   const struct stored_map *m, struct mono now)
{
	struct store_write w;

	if (!store_is_open(s))
		return true;
	assert(index < s->maps);
	w.slot = (uint64_t)s->paths + index;
	stored_map_write(&w.record, stored_map_key(map), m, now);
	return put(s, &w);
}

static bool drop(struct store *s, uint64_t slot)
{
	struct store_write w = { .slot = slot };

	return !store_is_open(s) || put(s, &w);
}

bool store_drop_path(struct store *s, uint32_t index)
{
	assert(index < s->paths);
	return drop(s, index);
}

bool store_drop_map(struct store *s, uint32_t index)
{
	assert(index < s->maps);
	return drop(s, (uint64_t)s->paths + index);
}

void store_flush(struct store *s)
{
	if (!store_is_open(s) || ring_unpublished(&s->producer) == 0)
		return;
	ring_publish(&s->producer);
	worker_wake(&s->worker);
}

uint64_t store_put_count(const struct store *s)
{
	return s->put;
}

uint64_t store_written_count(const struct store *s)
{
	return store_is_open(s) ? s->put - ring_producer_used(&s->producer) : s->put;
}

void store_await(struct store *s)
{
	(void)atomic_exchange_explicit(&s->awaited, true, memory_order_acq_rel);
}

int store_fd(const struct store *s)
{
	return s->worker.out_fd;
}

void store_clear(struct store *s)
{
	(void)worker_clear(&s->worker); /* it may be clear */
}

int store_take_error(struct store *s)
{
	return atomic_exchange_explicit(&s->error, 0, memory_order_relaxed);
}

bool store_wait(struct store *s, struct mono until)
{
	const struct timespec pause = { 0, STORE_WAIT_US * NSEC_PER_USEC };

	if (!store_is_open(s))
		return true;
	store_flush(s);
	while (ring_producer_used(&s->producer) >= STORE_RING) {
		if (!mono_before(mono_now(), until))
			return false;
		(void)nanosleep(&pause, NULL); /* woken early: looks again early */
	}
	return true;
}

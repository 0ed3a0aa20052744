/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_STORE_STORE_H
#define CHECKERD_STORE_STORE_H

/*
 * The state file: what the daemon leaves to its successor, of paths and of maps. A record has a slot,
 * which is the index of its path or map, and a thread writes it. The functions for the loop never
 * block. When there is no file they do nothing: store.c says why a file is not used.
 */
#include "checkerd/store/stored_map.h"
#include "checkerd/store/stored_path.h"

struct store;

struct store_options {
	/* NULL: nothing is kept. */
	const char *file;
	uint32_t max_paths;
	/* The file may be on a disk. For tests. */
	bool any_file_system;
};

#define STORE_MESSAGE_MAX 320

/*
 * Locks the file, reads the predecessor's, and starts the thread. A file that cannot be used is no
 * error: then store_message() says it. -ENOMEM, -EAGAIN: there is no memory, or no thread.
 */
_must_check_ int store_new(struct store **ret, const struct store_options *o,
                           struct mono now);
/* Writes what was put, and stops the thread. False: the thread still runs after limit_us. */
bool store_free(struct store *s, int64_t limit_us);
/* Memory that store_new() reserves. The predecessor's records are not part of it. */
uint64_t store_bytes(void);
/* Size of the file at most. It is on tmpfs, and takes memory only where a record is. */
uint64_t store_file_bytes(uint32_t max_paths);

/* Something is kept: the file is locked and can be written. */
bool store_is_open(const struct store *s);
/* What the start found; "": nothing that is worth a message. */
const char *store_message(const struct store *s, bool *ret_warning);

/* --- what the predecessor left --- */

/* True until store_end_old(), if the predecessor left records. */
bool store_has_old(const struct store *s);
/* The number of records that it left. */
uint32_t store_old_count(const struct store *s);
/* The record of the same path of the same disk. False: there is none. */
bool store_find_path(const struct store *s, const struct device *d, struct mono now,
                     struct stored_path *ret);
bool store_find_map(const struct store *s, const struct map *m, struct stored_map *ret);
/* Every path and map that still exists was taken up, put and flushed: forgets the others. */
void store_end_old(struct store *s);

/* --- the loop --- */

/* False: the ring is full. */
_must_check_ bool store_put_path(struct store *s, uint32_t index, const struct path *p,
                                 const struct stored_marks *marks, struct mono now);
_must_check_ bool store_put_map(struct store *s, uint32_t index, const struct map *map,
                                const struct stored_map *m, struct mono now);
/* The path or map is gone. False: the ring is full. */
_must_check_ bool store_drop_path(struct store *s, uint32_t index);
_must_check_ bool store_drop_map(struct store *s, uint32_t index);
/* Wakes the thread for what was put. */
void store_flush(struct store *s);
/* How many records were put so far. */
uint64_t store_put_count(const struct store *s);
/* How many of them were written, or could not be written: what SIGKILL does not lose any more. */
uint64_t store_written_count(const struct store *s);
/*
 * Makes store_fd() readable when the thread has written all that was flushed, once. To be called before
 * a look at store_written_count() that a wait depends on.
 */
void store_await(struct store *s);
/* POLLIN: all was written since store_await(). It exists, and is never readable, if nothing is kept. */
int store_fd(const struct store *s);
/* Makes store_fd() unreadable: call it before store_written_count(). */
void store_clear(struct store *s);
/* Positive errno of the last write that failed, once for each; 0: none failed since. */
int store_take_error(struct store *s);
/* As store_flush(), and waits until the ring has room. False: not before `until`. At the end only. */
_must_check_ bool store_wait(struct store *s, struct mono until);

#endif

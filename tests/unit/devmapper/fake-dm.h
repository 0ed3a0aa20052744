/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_UNIT_DEVMAPPER_FAKE_DM_H
#define TESTS_UNIT_DEVMAPPER_FAKE_DM_H

/*
 * A device-mapper in memory that the test controls, with the kernel's rules for events. A
 * change of a path or of the name, and a removal, raise the map's event number. A new
 * device, a new table, and those changes wake a poll; suspending does not. Any thread; one
 * at a time. All devices have the major number 254, paths have 8 and minors from 0.
 */
#include "checkerd/devmapper/dm_backend.h"

#define FAKE_DM_DEVICES 64
#define FAKE_DM_PATHS   4
#define FAKE_DM_LOG     8192

/* Everything as at first; the backend is fake_dm()'s until it is freed. */
void fake_dm_reset(void);
struct dm_backend *fake_dm(void);
bool fake_dm_freed(void);

void fake_dm_create(uint32_t minor, const char *name, const char *uuid); /* no table */
void fake_dm_load(uint32_t minor, unsigned n_paths); /* puts a multipath table in place */
void fake_dm_load_other(uint32_t minor);             /* a table of another target */
void fake_dm_add(uint32_t minor, const char *name, unsigned n_paths); /* both; no uuid */
void fake_dm_remove(uint32_t minor);
void fake_dm_rename(uint32_t minor, const char *name);
void fake_dm_suspend(uint32_t minor, bool suspended);
void fake_dm_queue(uint32_t minor, bool queueing);
void fake_dm_path(uint32_t minor, uint32_t path,
                  bool active); /* the kernel's own doing */
void fake_dm_event(void);       /* of some other device */

/* What these answer from now on: 0, as they should; or -errno. */
void fake_dm_open_says(int r);
void fake_dm_arm_says(int r);
void fake_dm_list_says(int r);
void fake_dm_read_says(uint32_t minor, int r);
void fake_dm_message_says(int r);
/* Called, in the caller's thread, after the list was given. NULL: nothing. */
void fake_dm_after_list(void (*fn)(void));

/* read() hangs until the test releases it. */
void fake_dm_hold(void);
void fake_dm_release(void);

void fake_dm_clock(int64_t us, int64_t read_cost_us);
void fake_dm_clock_add(int64_t us);

/*
 * Wait until one read hangs, or until that many have hung since the start. False: not in
 * time.
 */
_must_check_ bool fake_dm_wait_held(void);
_must_check_ bool fake_dm_wait_lists(unsigned n);
_must_check_ bool fake_dm_wait_reads(uint32_t minor, unsigned n);
_must_check_ bool fake_dm_wait_messages(unsigned n);
unsigned fake_dm_opens(void);
unsigned fake_dm_lists(void);
unsigned fake_dm_reads(uint32_t minor);
/* Messages in the order they came: the paths' minors, reinstated ones negated less one; and
 * how many devices had been read before. */
unsigned fake_dm_messages(void);
int64_t fake_dm_message(unsigned i, unsigned *ret_reads_before);

#endif

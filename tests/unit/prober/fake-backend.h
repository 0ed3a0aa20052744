/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_UNIT_PROBER_FAKE_BACKEND_H
#define TESTS_UNIT_PROBER_FAKE_BACKEND_H

/*
 * A kernel that does what the test says. A read is answered at once, with all its bytes, but
 * one of a file that the test holds stays in "the kernel" until the test lets it go. Any
 * thread; one fake at a time.
 */
#include "libcheck/backends/backend.h"

extern const struct backend backend_fake;
extern const struct backends backends_fake; /* the same for both kinds of group */

#define FAKE_HELD_MAX 64

/* Everything as at first. No context may be in use. */
void fake_reset(void);

/* Reads of this file hang from now on; or every read does. */
void fake_hold(const char *path);
void fake_hold_all(void);
/* What hangs is answered now, with all its bytes; nothing hangs any more. */
void fake_release_all(void);

/* submit() hangs with a read of this file, those before it being taken; until release_all. */
void fake_stick(const char *path);
_must_check_ bool fake_wait_stuck(unsigned n); /* calls that hang so */

/* From now on submit() of a command that does not hang has its answer. */
void fake_commands_at_once(void);

/* What setup() returns: 0 or -errno; FAKE_HANGS: it hangs until the next call of this. */
#define FAKE_HANGS 1
void fake_setup_says(int answer);
/* Contexts for more than that many requests are refused with -EAGAIN; UINT_MAX: none is. */
void fake_setup_most(unsigned slots);
/* What submit() says: 0, or -errno to every request. */
void fake_submit_says(int answer);
/* Fills in each request that is answered: SCSI commands have no bytes to say; NULL: nothing. */
void fake_answers_by(void (*hook)(struct backend_request *r));
/* What an event says: 0: all bytes; or -errno. */
void fake_event_says(int answer);

/*
 * Waits until that many requests hang, or contexts are being destroyed. False: not in time.
 */
_must_check_ bool fake_wait_in_kernel(unsigned n);
_must_check_ bool fake_wait_destroying(unsigned n);

/* Pairs of requests that hang with a byte in both of their buffers. */
unsigned fake_shared_bytes(void);

unsigned fake_in_kernel(void); /* requests that hang */
unsigned fake_contexts(void);  /* set up and not destroyed */
unsigned fake_setups(void);    /* ever, successful ones */
unsigned fake_reads(void);     /* taken by submit(), ever */

#endif

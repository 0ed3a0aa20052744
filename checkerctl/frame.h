/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_FRAME_H
#define CHECKERCTL_FRAME_H

/*
 * Varlink's framing: messages ended by NUL. Bytes go in as they arrive, whole messages come
 * out; a message that would be larger than FRAME_MAX_BYTES is refused, so that a confused
 * peer cannot use up our memory.
 */
#include <stddef.h>

#include "util/macro.h"

#define FRAME_MAX_BYTES   (64u * 1024 * 1024) /* one message with its NUL */
#define FRAME_CHUNK_BYTES (64u * 1024)

static_assert(FRAME_MAX_BYTES % FRAME_CHUNK_BYTES == 0, "grows in whole chunks");

struct frame {
	char *data;
	size_t size;
	size_t start;   /* where the next message begins */
	size_t scanned; /* no NUL from start up to here */
	size_t used;
};

#define FRAME_NULL ((struct frame){ 0 })

void frame_deinit(struct frame *f);

/*
 * Room for the bytes to come, at least one; what frame_next() returned before is gone.
 * -EMSGSIZE: the message that is arriving is too large. -ENOMEM.
 */
_must_check_ int frame_room(struct frame *f, char **ret_room, size_t *ret_bytes);

/* That many bytes were written into the room. */
void frame_filled(struct frame *f, size_t bytes);

/* The next whole message as a string, NULL while there is none. */
char *frame_next(struct frame *f, size_t *ret_length);

#endif

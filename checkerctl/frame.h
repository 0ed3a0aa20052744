/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_FRAME_H
#define CHECKERCTL_FRAME_H

/*
 * Varlink's framing: a NUL ends each message. The caller adds bytes as they arrive and takes
 * whole messages. A message larger than FRAME_MAX_BYTES is refused, so that a faulty peer
 * cannot use up the memory of checkerctl.
 */
#include <stddef.h>

#include "util/macro.h"

#define FRAME_MAX_BYTES   (64u * 1024 * 1024) /* one message with its NUL */
#define FRAME_CHUNK_BYTES (64u * 1024)

static_assert(FRAME_MAX_BYTES % FRAME_CHUNK_BYTES == 0, "grows in whole chunks");

struct frame {
	char *data;
	size_t size;
	/* the next message begins here */
	size_t start;
	/* there is no NUL from start up to here */
	size_t scanned;
	size_t used;
};

#define FRAME_NULL ((struct frame){ 0 })

void frame_deinit(struct frame *f);

/*
 * Makes room for at least one byte. This invalidates the message of the last frame_next().
 * -EMSGSIZE: the message that is arriving is too large. -ENOMEM.
 */
_must_check_ int frame_room(struct frame *f, char **ret_room, size_t *ret_bytes);

/* Adds the bytes that the caller wrote into the room. */
void frame_filled(struct frame *f, size_t bytes);

/* Returns the next whole message as a string, NULL while there is none. */
char *frame_next(struct frame *f, size_t *ret_length);

#endif

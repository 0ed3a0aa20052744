/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns one buffer: start ≤ scanned ≤ used ≤ size. The buffer doubles while a message grows, so
 * a reply of many megabytes is copied only a few times. `scanned` lets frame_next() search
 * each byte once. One thread.
 */
#include "checkerctl/frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void frame_deinit(struct frame *f)
{
	free(f->data);
	*f = FRAME_NULL;
}

static void frame_compact(struct frame *f)
{
	if (f->start == 0)
		return;
	memmove(f->data, f->data + f->start, f->used - f->start);
	f->used -= f->start;
	f->scanned -= f->start;
	f->start = 0;
}

int frame_room(struct frame *f, char **ret_room, size_t *ret_bytes)
{
	frame_compact(f);
	if (f->used == f->size) {
		size_t size = f->size ? f->size * 2 : FRAME_CHUNK_BYTES;
		char *data;

		if (f->size >= FRAME_MAX_BYTES)
			return -EMSGSIZE;
		size = MIN(size, (size_t)FRAME_MAX_BYTES);
		data = realloc(f->data, size);
		if (data == NULL)
			return -ENOMEM;
		f->data = data;
		f->size = size;
	}
	*ret_room = f->data + f->used;
	*ret_bytes = f->size - f->used;
	return 0;
}

void frame_filled(struct frame *f, size_t bytes)
{
	assert(bytes <= f->size - f->used);
	f->used += bytes;
}

char *frame_next(struct frame *f, size_t *ret_length)
{
	char *message, *end;

	if (f->scanned == f->used)
		return NULL;
	end = memchr(f->data + f->scanned, '\0', f->used - f->scanned);
	if (end == NULL) {
		f->scanned = f->used;
		return NULL;
	}
	message = f->data + f->start;
	*ret_length = (size_t)(end - message);
	f->start = f->scanned = (size_t)(end - f->data) + 1;
	return message;
}

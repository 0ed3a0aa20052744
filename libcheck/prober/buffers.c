/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes and frees the areas of buffers: buffers.h. Rescuers make them. */
#include "libcheck/prober/buffers.h"

#include <errno.h>

#include "util/pages.h"

static const uint32_t buffer_bytes[BUFFERS_COUNT_] = {
	[BUFFERS_SMALL] = BUFFER_SMALL,
	[BUFFERS_LARGE] = BUFFER_LARGE,
};

static size_t area_bytes(enum buffer_area area)
{
	return (size_t)buffer_bytes[area] * PATHCHECK_GROUP_SLOTS;
}

/* BUFFERS_COUNT_: there is none for so many bytes. */
static enum buffer_area area_for(uint32_t bytes)
{
	if (bytes <= BUFFER_SMALL)
		return BUFFERS_SMALL;
	return bytes <= BUFFER_LARGE ? BUFFERS_LARGE : BUFFERS_COUNT_;
}

int buffers_make(struct buffers *b, pthread_mutex_t *lock, uint32_t bytes)
{
	enum buffer_area area = area_for(bytes);
	void *pages;
	bool needed;

	if (area == BUFFERS_COUNT_)
		return 0;
	pthread_mutex_lock(lock);
	needed = b->areas[area] == NULL && !b->being_made[area];
	if (needed)
		b->being_made[area] = true;
	pthread_mutex_unlock(lock);
	if (!needed)
		return 0;
	pages = pages_new_present(area_bytes(area));
	pthread_mutex_lock(lock);
	b->areas[area] = pages;
	b->being_made[area] = false;
	pthread_mutex_unlock(lock);
	return pages == NULL ? -ENOMEM : 0;
}

void buffers_free(struct buffers *b)
{
	for (enum buffer_area area = 0; area < BUFFERS_COUNT_; area++) {
		assert(!b->being_made[area]);
		pages_free(b->areas[area], area_bytes(area));
		b->areas[area] = NULL;
	}
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the counters of before. The loop only. */
#include "checkerd/paths/diag_watch.h"

static struct diag_place *place_of(struct diag_watch *w, uint32_t index)
{
	return &w->of[index % DIAG_WATCH_PLACES];
}

static bool is_of(const struct diag_place *at, uint32_t index, const struct path *p)
{
	return at->generation == p->generation && at->path == index;
}

unsigned diag_watch_begin(struct diag_watch *w, int sys_dev_block, uint32_t index,
                          const struct path *p)
{
	struct diag_place *at = place_of(w, index);
	struct nvme_diag now;

	if (!nvme_diag_may_have(p->device))
		return 0;
	if (nvme_diag_read(sys_dev_block, p->device, &now)) {
		*at = (struct diag_place){ index, p->generation, now };
		return NVME_DIAG_ATTRIBUTES;
	}
	if (is_of(at, index, p))
		at->generation = 0;
	return 1;
}

/* A counter that root has set to 0 counts from there. */
static uint32_t grown(uint32_t *before, uint32_t now)
{
	if (now == NVME_DIAG_UNKNOWN || *before == NVME_DIAG_UNKNOWN)
		return 0;
	if (now < *before)
		*before = 0;
	return now - *before;
}

uint16_t diag_watch_counts(struct diag_watch *w, int sys_dev_block, uint32_t index,
                           const struct path *p, unsigned *opened)
{
	struct diag_place *at = place_of(w, index);
	uint32_t by[NVME_COUNTS];
	struct nvme_diag now;

	if (!is_of(at, index, p))
		return 0;
	*opened += NVME_DIAG_ATTRIBUTES;
	if (!nvme_diag_read(sys_dev_block, p->device, &now))
		return 0;
	for (unsigned i = 0; i < NVME_COUNTS; i++)
		by[i] = grown(&at->before.value[i], now.value[i]);
	return nvme_counts(by);
}

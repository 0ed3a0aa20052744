/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the progress of a prober: heartbeat.h. The caller's thread. */
#include "libcheck/heartbeat.h"

#include "libcheck/region/limits.h"

void heartbeat_begin(struct heartbeat *h, struct mono now)
{
	h->seen_at = now;
}

int64_t heartbeat_age_us(struct heartbeat *h, const struct shared *s,
                         const struct ring_producer *commands, uint32_t groups,
                         struct mono now)
{
	uint32_t head = ring_progress(commands);
	uint32_t used = atomic_load(&s->header->groups_end);
	int64_t age = 0;

	/* What is not published is nothing to do yet. */
	if (head != h->seen_head ||
	    ring_producer_used(commands) == ring_unpublished(commands)) {
		h->seen_head = head;
		h->seen_at = now;
	} else {
		age = mono_diff(now, h->seen_at);
	}
	for (uint32_t i = 0; i < MIN(used, groups); i++) {
		/* MONO_NEVER, too, is later than now. */
		struct mono by = shared_past(&s->groups[i].wake_by_us, now);

		age = MAX(age, mono_diff(now, by));
	}
	return age;
}

int64_t heartbeat_still_us(struct heartbeat *h, int64_t age_us, int64_t stall_us,
                           struct mono now)
{
	int64_t away = mono_diff(now, h->looked), again;

	h->looked = now;
	if (age_us < LOOK_AT_PROBER_US)
		h->again_from = (struct mono){ 0 };
	else if (h->again_from.us == 0 && age_us > stall_us && away > stall_us / 4 * 3)
		h->again_from = now;
	again = mono_diff(now, h->again_from);
	return h->again_from.us == 0 ? age_us : MIN(age_us, again);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the clients that wait. The loop's thread runs this. */
#include "checkerd/answers/timers_wait.h"

bool timers_wait_add(struct timers_wait *w, uint64_t token)
{
	if (w->n == TIMERS_WAITERS_MAX)
		return false;
	w->waiters[w->n].token = token;
	w->waiters[w->n++].asked = discovery_read_timers(w->discovery);
	return true;
}

void timers_wait_progress(struct timers_wait *w)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < w->n; i++) {
		const struct port_reply reply = { .token = w->waiters[i].token };

		/* The numbers wrap around. */
		if ((int32_t)(w->inventory->timers_asked - w->waiters[i].asked) >= 0)
			port_loop_reply(w->port, &reply);
		else
			w->waiters[kept++] = w->waiters[i];
	}
	w->n = kept;
}

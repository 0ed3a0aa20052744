/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks what a prober has written: wire.h. Pure; the caller's thread. */
#include "libcheck/region/wire.h"

#define ERRNO_MAX 4095 /* include/linux/err.h: MAX_ERRNO */

/* A status and a host byte are where the code of sense data is. */
static bool has_sound_sense(const struct wire_result *w)
{
	bool has_code =
	        w->said == PATHCHECK_SAID_STATUS || w->said == PATHCHECK_SAID_TRANSPORT;

	if (w->said >= PATHCHECK_SAID_COUNT ||
	    (w->said == PATHCHECK_SAID_SENSE && !w->has_sense))
		return false;
	if (w->has_sense)
		return !has_code;
	return w->sense_key == 0 && w->sense_qualifier == 0 &&
	       (has_code || w->sense_code == 0);
}

static bool says_nothing(const struct wire_result *w)
{
	return w->said == PATHCHECK_SAID_NOTHING && !w->has_sense && w->sense_key == 0 &&
	       w->sense_code == 0 && w->sense_qualifier == 0;
}

bool wire_is_sound(const struct wire_result *w, const struct limits *l)
{
	if (w->id >= l->ids)
		return false;
	if (w->verdict == WIRE_RELEASED)
		return true;
	return w->verdict <= PATHCHECK_PENDING && w->error >= 0 &&
	       w->error <= ERRNO_MAX && w->group < l->groups && w->reserved == 0 &&
	       w->request < PATHCHECK_REQUESTS && (says_nothing(w) || has_sound_sense(w));
}

static bool has_error(uint8_t verdict)
{
	return verdict != PATHCHECK_OK && verdict != PATHCHECK_GHOST &&
	       verdict != PATHCHECK_PENDING;
}

bool wire_take_verdict(struct asked *a, const struct wire_result *w)
{
	if (!a->outstanding)
		return false;
	if (wire_is_final(w->verdict)) {
		if ((w->late != 0) != a->timed_out ||
		    (w->error != 0) != has_error(w->verdict))
			return false;
		a->outstanding = false;
		return true;
	}
	if (w->opened || a->timed_out ||
	    (w->verdict == PATHCHECK_DEFERRED && a->deferred))
		return false;
	a->timed_out = w->verdict == PATHCHECK_TIMED_OUT;
	a->deferred = a->deferred || w->verdict == PATHCHECK_DEFERRED;
	return true;
}

void wire_set_times(struct pathcheck_result *results, size_t n, struct mono now)
{
	for (size_t i = 0; i < n; i++) {
		int64_t finished = MIN(MAX(results[i].finished_us, INT64_C(0)), now.us);

		results[i].finished_us = finished;
		results[i].started_us =
		        MIN(MAX(results[i].started_us, INT64_C(0)), finished);
	}
}

int32_t wire_errno(int32_t written)
{
	return written > 0 && written <= ERRNO_MAX ? written : 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing. Pure. */
#include "checkerctl/hook_limit.h"

#include <assert.h>

/* True: one more is within the limit. */
static bool has_room(struct hook_limit *l, unsigned waiting, struct mono now)
{
	assert(l->at_most > 0 && l->at_most <= HOOK_LIMIT_MAX);
	if (l->begun.us == 0 || mono_diff(now, l->begun) >= HOOK_LIMIT_WINDOW_US)
		l->used = 0;
	return l->used < l->at_most && waiting < l->at_most;
}

static void use(struct hook_limit *l, struct mono now)
{
	if (l->used++ == 0)
		l->begun = now;
}

bool hook_limit_allows(struct hook_limit *l, unsigned waiting, struct mono now)
{
	if (!has_room(l, waiting, now)) {
		l->skipped++;
		return false;
	}
	use(l, now);
	return true;
}

bool hook_limit_reports(struct hook_limit *l, unsigned waiting, struct mono now)
{
	if (l->skipped + l->lost == 0 || !has_room(l, waiting, now))
		return false;
	use(l, now);
	return true;
}

struct mono hook_limit_next(const struct hook_limit *l, unsigned waiting)
{
	if (l->skipped + l->lost == 0 || waiting >= l->at_most)
		return MONO_NEVER;
	return mono_add(l->begun, HOOK_LIMIT_WINDOW_US);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_HOLDS_H
#define CHECKERD_PATHS_HOLDS_H

/*
 * The holds of the paths: passes what happens to core/policy.h, its verdict to the maps, and each
 * begin and end to the events. Owns the counts. The loop only. Observed paths are never held.
 */
#include "checkerd/core/maps.h"
#include "checkerd/core/policy.h"
#include "checkerd/core/registry.h"
#include "checkerd/paths/events.h"
#include "checkerd/paths/persist.h"

/* At most this many paths are sampled at the full rate. */
#define HOLDS_SAMPLED_MAX 128

struct holds {
	/* Borrowed, as are the next two. */
	struct events *events;
	struct maps *maps;
	struct persist *persist;
	/* Held paths by the reason that counts; [HOLD_NONE]: all of them. */
	uint32_t held[HOLD_WHY_COUNT_];
	/* Paths that are sampled. */
	uint32_t sampled;
	/* Holds that have begun, by reason. */
	uint64_t begun[HOLD_WHY_COUNT_];
};

/* A check ended with a result about the path, or the path's state changed otherwise. before: its
 * verdict before. actions: as of path_status_step(). */
void holds_checked(struct holds *h, uint32_t index, struct path *p,
                   enum path_verdict before, unsigned actions, struct mono now);
/* The kernel, or another program, failed the path in a map. */
void holds_failed(struct holds *h, uint32_t index, struct path *p, struct mono now);
/* A reason from outside is there, or is there no longer. */
void holds_mark(struct holds *h, uint32_t index, struct path *p, enum policy_mark m,
                bool on, struct mono now);
/* Does the path's rule take MARK_PORT_STATE? */
bool holds_with_port(const struct path *p);
/* An administrator ends the hold. What comes from outside stays. */
void holds_pardon(struct holds *h, uint32_t index, struct path *p, struct mono now);
/* The settings of the path name another rule. */
void holds_change_rule(struct holds *h, uint32_t index, struct path *p, struct mono now);
/* The path has the predecessor's hold, which begins with no event. */
void holds_take_up(struct holds *h, uint32_t index, struct path *p, struct mono now);
/* The path is about to be removed. */
void holds_forget(struct holds *h, struct path *p);

/* How often a held path is checked. 0: its interval is that of other paths. */
int64_t holds_interval_us(const struct holds *h, const struct path *p);

#endif

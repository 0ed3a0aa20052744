/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_OBSERVE_H
#define CHECKERD_PATHS_OBSERVE_H

/*
 * Applies the states that discovery read of observed paths. Such a path is never checked, failed or
 * reinstated: the kernel decides what it is used for. The loop only.
 */
#include "checkerd/discovery/found.h"
#include "checkerd/paths/checks.h"

/* Paths of one map. Of a larger map, the others do not remember what was reported. */
#define OBSERVE_PATHS_MAX 256

struct observe {
	/* Borrowed, as is the next one. */
	struct checks *checks;
	struct events *events;
	/* Of the map whose paths' states come in: indexes of its paths, and how many have a state
	 * that counts. */
	uint32_t paths[OBSERVE_PATHS_MAX];
	uint32_t n, up, ghosts, disabled;
};

void observe_init(struct observe *o, struct checks *c, struct events *ev);
/* f: a FOUND_STATE. index: its path; REGISTRY_NONE: there was no room for the path. */
void observe_take(struct observe *o, uint32_t index, const struct found *f,
                  struct mono now);

#endif

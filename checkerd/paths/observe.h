/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_OBSERVE_H
#define CHECKERD_PATHS_OBSERVE_H

/*
 * Applies the states that discovery read of observed paths. Such a path is never checked, failed or
 * reinstated: the kernel decides what it is used for. The loop only.
 */
#include "checkerd/discovery/found.h"
#include "checkerd/paths/checks.h"

struct observe {
	struct checks *checks; /* borrowed */
	/* A path of the map whose paths' states come in; REGISTRY_NONE: none came yet. */
	uint32_t any;
};

void observe_init(struct observe *o, struct checks *c);
/* f: a FOUND_STATE. index: its path; REGISTRY_NONE: there was no room for the path. */
void observe_take(struct observe *o, uint32_t index, const struct found *f,
                  struct mono now);

#endif

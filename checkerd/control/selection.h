/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_SELECTION_H
#define CHECKERD_CONTROL_SELECTION_H

/* What the names and properties in a request stand for: call->selected, places in call->view. */
#include "checkerd/control/call.h"
#include "checkerd/control/service.h"

/* Each of them: false: a name stands for nothing, or there is no memory; the reply is an error. */
bool selection_of_paths(struct service *s, struct call *c);
/* The same; a request that gives neither names nor properties is an error, and so are properties
 * that no path has. */
bool selection_of_paths_to_change(struct service *s, struct call *c);
bool selection_of_maps(struct service *s, struct call *c);
/* A path that is gone and has a history is selected too, as REGISTRY_NONE. */
bool selection_of_histories(struct service *s, struct call *c);
/* How many places are selected, of all there are. */
uint32_t selection_count(const struct call *c, uint32_t all);
/* The i-th of them. */
uint32_t selection_at(const struct call *c, uint32_t i);
void selection_release(struct service *s, struct call *c);

#endif

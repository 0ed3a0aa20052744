/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_FINDINGS_H
#define CHECKERD_CONTROL_FINDINGS_H

/* What a snapshot has to say to checkerctl doctor: one finding of a kind at most. */
#include "checkerd/control/json_writer.h"
#include "checkerd/control/view.h"
#include "checkerd/core/finding.h"

/* How many kinds there are: from 0 to this number - 1. */
uint32_t findings_count(void);
/* The finding of a kind. False: the kind finds nothing. Call view_make_maps() first. */
bool findings_get(const struct view *v, uint32_t kind, struct finding *ret);

/* One finding as an object of the interface. */
void findings_write(struct jw *j, const struct finding *f);

#endif

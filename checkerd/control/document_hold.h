/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_DOCUMENT_HOLD_H
#define CHECKERD_CONTROL_DOCUMENT_HOLD_H

/* What the objects of paths say about holds and about the share of failed checks. The control
 * thread runs this. */
#include "checkerd/control/json_writer.h"
#include "checkerd/control/snapshot.h"

#define DOCUMENT_HOLD_TEXT_MAX 160

/* marginal, marginal_reason, hold_since, hold_until, … */
void document_hold(struct jw *j, const struct snapshot *s, const struct snap_path *p);
/* held_for_s. p: NULL: checkerd does not check the path. */
void document_held_for(struct jw *j, const struct snapshot *s, const struct snap_path *p);
/* failures_in_row, error_share, … */
void document_failures(struct jw *j, const struct snap_path *p);
/* Why a path that works is not used, or is used all the same. NULL: it is not held. */
const char *document_hold_text(const struct snapshot *s, const struct snap_path *p,
                               char buf[DOCUMENT_HOLD_TEXT_MAX]);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_DOCUMENT_HOLD_H
#define CHECKERD_CONTROL_DOCUMENT_HOLD_H

/* What the objects of paths say about holds and about the share of failed checks. The control
 * thread runs this. */
#include "checkerd/control/json_writer.h"
#include "checkerd/control/snapshot.h"

#define DOCUMENT_HOLD_TEXT_MAX 160

/* Each of them writes the value of one key. */
#define DOCUMENT_VALUE(name) \
	void name(struct jw *j, const struct snapshot *s, const struct snap_path *p)
DOCUMENT_VALUE(document_marginal);
DOCUMENT_VALUE(document_marginal_reason);
DOCUMENT_VALUE(document_hold_since);
DOCUMENT_VALUE(document_hold_until);
DOCUMENT_VALUE(document_hold_used);
DOCUMENT_VALUE(document_hold_failures);
DOCUMENT_VALUE(document_failures_in_row);
DOCUMENT_VALUE(document_error_share);
DOCUMENT_VALUE(document_error_share_checks);
/* p: NULL: checkerd does not check the path. */
DOCUMENT_VALUE(document_held_for);
#undef DOCUMENT_VALUE

/* Why a path that works is not used, or is used all the same. NULL: it is not held. */
const char *document_hold_text(const struct snapshot *s, const struct snap_path *p,
                               char buf[DOCUMENT_HOLD_TEXT_MAX]);

#endif

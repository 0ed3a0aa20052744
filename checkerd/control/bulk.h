/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_BULK_H
#define CHECKERD_CONTROL_BULK_H

/*
 * Calls that change paths: all selected paths go to the main loop as one batch, which is changed as
 * a whole or not at all. The control thread's own.
 */
#include "checkerd/control/method.h"
#include "checkerd/control/service.h"

/* prepare: makes the batch. conclude: a refusal makes the reply an error. */
method_step bulk_prepare, bulk_conclude;
write_piece bulk_write; /* how many paths, and the names of their maps */

/* The call ends. A batch that the main loop has is freed when the loop's reply comes. */
void bulk_cancel(struct service *s, struct call *c);

#endif

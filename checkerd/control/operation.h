/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_OPERATION_H
#define CHECKERD_CONTROL_OPERATION_H

/*
 * Calls that the main loop has to answer: one request to the loop for each target, which is a
 * path, or the daemon as a whole. The control thread's own.
 */
#include "checkerd/control/method.h"
#include "checkerd/control/service.h"

/* Steps of methods. prepare: makes the targets. */
method_step operation_for_paths;  /* those that the request selects */
method_step operation_for_daemon; /* one, without a path */
/* Makes the explanation of a device, which is passed to the loop. */
void operation_for_explanation(struct service *s, struct call *c, const char *device);
/* conclude: what the loop has refused is an error. operation_conclude: of the daemon's target. */
method_step operation_conclude, operation_conclude_reload;
write_piece operation_write_results; /* Check's */

/* Prepares the call and sends the requests that there is room for. operation_is_done() may be
 * true then: nothing was to be sent, or the reply is an error. */
void operation_begin(struct service *s, struct call *c);
bool operation_is_done(const struct call *c);
/* Sends more of the requests, when there may be room again. */
void operation_continue(struct service *s, struct call *c);
/* Takes a reply of the loop. The call that is done with it, or NULL. r->text stays the caller's.
 * *ret_changed: something may have changed. */
struct call *operation_answered(struct service *s, const struct port_reply *r,
                                bool *ret_changed);
/* Forgets the targets, and the replies that have not come. */
void operation_cancel(struct service *s, struct call *c);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_PROBER_SUBMIT_H
#define LIBCHECK_PROBER_SUBMIT_H

/*
 * How the submitter hands on what is to be done: to the kernel, in batches that do not block,
 * or to a rescuer. Submitter only.
 */
#include "libcheck/prober/handover.h"

/* The slot waits for a rescuer, and counts as deferred if none is free in time. */
void submit_to_rescuer(struct slot *s, enum job_kind kind);
/* Hands over all reads of g->submit. False: another thread is the submitter now. */
_must_check_ bool submit_group(struct handover *h, struct group *g);

#endif

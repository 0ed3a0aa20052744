/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_SUCCESSOR_H
#define LIBCHECK_SUCCESSOR_H

/*
 * The probers of a caller, one after the other. If a prober dies or makes no progress, the next
 * one takes its place and is told all that the old one knew. The caller's thread only.
 */
#include "libcheck/caller.h"

/* Adds a descriptor to those that pathcheck_fd() polls. -errno. */
_must_check_ int successor_watch(struct pathcheck *pc, int fd);
/* A prober starts now. */
void successor_note_start(struct pathcheck *pc, struct mono now);
/* From now on the caller uses the rings of this region. */
void successor_take_ends(struct pathcheck *pc, const struct shared *s);
/*
 * Makes a region and starts a prober on it. On success the ends of the old rings are lost.
 * -errno.
 */
_must_check_ int successor_start(struct pathcheck *pc, struct shared *ret_shared);

#endif

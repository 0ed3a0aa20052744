/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_MANAGER_CLOCK_WATCH_H
#define CHECKERD_MANAGER_CLOCK_WATCH_H

/* A descriptor that becomes readable when the wall clock is set (timerfd_create(2),
 * TFD_TIMER_CANCEL_ON_SET). It never wakes the loop otherwise. */
#include "util/macro.h"

/* The descriptor, or -errno. */
_must_check_ int clock_watch_new(void);
/* Makes it unreadable, and waits for the next change. */
void clock_watch_clear(int fd);

#endif

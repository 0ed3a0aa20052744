/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DISCOVERY_TIMERS_READ_H
#define CHECKERD_DISCOVERY_TIMERS_READ_H

/*
 * Reads the kernel's timers of paths, and compares them with the paths' settings. Runs on the
 * discovery thread, because sysfs may block.
 */
#include "checkerd/core/timers.h"
#include "checkerd/discovery/found.h"

/* sysfs: the descriptor of its root. r: from timer_report_new(). -ENOMEM, -EMFILE, -ENFILE. */
_must_check_ int timers_read(int sysfs, const struct found_list *checked,
                             const struct found_list *observed, struct timer_report *r);

/* The most bytes that timers_read() has at a time: for the bound. */
uint64_t timers_read_bytes(uint32_t max_paths);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_MEMORY_H
#define CHECKERCTL_MEMORY_H

/*
 * An allocation that fails ends checkerctl with a message. json-c and libsmartcols ignore
 * failed allocations: without this checkerctl could crash, or print an incomplete reply and
 * report success.
 *
 * Not in a build with a sanitizer, which replaces malloc() itself.
 */

/* Sets the exit status for a failed allocation; EXIT_FAILED before the first call. */
void memory_exit_code(int code);

#endif

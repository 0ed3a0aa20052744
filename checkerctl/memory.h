/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_MEMORY_H
#define CHECKERCTL_MEMORY_H

/*
 * Memory that there is not ends checkerctl with a word, whoever asked for it. json-c and
 * libsmartcols go on without what they did not get: then the command would crash, or print with
 * success what the daemon did not say.
 *
 * Not in a build with a sanitizer, which has malloc() for itself.
 */

/* The exit status that it ends with; until this is called it is EXIT_FAILED. */
void memory_exit_code(int code);

#endif

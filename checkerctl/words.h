/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_WORDS_H
#define CHECKERCTL_WORDS_H

/* The words that values of options may be. Each list ends with NULL. */
extern const char *const words_colour[];
extern const char *const words_event_type[];
extern const char *const words_log_level[];
extern const char *const words_path_state[];
extern const char *const words_row[];

#endif

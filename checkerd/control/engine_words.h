/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_ENGINE_WORDS_H
#define CHECKERD_CONTROL_ENGINE_WORDS_H

/* The interface's words for the engine and its groups. Pure; any thread. */
#include "libcheck/pathcheck.h"

/* "sg": what a check went through. */
const char *engine_word(enum pathcheck_engine e);
const char *engine_group_kind(const struct pathcheck_group *g);
/* "recovering"; of a group that works as usual, its kind. */
const char *engine_group_state(const struct pathcheck_group *g);

#endif

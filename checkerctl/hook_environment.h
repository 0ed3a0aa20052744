/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_HOOK_ENVIRONMENT_H
#define CHECKERCTL_HOOK_ENVIRONMENT_H

/*
 * What a command of a hook is told: variables, and nothing else. Every variable is there, empty when its
 * value is not known, and is one line without control characters.
 */
#include <json-c/json.h>
#include <stdint.h>

#include "util/macro.h"

/* Names in CHECKERD_NAMES and in CHECKERD_EVENT; an event may be about thousands. */
#define HOOK_NAMES_MAX 100

/*
 * The environment of this program, with the variables of an event. event: its names are cut; the caller
 * keeps it. NULL: there is no memory. The caller frees it by hook_environment_free().
 */
char **hook_environment_new(json_object *event, const char *kind);

/* The same for the command that gets the numbers. seq: of the latest event. */
char **hook_environment_skipped(uint64_t skipped, uint64_t lost, uint64_t seq);

void hook_environment_free(char **environment);

#endif

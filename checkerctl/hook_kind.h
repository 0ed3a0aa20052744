/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_HOOK_KIND_H
#define CHECKERCTL_HOOK_KIND_H

/* The kinds of events that start commands of `checkerctl hook`. Pure. */
#include <json-c/json.h>
#include <stdint.h>

#include "util/macro.h"

#define HOOK_KINDS_MAX 32

/* The names are in scripts: they stay. NULL: there is no kind with this number. */
const char *hook_kind_name(size_t kind);

/* Reads "KIND,KIND" as a set of bits. 0, or an exit code after a message. */
_must_check_ int hook_kinds_parse(const char *list, uint32_t *ret);

/* The first kind of the set that the event is of. NULL: it is of none. */
const char *hook_kind_of(uint32_t kinds, json_object *event);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_MULTIPATHD_PATHS_H
#define CHECKERCTL_MULTIPATHD_PATHS_H

/* The paths of multipathd, as its reply to one command has them. */
#include <json-c/json.h>

#include "util/macro.h"

/* The map is last, because its name may have any character. */
#define MULTIPATHD_PATHS_COMMAND "show paths raw format \"%d|%D|%t|%T|%o|%c|%m\""

/*
 * Adds each path of a reply to the object `paths`, by multipathd_path_key(): an object of texts
 * "name", "devt", "dm_state", "state", "device_state", "checker", "map", and "words", which are the
 * three states. 0, or EXIT_UNREACHABLE after a message. Aborts when an allocation fails.
 */
_must_check_ int multipathd_paths_parse(const char *text, json_object *paths);

/* The key of a path: its number, or its name while multipathd does not know the number. */
const char *multipathd_path_key(json_object *path);

#endif

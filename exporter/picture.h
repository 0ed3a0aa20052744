/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXPORTER_PICTURE_H
#define EXPORTER_PICTURE_H

/* What the page draws, from the replies of ListPaths, ListMaps and GetStatus. Pure. */
#include <json-c/json.h>

/*
 * {"host", "time", "status", "maps": […], "paths": {NAME: {…}}}: of each map and path only the keys
 * that the page uses, under checkerd's own names. The caller puts it. NULL: no memory.
 */
json_object *picture_make(json_object *paths, json_object *maps, json_object *status);
/* Adds the names of the keys of a path that it reads to the list. */
void picture_add_fields(json_object *list);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_FIELDS_H
#define CHECKERCTL_FIELDS_H

/*
 * The parameter "fields" of ListPaths: which keys of a path the caller reads, so that the daemon writes
 * no others. A daemon that does not know the parameter is asked without it: see ctl_call().
 */
#include <json-c/json.h>

#define FIELDS "fields"

/* Adds keys, "name,state"; of "latency_us.p50" the key. parameters: NULL: new ones. Returns them. */
json_object *fields_add(json_object *parameters, const char *keys);

#endif

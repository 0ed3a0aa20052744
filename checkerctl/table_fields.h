/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_TABLE_FIELDS_H
#define CHECKERCTL_TABLE_FIELDS_H

/* Which keys of a path a table reads. */
#include "checkerctl/table.h"

/*
 * Adds to "fields" the keys of the columns that the options choose, of --sort, and `also`. The columns
 * are checked: table_check_columns(). With --json all keys are printed, unless -o names columns. Then
 * these are the only ones. parameters: NULL: new ones, if there are any. Returns them.
 */
json_object *table_fields(json_object *parameters, const struct table_def *def,
                          const struct ctl_options *options, const char *also);

#endif

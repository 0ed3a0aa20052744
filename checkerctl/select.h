/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_SELECT_H
#define CHECKERCTL_SELECT_H

/* --host, --target, --map and --state: which paths a command is about. */
#include <json-c/json.h>

#include "checkerctl/ctl_options.h"

/* Of commands that take a selection. */
#define SELECT_OPTIONS \
	(OPT_BIT(OPT_HOST) | OPT_BIT(OPT_TARGET) | OPT_BIT(OPT_MAP) | OPT_BIT(OPT_STATE))

bool select_is_given(const struct ctl_options *o);
/* Adds what is given to the parameters of a call. parameters: NULL: new ones. Returns them. */
json_object *select_parameters(const struct ctl_options *o, json_object *parameters);

#endif

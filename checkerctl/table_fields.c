/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing: turns columns into keys. One thread. */
#include "checkerctl/table_fields.h"

#include "checkerctl/fields.h"

static json_object *add_columns(json_object *parameters, const struct table_def *def,
                                const char *columns)
{
	const struct column *chosen[TABLE_COLUMNS_MAX];
	size_t n;

	if (table_choose(def, columns, chosen, &n) != 0)
		return parameters; /* the caller has checked them */
	for (size_t i = 0; i < n; i++) {
		if (chosen[i]->kind == COLUMN_NEXT)
			parameters = fields_add(parameters, "enabled,in_flight_s");
		if (chosen[i]->kind != COLUMN_TIMES) /* the command computes it */
			parameters = fields_add(parameters, chosen[i]->key);
	}
	return parameters;
}

json_object *table_fields(json_object *parameters, const struct table_def *def,
                          const struct ctl_options *o, const char *also)
{
	bool json = ctl_options_has(o, OPT_JSON);

	if (json && (o->columns == NULL || *o->columns == '+'))
		return parameters;
	parameters = add_columns(parameters, def, o->columns);
	if (o->sort != NULL)
		parameters = add_columns(parameters, def, o->sort + (*o->sort == '-'));
	return json ? parameters : fields_add(parameters, also);
}

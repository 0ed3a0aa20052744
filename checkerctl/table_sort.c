/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* --sort: sorts the rows of a table by one of its columns. One thread. */
#include <stdlib.h>
#include <string.h>

#include "checkerctl/human.h"
#include "checkerctl/table.h"

struct keyed {
	json_object *row, *value;
	bool descending;
	size_t at; /* rows with the same value stay in their order */
};

static int order(double a, double b)
{
	return (a > b) - (a < b);
}

static int compare_values(json_object *a, json_object *b)
{
	enum json_type type = json_object_get_type(a);

	if (type == json_type_int || type == json_type_double)
		return order(json_object_get_double(a), json_object_get_double(b));
	/* disk2 before disk10; times in UTC are in their order */
	return strverscmp(json_object_get_string(a), json_object_get_string(b));
}

static int compare(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	int r;

	if (x->value == NULL || y->value == NULL)
		r = (x->value == NULL) - (y->value == NULL);
	else if (x->descending)
		r = compare_values(y->value, x->value);
	else
		r = compare_values(x->value, y->value);
	return r != 0 ? r : x->at < y->at ? -1 : 1;
}

/* The column, and whether the largest value comes first. */
static int choose(const struct table_def *def, const char *name,
                  const struct column **ret, bool *ret_descending)
{
	const struct column *chosen[TABLE_COLUMNS_MAX] = { NULL };
	size_t n;
	int r;

	*ret_descending = *name == '-';
	name += *ret_descending;
	/* One column: names and '+' of -o mean nothing here. */
	if (*name == '+' || strchr(name, ',') != NULL)
		return human_usage("--sort takes one column, not '%s'", name);
	r = table_choose(def, name, chosen, &n);
	if (r == 0) {
		assert(chosen[0] != NULL);
		*ret = chosen[0];
		/* The later the time, the shorter ago. */
		*ret_descending ^= (*ret)->kind == COLUMN_AGO;
	}
	return r;
}

int table_check_sort(const struct table_def *def, const char *column)
{
	const struct column *c;
	bool descending;

	return column != NULL ? choose(def, column, &c, &descending) : 0;
}

int table_sort(const struct table_def *def, const char *column, json_object *rows)
{
	size_t n = json_object_array_length(rows);
	struct keyed *keyed = calloc(n + 1, sizeof(*keyed));
	const struct column *c = NULL;
	bool descending;
	int r = choose(def, column, &c, &descending);

	if (keyed == NULL)
		abort();
	assert(r != 0 || c != NULL);
	for (size_t i = 0; r == 0 && i < n; i++) {
		json_object *row = json_object_array_get_idx(rows, i);

		keyed[i] = (struct keyed){
			.row = json_object_get(row),
			.value = table_value(row, c->key),
			.descending = descending,
			.at = i,
		};
	}
	if (r == 0)
		qsort(keyed, n, sizeof(*keyed), compare);
	for (size_t i = 0; r == 0 && i < n; i++)
		(void)json_object_array_put_idx(rows, i, keyed[i].row); /* it exists */
	free(keyed);
	return r;
}

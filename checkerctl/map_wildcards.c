/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the table of wildcards of maps. One thread. */
#include <string.h>

#include "checkerctl/ctl.h"
#include "checkerctl/wildcard.h"

static bool exists(json_object *map)
{
	return wildcard_text(map, "dm", NULL) != NULL;
}

/* NULL: missing, or null. */
static json_object *value_of(json_object *map, const char *key)
{
	json_object *value = NULL;

	(void)json_object_object_get_ex(map, key, &value);
	return value;
}

static void print_sysfs_name(FILE *f, json_object *map, const char *sysfs _unused_,
                             const char *argument _unused_)
{
	fputs(wildcard_text(map, "dm", "undef"), f);
}

static void print_queueing(FILE *f, json_object *map, const char *sysfs _unused_,
                           const char *argument _unused_)
{
	json_object *queueing = value_of(map, "queueing");

	fputs(queueing == NULL                    ? "-"
	      : json_object_get_boolean(queueing) ? "on"
	                                          : "off",
	      f);
}

static void print_protection(FILE *f, json_object *map, const char *sysfs,
                             const char *argument _unused_)
{
	char word[64];

	if (!exists(map) || !wildcard_block_word(map, sysfs, "ro", word))
		fputs("undef", f);
	else
		fputs(strcmp(word, "0") == 0 ? "rw" : "ro", f);
}

static void print_state(FILE *f, json_object *map, const char *sysfs _unused_,
                        const char *argument _unused_)
{
	if (!exists(map))
		fputs("undef", f);
	else
		fputs(json_object_get_boolean(value_of(map, "suspended")) ? "suspend"
		                                                          : "active",
		      f);
}

/* How often device-mapper has failed paths of the present table. */
static void print_faults(FILE *f, json_object *map, const char *sysfs _unused_,
                         const char *argument _unused_)
{
	json_object *groups, *paths;
	size_t n = ctl_list(map, "groups", &groups);
	double faults = 0, count;

	for (size_t i = 0; i < n; i++) {
		size_t of_group =
		        ctl_list(json_object_array_get_idx(groups, i), "paths", &paths);

		for (size_t k = 0; k < of_group; k++)
			if (ctl_number(json_object_array_get_idx(paths, k), "fail_count",
			               &count))
				faults += count;
	}
	fprintf(f, "%.0f", faults);
}

/* argument: a key of a path of the map. */
static void print_of_path(FILE *f, json_object *map, const char *sysfs _unused_,
                          const char *key)
{
	fputs(wildcard_text(value_of(map, "first_path"), key, "##"), f);
}

static void print_model(FILE *f, json_object *map, const char *sysfs,
                        const char *argument _unused_)
{
	print_of_path(f, map, sysfs, "vendor");
	putc(',', f);
	print_of_path(f, map, sysfs, "product");
}

static const struct wildcard all[] = {
	{ 'n', "name", wildcard_key, "name" },
	{ 'w', "uuid", wildcard_key, "wwid" },
	{ 'd', "sysfs", print_sysfs_name, NULL },
	{ 'F', "failback", wildcard_constant, "undef" },
	{ 'Q', "queueing", print_queueing, NULL },
	{ 'N', "paths", wildcard_key, "paths_up" },
	{ 'r', "write_prot", print_protection, NULL },
	{ 't', "dm-st", print_state, NULL },
	{ 'S', "size", wildcard_size, NULL },
	{ 'f', "features", wildcard_constant, "[undef]" },
	{ 'x', "failures", wildcard_constant, "0" },
	{ 'h', "hwhandler", wildcard_constant, "[undef]" },
	{ 'A', "action", wildcard_constant, "" },
	{ '0', "path_faults", print_faults, NULL },
	{ '1', "switch_grp", wildcard_constant, "0" },
	{ '2', "map_loads", wildcard_constant, "0" },
	{ '3', "total_q_time", wildcard_constant, "0" },
	{ '4', "q_timeouts", wildcard_constant, "0" },
	{ 's', "vend/prod", print_model, NULL },
	{ 'v', "vend", print_of_path, "vendor" },
	{ 'p', "prod", print_of_path, "product" },
	{ 'e', "rev", print_of_path, "revision" },
	{ 'G', "foreign", wildcard_constant, "--" },
	{ 'g', "vpd page data", wildcard_constant, "[undef]" },
	{ 'k', "max_sectors_kb", wildcard_max_sectors, NULL },
};

static_assert(ARRAY_LEN(all) <= WILDCARDS_MAX, "a message lists them all");

const struct wildcard_table map_wildcards = { all, ARRAY_LEN(all) };

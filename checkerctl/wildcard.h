/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_WILDCARD_H
#define CHECKERCTL_WILDCARD_H

/*
 * multipathd's wildcards. Meaning and words are those of multipathd (libmultipath/print.c). For values
 * that checkerd does not know, they print what multipathd prints for unknown values.
 */
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

#include "util/macro.h"

#define WILDCARDS_MAX 32

/* Prints the value of one row. sysfs: "/sys", or a test's folder. */
typedef void wildcard_printer(FILE *f, json_object *row, const char *sysfs,
                              const char *argument);

struct wildcard {
	char letter;
	const char *heading;
	wildcard_printer *print;
	const char *argument;
};

struct wildcard_table {
	const struct wildcard *all;
	size_t n; /* WILDCARDS_MAX at most */
};

/* For rows of ListPaths; for rows of ListMaps, each with a path of it as "first_path". */
extern const struct wildcard_table path_wildcards, map_wildcards;
/* The keys of a path that path_wildcards read. */
extern const char path_wildcard_keys[];

/* The text of a key; `missing` when it is missing, null or empty. */
const char *wildcard_text(json_object *row, const char *key, const char *missing);
/* Reads the first word of an attribute of the block device. False: there is none. */
bool wildcard_block_word(json_object *row, const char *sysfs, const char *attribute,
                         char word[static 64]);

/* argument: the key of the value. */
wildcard_printer wildcard_key;
/* argument: the value: multipathd's word for what is unknown. */
wildcard_printer wildcard_constant;
wildcard_printer wildcard_size, wildcard_max_sectors;

#endif

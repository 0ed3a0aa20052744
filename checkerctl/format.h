/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_FORMAT_H
#define CHECKERCTL_FORMAT_H

/*
 * multipathd's wildcards for a path, for scripts that have them: "%d %t %T". What they mean
 * and the words they print are multipathd's (libmultipath/print.c); where checkerd does not
 * know a thing they print what multipathd prints when it does not.
 */
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

#include "util/macro.h"

/* 0, or an exit code after a message that lists the wildcards there are. */
_must_check_ int format_check(const char *format);

/*
 * What a wildcard says of a path of show paths. sysfs: "/sys", or a test's. The caller frees;
 * aborts when memory is gone. The letter has to be one that format_check() takes.
 */
char *format_value(char letter, json_object *path, const char *sysfs);

/* All of them, one a line; aligned with a heading, or raw: neither. */
void format_print(FILE *f, const char *format, json_object *paths, bool headings,
                  bool raw, const char *sysfs);

#endif

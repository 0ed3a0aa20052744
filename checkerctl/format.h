/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_FORMAT_H
#define CHECKERCTL_FORMAT_H

/*
 * multipathd's wildcards for a path, for existing scripts: "%d %t %T". Meaning and words are
 * those of multipathd (libmultipath/print.c). For values that checkerd does not know, they
 * print what multipathd prints for unknown values.
 */
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

#include "util/macro.h"

/* 0, or an exit code after a message that lists all wildcards. */
_must_check_ int format_check(const char *format);

/*
 * The value of a wildcard for a path of show paths. sysfs: "/sys", or a test's folder. The
 * letter must be one that format_check() accepts. The caller frees the value. Aborts when an
 * allocation fails.
 */
char *format_value(char letter, json_object *path, const char *sysfs);

/* Prints one line for each path, aligned below headings; raw: neither aligned nor headings. */
void format_print(FILE *f, const char *format, json_object *paths, bool headings,
                  bool raw, const char *sysfs);

#endif

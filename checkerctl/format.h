/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_FORMAT_H
#define CHECKERCTL_FORMAT_H

/* Prints paths and maps in a format of multipathd's wildcards, for existing scripts. */
#include "checkerctl/wildcard.h"

/* 0, or an exit code after a message that lists all wildcards. */
_must_check_ int format_check(const struct wildcard_table *t, const char *format);

/*
 * The value of a wildcard for a row of show paths or show maps. sysfs: "/sys", or a test's folder. The
 * letter must be one that format_check() accepts. The caller frees the value. Aborts when an allocation
 * fails.
 */
char *format_value(const struct wildcard_table *t, char letter, json_object *row,
                   const char *sysfs);

/* Prints one line for each row, aligned below headings; raw: neither aligned nor headings. */
void format_print(FILE *f, const struct wildcard_table *t, const char *format,
                  json_object *rows, bool headings, bool raw, const char *sysfs);

/* Prints each wildcard with its heading, one a line. */
void format_list(FILE *f, const struct wildcard_table *t);

#endif

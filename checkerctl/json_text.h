/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_JSON_TEXT_H
#define CHECKERCTL_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#define JSON_TEXT_DEPTH_MAX 16

/*
 * Is the text of that length exactly one object in the syntax of RFC 8259, on one line, without white
 * space before or after it? Objects and arrays may be JSON_TEXT_DEPTH_MAX deep. UTF-8 is not looked at.
 * Any thread.
 */
bool json_text_is_object(const char *text, size_t length);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_MULTIPATH_MPCONF_VALUE_H
#define CHECKERD_CONFIG_MULTIPATH_MPCONF_VALUE_H

/* What multipathd makes of a value. Pure; any thread. */
#include "checkerd/config/multipath/mpconf_keywords.h"
#include "checkerd/config/value.h"

enum mpconf_verdict {
	MPCONF_GOOD,
	MPCONF_CAPPED, /* the nearest number of the range counts */
	MPCONF_BAD,    /* multipathd passes over the line */
	MPCONF_FATAL, /* the same in a drop-in; with it in the file itself, multipathd does not start */
};

/* *ret_number: with MPCONF_INT and MPCONF_UINT, what counts; -1: it is a word.
 * With MPCONF_BAD and MPCONF_FATAL `error` says what is wrong. */
enum mpconf_verdict mpconf_value_judge(const struct mpconf_keyword *row, const char *text,
                                       int64_t *ret_number, char error[VALUE_ERROR_SIZE]);

/* The same value in the words of checkerd.conf(5). True: it had to be changed into one that
 * checkerd can keep. Not for strings. */
bool mpconf_value_translate(const struct keyword *k, const char *text, int64_t number,
                            char ret[VALUE_TEXT_SIZE]);

#endif

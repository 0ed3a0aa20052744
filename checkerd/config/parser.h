/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_PARSER_H
#define CHECKERD_CONFIG_PARSER_H

/* The grammar of the configuration: sections, keywords and values. */
#include "checkerd/config/reader.h"

/*
 * Reads one text into the reader's configuration. Errors are recorded there, also the one that
 * the text is longer than CONFIG_FILE_BYTES_MAX. name: for messages.
 */
void parser_read(struct reader *r, const char *name, const char *text, size_t size);

#endif

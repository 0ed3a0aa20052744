/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_METRICS_TEXT_H
#define CHECKERD_CONTROL_METRICS_TEXT_H

/* A piece of OpenMetrics text, and how samples are appended to it. The control thread only. */
#include <stddef.h>
#include <stdint.h>

#include "util/macro.h"

/* Bytes. Every piece fits. */
#define METRICS_PIECE 8192

struct metrics_piece {
	char text[METRICS_PIECE];
	size_t size;
};

/* Before the name of every metric. */
#define METRICS_PREFIX "checkerd_"

/* Bytes of a label's value that are written: no name is longer. Each byte may take three. */
#define METRICS_VALUE_MAX 128

/* Appends. A piece has room: METRICS_PIECE. */
void metrics_text(struct metrics_piece *o, const char *format, ...) _printf_(2, 3);
/* The name and the labels of a sample: pairs of a label and its value, then NULL. A value of NULL: the
 * label is omitted. labels: NULL: none. */
void metrics_labels(struct metrics_piece *o, const char *name, const char *suffix,
                    const char *const *labels);
#define METRICS_LABELS(...) ((const char *const[]){ __VA_ARGS__, NULL })
/* The value of a sample. */
void metrics_uint(struct metrics_piece *o, uint64_t v);
void metrics_seconds(struct metrics_piece *o, int64_t us);
/* A whole sample without labels. */
void metrics_one(struct metrics_piece *o, const char *name, uint64_t v);

#endif

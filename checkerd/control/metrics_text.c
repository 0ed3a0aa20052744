/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing: appends to the piece of its caller. The control thread runs this. */
#include "checkerd/control/metrics_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "checkerd/control/json_writer.h"
#include "util/mono.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

void metrics_text(struct metrics_piece *o, const char *format, ...)
{
	size_t room = sizeof(o->text) - o->size;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(o->text + o->size, room, format, args);
	va_end(args);
	assert(n >= 0 && (size_t)n < room);
	o->size += (size_t)n;
}

/*
 * OpenMetrics has escapes for three characters only. Other control characters are replaced,
 * because they would reach a terminal.
 */
static void put_escaped(struct metrics_piece *o, const char *s)
{
	const char *end =
	        s + jw_text_cut(s, strnlen(s, METRICS_VALUE_MAX + 1), METRICS_VALUE_MAX);

	for (; s < end; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '\n')
			metrics_text(o, "\\n");
		else if (c == '"' || c == '\\')
			metrics_text(o, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			metrics_text(o, REPLACEMENT);
		else if (c == 0xc2 && (unsigned char)s[1] >= 0x80 &&
		         (unsigned char)s[1] < 0xa0) {
			metrics_text(o, REPLACEMENT); /* U+0080 to U+009F */
			s++;
		} else
			metrics_text(o, "%c", c);
	}
}

void metrics_labels(struct metrics_piece *o, const char *name, const char *suffix,
                    const char *const *labels)
{
	const char *before = "{";

	metrics_text(o, METRICS_PREFIX "%s%s", name, suffix);
	for (; labels != NULL && *labels != NULL; labels += 2) {
		if (labels[1] == NULL)
			continue;
		metrics_text(o, "%s%s=\"", before, labels[0]);
		put_escaped(o, labels[1]);
		metrics_text(o, "\"");
		before = ",";
	}
	metrics_text(o, "%s ", *before == ',' ? "}" : "");
}

void metrics_uint(struct metrics_piece *o, uint64_t v)
{
	metrics_text(o, "%" PRIu64 "\n", v);
}

void metrics_seconds(struct metrics_piece *o, int64_t us)
{
	metrics_text(o, "%s%" PRId64 ".%06" PRId64 "\n", us < 0 ? "-" : "",
	             (us < 0 ? -us : us) / USEC_PER_SEC,
	             (us < 0 ? -us : us) % USEC_PER_SEC);
}

void metrics_one(struct metrics_piece *o, const char *name, uint64_t v)
{
	metrics_labels(o, name, "", NULL);
	metrics_uint(o, v);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_FINDING_H
#define CHECKERD_CORE_FINDING_H

/* What checkerctl doctor reports: one thing on this host that path checking suffers from. */
#include <stddef.h>
#include <stdint.h>

#define FINDING_OBJECT_MAX 64
#define FINDING_TEXT_MAX   288
#define FINDING_REMEDY_MAX 224

/* Scripts use the words, and checkerctl doctor its exit status. */
enum finding_severity {
	FINDING_NOTE,    /* worth knowing; does not count for the exit status */
	FINDING_WARNING, /* something does not do what it says */
	FINDING_ERROR,   /* paths are not checked, or not as configured */
	FINDING_SEVERITY_COUNT_
};

struct finding {
	const char *id; /* a static word that stays, as "fast-io-fail-off" */
	enum finding_severity severity;
	/* An example of what it is about, and how many of these there are. "": this host. */
	char object[FINDING_OBJECT_MAX];
	uint32_t count;
	char text[FINDING_TEXT_MAX];     /* what is wrong */
	char remedy[FINDING_REMEDY_MAX]; /* what to do */
};

/* "rport-3:0-1 and 7 more: " and the text. Returns buf. */
const char *finding_format(const struct finding *f, char *buf, size_t size);

static inline const char *finding_severity_name(enum finding_severity s)
{
	static const char *const names[FINDING_SEVERITY_COUNT_] = {
		[FINDING_NOTE] = "note",
		[FINDING_WARNING] = "warning",
		[FINDING_ERROR] = "error",
	};

	return names[s];
}

#endif

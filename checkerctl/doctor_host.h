/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_DOCTOR_HOST_H
#define CHECKERCTL_DOCTOR_HOST_H

/* What checkerctl doctor sees of the host without checkerd's help. */
#include <json-c/json.h>
#include <stdbool.h>

struct doctor_host {
	const char *root; /* "" for the host's own files */
	/* The daemon's answers; NULL: there is none. Borrowed. */
	json_object *status, *memory, *maps;
	json_object *findings; /* an array, to which new ones are added */
};

/* Adds a finding, in the form of the method GetFindings. object: NULL: this host. */
void doctor_add(json_object *findings, const char *severity, const char *id,
                const char *object, double count, const char *text, const char *remedy);

/* Looks for other programs, quotas, limits and versions. */
void doctor_host_examine(const struct doctor_host *h);

#endif

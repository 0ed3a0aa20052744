/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_TOP_GROUPS_H
#define CHECKERCTL_TOP_GROUPS_H

/* The rows of the live view by map or by HBA: one for all paths of each. */
#include <json-c/json.h>
#include <stdbool.h>

/* A larger number is worse; unknown words are between good and bad. */
int top_severity(const char *state);

struct top_groups {
	/* by name: the row of each group */
	json_object *rows;
};

#define TOP_GROUPS_NULL ((struct top_groups){ 0 })

void top_groups_deinit(struct top_groups *g);

/*
 * Adds a path to the group that its `key` names: "map" or "host"; "-" without one. The row has the
 * worst state with its reason, numbers of paths, sums of failures, and the largest latencies.
 * passes: the user's filter has found this path; the row has "passes" if one of its paths has.
 */
void top_groups_add(struct top_groups *g, const char *key, json_object *path,
                    bool passes);

#endif

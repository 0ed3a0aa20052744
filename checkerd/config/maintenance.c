/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing: compares paths with windows. Any thread. */
#include "checkerd/config/maintenance.h"

#include <stdlib.h>
#include <string.h>

#include "util/block.h"

void maintenance_deinit(struct maintenance *m)
{
	for (size_t i = 0; i < m->n; i++) {
		struct maintenance_window *w = &m->windows[i];

		free(w->host);
		free(w->target);
		free(w->map);
		free(w->place);
		pattern_free(w->devnode);
	}
	block_free(m->windows);
}

static bool is_text(const char *wanted, const char *text)
{
	return wanted == NULL || (text != NULL && strcmp(wanted, text) == 0);
}

bool maintenance_covers(const struct maintenance_window *w, const struct device *d,
                        const char *map)
{
	return is_text(w->host, device_host(d)) && is_text(w->target, device_target(d)) &&
	       is_text(w->map, map) &&
	       (w->devnode == NULL || pattern_match(w->devnode, device_name(d)));
}

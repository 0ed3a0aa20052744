/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing. Runs on the loader thread. */
#include "checkerd/config/restart_only.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void report_kept(FILE *out, const char *keyword, const char *value)
{
	(void)fprintf(
	        out,
	        "warning: %s: still %s: a change needs a restart: systemctl restart "
	        "checkerd\n",
	        keyword, value);
}

static void keep_number(const char *keyword, const uint32_t *present, uint32_t *next,
                        FILE *out)
{
	char value[16];

	if (*present == *next)
		return;
	(void)snprintf(value, sizeof(value), "%" PRIu32, *present);
	report_kept(out, keyword, value);
	*next = *present;
}

int restart_only_keep(const struct config *present, struct config *next, FILE *out)
{
	const char *group = present->socket_group;

	keep_number("max_paths", &present->max_paths, &next->max_paths, out);
	keep_number("max_in_flight", &present->max_in_flight, &next->max_in_flight, out);
	keep_number("max_in_flight_host", &present->max_in_flight_host,
	            &next->max_in_flight_host, out);
	keep_number("rescuer_threads", &present->rescuer_threads, &next->rescuer_threads,
	            out);
	keep_number("realtime_priority", &present->realtime_priority,
	            &next->realtime_priority, out);
	keep_number("max_clients", &present->max_clients, &next->max_clients, out);
	if (present->aio_setup_timeout_us != next->aio_setup_timeout_us) {
		char value[32];

		(void)snprintf(value, sizeof(value), "%g s",
		               (double)present->aio_setup_timeout_us / 1e6);
		report_kept(out, "aio_setup_timeout", value);
		next->aio_setup_timeout_us = present->aio_setup_timeout_us;
	}
	if ((group == NULL) != (next->socket_group == NULL) ||
	    (group != NULL && strcmp(group, next->socket_group) != 0)) {
		char *copy = group == NULL ? NULL : strdup(group);

		if (group != NULL && copy == NULL)
			return -ENOMEM;
		report_kept(out, "socket_group", group == NULL ? "root's own" : group);
		free(next->socket_group);
		next->socket_group = copy;
	}
	return 0;
}

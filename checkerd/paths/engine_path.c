/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing. The loop only. */
#include "checkerd/paths/engine_path.h"

#include <string.h>

#include "util/hash.h"

void engine_path_options(const struct config *c, struct pathcheck_options *ret)
{
	pathcheck_options_init(ret);
	ret->mode = PATHCHECK_PROCESS;
	ret->max_paths = c->max_paths;
	ret->max_in_flight = c->max_in_flight;
	ret->max_in_flight_host = c->max_in_flight_host;
	ret->rescuers = c->rescuer_threads;
	ret->setup_timeout_us = (uint64_t)c->aio_setup_timeout_us;
}

/* The target's name as a number. Targets that have the same number share one limit of rescuers. */
static uint32_t target_key(const struct device *d)
{
	if (device_target(d) == NULL)
		return 0;
	return 1 + hash_text32(device_target(d)) % (PATHCHECK_HOSTS_MAX - 1);
}

/*
 * An open descriptor does not keep a SCSI, NVMe or DASD device from being removed, and opening them
 * is expensive. Others (loop, md, dm, rbd, drbd, nbd) cannot be detached while they are open.
 */
bool engine_path_keeps_open(const struct device *d, const struct path_settings *s)
{
	const char *protocol = device_protocol(d);

	if (s->keep_open != KEEP_OPEN_AUTO || protocol == NULL)
		return s->keep_open == KEEP_OPEN_YES;
	return strncmp(protocol, "scsi:", 5) == 0 || strncmp(protocol, "nvme", 4) == 0 ||
	       strcmp(protocol, "ccw") == 0;
}

/* The engine's checker for the configured one. Only SCSI devices know SCSI commands. */
static uint16_t checker_of(const struct device *d, const struct path_settings *s)
{
	const char *protocol = device_protocol(d);

	if (protocol == NULL || strncmp(protocol, "scsi:", 5) != 0)
		return PATHCHECK_DIRECTIO;
	return s->checker == CHECKER_TUR ? PATHCHECK_TUR : PATHCHECK_DIRECTIO;
}

int engine_path_add(struct pathcheck *engine, const struct device *d,
                    const struct path_settings *s, uint64_t cookie, uint32_t *ret_id)
{
	const struct pathcheck_path engine_path = {
		.size = sizeof(engine_path),
		.device = device_node(d),
		.host = d->host_key,
		.target = target_key(d),
		.cookie = cookie,
		.flags = engine_path_keeps_open(d, s) ? 0 : PATHCHECK_PATH_CLOSE,
		.checker = checker_of(d, s),
	};

	return pathcheck_add(engine, &engine_path, ret_id);
}

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

/*
 * The target's name is the array's. Each way to one of its ports is a session or controller of its own,
 * and one that hangs says nothing of the others. Elsewhere the name is of the port.
 */
static bool is_of_array(const struct device *d)
{
	const char *protocol = device_protocol(d);

	return protocol != NULL &&
	       (strcmp(protocol, "scsi:iscsi") == 0 || strncmp(protocol, "nvme", 4) == 0);
}

/* The target port as a number. Ports that have the same number share one limit of rescuers. */
static uint32_t target_key(const struct device *d)
{
	uint32_t hash;

	if (device_target(d) == NULL)
		return 0;
	hash = hash_text32(device_target(d));
	if (is_of_array(d))
		hash += d->host_key;
	return 1 + hash % (PATHCHECK_HOSTS_MAX - 1);
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

/* Discovery has chosen one that suits the device. */
static enum pathcheck_checker checker_of(const struct path_settings *s)
{
	switch ((enum checker_kind)s->checker) {
	case CHECKER_TUR:
		return PATHCHECK_TUR;
	case CHECKER_READSECTOR0:
		return PATHCHECK_READSECTOR0;
	case CHECKER_RDAC:
		return PATHCHECK_RDAC;
	case CHECKER_EMC_CLARIION:
		return PATHCHECK_EMC_CLARIION;
	case CHECKER_HP_SW:
		return PATHCHECK_HP_SW;
	case CHECKER_CCISS_TUR:
		return PATHCHECK_CCISS_TUR;
	case CHECKER_ALUA:
		return PATHCHECK_ALUA;
	case CHECKER_TUR_DIRECTIO:
		return PATHCHECK_TUR_DIRECTIO;
	case CHECKER_NVME:
		return PATHCHECK_NVME;
	case CHECKER_DIRECTIO:
	case CHECKER_NONE: /* added to the engine, and not checked */
	case CHECKER_AUTO:
		break;
	}
	return PATHCHECK_DIRECTIO;
}

bool engine_path_same(const struct device *before, const struct path_settings *old,
                      const struct device *after, const struct path_settings *new)
{
	return engine_path_keeps_open(before, old) ==
	               engine_path_keeps_open(after, new) &&
	       checker_of(old) == checker_of(new) && old->read_every == new->read_every;
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
		.checker = (uint16_t)checker_of(s),
		.read_every = (uint16_t)s->read_every,
	};

	return pathcheck_add(engine, &engine_path, ret_id);
}

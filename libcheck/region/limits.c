/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Computes the limits: limits.h. Pure; any thread. */
#include "libcheck/region/limits.h"

#include <errno.h>

void pathcheck_options_init(struct pathcheck_options *o)
{
	*o = (struct pathcheck_options){
		.size = sizeof(*o),
		.mode = PATHCHECK_PROCESS,
		.max_paths = 1024,
		.rescuers = 16,
		.setup_timeout_us = 2 * USEC_PER_SEC,
		.setup_retry_us = USEC_PER_SEC,
		.stall_timeout_us = 2 * USEC_PER_SEC,
	};
}

static uint32_t divide_up(uint32_t a, uint32_t b)
{
	return (a + b - 1) / b;
}

/* A quarter is for reads alone, an eighth for opens, and one for each other kind. */
static void share_rescuers(struct limits *l, uint32_t wanted)
{
	uint32_t n = MAX(wanted, (uint32_t)RESCUERS_LEAST), least = 0;

	l->rescuers = n;
	for (int c = 0; c < CLASS_COUNT_; c++)
		l->rescuers_least[c] = c == CLASS_WATCH ? 0 : 1;
	l->rescuers_least[CLASS_READ] = MAX(1U, n / 4);
	l->rescuers_least[CLASS_OPEN] = MAX(1U, n / 8);
	for (int c = 0; c < CLASS_COUNT_; c++)
		least += l->rescuers_least[c];
	l->rescuers_shared = n - least;
	l->rescuers_host = MAX(1U, n / 4);
}

int limits_from_options(const struct pathcheck_options *o, struct limits *ret_limits)
{
	struct limits l;

	if (o == NULL || o->size != sizeof(*o) ||
	    (o->mode != PATHCHECK_THREADS && o->mode != PATHCHECK_PROCESS) ||
	    o->max_paths == 0 || o->max_paths > PATHCHECK_PATHS_MAX ||
	    o->rescuers < PATHCHECK_RESCUERS_MIN ||
	    o->rescuers > PATHCHECK_RESCUERS_MAX || o->setup_timeout_us == 0 ||
	    o->setup_timeout_us > INT64_MAX / 4 || o->setup_retry_us == 0 ||
	    o->setup_retry_us > INT64_MAX / 4 || o->stall_timeout_us == 0 ||
	    o->stall_timeout_us > INT64_MAX / 4)
		return -EINVAL;

	l.ids = o->max_paths + MIN(MAX(SPARE_IDS_MIN, o->max_paths / 4), SPARE_IDS_MAX);
	l.submitters_stuck = MIN(MAX(1U, o->rescuers / 2), SUBMITTERS_STUCK_MAX);
	l.rescued = l.submitters_stuck * MIN(o->max_paths, (uint32_t)SUBMIT_BATCH);
	l.groups = divide_up(o->max_paths + l.rescued, PATHCHECK_GROUP_SLOTS) +
	           SPARE_GROUPS + KIND_GROUPS;
	l.slots = l.groups * PATHCHECK_GROUP_SLOTS;
	l.in_flight = o->max_in_flight == 0 ? l.slots : MIN(o->max_in_flight, l.slots);
	l.in_flight_host =
	        o->max_in_flight_host == 0 ? UINT32_MAX : o->max_in_flight_host;
	share_rescuers(&l, o->rescuers);
	l.threads = l.rescuers + l.submitters_stuck + WATCHERS + 1;
	l.commands = l.ids * COMMANDS_PER_ID;
	l.results = l.ids * RESULTS_PER_ID;
	l.name_units = l.ids * (NAME_BYTES_EACH / NAME_UNIT);
	l.reserved = 0;
	l.defer_after_us = DEFER_AFTER_US;
	*ret_limits = l;
	return 0;
}

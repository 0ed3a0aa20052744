/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DISCOVERY_JUDGEMENT_H
#define CHECKERD_DISCOVERY_JUDGEMENT_H

/*
 * How the configuration came to what it makes of a device: what settings_of() and
 * udev_disk_consider() leave behind for checkerctl explain. Runs on the discovery thread.
 */
#include "checkerd/config/filter.h"
#include "checkerd/config/hardware.h"
#include "checkerd/core/registry.h"

/* Where the examination of a device ended. */
enum judgement_step {
	JUDGEMENT_NO_DISK,  /* it has no node, or a name that is too long */
	JUDGEMENT_KIND,     /* its kind is excluded by default */
	JUDGEMENT_EMPTY,    /* it has no medium */
	JUDGEMENT_OUTDATED, /* udev's properties belong to an earlier disk */
	JUDGEMENT_RULES,    /* the rules were applied: `verdict` */
};

struct judgement {
	enum judgement_step step;
	bool partition;
	const struct pattern *kind_exception; /* that includes its kind; NULL: none */
	struct filter_verdict verdict;        /* with JUDGEMENT_RULES */
	struct config_settings settings;
	struct filter_origins from;
	struct path_settings path;
	const struct hardware *hardware; /* the row of the built-in table; NULL: none */
	unsigned timeout_s;              /* of the device; 0: not known */
};

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_CONFIG_REF_H
#define CHECKERD_CONFIG_CONFIG_REF_H

/*
 * A configuration with a count of its users. The loop may use the new one while discovery still
 * uses the old one. Immutable.
 */
#include <stdatomic.h>
#include <stdint.h>

#include "checkerd/config/config.h"

struct config_ref {
	_Atomic uint32_t refs; /* [atomic any→any] */
	uint64_t generation;   /* [init] 1: the first configuration */
	struct config *config; /* [init] owned */
};

/* Takes the ownership of the configuration, also on failure. -ENOMEM. */
_must_check_ int config_ref_new(struct config_ref **ret, struct config *c,
                                uint64_t generation);
struct config_ref *config_ref_get(struct config_ref *ref);
struct config_ref *
config_ref_put(struct config_ref *ref); /* NULL allowed; returns NULL */

#endif

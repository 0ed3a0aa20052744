/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_REASON_PACKED_H
#define CHECKERD_CORE_REASON_PACKED_H

/*
 * A reason as it is in the files that a daemon leaves to its successor. Neither the struct nor a number
 * in it ever changes its meaning: enumerations only grow at their end. Pure; any thread.
 */
#include "checkerd/core/reason.h"

struct reason_packed {
	uint8_t kind, stage, request, said;
	uint8_t layer[3], word[3]; /* of struct sysfs_state */
	uint8_t key, code, qualifier, unused;
	uint16_t error;
	uint32_t timeout_us;
};

static_assert(sizeof(struct reason_packed) == 20, "it has no padding");

struct reason_packed reason_pack(const struct reason *r);
/* False: a value is out of its range. */
bool reason_unpack(const struct reason_packed *p, struct reason *ret);

#endif

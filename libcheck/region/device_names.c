/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Allots room for names: device_names.h. Names take whole units. Free pieces are kept by their
 * size and allotted again, also in parts; pieces are not joined again. The caller's thread, but
 * for names_get().
 */
#include "libcheck/region/device_names.h"

#include <errno.h>
#include <string.h>

void names_init(struct names *n)
{
	n->end = 0;
	for (unsigned i = 0; i < NAME_KINDS; i++)
		n->free[i] = NO_NAME;
}

static uint32_t units_of(const char *name)
{
	return (uint32_t)(strlen(name) / NAME_UNIT) + 1;
}

static char *at(const struct shared *s, uint32_t unit)
{
	return s->names + (size_t)unit * NAME_UNIT;
}

/* A free piece holds the number of the next one of its size. */
static void push_piece(struct names *n, const struct shared *s, uint32_t unit,
                       uint32_t units)
{
	memcpy(at(s, unit), &n->free[units - 1], sizeof(uint32_t));
	n->free[units - 1] = unit;
}

static uint32_t pop_piece(struct names *n, const struct shared *s, uint32_t units)
{
	uint32_t unit = n->free[units - 1];

	if (unit != NO_NAME)
		memcpy(&n->free[units - 1], at(s, unit), sizeof(uint32_t));
	return unit;
}

static uint32_t find_piece(struct names *n, const struct shared *s, uint32_t units)
{
	uint32_t all = s->name_units, unit = pop_piece(n, s, units);

	if (unit == NO_NAME && units <= all - n->end) {
		unit = n->end;
		n->end += units;
	}
	for (uint32_t larger = units + 1; unit == NO_NAME && larger <= NAME_KINDS;
	     larger++) {
		unit = pop_piece(n, s, larger);
		if (unit != NO_NAME)
			push_piece(n, s, unit + units, larger - units);
	}
	return unit;
}

int names_put(struct names *n, struct shared *s, uint32_t id, const char *name)
{
	uint32_t units = units_of(name), unit;

	assert(units <= NAME_KINDS);
	unit = find_piece(n, s, units);
	if (unit == NO_NAME)
		return -ENOSPC;
	strcpy(at(s, unit), name); /* units_of() has counted its bytes */
	s->name_at[id] = unit;
	return 0;
}

void names_drop(struct names *n, struct shared *s, uint32_t id)
{
	uint32_t unit = s->name_at[id];

	if (unit == NO_NAME)
		return;
	push_piece(n, s, unit, units_of(at(s, unit)));
	s->name_at[id] = NO_NAME;
}

const char *names_get(const struct shared *s, uint32_t id)
{
	uint32_t unit = s->name_at[id];

	return unit == NO_NAME ? "" : at(s, unit);
}

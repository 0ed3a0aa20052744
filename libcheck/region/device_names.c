/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names take whole units. What comes back is kept by its size and given out again, a part of it
 * where a shorter one is wanted; pieces are not put together again.
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

/* A piece that is free holds the next one of its size. */
static void push(struct names *n, const struct shared *s, uint32_t unit, uint32_t units)
{
	memcpy(at(s, unit), &n->free[units - 1], sizeof(uint32_t));
	n->free[units - 1] = unit;
}

static uint32_t pop(struct names *n, const struct shared *s, uint32_t units)
{
	uint32_t unit = n->free[units - 1];

	if (unit != NO_NAME)
		memcpy(&n->free[units - 1], at(s, unit), sizeof(uint32_t));
	return unit;
}

static uint32_t find(struct names *n, const struct shared *s, uint32_t units)
{
	uint32_t all = s->name_units, unit = pop(n, s, units);

	if (unit == NO_NAME && units <= all - n->end) {
		unit = n->end;
		n->end += units;
	}
	for (uint32_t larger = units + 1; unit == NO_NAME && larger <= NAME_KINDS;
	     larger++) {
		unit = pop(n, s, larger);
		if (unit != NO_NAME)
			push(n, s, unit + units, larger - units);
	}
	return unit;
}

int names_put(struct names *n, struct shared *s, uint32_t id, const char *name)
{
	uint32_t units = units_of(name), unit;

	assert(units <= NAME_KINDS);
	unit = find(n, s, units);
	if (unit == NO_NAME)
		return -ENOSPC;
	strcpy(at(s, unit), name); /* the units were counted for it */
	s->name_at[id] = unit;
	return 0;
}

void names_drop(struct names *n, struct shared *s, uint32_t id)
{
	uint32_t unit = s->name_at[id];

	if (unit == NO_NAME)
		return;
	push(n, s, unit, units_of(at(s, unit)));
	s->name_at[id] = NO_NAME;
}

const char *names_get(const struct shared *s, uint32_t id)
{
	uint32_t unit = s->name_at[id];

	return unit == NO_NAME ? "" : at(s, unit);
}

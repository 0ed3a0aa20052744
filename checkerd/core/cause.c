/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the table of parts. Runs on the loop.
 *
 * Invariants: an entry in use has a path, or a gathered change of one that was removed. Nothing but
 * causes_init() touches an entry from `used` on, so an unused table takes no memory.
 */
#include "checkerd/core/cause.h"

#include <stdio.h>
#include <string.h>

#include "util/hash.h"

#define NONE UINT16_MAX

/* NAA 6 (SPC-4 7.8.6.6.6) as udev and multipathd write it: "3", the type "6", and the array's own 15
 * digits come first. */
#define WWID_NAA6        "36"
#define WWID_NAA6_LENGTH 33
#define WWID_ARRAY       17

static_assert(CAUSES_MAX < NONE && (CAUSES_MAX & (CAUSES_MAX - 1)) == 0,
              "an index of the table fits, and a hash is masked");

void causes_init(struct causes *c)
{
	c->free = NONE;
	c->used = 0;
	memset(c->heads, 0xff, sizeof(c->heads));
}

static uint64_t mix(uint64_t h, const char *s)
{
	return (h ^ hash_text(s)) * UINT64_C(0x9e3779b97f4a7c15);
}

/* How much of the WWID belongs to the array. 0: unknown. */
static size_t array_part(const struct device *d)
{
	const char *wwid = device_wwid(d);

	return wwid != NULL && strlen(wwid) == WWID_NAA6_LENGTH &&
	                       strncmp(wwid, WWID_NAA6, strlen(WWID_NAA6)) == 0
	               ? WWID_ARRAY
	               : 0;
}

static uint64_t array_key(uint64_t h, const struct device *d)
{
	const char *vendor = device_vendor(d), *product = device_product(d);
	char wwid[WWID_ARRAY + 1] = "";

	if (vendor == NULL || product == NULL)
		return 0;
	if (array_part(d) > 0)
		memcpy(wwid, device_wwid(d), WWID_ARRAY);
	return mix(mix(mix(h, vendor), product), wwid);
}

/* 0: the device has no such part. */
static uint64_t key_of(const struct device *d, enum cause_kind kind)
{
	const char *host = device_host(d), *target = device_target(d);
	uint64_t h = (uint64_t)kind + 1;

	switch (kind) {
	case CAUSE_TARGET_OF_HOST:
		return host == NULL || target == NULL ? 0 : mix(mix(h, host), target);
	case CAUSE_TARGET:
		return target == NULL ? 0 : mix(h, target);
	case CAUSE_HOST:
		return host == NULL ? 0 : mix(h, host);
	case CAUSE_ARRAY:
		return array_key(h, d);
	case CAUSE_KINDS:
		break;
	}
	return 0;
}

static uint16_t *head_of(struct causes *c, uint64_t key)
{
	return &c->heads[key >> 32 & (CAUSES_MAX - 1)];
}

static uint16_t find(const struct causes *c, uint64_t key)
{
	uint16_t i = c->heads[key >> 32 & (CAUSES_MAX - 1)];

	while (i != NONE && c->table[i].key != key)
		i = c->table[i].next;
	return i;
}

/* NONE: there is no room. */
static uint16_t add(struct causes *c, uint64_t key, enum cause_kind kind)
{
	uint16_t i = c->free, *head = head_of(c, key);

	if (i != NONE)
		c->free = c->table[i].next;
	else if (c->used < CAUSES_MAX)
		i = c->used++;
	else
		return NONE;
	c->table[i] = (struct cause){ .key = key, .kind = kind, .next = *head };
	*head = i;
	return i;
}

/* Frees the entry if nothing is counted in it. */
static void tidy(struct causes *c, uint16_t i)
{
	struct cause *e = &c->table[i];
	uint16_t *link = head_of(c, e->key);
	uint32_t n = e->total;

	for (unsigned t = 0; t < CAUSE_TURNS; t++)
		n += e->gathered[t];
	if (n > 0)
		return;
	while (*link != i)
		link = &c->table[*link].next;
	*link = e->next;
	e->next = c->free;
	c->free = i;
}

void causes_path_added(struct causes *c, const struct device *d)
{
	for (unsigned k = 0; k < CAUSE_KINDS; k++) {
		uint64_t key = key_of(d, k);
		uint16_t i = key == 0 ? NONE : find(c, key);

		if (i == NONE && key != 0)
			i = add(c, key, k);
		if (i != NONE)
			c->table[i].total++;
	}
}

void causes_path_removed(struct causes *c, const struct device *d)
{
	for (unsigned k = 0; k < CAUSE_KINDS; k++) {
		uint64_t key = key_of(d, k);
		uint16_t i = key == 0 ? NONE : find(c, key);

		/* When the path was added, the table may have been full. */
		if (i == NONE)
			continue;
		c->table[i].total -= c->table[i].total > 0;
		tidy(c, i);
	}
}

uint32_t causes_count(struct causes *c, const struct device *d, enum cause_turn turn,
                      int by)
{
	uint32_t most = 0;

	for (unsigned k = 0; k < CAUSE_KINDS; k++) {
		uint64_t key = key_of(d, k);
		uint16_t i = key == 0 ? NONE : find(c, key);

		if (i == NONE)
			continue;
		if (by > 0)
			c->table[i].gathered[turn]++;
		else
			c->table[i].gathered[turn] -= c->table[i].gathered[turn] > 0;
		most = MAX(most, c->table[i].gathered[turn]);
		if (c->table[i].gathered[turn] == 0)
			c->table[i].examined &= (uint8_t) ~(1U << turn);
		tidy(c, i);
	}
	return most;
}

/* Paths of the part before it lost those that are reported as gone. */
static uint32_t total_of(const struct cause *e, enum cause_turn turn)
{
	return turn == TURN_GONE ? e->total + e->gathered[turn] : e->total;
}

bool causes_is_complete(const struct causes *c, const struct device *d,
                        enum cause_turn turn, uint32_t n)
{
	for (unsigned k = 0; k < CAUSE_KINDS; k++) {
		uint64_t key = key_of(d, k);
		uint16_t i = key == 0 ? NONE : find(c, key);

		if (i != NONE && c->table[i].gathered[turn] == n &&
		    total_of(&c->table[i], turn) == n)
			return true;
	}
	return false;
}

/* The members among all changes and all paths of the part: 1 if the two sets are the same. */
static bool explains_more(const struct cause *a, const struct cause *b,
                          enum cause_turn turn, uint32_t n)
{
	uint64_t all_a = (uint64_t)n + total_of(a, turn) - a->gathered[turn];
	uint64_t all_b = (uint64_t)n + total_of(b, turn) - b->gathered[turn];
	uint64_t left = a->gathered[turn] * all_b, right = b->gathered[turn] * all_a;

	return left != right ? left > right : a->kind < b->kind;
}

bool causes_best(const struct causes *c, enum cause_turn turn, uint32_t n,
                 struct cause *ret)
{
	const struct cause *best = NULL;

	for (unsigned i = 0; i < c->used; i++) {
		const struct cause *e = &c->table[i];
		uint32_t total = total_of(e, turn);

		/* A path that was added to a full table may be missing in the total. */
		if (e->gathered[turn] < CAUSE_MEMBERS_MIN || e->gathered[turn] > total ||
		    e->gathered[turn] > n || 2 * (uint64_t)e->gathered[turn] < total)
			continue;
		if (best == NULL || explains_more(e, best, turn, n))
			best = e;
	}
	if (best == NULL)
		return false;
	*ret = *best;
	ret->total = total_of(best, turn);
	return true;
}

/* Of a target through one HBA two changes are enough: it is small. An array is never suspect. */
static uint32_t suspect_from(enum cause_kind kind)
{
	if (kind == CAUSE_ARRAY)
		return UINT32_MAX;
	return kind == CAUSE_TARGET_OF_HOST ? 2 : CAUSE_MEMBERS_MIN;
}

bool causes_suspect(const struct causes *c, const struct device *d, enum cause_turn turn,
                    struct cause *ret)
{
	bool is_suspect = false;

	for (unsigned k = 0; k < CAUSE_KINDS; k++) {
		uint64_t key = key_of(d, k);
		uint16_t i = key == 0 ? NONE : find(c, key);
		const struct cause *e = i == NONE ? NULL : &c->table[i];

		if (e == NULL || e->gathered[turn] < suspect_from(k) ||
		    e->gathered[turn] >= e->total || (e->examined >> turn & 1) != 0)
			continue;
		*ret = *e;
		is_suspect = true;
	}
	return is_suspect;
}

void causes_examined(struct causes *c, const struct cause *suspect, enum cause_turn turn)
{
	uint16_t i = find(c, suspect->key);

	if (i != NONE)
		c->table[i].examined |= (uint8_t)(1U << turn);
}

bool cause_has(const struct cause *cause, const struct device *d)
{
	return key_of(d, cause->kind) == cause->key;
}

const char *cause_format(const struct cause *cause, const struct device *d, char *buf,
                         size_t size)
{
	size_t wwid = array_part(d);

	switch (cause->kind) {
	case CAUSE_TARGET_OF_HOST:
		(void)snprintf(buf, size, "target %s through %s", device_target(d),
		               device_host(d));
		return buf;
	case CAUSE_TARGET:
		(void)snprintf(buf, size, "target %s", device_target(d));
		return buf;
	case CAUSE_HOST:
		(void)snprintf(buf, size, "%s", device_host(d));
		return buf;
	case CAUSE_ARRAY:
		(void)snprintf(buf, size, "array %s %s%s%.*s%s", device_vendor(d),
		               device_product(d), wwid > 0 ? " (WWIDs " : "", (int)wwid,
		               wwid > 0 ? device_wwid(d) : "", wwid > 0 ? "…)" : "");
		return buf;
	case CAUSE_KINDS:
		break;
	}
	assert(!"a kind of cause");
	return buf;
}

const char *cause_kind_name(enum cause_kind kind)
{
	static const char *const names[CAUSE_KINDS] = {
		[CAUSE_TARGET_OF_HOST] = "target_of_host",
		[CAUSE_TARGET] = "target",
		[CAUSE_HOST] = "host",
		[CAUSE_ARRAY] = "array",
	};

	assert(kind < CAUSE_KINDS);
	return names[kind];
}

const char *cause_turn_name(enum cause_turn turn)
{
	static const char *const names[CAUSE_TURNS] = {
		[TURN_DOWN] = "down", [TURN_DOUBT] = "failing",
		[TURN_BACK] = "back", [TURN_GONE] = "removed",
		[TURN_HELD] = "held", [TURN_LET_GO] = "let_go",
	};

	assert(turn < CAUSE_TURNS);
	return names[turn];
}

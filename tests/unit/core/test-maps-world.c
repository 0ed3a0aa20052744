/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A random kernel and random checks: the rules hold all the time, and in the end daemon and kernel
 * agree. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "checkerd/core/maps_count.h"
#include "checkerd/core/maps_todo.h"
#include "tests/unit/core/maps-bed.h"
#include "tests/unit/random.h"
#include "util/macro.h"

#define WORLD_MAPS  6
#define WORLD_EACH  4
#define WORLD_STEPS 60000

/* The kernel's part: records of it come later, in order with the answers. */
struct world {
	struct random random;
	struct mono now;
	bool active[WORLD_MAPS][WORLD_EACH];
	bool there[WORLD_MAPS];
	bool good[WORLD_MAPS * WORLD_EACH];  /* what a check finds */
	bool known[WORLD_MAPS * WORLD_EACH]; /* the daemon has it as a path */
	enum path_verdict verdict[WORLD_MAPS * WORLD_EACH];
	bool to_check[WORLD_MAPS * WORLD_EACH];
	bool on, quiet, keep;
	struct {
		bool is_answer;
		uint32_t map, failed; /* news: as it was read */
		bool gone;
		struct maps_order order;
		int error;
	} ring[256];
	unsigned head, tail, flying[WORLD_MAPS * WORLD_EACH], sent;
};

static struct world w;

static bool roll(uint64_t n)
{
	return random_below(&w.random, n) == 0;
}

/* The dm thread reads a map and emits its record. */
static void read_map(uint32_t map)
{
	uint32_t failed = 0;

	for (uint32_t i = 0; i < WORLD_EACH; i++)
		failed |= (uint32_t)!w.active[map][i] << (map * WORLD_EACH + i);
	w.ring[w.tail].is_answer = false;
	w.ring[w.tail].map = map;
	w.ring[w.tail].gone = !w.there[map];
	w.ring[w.tail++ % ARRAY_LEN(w.ring)].failed = failed;
	w.tail %= ARRAY_LEN(w.ring);
	assert_true(w.tail != w.head);
}

/* The kernel executes the command, or fails it. */
static void execute(const struct maps_order *o)
{
	uint32_t minor = minor_of(o->entry), map = minor / WORLD_EACH;
	bool *active = &w.active[map][minor % WORLD_EACH];
	unsigned actives = 0;
	int error = !w.there[map] ? ENXIO : !w.quiet && roll(4) ? EBUSY : 0;

	assert_true(w.on);
	for (unsigned i = 0; i < WORLD_EACH; i++)
		actives += w.active[map][i];
	if (error == 0 && o->step == STEP_FAIL && w.keep && *active && w.quiet)
		assert_true(actives > 1);
	if (error == 0)
		*active = o->step == STEP_REINSTATE;
	w.ring[w.tail].is_answer = true;
	w.ring[w.tail].order = *o;
	w.ring[w.tail].map = minor;
	w.ring[w.tail].error = error;
	w.tail = (w.tail + 1) % ARRAY_LEN(w.ring);
	assert_true(w.tail != w.head);
	if (error == 0)
		read_map(map);
}

static void deliver(void)
{
	uint32_t minors[WORLD_EACH], map = w.ring[w.head].map, index;
	enum agreement_command c;

	if (w.head == w.tail)
		return;
	if (w.ring[w.head].is_answer) {
		w.flying[map]--;
		(void)maps_answered(maps, w.ring[w.head].order.token,
		                    w.ring[w.head].error, w.now, &c);
	} else if (w.ring[w.head].gone) {
		index = maps_find(maps, DM, map);
		if (index != MAPS_NONE)
			maps_remove(maps, index);
	} else {
		for (uint32_t i = 0; i < WORLD_EACH; i++)
			minors[i] = map * WORLD_EACH + i;
		(void)tell_n(map, WORLD_EACH, minors, w.ring[w.head].failed, w.keep,
		             w.now);
	}
	w.head = (w.head + 1) % ARRAY_LEN(w.ring);
}

/*
 * With keep_last_path no command may leave a map without an active path, as far as the loop
 * can know: by the records, less the commands without an answer.
 */
static void assert_not_the_last(const struct maps_order *o)
{
	const struct maps_path *e = maps_path(maps, o->entry);
	const struct maps_map *m = maps_get(maps, e->map);
	unsigned left = 0;

	for (uint32_t i = m->first; i != MAPS_NONE; i = maps_path(maps, i)->next)
		left += i != o->entry && maps_path(maps, i)->agreement.active &&
		        maps_path(maps, i)->path != MAPS_NONE &&
		        maps_path(maps, i)->verdict == VERDICT_USABLE &&
		        maps_path(maps, i)->agreement.in_flight != COMMAND_FAIL;
	assert_true(left > 0);
}

static void settle(unsigned limit)
{
	struct maps_order o;

	while (limit-- > 0 && maps_next(maps, w.now, &o)) {
		uint32_t minor = minor_of(o.entry);

		if (o.step == STEP_RECHECK)
			w.to_check[maps_path(maps, o.entry)->path] = true;
		if (o.step != STEP_FAIL && o.step != STEP_REINSTATE)
			continue;
		if (!w.quiet && roll(5)) {
			maps_put_back(maps, &o);
			break;
		}
		if (o.step == STEP_FAIL && w.keep)
			assert_not_the_last(&o);
		maps_sent(maps, &o);
		w.sent++;
		w.flying[minor]++;
		execute(&o);
	}
}

static void check(uint32_t path)
{
	w.to_check[path] = false;
	if (!w.known[path])
		return;
	w.verdict[path] = w.good[path] ? VERDICT_USABLE : VERDICT_UNUSABLE;
	maps_path_checked(maps, path, w.verdict[path], w.good[path], w.now);
}

static void disturb(void)
{
	uint32_t path = (uint32_t)random_below(&w.random, WORLD_MAPS * WORLD_EACH);
	uint32_t map = path / WORLD_EACH;
	bool gone;

	switch (random_below(&w.random, 8)) {
	case 0: /* the kernel, or another program, fails or reinstates a path */
		w.active[map][path % WORLD_EACH] ^= true;
		read_map(map);
		break;
	case 1:
		w.there[map] ^= true;
		for (unsigned i = 0; i < WORLD_EACH; i++)
			w.active[map][i] = true;
		read_map(map);
		break;
	case 2:
		gone = roll(2);
		if (w.known[path])
			maps_path_removed(maps, path, gone);
		else
			add_path(path, SD, path);
		w.known[path] ^= true;
		w.verdict[path] = VERDICT_NONE;
		break;
	case 3:
		w.on ^= true;
		maps_set_control(maps, w.on);
		break;
	case 4:
		check(path);
		break;
	default:
		w.good[path] ^= true;
		check(path);
		break;
	}
}

/* Nothing happens any more but what has to: everybody comes to agree. */
static void quieten(void)
{
	w.quiet = true;
	for (unsigned n = 0; n < 2000; n++) {
		w.now = mono_add(w.now, SEC);
		for (uint32_t p = 0; p < WORLD_MAPS * WORLD_EACH; p++)
			if (n == 0 || w.to_check[p])
				check(p);
		settle(1000);
		while (w.head != w.tail)
			deliver();
	}
	w.quiet = false;
}

/* Another path of the map that works and is active. */
static bool another_works(uint32_t path)
{
	uint32_t map = path / WORLD_EACH;

	for (uint32_t i = 0; i < WORLD_EACH; i++) {
		uint32_t p = map * WORLD_EACH + i;

		if (p != path && w.known[p] && w.active[map][i] &&
		    w.verdict[p] == VERDICT_USABLE)
			return true;
	}
	return false;
}

static void assert_agreement(void)
{
	for (uint32_t p = 0; p < WORLD_MAPS * WORLD_EACH; p++) {
		uint32_t map = p / WORLD_EACH;
		bool active = w.active[map][p % WORLD_EACH];

		assert_int_equal(w.flying[p], 0);
		if (!w.there[map] || !w.known[p] || !w.on)
			continue;
		if (w.verdict[p] == VERDICT_USABLE)
			assert_true(active);
		else if (!w.keep || another_works(p))
			assert_false(active);
	}
}

static void a_world(uint64_t seed, bool keep)
{
	unsigned sent;

	w = (struct world){ .random = { seed }, .now = t0, .on = true, .keep = keep };
	maps_set_control(maps, true);
	memset(w.active, true, sizeof(w.active));
	for (unsigned n = 0; n < WORLD_STEPS; n++) {
		w.now = mono_add(w.now, (int64_t)random_below(&w.random, SEC / 10));
		if (roll(3))
			disturb();
		settle((unsigned)random_below(&w.random, 4));
		for (uint32_t p = 0; p < WORLD_MAPS * WORLD_EACH; p++)
			if (w.to_check[p] && roll(3))
				check(p);
		if (roll(2) || (w.tail + ARRAY_LEN(w.ring) - w.head) % ARRAY_LEN(w.ring) >
		                       ARRAY_LEN(w.ring) / 2)
			deliver();
		if (n % 5000 == 4999) {
			quieten();
			assert_agreement();
			sent = w.sent;
			quieten(); /* and then there is nothing more to send */
			assert_int_equal(w.sent, sent);
		}
	}
	assert_true(w.sent > 1000);
}

static void whatever_happens_the_rules_hold(void **state)
{
	(void)state;
	a_world(1, true);
}

static void whatever_happens_without_keeping(void **state)
{
	(void)state;
	a_world(2, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(whatever_happens_the_rules_hold, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(whatever_happens_without_keeping, setup,
		                                teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

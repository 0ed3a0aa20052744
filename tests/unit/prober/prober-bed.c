/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/unit.h"

#include "tests/unit/prober/prober-bed.h"

#include <poll.h>
#include <string.h>

#include "libcheck/region/wire.h"
#include "tests/unit/prober/direct-files.h"

#define LIMIT_MS     120000
#define LIMIT_PULSES 200000

int64_t bed_defer_after_us = LONG_US;

struct pathcheck_options bed_options(uint32_t paths)
{
	struct pathcheck_options o;

	pathcheck_options_init(&o);
	o.mode = PATHCHECK_THREADS;
	o.max_paths = paths;
	o.rescuers = 4;
	o.setup_timeout_us = LONG_US;
	o.setup_retry_us = USEC_PER_MSEC;
	return o;
}

void bed_start(struct bed *b, const struct pathcheck_options *o)
{
	assert_false(b->running); /* its threads use all this */
	*b = (struct bed){ .running = true, .pulse = NO_PATH };
	names_init(&b->names);
	fake_reset();
	assert_int_equal(shared_create(&b->shared, o, false), 0);
	assert_true(b->shared.header->limits.ids <= BED_IDS_MAX);
	ring_producer_init(&b->commands, b->shared.commands);
	ring_consumer_init(&b->results, b->shared.results);
	b->shared.header->limits.defer_after_us = bed_defer_after_us;
	assert_int_equal(prober_start(&b->prober, &b->shared, &backends_fake), 0);
}

void bed_stop(struct bed *b)
{
	prober_stop(&b->prober);
	bed_stopped(b);
}

void bed_stopped(struct bed *b)
{
	assert_int_equal(fake_contexts(), 0);
	shared_deinit(&b->shared);
	b->running = false;
}

static void send_flags(struct bed *b, enum command_op op, uint32_t id, uint32_t host,
                       uint32_t target, int64_t timeout_us, uint32_t flags)
{
	struct command c = { .op = (uint16_t)op,
		             .id = id,
		             .generation = b->generation[id],
		             .host = (uint16_t)host,
		             .target = (uint16_t)target,
		             .flags = (uint16_t)flags,
		             .timeout_us = (uint64_t)timeout_us };

	if (op == COMMAND_ADD)
		c.checker = b->checker[id];
	assert_true(ring_push(&b->commands, &c));
}

static void send(struct bed *b, enum command_op op, uint32_t id, uint32_t host,
                 uint32_t target, int64_t timeout_us)
{
	send_flags(b, op, id, host, target, timeout_us,
	           op == COMMAND_ADD ? b->flags[id] : 0);
}

void bed_identify(struct bed *b, uint32_t id, int64_t timeout_us)
{
	send_flags(b, COMMAND_CHECK, id, 0, 0, timeout_us, COMMAND_IDENTIFY);
}

void bed_add(struct bed *b, uint32_t id, const char *name, uint32_t host)
{
	bed_add_to(b, id, name, host, 0);
}

void bed_add_to(struct bed *b, uint32_t id, const char *name, uint32_t host,
                uint32_t target)
{
	assert_false(b->used[id]);
	b->used[id] = true;
	b->generation[id]++;
	b->of[id] = (struct tally){ 0 };
	names_drop(&b->names, &b->shared, id); /* of its last life */
	assert_int_equal(names_put(&b->names, &b->shared, id, name), 0);
	send(b, COMMAND_ADD, id, host, target, 0);
}

void bed_check(struct bed *b, uint32_t id, int64_t timeout_us)
{
	send(b, COMMAND_CHECK, id, 0, 0, timeout_us);
}

void bed_check_silent(struct bed *b, uint32_t id, int64_t timeout_us, uint16_t waited_ms,
                      enum pathcheck_stage stage)
{
	/* The same places as a host and a target have. */
	send(b, COMMAND_CHECK, id, waited_ms, stage, timeout_us);
}

void bed_remove(struct bed *b, uint32_t id)
{
	b->used[id] = false;
	send(b, COMMAND_REMOVE, id, 0, 0, 0);
}

void bed_flush(struct bed *b)
{
	shared_wake(&b->shared.header->submitter_waits, b->shared.submitter_fd);
}

static void count(struct tally *t, const struct wire_result *w)
{
	t->last = *w;
	t->late += w->late;
	t->final += wire_is_final(w->verdict) && w->verdict != WIRE_RELEASED;
	switch (w->verdict) {
	case PATHCHECK_OK:
		t->ok++;
		break;
	case PATHCHECK_FAILED:
		t->failed++;
		break;
	case PATHCHECK_DEVICE_ERROR:
		t->device++;
		break;
	case PATHCHECK_DISCONNECTED:
		t->disconnected++;
		break;
	case PATHCHECK_NOT_JUDGED:
		t->not_judged++;
		break;
	case PATHCHECK_TIMED_OUT:
		t->timed_out++;
		break;
	case PATHCHECK_DEFERRED:
		t->deferred++;
		break;
	case WIRE_RELEASED:
		t->released++;
		break;
	default:
		fail();
	}
}

static bool take_one(struct bed *b)
{
	struct wire_result w;

	if (!ring_pop(&b->results, &w))
		return false;
	/* Sent before, or just when, its path was removed: the library drops these too. */
	if (w.generation != b->generation[w.id] ||
	    (!b->used[w.id] && w.verdict != WIRE_RELEASED)) {
		b->stale++;
		return true;
	}
	count(&b->of[w.id], &w);
	if (w.id != b->pulse)
		count(&b->all, &w);
	return true;
}

static void wait_for_one(struct bed *b)
{
	struct pollfd pfd = { .fd = b->shared.caller_fd, .events = POLLIN };

	while (!take_one(b)) {
		shared_going_to_wait(&b->shared.header->caller_waits);
		if (take_one(b))
			return;
		assert_int_equal(poll(&pfd, 1, LIMIT_MS), 1);
		shared_drain(b->shared.caller_fd);
	}
}

void bed_until(struct bed *b, const unsigned *counter, unsigned n)
{
	bed_flush(b);
	while (*counter < n)
		wait_for_one(b);
	assert_int_equal(*counter, n);
}

void bed_final(struct bed *b, uint32_t id, unsigned n)
{
	bed_flush(b);
	while (b->of[id].final < n)
		wait_for_one(b);
	assert_int_equal(b->of[id].final, n);
}

void bed_pulse_begin(struct bed *b, const char *name)
{
	b->pulse = b->shared.header->limits.ids - 1;
	bed_add(b, b->pulse, name, 0);
	assert_true(bed_pulse(b));
}

bool bed_pulse(struct bed *b)
{
	const struct tally *t = &b->of[b->pulse];

	bed_check(b, b->pulse, LONG_US);
	bed_final(b, b->pulse, t->final + 1);
	return t->final < LIMIT_PULSES;
}

enum pathcheck_group_state bed_group(struct bed *b, uint32_t group)
{
	return (enum pathcheck_group_state)atomic_load(&b->shared.groups[group].state);
}

/* --- files --- */

void bed_add_file(struct bed *b, uint32_t id, const char *file, uint32_t host)
{
	char name[FILE_NAME_MAX];

	files_name(name, file);
	bed_add(b, id, name, host);
}

void bed_pulse_begin_file(struct bed *b, const char *file)
{
	char name[FILE_NAME_MAX];

	files_name(name, file);
	bed_pulse_begin(b, name);
}

void bed_hold_file(const char *file)
{
	char name[FILE_NAME_MAX];

	files_name(name, file);
	fake_hold(name);
}

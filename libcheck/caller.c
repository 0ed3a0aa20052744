/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a caller tells its prober, and its table of paths: caller.h. The caller's thread. */
#include "libcheck/caller.h"

uint32_t caller_commands_used(struct pathcheck *pc)
{
	uint32_t used = ring_producer_used(&pc->commands);

	pc->wild = pc->wild || used == RING_WRONG;
	return used;
}

void caller_send(struct pathcheck *pc, enum command_op op, uint32_t id, uint16_t flags)
{
	const struct entry *e = &pc->entries[id];
	struct command c = { .op = (uint16_t)op,
		             .id = id,
		             .generation = e->generation,
		             .flags = flags,
		             .timeout_us = e->timeout_us };

	if (op == COMMAND_CHECK) {
		c.flags |= e->identify ? COMMAND_IDENTIFY : 0;
		c.waited_ms = e->waited_ms;
		c.waited_stage = e->waited_stage;
	} else {
		if (op == COMMAND_ADD) {
			c.flags |= e->flags;
			c.timeout_us = 0;
			c.checker = e->checker;
			c.read_every = e->read_every;
		}
		c.host = e->host;
		c.target = e->target;
	}
	/* The clock is read once for all commands that are published together. */
	if (ring_unpublished(&pc->commands) == 0)
		pc->queued_at = mono_now();
	/*
	 * There is room, by limits.h or because has_room() said so, unless the prober is
	 * faulty.
	 */
	if (!ring_put(&pc->commands, &c))
		pc->wild = true;
}

void caller_flush(struct pathcheck *pc)
{
	/* wakeup.pml: PUBLISH, WAKE */
	uint32_t used = caller_commands_used(pc);

	if (used == 0)
		return;
	if (used == ring_unpublished(&pc->commands))
		heartbeat_begin(&pc->heartbeat, mono_now());
	ring_publish(&pc->commands);
	shared_wake(&pc->shared.header->submitter_waits, pc->shared.submitter_fd);
}

void caller_free_id(struct pathcheck *pc, uint32_t id)
{
	/* prober.pml: ACCEPT */
	struct entry *e = &pc->entries[id];

	names_drop(&pc->names, &pc->shared, id);
	e->state = ENTRY_FREE;
	e->next = pc->free_head;
	pc->free_head = id;
}

int64_t caller_oldest_us(const struct pathcheck *pc, struct mono now)
{
	int64_t oldest = 0;

	for (uint32_t id = 0; id < pc->ids_end; id++) {
		const struct entry *e = &pc->entries[id];

		if (e->state == ENTRY_USED && e->asked.outstanding)
			oldest = MAX(oldest, mono_diff(now, e->asked_at));
	}
	return oldest;
}

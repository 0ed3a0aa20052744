/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes SCSI commands to nodes of the sg driver: sg_write.h. The submitter and runners. */
#include "libcheck/prober/sg_write.h"

#include <errno.h>

/* After this the kernel starts its error handling: long after the check's own deadline. */
static uint32_t kernel_timeout_ms(const struct slot *s)
{
	return (uint32_t)MIN(MAX(2 * s->timeout_us, KERNEL_TIMEOUT_LEAST_US) /
	                             USEC_PER_MSEC,
	                     (int64_t)INT32_MAX);
}

void sg_write_prepare(struct group *g, struct slot *s)
{
	struct scsi_exchange *x = &s->request.scsi;
	struct checker_step step = { .step = s->step, .block = s->block };

	if (s->state != SLOT_ORPHANED)
		step.memory = atomic_load(&g->with.paths[s->path].memory);
	*x = (struct scsi_exchange){ .timeout_ms = kernel_timeout_ms(s) };
	group_checker(g, s)->command(&step, &x->command);
	s->ask = x->command.request & 7;
	s->request.fd = s->fd;
	s->request.slot = group_index(g, s);
	s->request.buffer =
	        buffers_of(&g->buffers, group_index(g, s), x->command.data_size);
}

void sg_write_begin(struct sg_write *w, struct group *g, struct slot *s, uint64_t number,
                    struct mono now)
{
	/* An orphan is not written: groups that paths use keep their context. */
	*w = (struct sg_write){
		.slot = s,
		.context = s->state == SLOT_ORPHANED ? NULL : g->context,
		.number = number,
		.before = now,
		.result = -ENOMEM,
	};
	if (w->context == NULL)
		return;
	group_enter(g, s);
	s->engine = PATHCHECK_ENGINE_SG;
	s->started = now;
	if (s->tries == 0)
		s->first = now;
	s->batch = number;
	g->submitting++;
}

void sg_write_do(struct sg_write *w, struct group *g)
{
	struct backend_request *request = &w->slot->request;

	if (w->context != NULL &&
	    (request->scsi.command.data_size == 0 || request->buffer != NULL))
		w->result = group_backend(g)->submit(w->context, &request, 1);
}

/*
 * The answer ends the check, whatever the reaper knows of it. Results of a check that were reported
 * before may wait for the reaper: this one would overtake them.
 */
static bool ends_well(const struct group *g, const struct slot *s)
{
	const struct checker *c = group_checker(g, s);

	return c->is_good_answer != NULL && c->is_good_answer(&s->request.scsi.answer) &&
	       s->state == SLOT_QUEUED && !s->deferred && !s->reported && !s->late &&
	       !s->identify && !s->closes;
}

/* The kernel has the command, or its answer is there. True: wake the reaper. */
static bool is_written(const struct sg_write *w, struct group *g, struct mono now,
                       struct result_batch *results)
{
	struct slot *s = w->slot;

	if (!s->in_kernel || s->batch != w->number)
		return false; /* the reaper read its answer before this */
	if (w->result < 0 || w->result == BACKEND_ANSWERED) {
		group_leave(g, s);
		if (results != NULL && w->result == BACKEND_ANSWERED && ends_well(g, s)) {
			results_add(results, s, PATHCHECK_OK, 0, now);
			group_give_back(g, s);
			return false;
		}
		s->result = MIN(w->result, 0);
		slot_list_append(&g->done, s);
		return !g->wake_sent;
	}
	if (!s->waiting)
		return false;
	/* The write may have slept: then it is not known when the kernel took it. */
	return group_launch(
	        g, s, mono_diff(now, w->before) >= SUBMIT_SLOW_US ? now : w->before);
}

bool sg_write_end(const struct sg_write *w, struct group *g, struct mono now,
                  struct result_batch *results)
{
	bool wake;

	if (w->context == NULL) {
		w->slot->result = w->result;
		slot_list_append(&g->done, w->slot);
		return !g->wake_sent;
	}
	wake = is_written(w, g, now, results);
	g->submitting--;
	/* It waits for this thread alone, if the answer has overtaken it. */
	return wake || (g->submitting == 0 && g->state == PATHCHECK_GROUP_RETIRING);
}

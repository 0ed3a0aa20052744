/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the batches of calls, except while the main loop has one. The control thread runs it. The
 * memory of a batch counts as borrowed until the batch is freed.
 */
#include "checkerd/control/bulk.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkerd/control/operation.h"
#include "checkerd/control/reply.h"
#include "checkerd/control/selection.h"

/* Names in the reason of a refusal. */
#define MAPS_NAMED  6
#define PATHS_NAMED 6

struct words {
	char text[4 * 1024];
	size_t used;
};

static_assert(MAPS_NAMED * (MAP_NAME_MAX + PATHS_NAMED * (DEVICE_NAME_MAX + 2) + 16) +
                              256 <=
                      sizeof(((struct words *)NULL)->text),
              "the reason fits");

static void _printf_(2, 3) say(struct words *w, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(w->text + w->used, sizeof(w->text) - w->used, format, args);
	va_end(args);
	assert(n >= 0);
	w->used = MIN(w->used + (size_t)n, sizeof(w->text) - 1);
}

/* --- the batch --- */

void bulk_prepare(struct service *s, struct call *c)
{
	const struct request *q = &c->request;
	struct port_batch *b;

	if (q->method->op == PORT_RELEASE && !q->has_names && !request_selects(q)) {
		operation_for_daemon(s, c);
		return;
	}
	if (!selection_of_paths_to_change(s, c))
		return;
	b = budget_borrow(&s->budget, &c->borrower, port_batch_bytes(c->n_selected));
	if (b == NULL) {
		reply_busy(c, "too many large requests at once: try again");
		return;
	}
	c->batch = b;
	b->named = !request_selects(q);
	b->force = q->force;
	b->empty = q->fail;
	b->n = c->n_selected;
	for (uint32_t i = 0; i < b->n; i++) {
		const struct snap_path *p = &c->view->snap->paths[c->selected[i]];

		b->items[i].device = device_ref(p->device);
		b->items[i].index = p->index;
		b->items[i].generation = p->generation;
	}
	operation_for_daemon(s, c);
}

void bulk_cancel(struct service *s, struct call *c)
{
	size_t size;

	if (c->batch == NULL)
		return;
	size = port_batch_bytes(c->batch->n);
	if (c->batch_sent) {
		budget_pass(&s->budget, &c->borrower, size);
	} else {
		port_batch_drop(c->batch);
		budget_return(&s->budget, &c->borrower, c->batch, size);
	}
	c->batch = NULL;
	c->batch_sent = false;
}

/* --- the answer --- */

/* Of the first map of the path; "": it is in none. */
static const char *map_of(const struct port_item *t)
{
	if (t->map != NULL)
		return t->map->name;
	return device_map(t->device) != NULL ? device_map(t->device) : "";
}

static int compare_items(const void *a, const void *b)
{
	const struct port_item *x = a, *y = b;
	int r = strcmp(map_of(x), map_of(y));

	return r != 0 ? r : strcmp(device_name(x->device), device_name(y->device));
}

/* Why a path was not changed, by the error of port.h. */
static const char *refusal(int error)
{
	switch (error) {
	case EPERM:
		return "dm_control is off: checkerd changes nothing in device-mapper";
	case ENXIO:
		return "it is in no map of device-mapper";
	case EXDEV:
		return "another disk is under its number: it is barred until it leaves "
		       "the map";
	case EIO:
		return "its checks fail: it is reinstated when they succeed";
	case EINPROGRESS:
		return "it is held: unsetmarginal ends the hold";
	case EAGAIN:
		return "it is still held: MARGINAL_REASON says why";
	default:
		return "the main loop refuses";
	}
}

static void say_name(struct words *w, unsigned n, unsigned max, const char *before,
                     const char *name)
{
	if (n < max)
		say(w, "%s%s", n == 0 ? "" : before, name);
}

/* Names the maps that would lose their last usable path, and these paths. */
static void say_last(struct words *w, const struct port_batch *b)
{
	unsigned maps = 0, paths = 0;
	const char *map = NULL;

	say(w, "nothing is changed, because this takes the last usable path of ");
	for (uint32_t i = 0; i < b->n; i++) {
		const struct port_item *t = &b->items[i];

		if (t->error != EBUSY)
			continue;
		if (map == NULL || strcmp(map, map_of(t)) != 0) {
			if (maps > 0 && maps <= MAPS_NAMED)
				say(w, "%s)", paths > PATHS_NAMED ? ", ..." : "");
			map = map_of(t);
			paths = 0;
			if (maps < MAPS_NAMED)
				say(w, "%smap %s (", maps == 0 ? "" : ", ", map);
			maps++;
		}
		if (maps <= MAPS_NAMED)
			say_name(w, paths, PATHS_NAMED, ", ", device_name(t->device));
		paths++;
	}
	if (maps <= MAPS_NAMED)
		say(w, "%s)", paths > PATHS_NAMED ? ", ..." : "");
	else
		say(w, ", and %u other maps", maps - MAPS_NAMED);
	say(w, ": wait until another path is up, or use --force");
}

/* Paths with that error: the first names, and why. */
static void say_paths(struct words *w, const struct port_batch *b, int error)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < b->n; i++)
		if (b->items[i].error == error)
			say_name(w, n++, PATHS_NAMED, ", ",
			         device_name(b->items[i].device));
	if (n > PATHS_NAMED)
		say(w, " and %u others", n - PATHS_NAMED);
	say(w, ": %s", refusal(error));
}

static const struct port_item *first_with(const struct port_batch *b, int error)
{
	for (uint32_t i = 0; i < b->n; i++)
		if (b->items[i].error == error)
			return &b->items[i];
	return NULL;
}

static void reply_refusal(struct call *c, int error)
{
	const struct port_item *first = first_with(c->batch, error);
	struct words w = { .used = 0 };

	if (first == NULL) {
		reply_busy(c, "the main loop refuses");
		return;
	}
	if (error == ESTALE) {
		reply_error(c, REPLY_CONTROL_ERROR("NoSuchPath"), "path",
		            device_name(first->device));
		return;
	}
	if (error == EBUSY)
		say_last(&w, c->batch);
	else
		say_paths(&w, c->batch, error);
	if (text_new(&c->answer, w.text, w.used) < 0)
		reply_busy(c, "not enough memory: try again");
	else
		reply_error(c, REPLY_CONTROL_ERROR("NotPossible"), "reason",
		            c->answer->data);
}

/* The others are done. */
static int failure_of(const struct port_batch *b)
{
	static const int errors[] = { EIO, EINPROGRESS, EAGAIN };

	for (size_t i = 0; i < ARRAY_LEN(errors); i++)
		if (first_with(b, errors[i]) != NULL)
			return errors[i];
	return 0;
}

void bulk_conclude(struct service *s, struct call *c)
{
	struct port_batch *b = c->batch;
	int error = c->targets[0].error;

	if (b == NULL) {
		operation_conclude(s, c);
		return;
	}
	qsort(b->items, b->n, sizeof(b->items[0]), compare_items);
	if (error == 0)
		error = failure_of(b);
	if (error != 0)
		reply_refusal(c, error);
}

enum piece bulk_write(struct service *s, struct call *c, struct jw *j)
{
	const struct port_batch *b = c->batch;
	struct reply *r = &c->reply;
	const struct port_item *t;
	uint32_t n = 0;

	(void)s;
	if (!r->begun) {
		reply_begin(c, j);
		for (uint32_t i = 0; b != NULL && i < b->n; i++)
			n += b->items[i].error == 0;
		jw_key(j, "paths");
		jw_uint(j, n);
		jw_key(j, "maps");
		jw_array(j);
		r->text = "";
		return PIECE_MORE;
	}
	if (b == NULL || r->at == b->n) {
		jw_array_end(j);
		return reply_end(j);
	}
	t = &b->items[r->at++];
	if (t->error == 0 && strcmp(r->text, map_of(t)) != 0) {
		r->text = map_of(t);
		jw_string(j, r->text);
	}
	return PIECE_MORE;
}

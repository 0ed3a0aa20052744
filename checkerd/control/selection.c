/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns call->selected, which is borrowed. The control thread runs it. */
#include "checkerd/control/selection.h"

#include "checkerd/control/reply.h"

typedef uint32_t find_name(const struct view *v, int dev_fd, const char *name);

/* False: *ret_unknown is a name that was not found; NULL: there is no memory, and the reply is
 * set. */
static bool select_names(struct service *s, struct call *c, find_name *find,
                         bool with_history, const char **ret_unknown)
{
	const struct request *q = &c->request;
	const char *name = q->names;

	*ret_unknown = NULL;
	c->selected = budget_borrow(&s->budget, &c->borrower,
	                            q->n_names * sizeof(*c->selected));
	if (c->selected == NULL) {
		reply_busy(c, "too many large requests at once: try again");
		return false;
	}
	for (uint32_t i = 0; i < q->n_names; i++, name = request_next_name(name)) {
		c->selected[i] = find(c->view, s->dev_fd, name);
		if (c->selected[i] != REGISTRY_NONE ||
		    (with_history && changes_first(s->changes, name) != NULL))
			continue;
		*ret_unknown = name;
		return false;
	}
	return true;
}

static bool select_paths(struct service *s, struct call *c, bool with_history)
{
	const char *unknown;

	if (view_make_path_names(c->view) < 0) {
		reply_busy(c, "not enough memory: try again");
		return false;
	}
	if (select_names(s, c, view_find_path, with_history, &unknown))
		return true;
	if (unknown != NULL)
		reply_error(c, REPLY_CONTROL_ERROR("NoSuchPath"), "path", unknown);
	return false;
}

bool selection_of_paths(struct service *s, struct call *c)
{
	return select_paths(s, c, false);
}

bool selection_of_histories(struct service *s, struct call *c)
{
	return select_paths(s, c, true);
}

bool selection_of_maps(struct service *s, struct call *c)
{
	const char *unknown;

	if (view_make_map_names(c->view) < 0) {
		reply_busy(c, "not enough memory: try again");
		return false;
	}
	if (select_names(s, c, view_find_map, false, &unknown))
		return true;
	if (unknown != NULL)
		reply_error(c, REPLY_CONTROL_ERROR("NoSuchMap"), "map", unknown);
	return false;
}

uint32_t selection_count(const struct call *c, uint32_t all)
{
	return c->selected != NULL ? c->request.n_names : all;
}

uint32_t selection_at(const struct call *c, uint32_t i)
{
	return c->selected != NULL ? c->selected[i] : i;
}

void selection_release(struct service *s, struct call *c)
{
	budget_return(&s->budget, &c->borrower, c->selected,
	              c->request.n_names * sizeof(*c->selected));
	c->selected = NULL;
}

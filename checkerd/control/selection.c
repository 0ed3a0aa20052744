/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns call->selected, which is borrowed. The control thread runs it. */
#include "checkerd/control/selection.h"

#include <stdio.h>
#include <string.h>

#include "checkerd/control/reply.h"

typedef uint32_t find_name(const struct view *v, int dev_fd, const char *name);

/* False: there is no memory, and the reply is set. */
static bool make_room(struct service *s, struct call *c, uint32_t n)
{
	c->selected = budget_borrow(&s->budget, &c->borrower, n * sizeof(*c->selected));
	if (c->selected == NULL) {
		reply_busy(c, "too many large requests at once: try again");
		return false;
	}
	c->selected_max = n;
	return true;
}

/* False: *ret_unknown is a name that was not found; NULL: there is no memory, and the reply is
 * set. */
static bool select_names(struct service *s, struct call *c, find_name *find,
                         bool with_history, const char **ret_unknown)
{
	const struct request *q = &c->request;
	const char *name = q->names;

	*ret_unknown = NULL;
	if (!make_room(s, c, q->n_names))
		return false;
	for (uint32_t i = 0; i < q->n_names; i++, name = request_next_name(name)) {
		c->selected[i] = find(c->view, s->dev_fd, name);
		if (c->selected[i] != REGISTRY_NONE ||
		    (with_history && changes_first(s->changes, name) != NULL))
			continue;
		*ret_unknown = name;
		return false;
	}
	c->n_selected = q->n_names;
	return true;
}

static bool select_path_names(struct service *s, struct call *c, bool with_history)
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

static bool select_all(struct service *s, struct call *c)
{
	uint32_t n = c->view->snap->n_paths;

	if (!make_room(s, c, n))
		return false;
	while (c->n_selected < n) {
		c->selected[c->n_selected] = c->n_selected;
		c->n_selected++;
	}
	return true;
}

/* False: the request names a map that there is not, or there is no memory; the reply is set. */
static bool find_map(struct service *s, struct call *c, const char **ret_name)
{
	uint32_t map;

	*ret_name = NULL;
	if (c->request.select.map == NULL)
		return true;
	if (view_make_map_names(c->view) < 0) {
		reply_busy(c, "not enough memory: try again");
		return false;
	}
	map = view_find_map(c->view, s->dev_fd, c->request.select.map);
	if (map == REGISTRY_NONE) {
		reply_error(c, REPLY_CONTROL_ERROR("NoSuchMap"), "map",
		            c->request.select.map);
		return false;
	}
	*ret_name = c->view->maps[map].name;
	return true;
}

static bool is_text(const char *wanted, const char *text)
{
	return wanted == NULL || (text != NULL && strcmp(wanted, text) == 0);
}

static bool is_selected(const struct call *c, const struct snap_path *p, const char *map)
{
	const struct request *q = &c->request;
	unsigned kind = p->enabled ? (unsigned)p->status.state : PATH_KIND_DISABLED;

	return is_text(q->select.host, device_host(p->device)) &&
	       is_text(q->select.target, device_target(p->device)) &&
	       is_text(map, view_path_map(c->view->snap, p)) &&
	       (q->select.states == 0 || (q->select.states >> kind & 1) != 0);
}

/* Keeps those of the selected paths that have the properties that the request gives. */
static bool narrow(struct service *s, struct call *c)
{
	const char *map;
	uint32_t kept = 0;

	if (!find_map(s, c, &map))
		return false;
	for (uint32_t i = 0; i < c->n_selected; i++)
		if (is_selected(c, &c->view->snap->paths[c->selected[i]], map))
			c->selected[kept++] = c->selected[i];
	c->n_selected = kept;
	return true;
}

bool selection_of_paths(struct service *s, struct call *c)
{
	const struct request *q = &c->request;

	if (!(q->has_names ? select_path_names(s, c, false) : select_all(s, c)))
		return false;
	return !request_selects(q) || narrow(s, c);
}

bool selection_of_paths_to_change(struct service *s, struct call *c)
{
	struct request *q = &c->request;

	if (!q->has_names && !request_selects(q)) {
		(void)snprintf(q->detail, sizeof(q->detail), "paths");
		reply_problem(c, REQUEST_BAD_PARAMETER);
		return false;
	}
	if (!selection_of_paths(s, c))
		return false;
	if (c->n_selected > 0 || !request_selects(q))
		return true;
	(void)snprintf(q->detail, sizeof(q->detail),
	               "no path has%s%.60s%s%.60s%s%.60s%s: see checkerctl show paths",
	               q->select.host != NULL ? " host " : "",
	               q->select.host != NULL ? q->select.host : "",
	               q->select.target != NULL ? " target " : "",
	               q->select.target != NULL ? q->select.target : "",
	               q->select.map != NULL ? " map " : "",
	               q->select.map != NULL ? q->select.map : "",
	               q->select.states != 0 ? " one of these states" : "");
	reply_error(c, REPLY_CONTROL_ERROR("NothingSelected"), "reason", q->detail);
	return false;
}

bool selection_of_histories(struct service *s, struct call *c)
{
	return select_path_names(s, c, true);
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
	return c->selected != NULL ? c->n_selected : all;
}

uint32_t selection_at(const struct call *c, uint32_t i)
{
	return c->selected != NULL ? c->selected[i] : i;
}

void selection_release(struct service *s, struct call *c)
{
	budget_return(&s->budget, &c->borrower, c->selected,
	              c->selected_max * sizeof(*c->selected));
	c->selected = NULL;
	c->n_selected = c->selected_max = 0;
}

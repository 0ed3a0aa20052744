/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing. The control thread runs this. */
#include "checkerd/control/explaining.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkerd/control/devlink.h"
#include "checkerd/control/document_hold.h"
#include "checkerd/control/document_path.h"
#include "checkerd/control/operation.h"
#include "checkerd/control/reply.h"

#define NEXT_TEXT_MAX 192

/* --- the request --- */

/* The kernel's name of a device that is watched, else the target of a link, else what was asked. */
static const char *name_asked(struct service *s, struct call *c, char link[DEVLINK_MAX])
{
	const char *asked = c->request.detail;
	uint32_t at = view_find_path(c->view, s->dev_fd, asked);

	if (at != REGISTRY_NONE)
		return device_name(c->view->snap->paths[at].device);
	if (strncmp(asked, "/dev/", 5) == 0 && devlink_read(s->dev_fd, asked, link) == 0)
		return link;
	return asked;
}

void explaining_prepare(struct service *s, struct call *c)
{
	char link[DEVLINK_MAX];

	if (view_make_path_names(c->view) < 0)
		reply_busy(c, "not enough memory: try again");
	else
		operation_for_explanation(s, c, name_asked(s, c, link));
}

void explaining_conclude(struct service *s, struct call *c)
{
	operation_conclude(s, c);
	if (c->reply.piece == NULL && !c->explanation->found)
		reply_error(c, REPLY_CONTROL_ERROR("NoSuchDevice"), "device",
		            c->request.detail);
}

/* --- the reply --- */

static void key_string(struct jw *j, const char *key, const char *value)
{
	jw_key(j, key);
	jw_string(j, value);
}

static const char *known(const char *text)
{
	return text != NULL && text[0] != '\0' ? text : NULL;
}

static void key_place(struct jw *j, const struct explanation_place *at)
{
	key_string(j, "file", known(at->file));
	jw_key(j, "line");
	if (at->file[0] != '\0')
		jw_uint(j, at->line);
	else
		jw_null(j);
}

static void key_rule(struct jw *j, const char *key, const struct explanation_rule *r)
{
	jw_key(j, key);
	if (r->section == NULL) {
		jw_null(j);
		return;
	}
	jw_object(j);
	key_string(j, "section", r->section);
	key_string(j, "keyword", r->keyword);
	key_string(j, "expression", r->expression);
	key_place(j, &r->at);
	jw_object_end(j);
}

static void write_device(struct jw *j, const struct explanation *e)
{
	const struct device *d = e->device;
	char devt[24];

	key_string(j, "device", e->name);
	key_string(j, "node", d == NULL ? NULL : device_node(d));
	if (d != NULL)
		(void)snprintf(devt, sizeof(devt), "%u:%u", d->devt_major, d->devt_minor);
	key_string(j, "devt",
	           d != NULL && (d->devt_major != 0 || d->devt_minor != 0) ? devt : NULL);
	key_string(j, "wwid", d == NULL ? NULL : device_wwid(d));
	key_string(j, "vendor", d == NULL ? NULL : device_vendor(d));
	key_string(j, "product", d == NULL ? NULL : device_product(d));
	key_string(j, "protocol", d == NULL ? NULL : device_protocol(d));
	key_string(j, "host", d == NULL ? NULL : device_host(d));
	jw_key(j, "watched");
	jw_bool(j, e->watched);
	key_string(j, "why", known(e->why));
	key_string(j, "checker", e->checker);
	key_string(j, "checker_why", known(e->checker_why));
}

static void write_setting(struct jw *j, const struct explanation_setting *s)
{
	jw_object(j);
	key_string(j, "keyword", s->keyword);
	key_string(j, "value", s->value);
	key_string(j, "section", s->section);
	key_place(j, &s->at);
	jw_object_end(j);
}

/* --- what happens next --- */

static void next(struct jw *j, const char *format, ...) _printf_(2, 3);
static void next(struct jw *j, const char *format, ...)
{
	char text[NEXT_TEXT_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	jw_string(j, text);
}

static double seconds(int64_t us)
{
	return (double)MAX(us, INT64_C(0)) / (double)USEC_PER_SEC;
}

static const char *setting_of(const struct explanation *e, const char *keyword)
{
	for (unsigned i = 0; i < e->n_settings; i++)
		if (strcmp(e->settings[i].keyword, keyword) == 0)
			return e->settings[i].value;
	return "1";
}

static void next_check(struct jw *j, const struct snapshot *s, const struct snap_path *p)
{
	int64_t age_us = mono_diff(s->taken, p->started);

	if (p->outstanding && p->started.us != 0 && age_us > (int64_t)p->timeout_us)
		next(j,
		     "its check has been in the kernel for %.0f s: if an answer comes, "
		     "it "
		     "counts",
		     seconds(age_us));
	else if (p->outstanding && p->started.us != 0)
		next(j, "its check is running, and times out in %.1f s",
		     seconds(p->timeout_us - age_us));
	else if (!mono_is_never(p->due))
		next(j, "it is %s again in %.1f s",
		     device_is_observed(p->device) ? "looked at" : "checked",
		     seconds(mono_diff(p->due, s->taken)));
}

/* "it goes down after 3 failed checks in a row" */
static void next_change(struct jw *j, const char *change, const char *checks,
                        const char *result)
{
	if (strcmp(checks, "1") == 0)
		next(j, "%s one %s check", change, result);
	else
		next(j, "%s %s %s checks in a row", change, checks, result);
}

static void next_state(struct jw *j, const struct explanation *e,
                       const struct snapshot *s, const struct snap_path *p)
{
	if (!p->enabled && mono_is_never(p->due)) {
		next(j, "its checks start again with checkerctl enable");
		return;
	}
	if (!p->enabled) {
		next(j, "its checks start again in %.0f s",
		     seconds(mono_diff(p->due, s->taken)));
		return;
	}
	if (p->checker == CHECKER_NONE && !device_is_observed(p->device)) {
		next(j, "it is not checked, because path_checker is none");
		return;
	}
	next_check(j, s, p);
	if (device_is_observed(p->device))
		next(j, "the kernel decides its state");
	else if (path_state_usable(p->status.state))
		next_change(j, "it goes down after", setting_of(e, "fail_checks"),
		            "failed");
	else
		next_change(j, "it comes up after", setting_of(e, "recover_checks"),
		            "successful");
}

static void next_hold(struct jw *j, const struct snapshot *s, const struct snap_path *p)
{
	char text[DOCUMENT_HOLD_TEXT_MAX];

	if (document_hold_text(s, p, text) != NULL)
		next(j, "it is %s", text);
}

static void next_in_map(struct jw *j, const struct snapshot *s, const struct snap_path *p)
{
	const struct snap_map_path *m = snap_in_map(s, p);

	if (m == NULL)
		return;
	if (m->barred)
		next(j, "it stays out of use in its map until it leaves the map, because "
		        "another disk is there");
	else if (p->forced)
		next(j, "it stays failed in its map until checkerctl reinstate");
	else if (m->kept)
		next(j, "it is not failed in its map while no other path is usable");
	if (!s->dm_control)
		next(j, "no command goes to device-mapper, because dm_control is off");
}

static void write_state(struct jw *j, const struct call *c, const struct explanation *e)
{
	const struct snapshot *s = c->view->snap;
	uint32_t at = view_find_path(c->view, -1, e->name);

	jw_key(j, "path");
	if (at != REGISTRY_NONE) {
		jw_object(j);
		document_path_state(j, s, &s->paths[at]);
		jw_object_end(j);
	} else {
		jw_null(j);
	}
	jw_key(j, "next");
	jw_array(j);
	if (at != REGISTRY_NONE) {
		next_state(j, e, s, &s->paths[at]);
		next_hold(j, s, &s->paths[at]);
		next_in_map(j, s, &s->paths[at]);
	} else if (e->watched) {
		next(j, "it is being added; or there is no room for it, see max_paths");
	}
	jw_array_end(j);
}

/* The device, the rules, each setting, the state. */
enum piece explaining_write(struct service *s, struct call *c, struct jw *j)
{
	const struct explanation *e = c->explanation;
	struct reply *r = &c->reply;

	(void)s;
	if (!r->begun) {
		reply_begin(c, j);
		write_device(j, e);
		return PIECE_MORE;
	}
	if (r->at == 0) {
		key_rule(j, "rule", &e->rule);
		key_rule(j, "exception", &e->exception);
		jw_key(j, "settings");
		jw_array(j);
	} else if (r->at <= e->n_settings) {
		write_setting(j, &e->settings[r->at - 1]);
	} else {
		jw_array_end(j);
		write_state(j, c, e);
		return reply_end(j);
	}
	r->at++;
	return PIECE_MORE;
}

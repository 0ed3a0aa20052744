/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing: checks texts, and adds to the reader's configuration. Runs on the thread that reads
 * the configuration. */
#include "checkerd/config/window_text.h"

#include <stdio.h>

#include "checkerd/config/nearest.h"

static_assert(MAINTENANCE_WINDOWS_MAX == 30, "the message below has this number");

static bool read_days(struct reader *r, const struct window_value *v, uint8_t *ret)
{
	static const char *const words[] = {
		"daily", "Mon", "Tue", "Wed",     "Thu",
		"Fri",   "Sat", "Sun", "Mon-Fri", "Sat,Sun"
	};
	char quoted[PROBLEM_QUOTE_SIZE];
	struct nearest near;

	if (v->text == NULL || calendar_parse_days(v->text, ret) == 0)
		return true;
	nearest_init(&near, v->text);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		nearest_try(&near, words[i]);
	problem_error(&r->problems, &v->at,
	              "days %s: must be days such as Sat,Sun or Mon-Fri, or daily%s%s%s",
	              problem_quote(quoted, v->text),
	              near.best != NULL ? ": did you mean " : "",
	              near.best != NULL ? near.best : "", near.best != NULL ? "?" : "");
	return false;
}

static bool read_minute(struct reader *r, const struct window_text *t,
                        const char *keyword, const struct window_value *v, uint16_t *ret)
{
	char quoted[PROBLEM_QUOTE_SIZE];

	if (v->text == NULL) {
		if (v->at.line == 0)
			problem_error(&r->problems, &t->at,
			              "window without %s: add '%s 02:00' to it", keyword,
			              keyword);
		return false;
	}
	if (calendar_parse_minute(v->text, ret) == 0)
		return true;
	problem_error(&r->problems, &v->at,
	              "%s %s: must be a time of the day such as 02:00, 24:00 at most",
	              keyword, problem_quote(quoted, v->text));
	return false;
}

static bool read_date(struct reader *r, const struct window_text *t, struct calendar *ret)
{
	char quoted[PROBLEM_QUOTE_SIZE];

	if (t->date.text == NULL)
		return true;
	if (calendar_parse_date(t->date.text, ret) < 0) {
		problem_error(&r->problems, &t->date.at,
		              "date %s: must be a day such as 2026-12-24",
		              problem_quote(quoted, t->date.text));
		return false;
	}
	if (t->days.text == NULL)
		return true;
	problem_error(&r->problems, &t->days.at,
	              "days beside a date: remove one of the two");
	return false;
}

static bool read_when(struct reader *r, const struct window_text *t, struct calendar *ret)
{
	bool fine;

	*ret = (struct calendar){ .days = CALENDAR_EVERY_DAY };
	fine = read_days(r, &t->days, &ret->days);
	fine = read_date(r, t, ret) && fine;
	fine = read_minute(r, t, "from", &t->from, &ret->from) && fine;
	fine = read_minute(r, t, "to", &t->to, &ret->to) && fine;
	if (!fine)
		return false;
	if (ret->from != ret->to && ret->from < CALENDAR_DAY_MINUTES && ret->to > 0)
		return true;
	problem_error(&r->problems, &t->to.at,
	              "a window from %s to %s: for a whole day write from 00:00 and "
	              "to 24:00",
	              t->from.text, t->to.text);
	return false;
}

static char *place_of(const struct position *at)
{
	char *place;

	return asprintf(&place, "%s:%u", at->file, at->line) < 0 ? NULL : place;
}

bool window_text_commit(struct reader *r, const struct window_text *t,
                        struct maintenance_window *w)
{
	struct maintenance *m = &r->config->rules->maintenance;
	struct maintenance_window *windows;

	if (!read_when(r, t, &w->when))
		return false;
	if (w->host == NULL && w->target == NULL && w->map == NULL &&
	    w->devnode == NULL && !w->force) {
		problem_error(&r->problems, &t->at,
		              "window for all paths: it would leave no map a path: add "
		              "host, target, map or devnode, or 'force yes'");
		return false;
	}
	if (m->n == MAINTENANCE_WINDOWS_MAX) {
		problem_error(&r->problems, &t->at,
		              "more than 30 windows: join some, or remove old ones");
		return false;
	}
	windows = array_room(m->windows, m->n, sizeof(*windows));
	if (windows != NULL)
		m->windows = windows;
	w->place = place_of(&t->at);
	if (windows == NULL || w->place == NULL) {
		r->problems.oom = true;
		return false;
	}
	windows[m->n++] = *w;
	return true;
}

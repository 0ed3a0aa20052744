/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing. The control thread runs this. */
#include "checkerd/control/document_hold.h"

#include <stdio.h>

static void write_time(struct jw *j, const struct snapshot *s, hold_time t)
{
	if (t == 0)
		jw_null(j);
	else
		jw_time(j, s->taken_realtime_us + mono_diff(hold_time_mono(t), s->taken));
}

static enum hold_why why_of(const struct snap_path *p)
{
	return (enum hold_why)p->held_why;
}

static bool is_spared(const struct snapshot *s, const struct snap_path *p)
{
	const struct snap_map_path *in_map = snap_in_map(s, p);

	return in_map != NULL && in_map->spared;
}

/* How long the hold lasts at least. 0: its time is over, or it has none. */
static int64_t left_us(const struct snapshot *s, const struct snap_path *p)
{
	if (p->held_until == 0)
		return 0;
	return MAX(mono_diff(hold_time_mono(p->held_until), s->taken), 0);
}

void document_marginal(struct jw *j, const struct snapshot *s, const struct snap_path *p)
{
	(void)s;
	jw_bool(j, p->held_why != HOLD_NONE);
}

void document_marginal_reason(struct jw *j, const struct snapshot *s,
                              const struct snap_path *p)
{
	(void)s;
	jw_string(j, hold_why_name(why_of(p)));
}

void document_hold_since(struct jw *j, const struct snapshot *s,
                         const struct snap_path *p)
{
	write_time(j, s, p->held_why == HOLD_NONE ? 0 : p->held_since);
}

void document_hold_until(struct jw *j, const struct snapshot *s,
                         const struct snap_path *p)
{
	write_time(j, s, p->held_until);
}

void document_hold_used(struct jw *j, const struct snapshot *s, const struct snap_path *p)
{
	jw_bool(j, is_spared(s, p));
}

void document_hold_failures(struct jw *j, const struct snapshot *s,
                            const struct snap_path *p)
{
	(void)s;
	jw_uint(j, p->hold_failures);
}

void document_held_for(struct jw *j, const struct snapshot *s, const struct snap_path *p)
{
	if (p != NULL && left_us(s, p) > 0)
		jw_seconds(j, left_us(s, p));
	else
		jw_null(j);
}

void document_failures_in_row(struct jw *j, const struct snapshot *s,
                              const struct snap_path *p)
{
	(void)s;
	jw_uint(j, (uint64_t)MAX(-p->status.streak, 0));
}

/* jw_seconds() writes the decimals of the percentage, too. */
void document_error_share(struct jw *j, const struct snapshot *s,
                          const struct snap_path *p)
{
	(void)s;
	if (error_share_checks(&p->share) > 0)
		jw_seconds(j, error_share_permille(&p->share) * USEC_PER_SEC / 10);
	else
		jw_null(j);
}

void document_error_share_checks(struct jw *j, const struct snapshot *s,
                                 const struct snap_path *p)
{
	(void)s;
	jw_uint(j, error_share_checks(&p->share));
}

const char *document_hold_text(const struct snapshot *s, const struct snap_path *p,
                               char buf[DOCUMENT_HOLD_TEXT_MAX])
{
	const char *why = hold_why_name(why_of(p)), *end = hold_why_end(why_of(p));
	int64_t left = (left_us(s, p) + USEC_PER_SEC - 1) / USEC_PER_SEC;

	if (why == NULL)
		return NULL;
	if (is_spared(s, p))
		(void)snprintf(buf, DOCUMENT_HOLD_TEXT_MAX,
		               "held (%s), but used: last usable path", why);
	else if (p->sampled)
		(void)snprintf(buf, DOCUMENT_HOLD_TEXT_MAX,
		               "held (%s): sampled for %lld s more; ends %s", why,
		               (long long)left, end);
	else if (left > 0)
		(void)snprintf(buf, DOCUMENT_HOLD_TEXT_MAX,
		               "held (%s) for %lld s at least; ends %s", why,
		               (long long)left, end);
	else
		(void)snprintf(buf, DOCUMENT_HOLD_TEXT_MAX, "held (%s); ends %s", why,
		               end);
	return buf;
}

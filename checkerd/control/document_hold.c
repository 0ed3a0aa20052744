/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing. The control thread runs this. */
#include "checkerd/control/document_hold.h"

#include <stdio.h>

static void key_time(struct jw *j, const char *key, const struct snapshot *s, hold_time t)
{
	jw_key(j, key);
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

void document_hold(struct jw *j, const struct snapshot *s, const struct snap_path *p)
{
	jw_key(j, "marginal");
	jw_bool(j, p->held_why != HOLD_NONE);
	jw_key(j, "marginal_reason");
	jw_string(j, hold_why_name(why_of(p)));
	key_time(j, "hold_since", s, p->held_since);
	key_time(j, "hold_until", s, p->held_until);
	jw_key(j, "hold_used");
	jw_bool(j, is_spared(s, p));
	jw_key(j, "hold_failures");
	jw_uint(j, p->hold_failures);
}

void document_held_for(struct jw *j, const struct snapshot *s, const struct snap_path *p)
{
	jw_key(j, "held_for_s");
	if (p != NULL && left_us(s, p) > 0)
		jw_seconds(j, left_us(s, p));
	else
		jw_null(j);
}

/* jw_seconds() writes the decimals of the percentage, too. */
void document_failures(struct jw *j, const struct snap_path *p)
{
	jw_key(j, "failures_in_row");
	jw_uint(j, (uint64_t)MAX(-p->status.streak, 0));
	jw_key(j, "error_share_percent");
	if (error_share_checks(&p->share) > 0)
		jw_seconds(j, error_share_permille(&p->share) * USEC_PER_SEC / 10);
	else
		jw_null(j);
	jw_key(j, "error_share_checks");
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing: writes a path of a snapshot as JSON. The control thread runs this. Each key has its
 * writer, because most clients request a few keys: what they do not request costs nothing.
 */
#include "checkerd/control/document_path.h"

#include <stdio.h>
#include <string.h>

#include "checkerd/control/document_hold.h"
#include "checkerd/control/engine_words.h"
#include "checkerd/control/view.h"
#include "checkerd/core/loss.h"

#define CHECKER_WHY_TEXT_MAX 128

/* Writes the value of one key. */
typedef void write_value(struct jw *j, const struct snapshot *s,
                         const struct snap_path *p);

static void date_or_null(struct jw *j, const struct snapshot *s, struct mono t,
                         bool known)
{
	if (known)
		jw_time(j, s->taken_realtime_us + mono_diff(t, s->taken));
	else
		jw_null(j);
}

static void seconds_or_null(struct jw *j, int64_t us, bool known)
{
	if (known)
		jw_seconds(j, us);
	else
		jw_null(j);
}

/* --- what it is --- */

static void write_devt(struct jw *j, const struct snapshot *s, const struct snap_path *p)
{
	const struct device *d = p->device;
	char devt[24];

	(void)s;
	(void)snprintf(devt, sizeof(devt), "%u:%u", d->devt_major, d->devt_minor);
	jw_string(j, d->devt_major != 0 || d->devt_minor != 0 ? devt : NULL);
}

static void write_map(struct jw *j, const struct snapshot *s, const struct snap_path *p)
{
	jw_string(j, view_path_map(s, p));
}

/* --- its state --- */

static void write_state(struct jw *j, const struct snapshot *s, const struct snap_path *p)
{
	(void)s;
	jw_string(j, view_path_state(p));
}

static void write_since(struct jw *j, const struct snapshot *s, const struct snap_path *p)
{
	date_or_null(j, s, p->status.since, true);
}

/* What its map does with the path when that explains more than the last failure. */
static const char *path_reason(const struct snapshot *s, const struct snap_path *p,
                               char buf[OVERDUE_TEXT_MAX])
{
	const struct snap_map_path *in_map = snap_in_map(s, p);

	if (in_map != NULL && in_map->barred)
		return "another disk is there: barred from its map";
	if (p->overdue)
		return overdue_format(p->why, mono_diff(s->taken, p->heard),
		                      &p->status.reason, buf, OVERDUE_TEXT_MAX);
	if (p->status.state == PATH_PENDING && p->why.cause == OVERDUE_NOT_JUDGED) {
		(void)snprintf(buf, OVERDUE_TEXT_MAX, "not checked: ");
		(void)overdue_cause_format(p->why, buf + strlen(buf),
		                           OVERDUE_TEXT_MAX - strlen(buf));
		return buf;
	}
	if (path_state_usable(p->status.state) && document_hold_text(s, p, buf) != NULL)
		return buf;
	return reason_format(&p->status.reason, buf, OVERDUE_TEXT_MAX);
}

static void write_reason(struct jw *j, const struct snapshot *s,
                         const struct snap_path *p)
{
	char buf[OVERDUE_TEXT_MAX];
	const char *reason = path_reason(s, p, buf);

	jw_string(j, reason[0] != '\0' ? reason : NULL);
}

static void write_errno(struct jw *j, const struct snapshot *s, const struct snap_path *p)
{
	(void)s;
	if (p->status.reason.error != 0)
		jw_uint(j, (uint64_t)p->status.reason.error);
	else
		jw_null(j);
}

static void write_loss(struct jw *j, const struct snapshot *s, const struct snap_path *p)
{
	(void)s;
	jw_string(j, loss_name(loss_of(p->status.state, &p->status.reason)));
}

const char *document_dm_state(const struct snap_map_path *in_map)
{
	if (in_map == NULL)
		return NULL;
	return in_map->active ? "active" : "failed";
}

static void write_dm_state(struct jw *j, const struct snapshot *s,
                           const struct snap_path *p)
{
	jw_string(j, document_dm_state(snap_in_map(s, p)));
}

static void write_sysfs_state(struct jw *j, const struct snapshot *s,
                              const struct snap_path *p)
{
	(void)s;
	jw_string(j, sysfs_word_text(p->sysfs.device));
}

static void write_access_state(struct jw *j, const struct snapshot *s,
                               const struct snap_path *p)
{
	(void)s;
	jw_string(j, sysfs_word_text(p->sysfs.access));
}

/* --- how it is checked --- */

/* A path that is only observed has no checker. */
static void write_checker(struct jw *j, const struct snapshot *s,
                          const struct snap_path *p)
{
	(void)s;
	jw_string(j, device_is_observed(p->device)
	                     ? "ana"
	                     : checker_kind_name((enum checker_kind)p->checker));
}

/* It may be "hardware table: DGC VRAID". */
static void write_checker_why(struct jw *j, const struct snapshot *s,
                              const struct snap_path *p)
{
	const char *vendor = device_vendor(p->device);
	const char *product = device_product(p->device);
	const char *why = checker_why_text((enum checker_why)p->checker_why);
	char text[CHECKER_WHY_TEXT_MAX];

	(void)s;
	if (p->checker_why == CHECKER_WHY_HARDWARE && vendor != NULL && product != NULL) {
		(void)snprintf(text, sizeof(text), "%s: %.32s %.64s", why, vendor,
		               product);
		why = text;
	}
	jw_string(j, device_is_observed(p->device) ? NULL : why);
}

static void write_engine(struct jw *j, const struct snapshot *s,
                         const struct snap_path *p)
{
	(void)s;
	jw_string(j, engine_word((enum pathcheck_engine)p->engine));
}

static void write_group(struct jw *j, const struct snapshot *s, const struct snap_path *p)
{
	(void)s;
	if (p->group != PATH_GROUP_NONE)
		jw_uint(j, p->group);
	else
		jw_null(j);
}

static void write_enabled(struct jw *j, const struct snapshot *s,
                          const struct snap_path *p)
{
	(void)s;
	jw_bool(j, p->enabled);
}

/* "window FILE:LINE"; NULL: its place is not known. */
static const char *window_words(const struct snapshot *s, const struct snap_path *p,
                                char buf[static JW_STRING_MAX])
{
	const struct text *t = s->window_places;
	size_t at = 0;

	for (unsigned i = 1; t != NULL && i < p->window && at < t->size; i++)
		at += strlen(t->data + at) + 1;
	if (t == NULL || p->window == 0 || at >= t->size)
		return NULL;
	(void)snprintf(buf, JW_STRING_MAX, "window %s", t->data + at);
	return buf;
}

static void write_disabled_by(struct jw *j, const struct snapshot *s,
                              const struct snap_path *p)
{
	char words[JW_STRING_MAX];

	if (p->enabled)
		jw_null(j);
	else
		jw_string(j, p->by_hand ? "by hand" : window_words(s, p, words));
}

static void write_disabled_since(struct jw *j, const struct snapshot *s,
                                 const struct snap_path *p)
{
	date_or_null(j, s, p->heard, !p->enabled);
}

static void write_disabled_until(struct jw *j, const struct snapshot *s,
                                 const struct snap_path *p)
{
	date_or_null(j, s, p->due, !p->enabled && !mono_is_never(p->due));
}

static void write_slow(struct jw *j, const struct snapshot *s, const struct snap_path *p)
{
	(void)s;
	jw_bool(j, p->slow);
}

static void write_forced(struct jw *j, const struct snapshot *s,
                         const struct snap_path *p)
{
	(void)s;
	jw_bool(j, p->forced);
}

static void write_barred(struct jw *j, const struct snapshot *s,
                         const struct snap_path *p)
{
	const struct snap_map_path *in_map = snap_in_map(s, p);

	jw_bool(j, in_map != NULL && in_map->barred);
}

/* --- when it is checked --- */

static void write_interval(struct jw *j, const struct snapshot *s,
                           const struct snap_path *p)
{
	(void)s;
	jw_seconds(j, p->interval_us);
}

static void write_timeout(struct jw *j, const struct snapshot *s,
                          const struct snap_path *p)
{
	(void)s;
	jw_seconds(j, p->timeout_us);
}

static void write_last_check(struct jw *j, const struct snapshot *s,
                             const struct snap_path *p)
{
	date_or_null(j, s, p->last, p->last.us != 0);
}

static void write_next_check(struct jw *j, const struct snapshot *s,
                             const struct snap_path *p)
{
	seconds_or_null(j, MAX(mono_diff(p->due, s->taken), 0), !mono_is_never(p->due));
}

static void write_in_flight(struct jw *j, const struct snapshot *s,
                            const struct snap_path *p)
{
	seconds_or_null(j, MAX(mono_diff(s->taken, p->started), 0),
	                p->outstanding && p->started.us != 0);
}

static void write_overdue(struct jw *j, const struct snapshot *s,
                          const struct snap_path *p)
{
	(void)s;
	jw_bool(j, p->overdue);
}

/* A reload may have changed interval and timeout after the path became overdue. */
static void write_overdue_since(struct jw *j, const struct snapshot *s,
                                const struct snap_path *p)
{
	struct mono since =
	        mono_add(p->heard, p->interval_us + p->timeout_us + OVERDUE_MARGIN_US);

	date_or_null(j, s, mono_min(since, s->taken), p->overdue);
}

static void write_last_good(struct jw *j, const struct snapshot *s,
                            const struct snap_path *p)
{
	date_or_null(j, s, p->good, p->good.us != 0);
}

/* --- what was counted --- */

#define COUNTER(name)                                                    \
	static void write_##name(struct jw *j, const struct snapshot *s, \
	                         const struct snap_path *p)              \
	{                                                                \
		(void)s;                                                 \
		jw_uint(j, p->counters.name);                            \
	}
COUNTER(checks)
COUNTER(failures)
COUNTER(timeouts)
COUNTER(device_errors)
COUNTER(deferred)
COUNTER(transitions)
#undef COUNTER

static void write_latency(struct jw *j, const struct snapshot *s,
                          const struct snap_path *p)
{
	static const char *const keys[] = { "last", "p50", "p99", "max" };
	const uint32_t latencies[] = { p->last_us, p->p50_us, p->p99_us, p->max_us };

	(void)s;
	jw_object(j);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		jw_key(j, keys[i]);
		if (p->has_latency)
			jw_uint(j, latencies[i]);
		else
			jw_null(j);
	}
	jw_object_end(j);
}

static void write_latency_counts(struct jw *j, const struct snapshot *s,
                                 const struct snap_path *p)
{
	(void)s;
	if (!p->has_latency) {
		jw_null(j);
		return;
	}
	jw_array(j);
	for (unsigned i = 0; i < HISTOGRAM_CELLS; i++)
		jw_uint(j, p->cells[i]);
	jw_array_end(j);
}

/* --- the object --- */

/* Where the keys of PathStateNow are. */
#define STATE_FIRST 14
#define STATE_END   22

static const struct {
	const char *key;
	write_value *value; /* NULL: it is a text of the device */
	enum device_text text;
} keys[] = {
	{ "name", NULL, DEVICE_TEXT_name },
	{ "device", NULL, DEVICE_TEXT_node },
	{ "devt", write_devt, 0 },
	{ "alias", NULL, DEVICE_TEXT_alias },
	{ "map", write_map, 0 },
	{ "wwid", NULL, DEVICE_TEXT_wwid },
	{ "hcil", NULL, DEVICE_TEXT_hcil },
	{ "vendor", NULL, DEVICE_TEXT_vendor },
	{ "product", NULL, DEVICE_TEXT_product },
	{ "revision", NULL, DEVICE_TEXT_revision },
	{ "serial", NULL, DEVICE_TEXT_serial },
	{ "protocol", NULL, DEVICE_TEXT_protocol },
	{ "host", NULL, DEVICE_TEXT_host },
	{ "target", NULL, DEVICE_TEXT_target },
	[STATE_FIRST] = { "state", write_state, 0 },
	{ "state_since", write_since, 0 },
	{ "reason", write_reason, 0 },
	{ "errno", write_errno, 0 },
	{ "loss", write_loss, 0 },
	{ "dm_state", write_dm_state, 0 },
	{ "sysfs_state", write_sysfs_state, 0 },
	{ "access_state", write_access_state, 0 },
	[STATE_END] = { "checker", write_checker, 0 },
	{ "checker_why", write_checker_why, 0 },
	{ "engine", write_engine, 0 },
	{ "group", write_group, 0 },
	{ "enabled", write_enabled, 0 },
	{ "disabled_by", write_disabled_by, 0 },
	{ "disabled_since", write_disabled_since, 0 },
	{ "disabled_until", write_disabled_until, 0 },
	{ "slow", write_slow, 0 },
	{ "marginal", document_marginal, 0 },
	{ "marginal_reason", document_marginal_reason, 0 },
	{ "hold_since", document_hold_since, 0 },
	{ "hold_until", document_hold_until, 0 },
	{ "hold_used", document_hold_used, 0 },
	{ "hold_failures", document_hold_failures, 0 },
	{ "interval_s", write_interval, 0 },
	{ "timeout_s", write_timeout, 0 },
	{ "last_check", write_last_check, 0 },
	{ "next_check_in_s", write_next_check, 0 },
	{ "in_flight_s", write_in_flight, 0 },
	{ "overdue", write_overdue, 0 },
	{ "overdue_since", write_overdue_since, 0 },
	{ "last_good", write_last_good, 0 },
	{ "checks_total", write_checks, 0 },
	{ "failures_total", write_failures, 0 },
	{ "timeouts_total", write_timeouts, 0 },
	{ "device_errors_total", write_device_errors, 0 },
	{ "deferred_total", write_deferred, 0 },
	{ "transitions_total", write_transitions, 0 },
	{ "failures_in_row", document_failures_in_row, 0 },
	{ "error_share_percent", document_error_share, 0 },
	{ "error_share_checks", document_error_share_checks, 0 },
	{ "latency_us", write_latency, 0 },
	{ "latency_counts", write_latency_counts, 0 },
	{ "forced", write_forced, 0 },
	{ "barred", write_barred, 0 },
	{ "held_for_s", document_held_for, 0 },
};

static_assert(ARRAY_LEN(keys) == DOCUMENT_PATH_KEYS, "each bit has a key");
static_assert(DOCUMENT_PATH_KEYS < 64, "a set of keys is a number");

const char *document_path_key(unsigned i)
{
	return keys[i].key;
}

static void write_keys(struct jw *j, const struct snapshot *s, const struct snap_path *p,
                       uint64_t set)
{
	for (; set != 0; set &= set - 1) {
		unsigned i = (unsigned)__builtin_ctzll(set);

		jw_key(j, keys[i].key);
		if (keys[i].value != NULL)
			keys[i].value(j, s, p);
		else
			jw_string(j, device_text(p->device, keys[i].text));
	}
}

void document_path(struct jw *j, const struct snapshot *s, const struct snap_path *p,
                   uint64_t set)
{
	jw_object(j);
	write_keys(j, s, p, set);
	jw_object_end(j);
}

void document_path_state(struct jw *j, const struct snapshot *s,
                         const struct snap_path *p)
{
	static_assert(STATE_FIRST < STATE_END && STATE_END < DOCUMENT_PATH_KEYS, "bits");
	write_keys(j, s, p, (UINT64_C(1) << STATE_END) - (UINT64_C(1) << STATE_FIRST));
}

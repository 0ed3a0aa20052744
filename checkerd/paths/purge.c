/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the paths that wait for their deletion, and the description of the disk that is being
 * deleted. The loop only. */
#include "checkerd/paths/purge.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#define ORDER_LIMIT_US USEC_PER_SEC

static_assert(ORDER_LIMIT_US <= PURGE_FRESH_US, "an answer is two times as old at most");

void purge_init(struct purge *g, const struct purge_parts *parts)
{
	*g = (struct purge){ .parts = *parts };
}

void purge_deinit(struct purge *g)
{
	g->device = device_unref(g->device);
}

/* A check of the path completed. Runs where no memory may be allocated. */
static void on_completed(void *userdata, uint32_t path, int error, enum path_state state)
{
	struct purge *g = userdata;
	const struct checks_listener *next = &g->parts.next;
	const struct path *p;

	next->completed(next->userdata, path, error, state);
	if (error != 0 || state != PATH_DISCONNECTED || g->n_waiting == PURGE_WAITING)
		return;
	p = registry_get(g->parts.checks->registry, path);
	if (!p->settings.purge)
		return;
	g->waiting[(g->first + g->n_waiting++) % PURGE_WAITING] =
	        (struct purge_candidate){ path, p->generation };
}

struct checks_listener purge_listener(struct purge *g)
{
	return (struct checks_listener){ .completed = on_completed, .userdata = g };
}

static const char *known(const char *text)
{
	return text == NULL ? "not known" : text;
}

/* What a user can do. error: negative errno. */
static const char *remedy_of(const struct purger_result *r)
{
	if (r->no_program)
		return "install checkerd-purger, or name it in the environment as "
		       "CHECKERD_PURGER";
	if (r->error == -EROFS)
		return "allow checkerd.service to write: ReadWritePaths=/sys/devices in "
		       "a drop-in";
	if (r->error == -EACCES || r->error == -EPERM)
		return "run checkerd as root, and examine the security module";
	return "delete it by hand: echo 1 > device/delete in its directory of sysfs";
}

/* The result is about this disk only: it is gone, another one is there, or the order was late. */
static bool is_of_disk(const struct purger_result *r)
{
	return !r->no_program && (r->error == -ESTALE || r->error == -ENOENT ||
	                          r->error == -ENODEV || r->error == -ETIME);
}

static void report_deleted(struct purge *g, const struct purger_result *r)
{
	const struct device *d = g->device;

	events_path(
	        g->parts.events, EVENT_PATH_REMOVED, LOG_NOTICE, d,
	        "deleted from this host (%s, WWID %s): for %.0f s its target said that "
	        "it has no such unit (05/25/00); the deletion took %.3f s",
	        device_hcil(d), known(device_wwid(d)),
	        (double)g->disconnected_us / (double)USEC_PER_SEC,
	        (double)r->took_us / (double)USEC_PER_SEC);
}

static void report_not_deleted(struct purge *g, const struct purger_result *r)
{
	if (is_of_disk(r)) {
		events_path(g->parts.events, EVENT_ENGINE, LOG_INFO, g->device,
		            "not deleted (%s): %s", device_hcil(g->device),
		            r->error == -ESTALE  ? "another disk is there now"
		            : r->error == -ETIME ? "the order came too late"
		                                 : "it is gone");
		return;
	}
	if (g->reported == r->error)
		return;
	g->reported = r->error;
	events_path(g->parts.events, EVENT_ENGINE, LOG_WARNING, g->device,
	            "disconnected, and cannot be deleted (%s): %s (%s); %s",
	            device_hcil(g->device), strerrordesc_np(-r->error),
	            strerrorname_np(-r->error), remedy_of(r));
}

void purge_take(struct purge *g, struct mono now)
{
	struct purger_result r;

	if (!purger_take(g->parts.purger, &r))
		return;
	if (r.error == 0) {
		g->deleted++;
		g->reported = 0;
		report_deleted(g, &r);
	} else {
		g->failed++;
		report_not_deleted(g, &r);
		if (!is_of_disk(&r))
			g->not_before = mono_add(now, PURGE_PAUSE_US);
	}
	g->device = device_unref(g->device);
}

/* The rule cannot be applied without the number: once, because no disk of this kernel has one. */
static void report_no_number(struct purge *g, const struct path *p)
{
	if (g->no_number_reported)
		return;
	g->no_number_reported = true;
	events_path(
	        g->parts.events, EVENT_ENGINE, LOG_WARNING, p->device,
	        "disconnected, and cannot be deleted: the kernel has no sequence number "
	        "of the disk (diskseq), so another disk could be deleted; use Linux 5.15 "
	        "or newer");
}

static void order(struct purge *g, const struct path *p, struct mono now)
{
	const struct device *d = p->device;
	struct purger_order o = {
		.disk = { .devt_major = d->devt_major,
		          .devt_minor = d->devt_minor,
		          .diskseq = d->diskseq },
		.until = mono_add(now, ORDER_LIMIT_US),
	};

	(void)snprintf(o.disk.hcil, sizeof(o.disk.hcil), "%s", device_hcil(d));
	if (!purger_delete(g->parts.purger, &o))
		return; /* It has a result that was not taken yet. */
	g->device = device_ref(p->device);
	g->since = now;
	g->disconnected_us = mono_diff(now, p->status.since);
	g->slow_reported = false;
}

static void consider(struct purge *g, const struct purge_candidate *c, struct mono now)
{
	struct registry *registry = g->parts.checks->registry;
	const struct path *p = registry_get(registry, c->path);

	if (p == NULL || p->generation != c->generation)
		return;
	switch (purge_rule(registry, g->parts.maps, c->path, now)) {
	case PURGE_ALLOWED:
		order(g, p, now);
		break;
	case PURGE_NO_NUMBER:
		report_no_number(g, p);
		break;
	case PURGE_NOT_WANTED:
	case PURGE_NOT_CONFIRMED:
	case PURGE_HELD:
	case PURGE_NOT_SCSI:
	case PURGE_NO_MAP:
	case PURGE_IN_USE:
	case PURGE_BARRED:
	case PURGE_LAST:
		break;
	}
}

#define SLOW_WHY "the kernel waits for its requests, or for its HBA; other deletions wait"

static void report_slow(struct purge *g)
{
	g->slow_reported = true;
	events_path(g->parts.events, EVENT_ENGINE, LOG_WARNING, g->device,
	            "its deletion (%s) takes longer than %d s: " SLOW_WHY,
	            device_hcil(g->device), (int)(PURGE_SLOW_US / USEC_PER_SEC));
}

void purge_run(struct purge *g, struct mono now)
{
	if (g->device != NULL && !g->slow_reported &&
	    mono_diff(now, g->since) >= PURGE_SLOW_US)
		report_slow(g);
	while (g->device == NULL && g->n_waiting > 0) {
		struct purge_candidate c = g->waiting[g->first];

		g->first = (g->first + 1) % PURGE_WAITING;
		g->n_waiting--;
		if (g->parts.dm->control && !mono_before(now, g->not_before))
			consider(g, &c, now);
	}
}

struct mono purge_next(const struct purge *g)
{
	return g->device == NULL || g->slow_reported ? MONO_NEVER
	                                             : mono_add(g->since, PURGE_SLOW_US);
}

const char *purge_warning(const struct purge *g, struct mono now,
                          char buf[PURGE_WARNING_SIZE])
{
	buf[0] = '\0';
	if (g->device == NULL || mono_diff(now, g->since) < PURGE_SLOW_US)
		return buf;
	(void)snprintf(buf, PURGE_WARNING_SIZE,
	               "%s: its deletion (%s) takes %.0f s so far: " SLOW_WHY,
	               device_name(g->device), device_hcil(g->device),
	               (double)mono_diff(now, g->since) / (double)USEC_PER_SEC);
	return buf;
}

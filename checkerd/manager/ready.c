/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing but its own state. The loop only. */
#include "checkerd/manager/ready.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void ready_init(struct ready *r, const struct notify *n, struct mono deadline)
{
	*r = (struct ready){ .notify = n, .deadline = deadline, .next = MONO_NEVER };
}

void ready_summary(char *buf, size_t size, const uint32_t by_kind[PATH_KINDS])
{
	uint64_t total = 0;
	size_t used;

	for (int s = 0; s < PATH_KINDS; s++)
		total += by_kind[s];
	(void)snprintf(buf, size, "%" PRIu64 " path%s", total, total == 1 ? "" : "s");
	for (int s = 0, n = 0; s < PATH_KINDS; s++) {
		if (by_kind[s] == 0)
			continue;
		used = strlen(buf);
		(void)snprintf(buf + used, size - used, "%s %" PRIu32 " %s",
		               n++ == 0 ? ":" : ",", by_kind[s],
		               s == PATH_KIND_DISABLED
		                       ? "disabled"
		                       : path_state_name((enum path_state)s));
	}
}

static void send_status(struct ready *r, const uint32_t by_kind[PATH_KINDS],
                        struct mono now)
{
	char line[256] = "STATUS=";
	size_t n = strlen(line);

	if (r->shown_any && memcmp(r->shown, by_kind, sizeof(r->shown)) == 0)
		return;
	if (mono_before(now, r->status_at)) {
		r->next = mono_min(r->next, r->status_at);
		return;
	}
	ready_summary(line + n, sizeof(line) - n, by_kind);
	r->status_at = mono_add(now, READY_STATUS_US);
	if (notify_send(r->notify, line) < 0) {
		r->next = mono_min(r->next, r->status_at);
		return;
	}
	memcpy(r->shown, by_kind, sizeof(r->shown));
	r->shown_any = true;
}

bool ready_update(struct ready *r, const uint32_t by_kind[PATH_KINDS], bool complete,
                  struct mono now)
{
	bool now_ready = !r->ready && (complete || !mono_before(now, r->deadline));

	if (now_ready)
		r->ready = r->unsent = true;
	r->next = r->ready ? MONO_NEVER : r->deadline;
	if (r->unsent && !r->reloading) {
		if (notify_send(r->notify, "READY=1") == 0)
			r->unsent = false;
		else
			r->next = mono_add(now, READY_RETRY_US);
	}
	send_status(r, by_kind, now);
	return now_ready;
}

void ready_reload_begins(struct ready *r, struct mono now)
{
	char line[80];

	if (!r->ready)
		return; /* READY=1 was not sent yet. */
	r->reloading = true;
	(void)snprintf(line, sizeof(line), "RELOADING=1\nMONOTONIC_USEC=%" PRIi64,
	               now.us);
	/* When this message is lost, READY=1 alone does no harm. */
	(void)!notify_send(r->notify, line);
}

void ready_reload_ends(struct ready *r)
{
	r->unsent = r->unsent || r->reloading;
	r->reloading = false;
}

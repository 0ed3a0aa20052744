/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing. Pure; any thread. */
#include "checkerd/core/overdue.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/macro.h"

struct overdue_why overdue_find(const struct overdue_engine *e,
                                const struct overdue_path *p)
{
	struct overdue_why why = { .cause = OVERDUE_NO_RESULT };

	if (e->no_prober) {
		why.cause = OVERDUE_NO_PROBER;
	} else if (p->error != 0 && !sysfs_state_is_transitioning(&p->sysfs)) {
		why.cause = OVERDUE_NOT_JUDGED;
		why.stage = p->stage;
		why.error = p->error;
	} else if (p->changing || sysfs_state_is_transitioning(&p->sysfs)) {
		why.cause = OVERDUE_TRANSITION;
	} else if (p->deferred) {
		why.cause = OVERDUE_DEFERRED;
	} else if (e->no_commands) {
		why.cause = OVERDUE_NO_COMMANDS;
	}
	return why;
}

void overdue_add(struct overdue_tally *t, struct overdue_why why)
{
	assert(why.cause < OVERDUE_CAUSE_COUNT_);
	t->total++;
	t->by_cause[why.cause]++;
	t->last[why.cause] = why;
}

struct overdue_why overdue_most(const struct overdue_tally *t)
{
	unsigned most = 0;

	assert(t->total > 0);
	for (unsigned i = 1; i < OVERDUE_CAUSE_COUNT_; i++)
		if (t->by_cause[i] > t->by_cause[most])
			most = i;
	return t->last[most];
}

const char *overdue_cause_format(struct overdue_why why, char *buf, size_t size)
{
	const struct reason not_judged = { .kind = OUTCOME_NOT_JUDGED,
		                           .stage = why.stage,
		                           .error = why.error };
	const char *text = "its check has not come back";

	assert(size > 0);
	switch (why.cause) {
	case OVERDUE_NO_PROBER:
		text = "no prober is running";
		break;
	case OVERDUE_NOT_JUDGED:
		if (why.error == EOPNOTSUPP) {
			text = "its path_checker does not suit the device";
			break;
		}
		return reason_format(&not_judged, buf, size);
	case OVERDUE_TRANSITION:
		text = "its target port changes its access state";
		break;
	case OVERDUE_DEFERRED:
		text = "its check is deferred: no rescuer or AIO slot is free";
		break;
	case OVERDUE_NO_COMMANDS:
		text = "the engine takes no commands";
		break;
	case OVERDUE_NO_RESULT:
	case OVERDUE_CAUSE_COUNT_:
		break;
	}
	(void)snprintf(buf, size, "%s", text);
	return buf;
}

const char *overdue_format(struct overdue_why why, int64_t since_us,
                           const struct reason *before, char *buf, size_t size)
{
	char cause[OVERDUE_CAUSE_TEXT_MAX], reason[REASON_TEXT_MAX];

	(void)overdue_cause_format(why, cause, sizeof(cause));
	(void)reason_format(before, reason, sizeof(reason));
	(void)snprintf(buf, size, "not checked for %lld s: %s%s%s",
	               (long long)(since_us / USEC_PER_SEC), cause,
	               reason[0] != '\0' ? "; before: " : "", reason);
	return buf;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing. The loop only. */
#include "checkerd/paths/prober_end.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "checkerd/core/state.h"

static void format_signal(int32_t number, char *buf, size_t size)
{
	const char *name = sigabbrev_np(number);

	if (name != NULL)
		(void)snprintf(buf, size, "signal SIG%s", name);
	else
		(void)snprintf(buf, size, "signal %" PRIi32, number);
}

static void format_no_start(int32_t error, char *buf, size_t size)
{
	const char *words = strerrordesc_np(error), *name = strerrorname_np(error);

	(void)snprintf(buf, size, "it cannot be started: %s (%s)",
	               words != NULL ? words : "unknown error",
	               name != NULL ? name : "?");
}

const char *prober_end_format(enum pathcheck_end end, int32_t code, char *buf,
                              size_t size)
{
	buf[0] = '\0';
	switch (end) {
	case PATHCHECK_END_NONE:
		break;
	case PATHCHECK_END_EXITED:
		(void)snprintf(buf, size, "exit status %" PRIi32, code);
		break;
	case PATHCHECK_END_SIGNAL:
		format_signal(code, buf, size);
		break;
	case PATHCHECK_END_STALLED:
		(void)snprintf(buf, size, "it made no progress and was killed");
		break;
	case PATHCHECK_END_WILD:
		(void)snprintf(buf, size, "it broke the protocol and was killed");
		break;
	case PATHCHECK_END_VERSION:
		(void)snprintf(buf, size, "its version is not that of the library");
		break;
	case PATHCHECK_END_NO_START:
		format_no_start(code, buf, size);
		break;
	}
	return buf;
}

void prober_end_report(struct pathcheck *engine, struct events *ev)
{
	struct pathcheck_stats s = { .size = sizeof(s) };
	char end[PROBER_END_TEXT_MAX] = "";

	if (pathcheck_stats(engine, &s) == 0)
		(void)prober_end_format(s.prober_end, s.prober_end_code, end,
		                        sizeof(end));
	events_say(ev, EVENT_ENGINE, LOG_WARNING,
	           "the prober was replaced, no state changes%s%s",
	           end[0] != '\0' ? "; the old one: " : "", end);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_SYSLOG_LEVEL_H
#define UTIL_SYSLOG_LEVEL_H

/* The names of syslog's levels, LOG_EMERG (0) to LOG_DEBUG (7). Pure. */
#include <syslog.h>

#include "util/macro.h"

/* X(level, name) for the levels that log_level in checkerd.conf(5) takes. */
#define SYSLOG_LEVELS_OF_CONFIG(X) \
	X(LOG_ERR, "err")          \
	X(LOG_WARNING, "warning")  \
	X(LOG_NOTICE, "notice")    \
	X(LOG_INFO, "info")        \
	X(LOG_DEBUG, "debug")
/* X(level, name) for all levels, by number. */
#define SYSLOG_LEVELS(X)      \
	X(LOG_EMERG, "emerg") \
	X(LOG_ALERT, "alert") \
	X(LOG_CRIT, "crit")   \
	SYSLOG_LEVELS_OF_CONFIG(X)

/* level: 0 to 7. */
const char *syslog_level_name(int level);
/* The level of that name. -EINVAL. */
_must_check_ int syslog_level_find(const char *name);
/* A name, "error", or the number: what --log-level takes. -EINVAL. */
_must_check_ int syslog_level_parse(const char *word, int *ret);

#endif

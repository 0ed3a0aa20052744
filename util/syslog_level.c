/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one list of log levels. Owns nothing; any thread. */
#include "util/syslog_level.h"

#include <errno.h>
#include <string.h>

#define ENTRY(level, name) [level] = (name),

static const char *const names[] = { SYSLOG_LEVELS(ENTRY) };

const char *syslog_level_name(int level)
{
	assert(level >= LOG_EMERG && level <= LOG_DEBUG);
	return names[level];
}

int syslog_level_find(const char *name)
{
	for (int i = 0; i < (int)ARRAY_LEN(names); i++)
		if (strcmp(name, names[i]) == 0)
			return i;
	return -EINVAL;
}

int syslog_level_parse(const char *word, int *ret)
{
	int level;

	if (word[0] >= '0' && word[0] <= '7' && word[1] == '\0')
		level = word[0] - '0';
	else if (strcmp(word, "error") == 0)
		level = LOG_ERR;
	else
		level = syslog_level_find(word);
	if (level < 0)
		return level;
	*ret = level;
	return 0;
}

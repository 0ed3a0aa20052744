/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkerd/log/log.h"

#include <errno.h>
#include <string.h>
#include <syslog.h>

static const char *const levels[] = {
	[LOG_EMERG] = "emerg", [LOG_ALERT] = "alert",     [LOG_CRIT] = "crit",
	[LOG_ERR] = "err",     [LOG_WARNING] = "warning", [LOG_NOTICE] = "notice",
	[LOG_INFO] = "info",   [LOG_DEBUG] = "debug",
};

const char *log_level_name(int level)
{
	assert(level >= LOG_EMERG && level <= LOG_DEBUG);
	return levels[level];
}

int log_level_parse(const char *word, int *ret)
{
	if (word[0] >= '0' && word[0] <= '7' && word[1] == '\0') {
		*ret = word[0] - '0';
		return 0;
	}
	if (strcmp(word, "error") == 0) {
		*ret = LOG_ERR;
		return 0;
	}
	for (int i = 0; i < (int)ARRAY_LEN(levels); i++) {
		if (strcmp(word, levels[i]) == 0) {
			*ret = i;
			return 0;
		}
	}
	return -EINVAL;
}

int log_target_parse(const char *word, enum log_target *ret)
{
	static const char *const words[] = {
		[LOG_TARGET_AUTO] = "auto",
		[LOG_TARGET_STDERR] = "stderr",
		[LOG_TARGET_JOURNAL] = "journal",
	};

	for (unsigned i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(word, words[i]) == 0) {
			*ret = (enum log_target)i;
			return 0;
		}
	}
	return -EINVAL;
}

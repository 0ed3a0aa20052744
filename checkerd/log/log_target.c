/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parses where the log goes. Owns nothing; any thread. */
#include "checkerd/log/log.h"

#include <errno.h>
#include <string.h>

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

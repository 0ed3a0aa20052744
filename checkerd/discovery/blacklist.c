/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing. Pure; runs on the discovery thread. */
#include "checkerd/discovery/blacklist.h"

#include <stddef.h>
#include <string.h>

#include "util/macro.h"

static bool starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* multipathd's built-in blacklist: devnode "!^(sd[a-z]|dasd[a-z]|nvme[0-9])". */
bool blacklist_excludes(const char *sysname, bool partition)
{
	static const struct {
		const char *prefix;
		char first, last;
	} disks[] = { { "sd", 'a', 'z' }, { "dasd", 'a', 'z' }, { "nvme", '0', '9' } };

	if (partition)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(disks); i++) {
		char next;

		if (!starts(sysname, disks[i].prefix))
			continue;
		next = sysname[strlen(disks[i].prefix)];
		if (next >= disks[i].first && next <= disks[i].last)
			return false;
	}
	return true;
}

bool blacklist_is_empty(const char *sysname, bool loop_backed, unsigned long long sectors)
{
	if (starts(sysname, "loop"))
		return !loop_backed;
	/* The nbd driver makes all its nodes at once; a node without a connection has no
	 * sectors. */
	return starts(sysname, "nbd") && sectors == 0;
}

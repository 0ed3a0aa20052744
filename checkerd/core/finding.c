/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing. Pure; any thread. */
#include "checkerd/core/finding.h"

#include <stdio.h>

const char *finding_format(const struct finding *f, char *buf, size_t size)
{
	char more[32] = "";

	if (f->count > 1)
		(void)snprintf(more, sizeof(more), " and %u more", f->count - 1);
	(void)snprintf(buf, size, "%s%s%s%s", f->object, more,
	               f->object[0] != '\0' ? ": " : "", f->text);
	return buf;
}

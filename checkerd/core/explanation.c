/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns: the memory of an explanation, and its reference to a device. Whoever has it runs this. */
#include "checkerd/core/explanation.h"

#include <stdio.h>
#include <stdlib.h>

struct explanation *explanation_new(const char *asked)
{
	struct explanation *e = calloc(1, sizeof(*e));

	if (e != NULL)
		(void)snprintf(e->asked, sizeof(e->asked), "%s", asked);
	return e;
}

struct explanation *explanation_free(struct explanation *e)
{
	if (e == NULL)
		return NULL;
	(void)device_unref(e->device); /* NULL, always */
	free(e);
	return NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: what a configuration is made of, until config_free(). Runs on the thread that drops the
 * last reference to it.
 */
#include "checkerd/config/config.h"

#include <stdlib.h>

#include "checkerd/config/problem.h"
#include "checkerd/config/rules.h"
#include "util/block.h"

const char *config_origin_file(const struct config *c, struct config_origin at)
{
	return at.file == 0 ? NULL : c->files[at.file - 1];
}

struct config *config_free(struct config *c)
{
	if (c == NULL)
		return NULL;
	for (size_t i = 0; i < c->n_paths; i++) {
		free(c->paths[i].device);
		free(c->paths[i].alias);
		free(c->paths[i].map);
	}
	block_free(c->paths);
	block_free(c->paths_at);
	for (size_t i = 0; i < c->n_files; i++)
		free(c->files[i]);
	block_free(c->files);
	free(c->defaults_at);
	free(c->socket_group);
	free(c->uid_attribute);
	free(c->uid_attrs);
	filters_free(c->filters);
	rules_free(c->rules);
	problems_deinit(c->problems, c->n_problems);
	free(c);
	return NULL;
}

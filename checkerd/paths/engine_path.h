/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_ENGINE_PATH_H
#define CHECKERD_PATHS_ENGINE_PATH_H

/* Translates the configuration and the paths for the engine. The loop only. */
#include "checkerd/config/config.h"
#include "checkerd/core/device.h"
#include "checkerd/core/registry.h"
#include "libcheck/pathcheck.h"

/* The engine's options from the configuration. */
void engine_path_options(const struct config *c, struct pathcheck_options *ret);

/* A result carries the cookie of its path: the index, and the generation, because an index is used
 * again. */
static inline uint64_t engine_path_cookie(uint32_t index, uint32_t generation)
{
	return (uint64_t)generation << 32 | index;
}

static inline uint32_t engine_path_index(uint64_t cookie)
{
	return (uint32_t)cookie;
}

/* Does its descriptor stay open between checks? */
bool engine_path_keeps_open(const struct device *d, const struct path_settings *s);
/* Is the path the same for the engine after a change? Else it is removed and added again. */
bool engine_path_same(const struct device *before, const struct path_settings *old,
                      const struct device *after, const struct path_settings *new);
/* Adds the path to the engine, which opens it with the next check. -errno as of pathcheck_add(). */
_must_check_ int engine_path_add(struct pathcheck *engine, const struct device *d,
                                 const struct path_settings *s, uint64_t cookie,
                                 uint32_t *ret_id);

#endif

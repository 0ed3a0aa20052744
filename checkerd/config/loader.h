/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_LOADER_H
#define CHECKERD_CONFIG_LOADER_H

/*
 * Reads the configuration on a thread of its own: its file may be on a disk that hangs.
 */
#include <stdbool.h>

#include "util/text.h"
#include "checkerd/config/config_ref.h"

struct loader;

/* file: as of load_file(); it has to outlive the loader. -ENOMEM, -EAGAIN, -EMFILE. */
_must_check_ int loader_new(struct loader **ret, const char *file);
/* False: it hangs and was left behind with its memory after limit_us. */
bool loader_free(struct loader *l, int64_t limit_us);

struct loaded {
	int result;            /* 0, -EINVAL with problems, -ENOMEM, or of a kind below */
	struct config *config; /* owned; NULL with -ENOMEM */
	struct text *dump;     /* with 0: a reference, what checkerd -T prints of it */
	struct text *messages; /* a reference: problems and what was kept, NULL: none */
};
void loaded_deinit(struct loaded *l);

/*
 * Reads it, and where it may not change while the daemon runs makes it as `present` is.
 * -E2BIG: more paths than there is room for. Blocks; what the thread does, and main() for
 * the first one, with present NULL.
 */
_must_check_ int loader_read(const char *file, const struct config *present,
                             struct loaded *ret);

/* Reads it on the thread; present: borrowed until the result was taken. Not before the last
 * result was taken. */
void loader_start(struct loader *l, const struct config *present);
int loader_fd(const struct loader *l); /* POLLIN: there is a result */
/* True: *ret is the result. */
bool loader_take(struct loader *l, struct loaded *ret);
uint64_t loader_bytes(void);

#endif

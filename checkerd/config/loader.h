/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_LOADER_H
#define CHECKERD_CONFIG_LOADER_H

/* Reads the configuration on a thread of its own, because its file may be on a disk that hangs. */
#include <stdbool.h>

#include "util/text.h"
#include "checkerd/config/config_ref.h"

struct loader;

/* file: as of load_file(); it outlives the loader. -ENOMEM, -EAGAIN, -EMFILE. */
_must_check_ int loader_new(struct loader **ret, const char *file);
/* Ends the thread. False: it hangs, and stays with its memory after limit_us. */
bool loader_free(struct loader *l, int64_t limit_us);

struct loaded {
	int result;            /* as of loader_read() */
	struct config *config; /* owned; NULL with -ENOMEM */
	struct text *dump;     /* with 0: a reference; what checkerd -T prints */
	struct text *rules;    /* with 0: a reference; see rules_text.h */
	struct text *messages; /* a reference: problems and kept settings; NULL: none */
};
void loaded_deinit(struct loaded *l);

/*
 * Reads the configuration, and keeps the settings of `present` that change at a restart only. The
 * thread calls it, and main() for the first configuration, with present NULL. Blocks.
 *
 * 0; -EINVAL: errors, which are in messages; -ENOMEM; -E2BIG: more paths than max_paths.
 */
_must_check_ int loader_read(const char *file, const struct config *present,
                             struct loaded *ret);
/* What loader_read() reads, and how much it says. */
enum loader_extent {
	LOADER_FOR_LOG,       /* as loader_read(): notes are only counted */
	LOADER_WITH_NOTES,    /* all problems */
	LOADER_MULTIPATH_CONF /* the same; file: multipathd's, which is read alone */
};
_must_check_ int loader_read_extent(const char *file, enum loader_extent extent,
                                    struct loaded *ret);

/* Starts to read on the thread. To be called after the last result was taken. present: borrowed
 * until the result is taken. */
void loader_start(struct loader *l, const struct config *present);
int loader_fd(const struct loader *l); /* POLLIN: a result is waiting */
/* Takes the result. False: none is waiting. */
bool loader_take(struct loader *l, struct loaded *ret);
uint64_t loader_bytes(void);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_DOCUMENT_PATH_H
#define CHECKERD_CONTROL_DOCUMENT_PATH_H

/* The object of a path, or some of its keys. The control thread runs this. */
#include "checkerd/control/json_writer.h"
#include "checkerd/control/snapshot.h"

/* A set of keys: a bit for each of them, in their order. */
#define DOCUMENT_PATH_KEYS 59
#define DOCUMENT_PATH_ALL  ((UINT64_C(1) << DOCUMENT_PATH_KEYS) - 1)

/* i < DOCUMENT_PATH_KEYS */
const char *document_path_key(unsigned i);

/* One piece, which fits into an empty buffer of OUT_SIZE. */
void document_path(struct jw *j, const struct snapshot *s, const struct snap_path *p,
                   uint64_t keys);
/* The state of the path in device-mapper. in_map: NULL: no map has the path. */
const char *document_dm_state(const struct snap_map_path *in_map);
/* Its keys from state to access_state, without the object around them. */
void document_path_state(struct jw *j, const struct snapshot *s,
                         const struct snap_path *p);

#endif

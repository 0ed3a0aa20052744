/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_DOCUMENTS_H
#define CHECKERD_CONTROL_DOCUMENTS_H

/*
 * The JSON objects of the interface, from a snapshot: io.checkerd.Control.varlink describes
 * them. Each function writes one piece, which fits into an empty buffer of OUT_SIZE.
 */
#include "checkerd/control/json_writer.h"
#include "checkerd/control/view.h"

/*
 * A map, in pieces: begin, the names of its paths, middle, its groups with their paths, end.
 * Groups count from 1. A map that is only a name has no groups.
 */
void document_map_begin(struct jw *j, const struct view *v, const struct view_map *m);
void document_map_name(struct jw *j, const struct view *v, const struct view_map *m,
                       uint32_t i);
void document_map_middle(struct jw *j, const struct view *v, const struct view_map *m);
void document_map_group(struct jw *j, const struct view_map *m, uint32_t group);
void document_map_path(struct jw *j, const struct view *v, const struct view_map *m,
                       uint32_t i);
void document_map_group_end(struct jw *j);
void document_map_end(struct jw *j, const struct view_map *m);

void document_group(struct jw *j, const struct pathcheck_group *g);
/* The keys of GetGroups besides the list of groups. */
void document_engine(struct jw *j, const struct snapshot *s);
/* Call view_make_maps() first. */
void document_status(struct jw *j, const struct view *v);
void document_info(struct jw *j);

#endif

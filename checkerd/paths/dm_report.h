/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_DM_REPORT_H
#define CHECKERD_PATHS_DM_REPORT_H

/* Reports what happened to maps, to their paths in the kernel, and to commands. The loop only. */
#include "checkerd/paths/dm_state.h"

/* The list of maps is complete, or failed: n->error. */
void dm_report_sync(struct dm *dm, const struct dm_record *n);
/* change: maps_change bits; old: as last reported, NULL: the map is new. */
void dm_report_map(struct dm *dm, uint32_t index, unsigned change, const struct map *old,
                   struct mono now);
void dm_report_no_room(struct dm *dm, const struct map *map);
/* The map's table names a hardware handler that the path's device does not have. */
void dm_report_no_handler(struct dm *dm, uint32_t index, const struct path *p,
                          struct mono now);
void dm_report_gone(struct dm *dm, uint32_t index, struct mono now);
/* Another program, or the kernel, failed or reinstated the path. */
void dm_report_foreign(struct dm *dm, uint32_t entry, enum agreement_foreign what,
                       struct mono now);
void dm_report_done(struct dm *dm, uint32_t entry, enum agreement_command c,
                    struct mono now);
void dm_report_refused(struct dm *dm, uint32_t entry, enum agreement_command c, int error,
                       struct mono now);
/* A held path is used all the same. */
void dm_report_spared(struct dm *dm, uint32_t entry, struct mono now);
void dm_report_kept(struct dm *dm, uint32_t entry, struct mono now);
/* Another disk has the path's device number. */
void dm_report_barred(struct dm *dm, uint32_t entry, struct mono now);

#endif

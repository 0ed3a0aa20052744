/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_DM_REPORT_H
#define CHECKERD_PATHS_DM_REPORT_H

/*
 * The words for what becomes of maps, of their paths in the kernel, and of commands.
 */
#include "checkerd/paths/dm_state.h"

/* The list of maps is complete, or could not be had. */
void dm_report_sync(struct dm *dm, const struct dm_news *n);
/* change: maps_change bits; old: as it was told before, NULL: it is new. */
void dm_report_map(struct dm *dm, uint32_t index, unsigned change, const struct map *old,
                   struct mono now);
void dm_report_no_room(struct dm *dm, const struct map *map);
/* Its table names a hardware handler that the path's device does not have. */
void dm_report_no_handler(struct dm *dm, uint32_t index, const struct path *p,
                          struct mono now);
void dm_report_gone(struct dm *dm, uint32_t index, struct mono now);
/* The kernel's view of it was turned by others. */
void dm_report_turn(struct dm *dm, uint32_t entry, enum agreement_foreign turn,
                    struct mono now);
void dm_report_done(struct dm *dm, uint32_t entry, enum agreement_command c,
                    struct mono now);
void dm_report_refused(struct dm *dm, uint32_t entry, enum agreement_command c, int error,
                       struct mono now);
void dm_report_kept(struct dm *dm, uint32_t entry, struct mono now);
/* Another disk is under its number. */
void dm_report_barred(struct dm *dm, uint32_t entry, struct mono now);
/* Tells when it is not what was told last. */
void dm_report_redundancy(struct dm *dm, uint32_t index, struct mono now);

#endif

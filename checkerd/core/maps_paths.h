/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_MAPS_PATHS_H
#define CHECKERD_CORE_MAPS_PATHS_H

/*
 * The daemon's paths in the maps: where each one is, what was decided, and what an administrator
 * asked for. path: the registry's index. Belongs to the loop; pure.
 */
#include "checkerd/core/maps.h"

/* The path exists. Takes a reference of its own. */
void maps_path_added(struct maps *m, uint32_t path, struct device *d);
/* The path has another description now, for example another WWID, and the same device number. */
void maps_path_changed(struct maps *m, uint32_t path, struct device *d);
/* The path exists no more. gone: its device is gone, so the path is unusable in every map. Else the
 * daemon only releases the path. */
void maps_path_removed(struct maps *m, uint32_t path, bool gone);
/* A check ended, or the state changed otherwise. good: the check found the path good. */
void maps_path_checked(struct maps *m, uint32_t path, enum path_verdict verdict,
                       bool good, struct mono started);
/*
 * The predecessor's verdict. It counts for the redundancy of maps. No command follows from it, and it
 * protects no other path, until maps_path_proven().
 */
void maps_take_verdict(struct maps *m, uint32_t path, enum path_verdict verdict);
/* A check proved something about the path: from now on its verdict decides. */
void maps_path_proven(struct maps *m, uint32_t path);
bool maps_is_unproven(const struct maps *m, uint32_t path);
/* Something of the path changed that may matter to its maps: they are among the changed ones. */
void maps_path_noted(struct maps *m, uint32_t path);
/* An administrator says that no map of this path lacks a path: the present number is expected. */
void maps_accept(struct maps *m, uint32_t path);
/* Does a map of this path have fewer paths than it had? */
bool maps_lacks_paths(struct maps *m, uint32_t path);
/* Another path that leads to the same device. MAPS_NONE: there is none. */
uint32_t maps_twin(const struct maps *m, uint32_t path);

enum maps_disabled {
	MAPS_ENABLED,
	MAPS_DISABLED,         /* not checked, and not counted; I/O may go through it */
	MAPS_DISABLED_EMPTIED, /* and it is unusable in its maps */
};
/* checkerctl disable and enable, and maintenance windows. */
void maps_disable(struct maps *m, uint32_t path, enum maps_disabled how, bool even_last);
bool maps_is_emptied(const struct maps *m, uint32_t path);
/*
 * checkerctl fail and reinstate. A forced path is unusable in its maps, whatever its checks find,
 * until the administrator reinstates it or the path is removed. even_last: also as the last one of
 * a map that keeps its last path.
 */
void maps_force(struct maps *m, uint32_t path, bool fail, bool even_last);
bool maps_is_forced(const struct maps *m, uint32_t path);
/* Forced or emptied with even_last. */
bool maps_is_even_last(const struct maps *m, uint32_t path);

/* dm_release: is a path that the daemon failed reinstated when the daemon releases it? */
void maps_set_give_back(struct maps *m, bool on);
/*
 * Releases the path: it is reinstated if the daemon failed it, and nothing more is decided until
 * the next decision, or until release is false. MAPS_NONE: every path that the daemon failed.
 */
void maps_release(struct maps *m, uint32_t path, bool release);
/* The path is not checked any more (false: it is checked again). It is released if dm_release asks
 * for that. */
void maps_let_go(struct maps *m, uint32_t path, bool go);

/* Links a new entry to the path with its device number, if the daemon has one. */
void maps_link_entry(struct maps *m, uint32_t entry);
/* Takes the entry out of its path's list. */
void maps_unlink_entry(struct maps *m, uint32_t entry);

#endif

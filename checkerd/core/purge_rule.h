/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_PURGE_RULE_H
#define CHECKERD_CORE_PURGE_RULE_H

/*
 * purge_disconnected: may the disk of a path be deleted from this host? Belongs to the loop; pure.
 *
 * A deletion cannot be taken back: only a scan of the host finds the unit again. So every doubt is a
 * reason to keep the disk. multipathd deletes after one answer, also the last path of a map.
 */
#include "checkerd/core/maps.h"
#include "checkerd/core/registry.h"

/*
 * The state has to be `disconnected` for this number of checks and for this time. An array whose
 * administrator replaces a mapping, or that moves its units to another controller, may have no
 * such unit for some seconds. Three checks at the default polling_interval take 10 s; the time
 * counts with a shorter interval, the number when checks are deferred.
 */
#define PURGE_CHECKS  3
#define PURGE_TIME_US (10 * USEC_PER_SEC)
/* The last of these answers may be this old: what was true then may not be true later. */
#define PURGE_FRESH_US USEC_PER_SEC

static_assert(PURGE_CHECKS <= PATH_NO_UNIT_MAX, "path_status counts far enough");

enum purge_answer {
	PURGE_ALLOWED,
	PURGE_NOT_WANTED,    /* purge_disconnected is off */
	PURGE_NOT_CONFIRMED, /* not enough answers, or the last one is old */
	PURGE_HELD,          /* an administrator disabled or failed the path */
	PURGE_NOT_SCSI,
	PURGE_NO_NUMBER, /* the kernel has no sequence number of the disk */
	PURGE_NO_MAP,    /* the path is in no map */
	PURGE_IN_USE, /* the kernel has the path as active in a map, or a command for it waits */
	PURGE_BARRED, /* another disk was found under the path's number */
	PURGE_LAST, /* no other path of a map works, and not all of them are disconnected */
};

/* path: the registry's index. */
enum purge_answer purge_rule(struct registry *r, struct maps *m, uint32_t path,
                             struct mono now);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing. The loop only. */
#include "checkerd/paths/identify.h"

#include "checkerd/core/maps_disks.h"

int identify_check(struct pathcheck *engine, struct maps *maps, uint32_t index,
                   const struct path *p)
{
	uint64_t timeout_us = (uint64_t)p->settings.timeout_us;
	bool identify = maps_is_to_be_identified(maps, index);
	int r = identify ? pathcheck_identify(engine, p->engine_id, timeout_us)
	                 : pathcheck_check(engine, p->engine_id, timeout_us);

	if (r == 0)
		maps_path_asked(maps, index, identify);
	return r;
}

/* When the engine does not know the disk, the maps keep what discovery knows. */
void identify_report(struct pathcheck *engine, struct maps *maps, uint32_t index,
                     const struct pathcheck_result *r)
{
	struct pathcheck_opened o = { .size = sizeof(o) };
	struct disk_read read;

	if (r->opened == 0 || pathcheck_opened(engine, r->id, &o) < 0)
		return;
	read = (struct disk_read){
		.devt_major = o.devt_major,
		.devt_minor = o.devt_minor,
		.diskseq = o.diskseq,
		.kernel_id = o.wwid_state == PATHCHECK_WWID_READ ? o.wwid : 0,
		.unreadable = o.wwid_state == PATHCHECK_WWID_UNREADABLE,
		.not_asked = o.wwid_state == PATHCHECK_WWID_NOT_ASKED,
	};
	maps_path_read(maps, index, &read);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes and reads the views of opened devices: opened.h. Rescuers write, the caller reads. */
#include "libcheck/region/opened.h"

/* A version is odd while its view is written; the state is in the low bits. */
#define STATE_BITS 2
#define STATE_MASK 3U
#define WRITTEN_BY (1U << STATE_BITS)

/* As the kernel packs them: include/linux/kdev_t.h. */
#define MINOR_BITS 20
#define MINOR_MASK ((1U << MINOR_BITS) - 1)

/* So often the caller tries again while the prober writes: a faulty prober may never stop. */
#define LOOKS_MAX 100

static_assert(PATHCHECK_WWID_UNREADABLE <= STATE_MASK, "a state fits");

void opened_put(struct shared *s, uint32_t id, const struct opened_device *d,
                enum pathcheck_wwid state, uint64_t wwid)
{
	struct opened_view *v = &s->opened[id];
	uint32_t version = (atomic_load(&v->version) | WRITTEN_BY) & ~STATE_MASK;

	atomic_store(&v->version, version);
	atomic_store(&v->devt,
	             d->devt_major << MINOR_BITS | (d->devt_minor & MINOR_MASK));
	atomic_store(&v->diskseq, d->diskseq);
	atomic_store(&v->wwid, wwid);
	/* 0 is kept for a view that was never written. */
	version += WRITTEN_BY;
	atomic_store(&v->version,
	             (version == 0 ? 2 * WRITTEN_BY : version) | (uint32_t)state);
}

bool opened_get(const struct shared *s, uint32_t id, struct pathcheck_opened *ret)
{
	const struct opened_view *v = &s->opened[id];

	for (int i = 0; i < LOOKS_MAX; i++) {
		uint32_t version = atomic_load(&v->version);
		uint32_t devt = atomic_load(&v->devt);

		*ret = (struct pathcheck_opened){
			.size = sizeof(*ret),
			.devt_major = devt >> MINOR_BITS,
			.devt_minor = devt & MINOR_MASK,
			.diskseq = atomic_load(&v->diskseq),
			.wwid = atomic_load(&v->wwid),
			.wwid_state = (enum pathcheck_wwid)(version & STATE_MASK),
		};
		if (ret->wwid_state != PATHCHECK_WWID_READ)
			ret->wwid = 0;
		if (version >> STATE_BITS == 0)
			return false;
		if ((version & WRITTEN_BY) == 0 && atomic_load(&v->version) == version)
			return true;
	}
	return false;
}

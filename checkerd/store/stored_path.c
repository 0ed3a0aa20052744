/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing. The loop writes; the main thread reads at the start, then the loop. */
#include "checkerd/store/stored_path.h"

#include <string.h>

#include "checkerd/core/reason_packed.h"
#include "util/hash.h"

/* The sections, as they are in files: fields are appended, and never change. */

struct section_status {
	int64_t since_us;
	int16_t streak;
	uint8_t state, verdict, no_unit, unused[3];
	struct reason_packed reason;
	uint32_t unused2;
};

struct section_times {
	int64_t last_us, good_us;
};

struct section_latency {
	uint32_t last_us, max_us;
	uint16_t n, unused;
	uint16_t bucket[HISTOGRAM_PATH_BUCKETS];
};

/* As struct hold and struct error_share. */
struct section_hold {
	uint32_t at, until, mark;
	uint16_t succeeded, failed;
	uint8_t failures, marks, phase, out, why;
	uint8_t share[4];
	uint8_t unused[3];
};

static_assert(sizeof(struct section_status) == 40 && sizeof(struct section_times) == 16 &&
                      sizeof(struct stored_disk) == 40 &&
                      sizeof(struct stored_marks) == 40 &&
                      sizeof(struct section_hold) == 28 &&
                      sizeof(struct path_counters) == 24,
              "no section has padding, and none changes by accident");
static_assert(PATH_UNCHECKED == 0 && PATH_PENDING == 1 && PATH_UP == 2 &&
                      PATH_DOWN == 3 && PATH_TIMEOUT == 4 && PATH_GHOST == 5 &&
                      PATH_SHAKY == 6 && PATH_DELAYED == 7 && PATH_REMOVED == 8 &&
                      PATH_DISCONNECTED == 9 && VERDICT_USABLE == 1 &&
                      VERDICT_UNUSABLE == 2,
              "the numbers are in files: new ones come last");
static_assert(HOLD_FLAPPING == 1 && HOLD_SAN_PATH_ERR == 2 && HOLD_MARGINAL_PATH == 3 &&
                      HOLD_PHASE_TIMED == 1 && HOLD_PHASE_SAMPLE == 2 && MARK_SLOW == 0 &&
                      MARK_PORT_STATE == 1 && MARK_BY_HAND == 2,
              "the numbers are in files: new ones come last");
static_assert(DEVICE_NAME_MAX + sizeof(struct section_status) +
                              sizeof(struct section_times) +
                              sizeof(struct section_latency) +
                              sizeof(struct stored_disk) + sizeof(struct stored_marks) +
                              sizeof(struct section_hold) + sizeof(struct path_counters) +
                              8 * 4 <=
                      sizeof(((struct record *)NULL)->sections),
              "a record has room for all of them");

/* --- which disk --- */

static uint64_t mixed(uint64_t h, const char *text)
{
	return (h ^ hash_text(text == NULL ? "" : text)) * UINT64_C(0x100000001b3);
}

struct stored_disk stored_disk_of(const struct device *d)
{
	uint64_t place = mixed(0, device_node(d));

	place = mixed(place, device_hcil(d));
	place = mixed(place, device_protocol(d));
	return (struct stored_disk){
		.devt_major = d->devt_major,
		.devt_minor = d->devt_minor,
		.diskseq = d->diskseq,
		.wwid = device_wwid(d) == NULL ? 0 : hash_wwid(device_wwid(d)),
		.place = place,
		.kind = d->kind,
	};
}

/* A number that one of them does not have proves nothing. */
static bool differs(uint64_t a, uint64_t b)
{
	return a != 0 && b != 0 && a != b;
}

bool stored_disk_same(const struct stored_disk *a, const struct stored_disk *b)
{
	if (a->kind != b->kind || a->place != b->place ||
	    a->devt_major != b->devt_major || a->devt_minor != b->devt_minor ||
	    differs(a->wwid, b->wwid) || differs(a->diskseq, b->diskseq))
		return false;
	/* The kernel never uses a sequence number again. Without it, a WWID has to be there, or a
	 * disk that never has one. */
	return (a->diskseq != 0 && a->diskseq == b->diskseq) || a->wwid == b->wwid;
}

/* --- writing --- */

static void put_status(struct record *r, const struct path_status *s)
{
	const struct section_status to = {
		.since_us = s->since.us,
		.streak = s->streak,
		.state = (uint8_t)s->state,
		.verdict = (uint8_t)s->verdict,
		.no_unit = s->no_unit,
		.reason = reason_pack(&s->reason),
	};

	record_put(r, TAG_STATUS, &to, sizeof(to));
}

static void put_latency(struct record *r, const struct histogram *h)
{
	struct section_latency to = {
		.last_us = h->last_us,
		.max_us = h->max_us,
		.n = HISTOGRAM_PATH_BUCKETS,
	};

	memcpy(to.bucket, h->bucket, sizeof(to.bucket));
	record_put(r, TAG_LATENCY, &to, sizeof(to));
}

static void put_hold(struct record *r, const struct hold *h, const struct error_share *e)
{
	const struct section_hold to = {
		.at = h->at,
		.until = h->until,
		.mark = h->mark,
		.succeeded = h->succeeded,
		.failed = h->failed,
		.failures = h->failures,
		.marks = h->marks,
		.phase = (uint8_t)h->phase,
		.out = h->out,
		.why = (uint8_t)h->why,
		.share = { e->checks, e->failed, e->former_checks, e->former_failed },
	};

	record_put(r, TAG_HOLD, &to, sizeof(to));
}

void stored_path_write(struct record *r, const struct path *p,
                       const struct stored_marks *marks, struct mono now)
{
	const char *name = device_name(p->device);
	const struct stored_disk disk = stored_disk_of(p->device);
	const struct section_times times = { p->last.us, p->good.us };

	record_begin(r, RECORD_PATH, now);
	record_put(r, TAG_NAME, name, (uint16_t)strlen(name));
	record_put(r, TAG_DISK, &disk, sizeof(disk));
	put_status(r, &p->status);
	record_put(r, TAG_TIMES, &times, sizeof(times));
	record_put(r, TAG_COUNTERS, &p->counters, sizeof(p->counters));
	if (p->latency.samples > 0)
		put_latency(r, &p->latency);
	record_put(r, TAG_MARKS, marks, sizeof(*marks));
	put_hold(r, &p->hold, &p->share);
}

/* --- reading --- */

bool stored_path_name(const struct record *r, char ret[DEVICE_NAME_MAX])
{
	return r->head.kind == RECORD_PATH &&
	       record_get(r, TAG_NAME, ret, DEVICE_NAME_MAX) && ret[0] != '\0' &&
	       ret[DEVICE_NAME_MAX - 1] == '\0';
}

/* A moment of the past; 0: none. */
static bool was(int64_t us, struct mono now)
{
	return us >= 0 && us <= now.us;
}

/* Do the verdict and the state belong together? */
static bool verdict_fits(unsigned state, unsigned verdict)
{
	switch ((enum path_state)state) {
	case PATH_UP:
	case PATH_GHOST:
		return verdict == VERDICT_USABLE;
	case PATH_DOWN:
	case PATH_DELAYED:
	case PATH_REMOVED:
	case PATH_DISCONNECTED:
		return verdict == VERDICT_UNUSABLE;
	case PATH_UNCHECKED:
	case PATH_PENDING:
		return verdict == VERDICT_NONE;
	case PATH_TIMEOUT:
	case PATH_SHAKY:
		return verdict <= VERDICT_USABLE;
	case PATH_STATE_COUNT_:
		break;
	}
	return false;
}

static bool get_status(const struct record *r, struct mono now, struct path_status *ret)
{
	struct section_status s;

	if (!record_get(r, TAG_STATUS, &s, sizeof(s)) || !was(s.since_us, now) ||
	    s.streak < -PATH_STREAK_MAX || s.no_unit > PATH_NO_UNIT_MAX ||
	    !verdict_fits(s.state, s.verdict) || !reason_unpack(&s.reason, &ret->reason))
		return false;
	ret->since.us = s.since_us;
	ret->streak = s.streak;
	ret->state = (enum path_state)s.state;
	ret->verdict = (enum path_verdict)s.verdict;
	ret->no_unit = s.no_unit & 3;
	/* It belongs to a request of the predecessor's prober. */
	ret->excused = false;
	return true;
}

/* Another number of buckets has another meaning. */
static void get_latency(const struct record *r, struct histogram *ret)
{
	struct section_latency s;

	if (!record_get(r, TAG_LATENCY, &s, sizeof(s)) || s.n != HISTOGRAM_PATH_BUCKETS)
		return;
	ret->last_us = s.last_us;
	ret->max_us = s.max_us;
	memcpy(ret->bucket, s.bucket, sizeof(ret->bucket));
	for (unsigned i = 0; i < HISTOGRAM_PATH_BUCKETS; i++)
		ret->samples += ret->bucket[i];
}

static bool get_marks(const struct record *r, struct mono now, struct stored_marks *ret)
{
	(void)record_get(r, TAG_MARKS, ret, sizeof(*ret)); /* All 0: no marks. */
	return ret->disabled_until.us >= 0 && was(ret->disabled_since.us, now) &&
	       ret->empties <= 1 && ret->forced <= 1 && ret->even_last <= 1 &&
	       ret->waived <= 1 && ret->ours <= 1 && ret->kept_reported <= 1 &&
	       ret->spared_reported <= 1 && ret->map_reported <= REDUNDANCY_NONE &&
	       ret->unreported_from <= PATH_STATE_COUNT_ && ret->released <= 1 &&
	       ret->hold_unreported <= 1;
}

/* Does the reason of the phase come from a rule? */
static bool phase_is_good(const struct section_hold *s)
{
	return s->phase == HOLD_PHASE_NONE ||
	       (s->phase <= HOLD_PHASE_SAMPLE && s->why >= HOLD_FLAPPING &&
	        s->why <= HOLD_MARGINAL_PATH && s->at != 0);
}

static bool get_hold(const struct record *r, struct mono now, struct hold *ret,
                     struct error_share *ret_share)
{
	const hold_time t = hold_time_of(now);
	struct section_hold s;

	(void)record_get(r, TAG_HOLD, &s, sizeof(s)); /* All 0: no hold. */
	if (!phase_is_good(&s) || s.at > t || s.mark > t || s.why >= HOLD_WHY_COUNT_ ||
	    s.marks >= 1U << MARK_COUNT_ || s.out > 1 || s.share[0] > ERROR_SHARE_HALF ||
	    s.share[1] > s.share[0] || s.share[2] > ERROR_SHARE_HALF ||
	    s.share[3] > s.share[2])
		return false;
	*ret = (struct hold){
		.at = s.at,
		.until = s.until,
		.mark = s.mark,
		.succeeded = s.succeeded,
		.failed = s.failed,
		.failures = s.failures,
		.marks = s.marks,
		.phase = (enum hold_phase)s.phase,
		.out = s.out != 0,
		.why = (enum hold_why)s.why,
	};
	*ret_share =
	        (struct error_share){ s.share[0], s.share[1], s.share[2], s.share[3] };
	return true;
}

bool stored_path_read(const struct record *r, struct mono now, struct stored_path *ret)
{
	struct section_times times;
	struct stored_path p = { .latency.samples = 0 };

	(void)record_get(r, TAG_TIMES, &times, sizeof(times)); /* 0: none */
	(void)record_get(r, TAG_COUNTERS, &p.counters, sizeof(p.counters));
	if (!stored_path_name(r, p.name) ||
	    !record_get(r, TAG_DISK, &p.disk, sizeof(p.disk)) ||
	    !get_status(r, now, &p.status) || !was(times.last_us, now) ||
	    !was(times.good_us, now) || !get_marks(r, now, &p.marks) ||
	    !get_hold(r, now, &p.hold, &p.share))
		return false;
	p.last.us = times.last_us;
	p.good.us = times.good_us;
	get_latency(r, &p.latency);
	*ret = p;
	return true;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing. Any thread. */
#include "checkerd/core/reason_packed.h"

#include "util/macro.h"
#include "util/mono.h"

#define TIMEOUT_MAX_US (3600 * USEC_PER_SEC)

static_assert(OUTCOME_STARTED == 0 && OUTCOME_OK == 1 && OUTCOME_FAILED == 2 &&
                      OUTCOME_DEVICE_ERROR == 3 && OUTCOME_DISCONNECTED == 4 &&
                      OUTCOME_PASSIVE == 5 && OUTCOME_PENDING == 6 &&
                      OUTCOME_TIMED_OUT == 7 && OUTCOME_SILENT == 8 &&
                      OUTCOME_DEFERRED == 9 && OUTCOME_NOT_JUDGED == 10 &&
                      OUTCOME_GONE == 11,
              "the numbers are in files: new ones come last");
static_assert(STAGE_OPEN == 0 && STAGE_READ == 1 && REQUEST_READ == 0 &&
                      REQUEST_TEST_UNIT == 1 && REQUEST_PORT_GROUPS == 2 &&
                      REQUEST_INQUIRY == 3 && REQUEST_SCSI_READ == 4,
              "the numbers are in files: new ones come last");
static_assert(SAID_SENSE == 1 && SAID_TRANSPORT == 3 && SAID_OPTIMIZED == 5 &&
                      SAID_TRANSITIONING == 11 && SAID_NOT_OWNED == 13 &&
                      SAID_NVME_STATE == 17 && SAID_CHANGE == 20,
              "the numbers are in files: new ones come last");
static_assert(SYSFS_NONE == 0 && SYSFS_DEVICE == 1 && SYSFS_CONTROLLER == 2 &&
                      SYSFS_PORT == 3 && SYSFS_SESSION == 4 && SYSFS_ACCESS == 5 &&
                      SYSFS_ANA == 6,
              "the numbers are in files: new ones come last");

/* The counts of a silence are where others have sense data, and those of others where it has its time. */
struct reason_packed reason_pack(const struct reason *r)
{
	const struct sysfs_word w[] = { r->sysfs.device, r->sysfs.transport,
		                        r->sysfs.access };
	struct reason_packed p = {
		.kind = (uint8_t)r->kind,
		.stage = (uint8_t)r->stage,
		.request = r->request,
		.said = r->said,
		.error = (uint16_t)r->error,
	};

	for (unsigned i = 0; i < ARRAY_LEN(w); i++) {
		p.layer[i] = w[i].layer;
		p.word[i] = w[i].word;
	}
	if (reason_is_silence(r)) {
		p.timeout_us = r->timeout_us;
		p.key = r->counts & 0xff;
		p.code = r->counts >> 8;
	} else {
		p.timeout_us = r->counts;
		p.key = r->sense.key;
		p.code = r->sense.code;
		p.qualifier = r->sense.qualifier;
	}
	return p;
}

static bool unpack_sysfs(const struct reason_packed *p, struct sysfs_state *ret)
{
	struct sysfs_word w[3];

	for (unsigned i = 0; i < ARRAY_LEN(w); i++) {
		if (p->layer[i] >= SYSFS_LAYER_COUNT_ || p->word[i] >= 16)
			return false;
		w[i].layer = p->layer[i] & 0xf;
		w[i].word = p->word[i] & 0xf;
		if (!sysfs_word_is_valid(w[i]))
			return false;
	}
	*ret = (struct sysfs_state){ w[0], w[1], w[2] };
	return true;
}

/* 0 in the files of older versions. */
static uint32_t counts_of(const struct reason_packed *p)
{
	return p->kind == OUTCOME_TIMED_OUT || p->kind == OUTCOME_SILENT
	               ? p->key | (uint32_t)p->code << 8
	               : p->timeout_us;
}

bool reason_unpack(const struct reason_packed *p, struct reason *ret)
{
	struct reason r = {
		.kind = (enum outcome_kind)(p->kind & 15),
		.stage = (enum outcome_stage)(p->stage & 1),
		.error = p->error & REASON_ERROR_MAX,
		.counts = counts_of(p) & ((1U << NVME_COUNTS_BITS) - 1),
		.request = p->request & 7,
		.said = p->said & 31,
	};

	if (p->kind >= OUTCOME_KIND_COUNT_ || p->stage > STAGE_READ ||
	    p->error > REASON_ERROR_MAX || p->request >= REQUEST_COUNT_ ||
	    p->said >= SAID_COUNT_ || !unpack_sysfs(p, &r.sysfs))
		return false;
	if (reason_is_silence(&r))
		r.timeout_us = p->timeout_us;
	else
		r.sense = (struct reason_sense){ p->key, p->code, p->qualifier };
	if (reason_is_silence(&r) && p->timeout_us > TIMEOUT_MAX_US)
		return false;
	*ret = r;
	return true;
}

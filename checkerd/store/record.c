/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing: the caller owns the record. Any thread. */
#include "checkerd/store/record.h"

#include <string.h>

#include "util/hash.h"

struct section {
	uint16_t tag, bytes;
};

void record_begin(struct record *r, enum record_kind kind, struct mono now)
{
	/* The rest of the sections is never read. */
	r->head = (struct record_head){ .written = now, .kind = (uint16_t)kind };
}

void record_put(struct record *r, enum record_tag tag, const void *data, uint16_t bytes)
{
	const struct section s = { (uint16_t)tag, bytes };
	unsigned char *to = r->sections + r->head.bytes;

	assert(r->head.bytes + sizeof(s) + bytes <= sizeof(r->sections));
	memcpy(to, &s, sizeof(s));
	memcpy(to + sizeof(s), data, bytes);
	r->head.bytes += (uint16_t)(sizeof(s) + bytes);
}

static uint64_t sum_of(const struct record *r)
{
	const size_t from = sizeof(r->head.sum);

	return hash_bytes((const unsigned char *)r + from,
	                  sizeof(r->head) - from + r->head.bytes);
}

void record_seal(struct record *r)
{
	r->head.sum = sum_of(r);
}

/* The next section at *at. False: there is none, or it is longer than the record. */
static bool next_section(const struct record *r, size_t *at, struct section *ret)
{
	if (r->head.bytes - *at < sizeof(*ret))
		return false;
	memcpy(ret, r->sections + *at, sizeof(*ret));
	*at += sizeof(*ret);
	if (ret->bytes > r->head.bytes - *at)
		return false;
	*at += ret->bytes;
	return true;
}

bool record_is_good(const struct record *r, struct mono now)
{
	struct section s;
	size_t at = 0;

	if (r->head.kind == RECORD_NONE || r->head.kind >= RECORD_KIND_COUNT_ ||
	    r->head.bytes > sizeof(r->sections) || r->head.written.us < 0 ||
	    mono_before(now, r->head.written) || r->head.sum != sum_of(r))
		return false;
	while (next_section(r, &at, &s))
		;
	return at == r->head.bytes;
}

bool record_get(const struct record *r, enum record_tag tag, void *to, uint16_t bytes)
{
	struct section s;
	size_t at = 0;

	memset(to, 0, bytes);
	while (next_section(r, &at, &s)) {
		if (s.tag != tag)
			continue;
		memcpy(to, r->sections + at - s.bytes, MIN(s.bytes, bytes));
		return true;
	}
	return false;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing. The loop writes; the main thread reads at the start, then the loop. */
#include "checkerd/store/stored_map.h"

#include <string.h>

/* As it is in files: fields are appended, and never change. */
struct section_map {
	uint8_t reported_any, reported;
	uint16_t expected;
	uint32_t loss; /* 0 in files of earlier versions */
};

static_assert(MAP_UUID_MAX >= MAP_NAME_MAX, "a key is a UUID or a name");

const char *stored_map_key(const struct map *m)
{
	return m->uuid[0] != '\0' ? m->uuid : m->name;
}

void stored_map_write(struct record *r, const char *key, const struct stored_map *m,
                      struct mono now)
{
	const struct section_map s = {
		.reported_any = m->reported_any,
		.reported = (uint8_t)m->reported,
		.expected = m->expected,
		.loss = m->loss,
	};

	record_begin(r, RECORD_MAP, now);
	record_put(r, TAG_NAME, key, (uint16_t)strnlen(key, MAP_UUID_MAX - 1));
	record_put(r, TAG_MAP, &s, sizeof(s));
}

bool stored_map_name(const struct record *r, char ret[MAP_UUID_MAX])
{
	return r->head.kind == RECORD_MAP && record_get(r, TAG_NAME, ret, MAP_UUID_MAX) &&
	       ret[0] != '\0' && ret[MAP_UUID_MAX - 1] == '\0';
}

bool stored_map_read(const struct record *r, struct stored_map *ret)
{
	struct section_map s;

	if (!record_get(r, TAG_MAP, &s, sizeof(s)) || s.reported_any > 1 ||
	    s.reported > REDUNDANCY_NONE || s.expected > MAP_PATHS_MAX)
		return false;
	*ret = (struct stored_map){
		.reported_any = s.reported_any != 0,
		.reported = (enum redundancy)s.reported,
		.expected = s.expected,
		.loss = s.loss,
	};
	return true;
}

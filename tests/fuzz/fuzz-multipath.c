/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lines in which device-mapper describes a multipath map. The input is the line of the
 * table, a NUL, and the line of the status. A map that is read from them keeps within its
 * limits. Lines that are written from that map must read back to the same map.
 */
#include <errno.h>

#include "checkerd/devmapper/multipath_table.h"
#include "tests/fuzz/fuzz.h"

static struct multipath_room *room;

void fuzz_begin(void)
{
	room = malloc(sizeof(*room));
	REQUIRE(room, "no memory");
}

static int read_lines(struct map **ret, const char *table, const char *status)
{
	const struct multipath_text text = {
		.devt_major = 253,
		.name = "m",
		.uuid = "mpath-1",
		.table = table,
		.status = status,
	};

	return multipath_read(ret, &text, room);
}

static uint32_t paths_of(const struct map *m, uint32_t group)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->n_paths; i++)
		n += m->paths[i].group == group;
	return n;
}

static void look_at(const struct map *m)
{
	uint32_t group = 1;

	REQUIRE(m->n_groups <= MAP_GROUPS_MAX, "%u groups", m->n_groups);
	REQUIRE(m->n_paths <= MAP_PATHS_MAX, "%u paths", m->n_paths);
	for (uint32_t i = 0; i < m->n_paths; i++) {
		const struct map_path *p = &m->paths[i];

		REQUIRE(p->group >= group && p->group <= m->n_groups,
		        "path %u in group %u", i, p->group);
		group = p->group;
	}
	for (uint32_t i = 0; i < m->n_groups; i++)
		REQUIRE(m->groups[i] <= MAP_GROUP_DISABLED, "group %u", i);
}

/* Writes the shortest lines that describe the map, without words for the path selector. */
static char *write_line(const struct map *m, bool status)
{
	static const char letters[] = "AED";
	uint32_t path = 0;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	REQUIRE(f, "no memory");
	fprintf(f, "%s %s %u %u", m->queueing ? "1 queue_if_no_path" : "0",
	        m->handled ? "1 alua" : "0", m->n_groups, m->n_groups);
	for (uint32_t g = 1; g <= m->n_groups; g++) {
		uint32_t n = paths_of(m, g);

		if (status)
			fprintf(f, " %c", letters[m->groups[g - 1]]);
		else
			fputs(" s", f);
		fprintf(f, " 0 %u 0", n);
		for (; n > 0; n--, path++) {
			const struct map_path *p = &m->paths[path];

			fprintf(f, " %u:%u", p->devt_major, p->devt_minor);
			if (status)
				fprintf(f, " %c %u", p->active ? 'A' : 'F',
				        p->fail_count);
		}
	}
	REQUIRE(fclose(f) == 0, "no memory");
	return text;
}

static void read_again(const struct map *m)
{
	char *table = write_line(m, false), *status = write_line(m, true);
	struct map *again;
	int r = read_lines(&again, table, status);

	REQUIRE(r == 0, "%d for: %s | %s", r, table, status);
	REQUIRE(map_equal(m, again), "another map: %s | %s", table, status);
	map_unref(again);
	free(table);
	free(status);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	char *table = fuzz_string(&in, '\0'), *status = fuzz_string(&in, '\0');
	struct map *m;
	int r = read_lines(&m, table, status);

	REQUIRE(r == 0 || r == -EINVAL, "%d", r);
	if (r == 0) {
		look_at(m);
		read_again(m);
		map_unref(m);
	}
	free(table);
	free(status);
}

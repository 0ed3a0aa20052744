/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the bars, and what is remembered of each entry's disk. Runs on the loop.
 *
 * Invariant: nothing lifts a bar; it ends with its entry.
 */
#include "checkerd/core/maps_disks.h"

#include "checkerd/core/maps_table.h"
#include "checkerd/core/maps_todo.h"

static void bar_entry(struct maps *m, uint32_t entry, enum maps_bar why)
{
	struct maps_path *e = &m->entries[entry];

	e->bar = why;
	agreement_forget_refusals(&e->agreement);
	maps_todo_add(m, entry);
	maps_todo_changed(m, e->map);
}

static bool differs(uint64_t a, uint64_t b)
{
	return a != 0 && b != 0 && a != b;
}

/* Has the disk answered with another identity since the device was described? */
static bool is_older(const struct disk_id *described, const struct disk_id *read)
{
	if (described->kernel_id != 0 && read->kernel_id != 0)
		return described->kernel_id != read->kernel_id;
	return differs(described->diskseq, read->diskseq);
}

void maps_compare_disk(struct maps *m, uint32_t entry, const struct device *d)
{
	struct maps_path *e = &m->entries[entry];
	struct disk_id now = disk_id_of(d);

	if (e->bar != BAR_NONE || (e->unproven && is_older(&now, &e->id)))
		return;
	e->unproven = e->expedite = false;
	if (disk_id_compare(&e->id, &now) == DISK_ANOTHER)
		bar_entry(m, entry, BAR_FOUND);
	else if (disk_id_of_map(m->maps[e->map].map->wwid, d) == DISK_ANOTHER)
		bar_entry(m, entry, BAR_MAP);
	else
		disk_id_add(&e->id, &now);
}

/* Do all known identities of the device agree with the map? Then none is older than the map. */
static bool is_of_map(enum disk_sameness same, const char *map_wwid,
                      const struct device *d)
{
	return same == DISK_SAME &&
	       (d->kernel_id == 0 || d->kernel_id == disk_id_checksum(map_wwid));
}

void maps_compare_new_disk(struct maps *m, uint32_t entry, const struct device *d)
{
	struct maps_path *e = maps_path(m, entry);
	const char *map_wwid = m->maps[e->map].map->wwid;
	enum disk_sameness same = disk_id_of_map(map_wwid, d);

	e->unproven = !is_of_map(same, map_wwid, d);
	e->expedite = same == DISK_ANOTHER;
	if (!e->unproven)
		maps_compare_disk(m, entry, d);
}

/* Did the disk not answer, or does the name lead to another device number? */
static bool says_nothing(const struct maps_path *e, const struct disk_read *read)
{
	bool number = read->devt_major != 0 || read->devt_minor != 0;

	return read->unreadable || (number && (read->devt_major != e->devt_major ||
	                                       read->devt_minor != e->devt_minor));
}

/*
 * Compares the disk's first answers with the map, until discovery's description is as new as the
 * entry. UNKNOWN: discovery has to list the disk again, because only discovery knows its text.
 */
static enum disk_sameness compare_first(const struct maps_path *e, const char *map_wwid,
                                        const struct device *d, const struct disk_id *id)
{
	const struct disk_id described = disk_id_of(d);

	if (differs(e->id.kernel_id, id->kernel_id))
		return DISK_ANOTHER;
	if (disk_id_of_map(map_wwid, d) != DISK_ANOTHER ||
	    disk_id_checksum(map_wwid) == id->kernel_id)
		return DISK_SAME;
	/* Both WWIDs are in the kernel's form, and so is the disk's answer. */
	if ((id->kernel_id != 0 && !d->udev_wwid) || !is_older(&described, id))
		return DISK_ANOTHER;
	return DISK_UNKNOWN;
}

static enum disk_sameness first_read(struct maps *m, struct maps_path *e,
                                     const struct maps_known *k,
                                     const struct disk_read *read)
{
	const struct disk_id described = disk_id_of(k->device);
	const struct disk_id id = { read->diskseq, read->kernel_id, 0 };
	enum disk_sameness same;

	if (says_nothing(e, read) || read->not_asked || k->plain)
		return DISK_UNKNOWN;
	same = compare_first(e, m->maps[e->map].map->wwid, k->device, &id);
	e->expedite = false;
	disk_id_add(&e->id, &id);
	e->unproven = is_older(&described, &e->id);
	if (!e->unproven)
		disk_id_add(&e->id, &described);
	return same;
}

/*
 * Compares the disk's answer with what the entry remembers. SAME: also when nothing can be
 * compared; then discovery's description counts. UNKNOWN: the disk did not answer, or only its
 * sequence number differs, which discovery will explain.
 */
static enum disk_sameness compare_read(const struct maps_path *e,
                                       const struct disk_read *read)
{
	if (says_nothing(e, read))
		return DISK_UNKNOWN;
	if (read->kernel_id != 0 && e->id.kernel_id != 0)
		return read->kernel_id == e->id.kernel_id ? DISK_SAME : DISK_ANOTHER;
	if (!differs(read->diskseq, e->id.diskseq))
		return DISK_SAME;
	return e->id.kernel_id == 0 && e->id.udev_id == 0 ? DISK_ANOTHER : DISK_UNKNOWN;
}

/* Which evidence says that another disk is there? */
static enum maps_bar evidence(bool was_unproven, const struct maps_path *e)
{
	return was_unproven && !e->unproven ? BAR_MAP : BAR_READ;
}

void maps_path_read(struct maps *m, uint32_t path, const struct disk_read *read)
{
	struct maps_known *k = &m->known[path];
	const struct disk_id id = { read->diskseq, read->kernel_id, 0 };

	assert(path < m->max_paths && k->used);
	k->unidentified = false;
	for (uint32_t i = k->first; i != MAPS_NONE; i = m->entries[i].next_of_path) {
		struct maps_path *e = &m->entries[i];
		bool unproven = e->unproven;

		if (e->bar != BAR_NONE)
			continue;
		switch (unproven ? first_read(m, e, k, read) : compare_read(e, read)) {
		case DISK_ANOTHER:
			bar_entry(m, i, evidence(unproven, e));
			break;
		case DISK_UNKNOWN:
			k->unidentified = true;
			break;
		case DISK_SAME:
			disk_id_add(&e->id, &id);
			break;
		}
	}
}

void maps_path_asked(struct maps *m, uint32_t path, bool identify)
{
	assert(path < m->max_paths && m->known[path].used);
	m->known[path].plain = !identify;
}

bool maps_is_to_be_identified(const struct maps *m, uint32_t path)
{
	uint32_t i = maps_first_of_path(m, path);

	for (; i != MAPS_NONE; i = m->entries[i].next_of_path)
		if ((!m->entries[i].agreement.active || m->entries[i].unproven) &&
		    m->entries[i].bar == BAR_NONE)
			return true;
	return false;
}

bool maps_is_barred(const struct maps *m, uint32_t path)
{
	uint32_t i = maps_first_of_path(m, path);

	while (i != MAPS_NONE && m->entries[i].bar == BAR_NONE)
		i = m->entries[i].next_of_path;
	return i != MAPS_NONE;
}

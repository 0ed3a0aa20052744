/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the paths of ours, by the registry's index, and what is known of their disks. Runs on
 * the loop. Invariant: a bar is lifted by nothing; it ends with its entry.
 */
#include "checkerd/core/maps_table.h"

uint32_t maps_known_at(const struct maps *m, uint32_t devt_major, uint32_t devt_minor)
{
	uint32_t i = m->known_by_devt[maps_bucket(m, devt_major, devt_minor)];

	while (i != MAPS_NONE && (m->known[i].device->devt_major != devt_major ||
	                          m->known[i].device->devt_minor != devt_minor))
		i = m->known[i].next;
	return i;
}

/* What counts in its maps. */
static enum path_verdict verdict_of(const struct maps_known *k)
{
	return k->forced ? VERDICT_UNUSABLE : k->verdict;
}

/* --- which disk it is --- */

static void bar(struct maps *m, uint32_t entry, enum maps_bar why)
{
	struct maps_path *e = &m->entries[entry];

	e->bar = why;
	agreement_anew(&e->agreement);
	maps_look_at(m, entry);
	maps_changed(m, e->map);
}

static bool differs(uint64_t a, uint64_t b)
{
	return a != 0 && b != 0 && a != b;
}

/* The disk has said something else since the device was described. */
static bool is_older(const struct disk_id *described, const struct disk_id *read)
{
	if (described->kernel_id != 0 && read->kernel_id != 0)
		return described->kernel_id != read->kernel_id;
	return differs(described->diskseq, read->diskseq);
}

/* The entry's path is of that device: is it the disk that was there? */
static void hold_against(struct maps *m, uint32_t entry, const struct device *d)
{
	struct maps_path *e = &m->entries[entry];
	struct disk_id now = disk_id_of(d);

	if (e->bar != BAR_NONE || (e->unproven && is_older(&now, &e->id)))
		return;
	e->unproven = e->expedite = false;
	if (disk_id_compare(&e->id, &now) == DISK_ANOTHER)
		bar(m, entry, BAR_FOUND);
	else if (disk_id_of_map(m->maps[e->map].map->wwid, d) == DISK_ANOTHER)
		bar(m, entry, BAR_MAP);
	else
		disk_id_add(&e->id, &now);
}

/* It did not answer, or the name leads to another number. */
static bool says_nothing(const struct maps_path *e, const struct disk_read *read)
{
	bool number = read->devt_major != 0 || read->devt_minor != 0;

	return read->unreadable || (number && (read->devt_major != e->devt_major ||
	                                       read->devt_minor != e->devt_minor));
}

/*
 * What the disk said since the entry was made, until what discovery knows is as new: is it the
 * map's? UNKNOWN: discovery, which lists anew, is waited for: only its text can be compared.
 */
static enum disk_sameness compare_first(const struct maps_path *e, const char *map_wwid,
                                        const struct device *d, const struct disk_id *id)
{
	const struct disk_id described = disk_id_of(d);

	if (differs(e->id.kernel_id, id->kernel_id))
		return DISK_ANOTHER; /* than at the last check */
	if (disk_id_of_map(map_wwid, d) != DISK_ANOTHER ||
	    disk_id_checksum(map_wwid) == id->kernel_id)
		return DISK_SAME;
	/* Both texts are of the kernel's kind, which the disk's is, too. */
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
 * What the disk itself said. SAME also when there is nothing to compare: what discovery knows has
 * to do then. UNKNOWN: not now: it did not answer, the name leads to another number, or only the
 * sequence number differs, which discovery explains soon.
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

/* It has another disk, or so it seems: which evidence says so? */
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
			bar(m, i, evidence(unproven, e));
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

/* --- they come, change and go --- */

static void link(struct maps *m, uint32_t entry, uint32_t path)
{
	struct maps_path *e = maps_path(m, entry);

	e->path = path;
	e->verdict = verdict_of(&m->known[path]);
	e->gone = e->released = false;
	e->next_of_path = m->known[path].first;
	m->known[path].first = entry;
}

void maps_link(struct maps *m, uint32_t entry, uint32_t path)
{
	link(m, entry, path);
	hold_against(m, entry, m->known[path].device);
}

/* All that is known of the device is the map's, so it is not older than the map. */
static bool is_of_map(enum disk_sameness same, const char *map_wwid,
                      const struct device *d)
{
	return same == DISK_SAME &&
	       (d->kernel_id == 0 || d->kernel_id == disk_id_checksum(map_wwid));
}

void maps_link_new(struct maps *m, uint32_t entry, uint32_t path)
{
	struct maps_path *e = maps_path(m, entry);
	const struct device *d = m->known[path].device;
	const char *map_wwid = m->maps[e->map].map->wwid;
	enum disk_sameness same = disk_id_of_map(map_wwid, d);

	link(m, entry, path);
	e->unproven = !is_of_map(same, map_wwid, d);
	e->expedite = same == DISK_ANOTHER;
	if (!e->unproven)
		hold_against(m, entry, d);
}

void maps_unlink(struct maps *m, uint32_t entry)
{
	struct maps_path *e = maps_path(m, entry);
	uint32_t *link;

	if (e->path == MAPS_NONE)
		return;
	for (link = &m->known[e->path].first; *link != entry;)
		link = &m->entries[*link].next_of_path;
	*link = e->next_of_path;
	e->path = MAPS_NONE;
}

static bool is_file(const struct device *d)
{
	return d->devt_major == 0 && d->devt_minor == 0;
}

void maps_path_added(struct maps *m, uint32_t path, struct device *d)
{
	struct maps_known *k = &m->known[path];
	uint32_t at = maps_bucket(m, d->devt_major, d->devt_minor);

	assert(path < m->max_paths && !k->used);
	*k = (struct maps_known){
		.used = true,
		.device = device_ref(d),
		.first = MAPS_NONE,
		.next = m->known_by_devt[at],
	};
	if (is_file(d))
		return;
	m->known_by_devt[at] = path;
	for (uint32_t i = m->entry_by_devt[at]; i != MAPS_NONE;
	     i = m->entries[i].next_of_devt) {
		struct maps_path *e = &m->entries[i];

		if (e->path != MAPS_NONE || e->devt_major != d->devt_major ||
		    e->devt_minor != d->devt_minor)
			continue;
		maps_link(m, i, path);
		maps_look_at(m, i);
		maps_changed(m, e->map);
	}
}

void maps_path_changed(struct maps *m, uint32_t path, struct device *d)
{
	struct maps_known *k = &m->known[path];
	struct device *before = k->device;

	assert(path < m->max_paths && k->used && before->devt_major == d->devt_major &&
	       before->devt_minor == d->devt_minor);
	k->device = device_ref(d);
	(void)device_unref(before); /* NULL, always */
	for (uint32_t i = k->first; i != MAPS_NONE; i = m->entries[i].next_of_path)
		hold_against(m, i, d);
}

uint32_t maps_twin(const struct maps *m, uint32_t path)
{
	const struct device *d = m->known[path].device;
	uint32_t i =
	        is_file(d)
	                ? MAPS_NONE
	                : m->known_by_devt[maps_bucket(m, d->devt_major, d->devt_minor)];

	while (i != MAPS_NONE &&
	       (i == path || m->known[i].device->devt_major != d->devt_major ||
	        m->known[i].device->devt_minor != d->devt_minor))
		i = m->known[i].next;
	return i;
}

static void unchain_known(struct maps *m, uint32_t path)
{
	const struct device *d = m->known[path].device;
	uint32_t *link = &m->known_by_devt[maps_bucket(m, d->devt_major, d->devt_minor)];

	while (*link != path)
		link = &m->known[*link].next;
	*link = m->known[path].next;
}

/* The entry's path is no more; other: one with the same number, or MAPS_NONE. */
static void leave(struct maps *m, uint32_t entry, bool gone, uint32_t other)
{
	struct maps_path *e = maps_path(m, entry);

	maps_unlink(m, entry);
	e->verdict = gone ? VERDICT_UNUSABLE : VERDICT_NONE;
	e->gone = gone;
	e->released = !gone && m->give_back;
	if (other != MAPS_NONE)
		maps_link(m, entry, other);
	agreement_anew(&e->agreement);
	maps_look_at(m, entry);
	maps_changed(m, e->map);
}

void maps_path_removed(struct maps *m, uint32_t path, bool gone)
{
	struct maps_known *k = &m->known[path];
	uint32_t other;

	assert(path < m->max_paths && k->used);
	k->used = false;
	if (!is_file(k->device)) {
		unchain_known(m, path);
		/* The same device by another name. */
		other = maps_known_at(m, k->device->devt_major, k->device->devt_minor);
		while (k->first != MAPS_NONE)
			leave(m, k->first, gone, other);
	}
	k->device = device_unref(k->device);
}

/* --- what is decided of them --- */

void maps_path_checked(struct maps *m, uint32_t path, enum path_verdict verdict,
                       bool good, struct mono started)
{
	struct maps_known *k = &m->known[path];
	enum path_verdict before = verdict_of(k);
	/* One that does not ask was begun before the path was failed, whatever the clock says. */
	struct mono asked = k->plain ? (struct mono){ 0 } : started;
	bool changed;

	assert(path < m->max_paths && k->used);
	k->verdict = verdict;
	changed = verdict_of(k) != before;
	for (uint32_t i = k->first; i != MAPS_NONE; i = m->entries[i].next_of_path) {
		struct maps_path *e = &m->entries[i];

		if (changed) {
			e->verdict = verdict_of(k);
			/* Without control it is given back, whatever is decided. */
			e->released = e->released && !m->control;
			agreement_anew(&e->agreement);
			maps_changed(m, e->map);
		}
		if ((good && agreement_checked(&e->agreement, asked, !k->unidentified)) ||
		    changed)
			maps_look_at(m, i);
	}
}

void maps_force(struct maps *m, uint32_t path, bool fail)
{
	struct maps_known *k = &m->known[path];

	assert(path < m->max_paths && k->used);
	k->forced = fail;
	for (uint32_t i = k->first; i != MAPS_NONE; i = m->entries[i].next_of_path) {
		struct maps_path *e = &m->entries[i];

		e->verdict = verdict_of(k);
		e->released = false;
		agreement_anew(&e->agreement);
		maps_look_at(m, i);
		maps_changed(m, e->map);
	}
}

bool maps_is_forced(const struct maps *m, uint32_t path)
{
	return path < m->max_paths && m->known[path].used && m->known[path].forced;
}

/* A path that is not ours, or disabled, or of which nothing is known yet, is nothing to go on
 * with. */
bool maps_has_another(struct maps *m, uint32_t entry)
{
	uint32_t i = m->maps[m->entries[entry].map].first;

	for (; i != MAPS_NONE; i = m->entries[i].next) {
		const struct maps_path *e = &m->entries[i];

		if (i != entry && e->agreement.active && e->path != MAPS_NONE &&
		    e->verdict == VERDICT_USABLE && e->bar == BAR_NONE &&
		    !maps_is_disabled(m, e) && e->agreement.in_flight != COMMAND_FAIL)
			return true;
	}
	return false;
}

bool maps_awaits_another(struct maps *m, uint32_t entry)
{
	uint32_t i = m->maps[m->entries[entry].map].first;

	for (; i != MAPS_NONE; i = m->entries[i].next)
		if (i != entry && m->entries[i].agreement.active &&
		    m->entries[i].path != MAPS_NONE &&
		    m->entries[i].verdict == VERDICT_NONE)
			return true;
	return false;
}

bool maps_is_needed(struct maps *m, uint32_t path)
{
	uint32_t i = maps_first_of_path(m, path);

	for (; i != MAPS_NONE; i = m->entries[i].next_of_path) {
		const struct maps_path *e = &m->entries[i];

		if (e->agreement.active && e->bar == BAR_NONE && m->maps[e->map].keep &&
		    !maps_has_another(m, i))
			return true;
	}
	return false;
}

uint32_t maps_first_of_path(const struct maps *m, uint32_t path)
{
	assert(path < m->max_paths);
	return m->known[path].used ? m->known[path].first : MAPS_NONE;
}

const struct map *maps_of(struct maps *m, uint32_t path)
{
	uint32_t entry = maps_first_of_path(m, path);

	return entry == MAPS_NONE ? NULL : m->maps[m->entries[entry].map].map;
}

/* --- letting go --- */

static void release(struct maps *m, uint32_t entry, bool on)
{
	struct maps_path *e = &m->entries[entry];

	if (e->released == on || e->gone)
		return;
	e->released = on;
	agreement_anew(&e->agreement);
	maps_look_at(m, entry);
	maps_changed(m, e->map);
}

/* Failed by us, or about to be. */
static bool is_ours(const struct agreement *a)
{
	return a->ours || a->in_flight == COMMAND_FAIL;
}

void maps_release(struct maps *m, uint32_t path, bool on)
{
	uint32_t i;

	if (path != MAPS_NONE) {
		i = maps_first_of_path(m, path);
		for (; i != MAPS_NONE; i = m->entries[i].next_of_path)
			release(m, i, on);
		return;
	}
	for (uint32_t map = 0; map < m->end; map++) {
		i = m->maps[map].map == NULL ? MAPS_NONE : m->maps[map].first;
		for (; i != MAPS_NONE; i = m->entries[i].next)
			if (!on || is_ours(&m->entries[i].agreement))
				release(m, i, on);
	}
}

void maps_let_go(struct maps *m, uint32_t path, bool go)
{
	if (!go || m->give_back)
		maps_release(m, path, go);
}

void maps_set_give_back(struct maps *m, bool on)
{
	m->give_back = on;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: what is known of the daemon's paths, and the list of each path's entries. Runs on the loop.
 */
#include "checkerd/core/maps_paths.h"

#include "checkerd/core/maps_disks.h"
#include "checkerd/core/maps_table.h"
#include "checkerd/core/maps_todo.h"

/* The verdict that counts in the maps of the path. */
static enum path_verdict verdict_of(const struct maps_known *k)
{
	return k->forced || k->emptied ? VERDICT_UNUSABLE : k->verdict;
}

static void link_entry(struct maps *m, uint32_t entry, uint32_t path)
{
	struct maps_path *e = maps_path(m, entry);

	e->path = path;
	e->verdict = verdict_of(&m->known[path]);
	e->gone = e->released = false;
	e->held = m->known[path].held;
	e->next_of_path = m->known[path].first;
	m->known[path].first = entry;
}

/* Links an entry that is not new to a path: the disk may have changed. */
static void relink_entry(struct maps *m, uint32_t entry, uint32_t path)
{
	link_entry(m, entry, path);
	maps_compare_disk(m, entry, m->known[path].device);
}

void maps_link_entry(struct maps *m, uint32_t entry)
{
	const struct maps_path *e = maps_path(m, entry);
	uint32_t path = maps_known_at(m, e->devt_major, e->devt_minor);

	if (path == MAPS_NONE)
		return;
	link_entry(m, entry, path);
	maps_compare_new_disk(m, entry, m->known[path].device);
}

void maps_unlink_entry(struct maps *m, uint32_t entry)
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
		relink_entry(m, i, path);
		maps_todo_add(m, i);
		maps_todo_changed(m, e->map);
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
		maps_compare_disk(m, i, d);
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

/* The entry loses its path. other: another path with the same device number, or MAPS_NONE. */
static void lose_path(struct maps *m, uint32_t entry, bool gone, uint32_t other)
{
	struct maps_path *e = maps_path(m, entry);

	maps_unlink_entry(m, entry);
	e->verdict = gone ? VERDICT_UNUSABLE : VERDICT_NONE;
	e->gone = gone;
	e->held = false;
	e->released = !gone && m->give_back;
	if (other != MAPS_NONE)
		relink_entry(m, entry, other);
	agreement_forget_refusals(&e->agreement);
	maps_todo_add(m, entry);
	maps_todo_changed(m, e->map);
}

void maps_path_removed(struct maps *m, uint32_t path, bool gone)
{
	struct maps_known *k = &m->known[path];
	uint32_t other;

	assert(path < m->max_paths && k->used);
	k->used = false;
	if (!is_file(k->device)) {
		unchain_known(m, path);
		/* The same device may have another name. */
		other = maps_known_at(m, k->device->devt_major, k->device->devt_minor);
		while (k->first != MAPS_NONE)
			lose_path(m, k->first, gone, other);
	}
	k->device = device_unref(k->device);
}

void maps_path_checked(struct maps *m, uint32_t path, enum path_verdict verdict,
                       bool good, struct mono started)
{
	struct maps_known *k = &m->known[path];
	enum path_verdict before = verdict_of(k);
	/* A check that does not ask for the identity counts as begun before the failure. */
	struct mono asked = k->plain ? (struct mono){ 0 } : started;
	bool changed;

	assert(path < m->max_paths && k->used);
	k->verdict = verdict;
	changed = verdict_of(k) != before;
	for (uint32_t i = k->first; i != MAPS_NONE; i = m->entries[i].next_of_path) {
		struct maps_path *e = &m->entries[i];

		if (changed) {
			e->verdict = verdict_of(k);
			/* Without control a released path is reinstated, whatever is decided. */
			e->released = e->released && !m->control;
			agreement_forget_refusals(&e->agreement);
			maps_todo_changed(m, e->map);
		}
		if ((good && agreement_checked(&e->agreement, asked, !k->unidentified)) ||
		    changed)
			maps_todo_add(m, i);
	}
}

void maps_take_verdict(struct maps *m, uint32_t path, enum path_verdict verdict)
{
	struct maps_known *k = &m->known[path];

	assert(path < m->max_paths && k->used);
	k->verdict = verdict;
	k->old = true;
	for (uint32_t i = k->first; i != MAPS_NONE; i = m->entries[i].next_of_path) {
		m->entries[i].verdict = verdict_of(k);
		maps_todo_changed(m, m->entries[i].map);
	}
}

void maps_path_proven(struct maps *m, uint32_t path)
{
	struct maps_known *k = &m->known[path];

	assert(path < m->max_paths && k->used);
	k->old = false;
	for (uint32_t i = k->first; i != MAPS_NONE; i = m->entries[i].next_of_path) {
		maps_todo_add(m, i);
		maps_todo_changed(m, m->entries[i].map);
	}
}

bool maps_is_unproven(const struct maps *m, uint32_t path)
{
	return m->known[path].used && m->known[path].old;
}

/* What an administrator asked for of the path has changed. */
static void reconsider(struct maps *m, const struct maps_known *k)
{
	for (uint32_t i = k->first; i != MAPS_NONE; i = m->entries[i].next_of_path) {
		struct maps_path *e = &m->entries[i];

		e->verdict = verdict_of(k);
		/* Without control a released path is reinstated, whatever is asked for. */
		e->released = e->released && !m->control;
		agreement_forget_refusals(&e->agreement);
		maps_todo_add(m, i);
		maps_todo_changed(m, e->map);
	}
}

void maps_path_noted(struct maps *m, uint32_t path)
{
	uint32_t i = maps_first_of_path(m, path);

	for (; i != MAPS_NONE; i = m->entries[i].next_of_path)
		maps_todo_note_map(m, m->entries[i].map);
}

void maps_force(struct maps *m, uint32_t path, bool fail, bool even_last)
{
	struct maps_known *k = &m->known[path];

	assert(path < m->max_paths && k->used);
	k->forced = fail;
	k->even_last = (k->forced || k->emptied) && (k->even_last || even_last);
	reconsider(m, k);
}

bool maps_is_forced(const struct maps *m, uint32_t path)
{
	return path < m->max_paths && m->known[path].used && m->known[path].forced;
}

bool maps_is_even_last(const struct maps *m, uint32_t path)
{
	return path < m->max_paths && m->known[path].used && m->known[path].even_last;
}

bool maps_is_emptied(const struct maps *m, uint32_t path)
{
	return path < m->max_paths && m->known[path].used && m->known[path].emptied;
}

void maps_disable(struct maps *m, uint32_t path, enum maps_disabled how, bool even_last)
{
	struct maps_known *k = &m->known[path];
	bool disabled = how != MAPS_ENABLED, emptied = how == MAPS_DISABLED_EMPTIED;

	assert(path < m->max_paths && k->used);
	if (k->disabled != disabled)
		for (uint32_t i = k->first; i != MAPS_NONE;
		     i = m->entries[i].next_of_path)
			maps_todo_changed(m, m->entries[i].map);
	k->disabled = disabled;
	if (k->emptied == emptied && !even_last)
		return;
	k->emptied = emptied;
	k->even_last = (k->forced || k->emptied) && (k->even_last || even_last);
	reconsider(m, k);
}

void maps_accept(struct maps *m, uint32_t path)
{
	uint32_t i = maps_first_of_path(m, path);

	for (; i != MAPS_NONE; i = m->entries[i].next_of_path) {
		struct maps_map *map = &m->maps[m->entries[i].map];

		map->expected = (uint16_t)map->map->n_paths;
	}
}

bool maps_lacks_paths(struct maps *m, uint32_t path)
{
	uint32_t i = maps_first_of_path(m, path);

	for (; i != MAPS_NONE; i = m->entries[i].next_of_path) {
		const struct maps_map *map = &m->maps[m->entries[i].map];

		if (map->expected > map->map->n_paths)
			return true;
	}
	return false;
}

static void release_entry(struct maps *m, uint32_t entry, bool on)
{
	struct maps_path *e = &m->entries[entry];

	if (e->released == on || e->gone)
		return;
	e->released = on;
	agreement_forget_refusals(&e->agreement);
	maps_todo_add(m, entry);
	maps_todo_changed(m, e->map);
}

/* Did the daemon fail the path, or is it about to? */
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
			release_entry(m, i, on);
		return;
	}
	for (uint32_t map = 0; map < m->end; map++) {
		i = m->maps[map].map == NULL ? MAPS_NONE : m->maps[map].first;
		for (; i != MAPS_NONE; i = m->entries[i].next)
			if (!on || is_ours(&m->entries[i].agreement))
				release_entry(m, i, on);
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

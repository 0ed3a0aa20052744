/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: what is known of each device, with references to its description and to its lists of names.
 * Runs on the discovery thread. Disks of one kind have the same properties, so lists of names are
 * shared: what is added to a struct device is some ten words.
 */
#include "checkerd/discovery/known.h"

#include <stdlib.h>
#include <string.h>

#include "util/block.h"
#include "util/hash.h"

#define NAMES_MAX       64   /* different lists */
#define NAMES_BYTES_MAX 4096 /* of the texts of one list */

struct known_names {
	uint32_t users, n;
	uint64_t hash;
	const char *names[]; /* NULL at the end; the texts follow */
};

/* --- lists of names --- */

static uint64_t hash_of(const char *const *names)
{
	uint64_t h = 0;

	for (; *names != NULL; names++)
		h = h * 31 + hash_text(*names);
	return h;
}

static bool has_names(const struct known_names *l, uint64_t hash,
                      const char *const *names)
{
	uint32_t i = 0;

	if (l->hash != hash)
		return false;
	while (i < l->n && names[i] != NULL && strcmp(l->names[i], names[i]) == 0)
		i++;
	return i == l->n && names[i] == NULL;
}

static struct known_names *copy_names(const char *const *names)
{
	struct known_names *l;
	size_t n = 0, bytes = 0;
	char *text;

	for (; names[n] != NULL; n++)
		bytes += strlen(names[n]) + 1;
	if (bytes > NAMES_BYTES_MAX)
		return NULL;
	l = malloc(sizeof(*l) + (n + 1) * sizeof(l->names[0]) + bytes);
	if (l == NULL)
		return NULL;
	*l = (struct known_names){ .n = (uint32_t)n, .hash = hash_of(names) };
	text = (char *)&l->names[n + 1];
	for (size_t i = 0; i < n; i++) {
		l->names[i] = text;
		text = stpcpy(text, names[i]) + 1;
	}
	l->names[n] = NULL;
	return l;
}

/* A reference to the list of these names. NULL: no memory, or there are too many lists. */
static struct known_names *share_names(struct known *k, const char *const *names)
{
	uint64_t hash = hash_of(names);
	struct known_names *l;

	for (size_t i = 0; i < k->n_names; i++) {
		if (!has_names(k->names[i], hash, names))
			continue;
		k->names[i]->users++;
		return k->names[i];
	}
	if (k->n_names == NAMES_MAX)
		return NULL;
	if (k->names == NULL)
		k->names = calloc(NAMES_MAX, sizeof(*k->names));
	l = k->names == NULL ? NULL : copy_names(names);
	if (l == NULL)
		return NULL;
	l->users = 1;
	k->names[k->n_names++] = l;
	return l;
}

/* l: NULL allowed. */
static void drop_names(struct known *k, struct known_names *l)
{
	size_t i = 0;

	if (l == NULL || --l->users > 0)
		return;
	while (k->names[i] != l)
		i++;
	k->names[i] = k->names[--k->n_names];
	free(l);
}

const char *const *known_properties(const struct known_disk *d)
{
	return d->properties->names;
}

const char *known_attribute(const struct known_disk *d)
{
	return d->attribute->names[0];
}

/* --- disks --- */

/* Drops what the disk refers to. */
static void forget(struct known *k, struct known_disk *d)
{
	k->excluded -= d->excluded;
	d->device = device_unref(d->device);
	drop_names(k, d->properties);
	drop_names(k, d->attribute);
	*d = (struct known_disk){ .name = d->name };
}

void known_deinit(struct known *k)
{
	for (size_t i = 0; i < k->n; i++)
		forget(k, &k->disks[i]);
	assert(k->n_names == 0 && k->excluded == 0);
	free(k->names);
	block_free(k->disks);
	*k = (struct known)KNOWN_NULL;
}

/* The index of the name, or where it would be. */
static size_t find_place(const struct known *k, uint64_t name)
{
	size_t low = 0, high = k->sorted;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (k->disks[middle].name < name)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct known_disk *find_name(const struct known *k, uint64_t name)
{
	size_t at = find_place(k, name);

	return at < k->sorted && k->disks[at].name == name ? &k->disks[at] : NULL;
}

struct known_disk *known_find(struct known *k, const char *sysname, uint64_t inode)
{
	struct known_disk *d = find_name(k, hash_text(sysname));

	return d != NULL && d->inode == inode && inode != 0 ? d : NULL;
}

static int by_name(const void *a, const void *b)
{
	const struct known_disk *x = a, *y = b;

	return (x->name > y->name) - (x->name < y->name);
}

void known_begin(struct known *k)
{
	assert(!k->listing);
	k->listing = true;
	for (size_t i = 0; i < k->n; i++)
		k->disks[i].listed = false;
}

void known_end(struct known *k, bool all)
{
	size_t kept = 0;

	assert(k->listing);
	k->listing = false;
	for (size_t i = 0; i < k->n; i++) {
		if ((all && !k->disks[i].listed) || k->disks[i].inode == 0)
			forget(k, &k->disks[i]);
		else
			k->disks[kept++] = k->disks[i];
	}
	k->n = k->sorted = kept;
	if (kept > 0)
		qsort(k->disks, kept, sizeof(k->disks[0]), by_name);
}

/* The most devices of which something is known. Partitions and maps come on top of the disks. */
static size_t disks_max(uint32_t max_paths)
{
	return 2 * (size_t)max_paths + KNOWN_EXCLUDED_MAX;
}

/* A new place for the name, which no disk has. NULL: no room, or no memory. */
static struct known_disk *add_place(struct known *k, uint32_t max_paths, uint64_t name)
{
	size_t at = k->n;

	if (k->n >= disks_max(max_paths))
		return NULL;
	if (k->n == k->capacity) {
		/* Grows by an eighth only, because mlockall() locks the unused part, too. */
		size_t more = MIN(k->capacity + MAX(k->capacity / 8, (size_t)64),
		                  disks_max(max_paths));
		struct known_disk *grown =
		        block_resize(k->disks, more, sizeof(k->disks[0]));

		if (grown == NULL)
			return NULL;
		k->disks = grown;
		k->capacity = more;
	}
	/* While a list is made, each name comes once, and all are sorted in the end. */
	if (!k->listing) {
		at = find_place(k, name);
		memmove(&k->disks[at + 1], &k->disks[at],
		        (k->n - at) * sizeof(k->disks[0]));
		k->sorted++;
	}
	k->n++;
	k->disks[at] = (struct known_disk){ .name = name };
	return &k->disks[at];
}

/* Removes the disk. While a list is made, its place stays until known_end(). */
static void remove_disk(struct known *k, struct known_disk *d)
{
	size_t at = (size_t)(d - k->disks);

	forget(k, d);
	if (k->listing)
		return;
	memmove(d, d + 1, (k->n - at - 1) * sizeof(*d));
	k->n--;
	k->sorted--;
}

void known_listed(struct known *k, struct known_disk *disk, struct device *d,
                  bool excluded)
{
	struct device *before = disk->device;

	k->excluded -= disk->excluded;
	disk->excluded = excluded && d != NULL;
	k->excluded += disk->excluded;
	disk->device = d == NULL ? NULL : device_ref(d);
	(void)device_unref(before); /* NULL, always */
	disk->listed = true;
	if (disk->excluded && k->excluded > KNOWN_EXCLUDED_MAX)
		remove_disk(k, disk);
}

/* False: there is no memory for the names, or there are too many. */
static bool set_names(struct known *k, struct known_disk *disk,
                      const struct known_facts *facts)
{
	const char *attribute[] = { facts->attribute, NULL };

	disk->properties = share_names(k, facts->properties);
	disk->attribute = share_names(k, attribute);
	return disk->properties != NULL && disk->attribute != NULL;
}

void known_put(struct known *k, uint32_t max_paths, const char *sysname, uint64_t inode,
               const struct known_facts *facts, struct device *d, bool excluded)
{
	uint64_t name = hash_text(sysname);
	struct known_disk *disk = find_name(k, name);

	if (disk != NULL)
		forget(k, disk);
	if (disk == NULL && facts->extent != KNOWN_NOTHING && inode != 0)
		disk = add_place(k, max_paths, name);
	if (disk == NULL)
		return;
	if (facts->extent == KNOWN_NOTHING || inode == 0 ||
	    (facts->extent == KNOWN_DISK && !set_names(k, disk, facts))) {
		remove_disk(k, disk);
		return;
	}
	disk->inode = inode;
	disk->scsi = facts->scsi;
	disk->partition = facts->partition;
	disk->named = facts->named;
	known_listed(k, disk, facts->extent == KNOWN_DISK ? d : NULL, excluded);
}

void known_drop(struct known *k, const char *sysname)
{
	struct known_disk *d = find_name(k, hash_text(sysname));

	if (d != NULL)
		remove_disk(k, d);
}

static void drop_where(struct known *k,
                       bool (*drops)(const struct device *d, const char *arg),
                       const char *arg)
{
	for (size_t i = 0; i < k->n;) {
		struct known_disk *d = &k->disks[i];

		if (d->device != NULL && drops(d->device, arg))
			remove_disk(k, d);
		else
			i++;
	}
}

static bool in_map(const struct device *d, const char *map)
{
	return device_map(d) != NULL && strcmp(device_map(d), map) == 0;
}

void known_drop_map(struct known *k, const char *map)
{
	assert(!k->listing);
	drop_where(k, in_map, map);
}

static bool begins(const struct device *d, const char *prefix)
{
	return strncmp(device_name(d), prefix, strlen(prefix)) == 0;
}

void known_drop_kind(struct known *k, const char *prefix)
{
	assert(!k->listing);
	drop_where(k, begins, prefix);
}

uint64_t known_bytes(uint32_t max_paths)
{
	size_t names = sizeof(struct known_names) + NAMES_BYTES_MAX +
	               (KNOWN_PROPERTIES_MAX + 1) * sizeof(char *);

	/* The array twice, while it grows. */
	return 2 * (uint64_t)disks_max(max_paths) * sizeof(struct known_disk) +
	       NAMES_MAX * (names + sizeof(struct known_names *)) +
	       (uint64_t)KNOWN_EXCLUDED_MAX *
	               (sizeof(struct device) + IDENTITY_TEXT_MAX + DEVICE_NAME_MAX);
}

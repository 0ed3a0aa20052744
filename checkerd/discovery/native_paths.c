/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the list of reported paths, and their order. Runs on the discovery thread. The kernel answers
 * the attributes from memory (drivers/nvme/host/sysfs.c, multipath.c), also while a controller hangs.
 *
 * No uevent announces a path, and none announces another ANA state. So the lists and states are read
 * once in the shortest polling interval of the heads, and soon after a uevent of a controller.
 */
#include "checkerd/discovery/native_paths.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkerd/config/config.h"
#include "checkerd/discovery/sysfs.h"
#include "checkerd/discovery/sysfs_block.h"

#define SUBSYSTEMS "class/nvme-subsystem"
#define RETRY_US   USEC_PER_SEC
/* A name below SUBSYSTEMS: of a subsystem, one of its controllers, and one of their paths. */
#define PLACE_MAX (sizeof(SUBSYSTEMS) + 3 * (NAME_MAX + 1))

/* A list that is being made. */
struct listing {
	int sysfs;
	const struct found_list *heads, *known;
	struct found_list *list;
	struct identity reading; /* for its shortage */
};

void native_paths_deinit(struct native_paths *n)
{
	found_list_deinit(&n->list);
	free(n->order);
	*n = (struct native_paths)NATIVE_PATHS_NULL;
}

void native_paths_expect(struct native_paths *n, struct mono now)
{
	n->due = mono_min(n->due, mono_add(now, NATIVE_PATHS_WAIT_US));
}

/* Where the digits end that begin at s; NULL: there are none. */
static const char *after_digits(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n > 0 ? s + n : NULL;
}

bool native_paths_is_controller(const char *name)
{
	const char *end = strncmp(name, "nvme", 4) == 0 ? after_digits(name + 4) : NULL;

	return end != NULL && *end == '\0';
}

bool native_paths_head(const char *path, char ret[static DEVICE_NAME_MAX])
{
	const char *c = strncmp(path, "nvme", 4) == 0 ? after_digits(path + 4) : NULL;
	const char *n = c != NULL && *c == 'c' ? after_digits(c + 1) : NULL;
	const char *end = n != NULL && *n == 'n' ? after_digits(n + 1) : NULL;

	if (end == NULL || *end != '\0' || end - path >= DEVICE_NAME_MAX)
		return false;
	(void)snprintf(ret, DEVICE_NAME_MAX, "%.*s%s", (int)(c - path), path, n);
	return true;
}

static const char *map_name(const struct device *head)
{
	return device_map(head) != NULL ? device_map(head) : device_name(head);
}

/* A path has the settings of its head. Nothing is checked, so nothing is put off either. */
static struct path_settings settings_from(const struct found_entry *head)
{
	struct path_settings s = head->settings;

	s.checker = CHECKER_NONE;
	s.max_interval_grid = path_max_interval_grid(s.interval_us);
	s.unjudged = 0;
	return s;
}

/* -ENOENT: the path is gone. */
static int describe(struct listing *l, const char *name, const struct device *head,
                    struct device **ret)
{
	char node[sizeof("/sys/class/block/") + DEVICE_NAME_MAX];
	struct identity id;
	int r;

	/* no disk has a name that does not fit */
	if ((size_t)snprintf(node, sizeof(node), "/sys/class/block/%s", name) >=
	    sizeof(node))
		return -ENOENT;
	identity_init(&id);
	identity_set(&id, &id.spec.name, name);
	r = identity_set_exact(&id, &id.spec.node, node);
	if (r < 0)
		return r;
	id.spec.kind = DEVICE_OBSERVED;
	identity_set(&id, &id.spec.map, map_name(head));
	identity_set(&id, &id.spec.wwid, device_wwid(head));
	id.spec.udev_wwid = head->udev_wwid;
	r = sysfs_block_identify(&id, l->sysfs, name);
	id.spec.sysfs_state = NULL; /* FOUND_STATE has it. */
	return r < 0 ? r : device_new(ret, &id.spec);
}

/* Was the path described with this head, and is it the same path? */
static bool is_described(struct listing *l, const struct device *known,
                         const struct device *head)
{
	char file[sizeof("class/block//diskseq") + DEVICE_NAME_MAX], buf[32];
	const char *wwid = device_wwid(head), *diskseq;

	if (known->diskseq == 0 || strcmp(device_map(known), map_name(head)) != 0 ||
	    (wwid != NULL &&
	     (device_wwid(known) == NULL || strcmp(device_wwid(known), wwid) != 0)))
		return false;
	(void)snprintf(file, sizeof(file), "class/block/%s/diskseq", device_name(known));
	diskseq = sysfs_attribute(&l->reading, l->sysfs, file, buf, sizeof(buf));
	return diskseq != NULL && strtoull(diskseq, NULL, 10) == known->diskseq;
}

/* Appends the path to the list, if its head is known. */
static int list_path(struct listing *l, const char *name)
{
	char head_name[DEVICE_NAME_MAX];
	const struct found_entry *head;
	struct path_settings s;
	struct device *d = NULL;
	size_t at;
	int r = 0;

	if (!native_paths_head(name, head_name))
		return 0;
	at = found_list_find(l->heads, head_name);
	if (at == l->heads->n || l->heads->entries[at].device->kind != DEVICE_HEAD)
		return 0;
	head = &l->heads->entries[at];
	at = found_list_find(l->known, name);
	if (at < l->known->n &&
	    is_described(l, l->known->entries[at].device, head->device))
		d = device_ref(l->known->entries[at].device);
	else
		r = describe(l, name, head->device, &d);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	s = settings_from(head);
	return found_list_append(l->list, d, &s);
}

/* Calls `each` for the entries of a folder whose names begin with "nvme". */
static int list_folder(struct listing *l, const char *folder,
                       int (*each)(struct listing *l, const char *folder,
                                   const char *name))
{
	DIR *entries = sysfs_entries(&l->reading, l->sysfs, folder);
	const struct dirent *e;
	int r = 0;

	if (entries == NULL)
		return -l->reading.shortage; /* 0: it is gone */
	while (r == 0 && (e = sysfs_next(&l->reading, entries)) != NULL)
		if (strncmp(e->d_name, "nvme", 4) == 0)
			r = each(l, folder, e->d_name);
	closedir(entries);
	return r == 0 ? -l->reading.shortage : r;
}

static int in_controller(struct listing *l, const char *folder, const char *name)
{
	(void)folder;
	return list_path(l, name);
}

/* False: the name is too long for a subsystem or a controller. */
static bool name_place(char place[static PLACE_MAX], const char *folder, const char *name)
{
	return (size_t)snprintf(place, PLACE_MAX, "%s/%s", folder, name) < PLACE_MAX;
}

static int in_subsystem(struct listing *l, const char *folder, const char *name)
{
	char place[PLACE_MAX];

	if (!native_paths_is_controller(name) || !name_place(place, folder, name))
		return 0;
	return list_folder(l, place, in_controller);
}

static int in_subsystems(struct listing *l, const char *folder, const char *name)
{
	char place[PLACE_MAX];

	if (!name_place(place, folder, name))
		return 0;
	return list_folder(l, place, in_subsystem);
}

static int by_map(const void *a, const void *b, void *arg)
{
	const struct found_entry *entries = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int r = strcmp(device_map(entries[x].device), device_map(entries[y].device));

	return r != 0 ? r : (x > y) - (x < y);
}

/* NULL: no memory, or no path. */
static uint32_t *sort_by_map(const struct found_list *l)
{
	uint32_t *order = l->n == 0 ? NULL : malloc(l->n * sizeof(*order));

	for (uint32_t i = 0; order != NULL && i < l->n; i++)
		order[i] = i;
	if (order != NULL)
		qsort_r(order, l->n, sizeof(*order), by_map, l->entries);
	return order;
}

/* Lists the paths, and emits the difference. */
static int relist(struct native_paths *n, int sysfs, const struct found_list *heads,
                  bool gone, int (*emit)(void *arg, struct found *f), void *arg)
{
	struct found_list list = FOUND_LIST_NULL;
	struct listing l = {
		.sysfs = sysfs, .heads = heads, .known = &n->list, .list = &list
	};
	uint32_t *order = NULL;
	int r;

	list.before = &n->list;
	identity_init(&l.reading);
	r = list_folder(&l, SUBSYSTEMS, in_subsystems);
	list.before = NULL;
	if (r == 0) {
		(void)found_list_sort(&list); /* No name is there twice. */
		order = sort_by_map(&list);
		r = order == NULL && list.n > 0 ? -ENOMEM : 0;
	}
	if (r == 0)
		r = found_plan(&n->list, &list, gone, emit, arg);
	if (r < 0) {
		free(order);
		found_list_deinit(&list);
		return r;
	}
	found_list_deinit(&n->list);
	free(n->order);
	n->list = list;
	n->order = order;
	return 0;
}

/* No state: the path is gone, or memory or descriptors are short. */
static struct sysfs_state read_state(int sysfs, const char *name)
{
	char file[sizeof("class/block//device/state") + DEVICE_NAME_MAX];
	char state[SYSFS_ATTRIBUTE_MAX], ana[SYSFS_ATTRIBUTE_MAX];
	struct sysfs_state s = { 0 };
	struct identity reading;

	identity_init(&reading);
	(void)snprintf(file, sizeof(file), "class/block/%s/device/state", name);
	s.device = sysfs_word(SYSFS_CONTROLLER, sysfs_attribute(&reading, sysfs, file,
	                                                        state, sizeof(state)));
	/* A controller without ANA has no such attribute: all its namespaces are accessible. */
	(void)snprintf(file, sizeof(file), "class/block/%s/ana_state", name);
	s.access = sysfs_word(SYSFS_ANA,
	                      sysfs_attribute(&reading, sysfs, file, ana, sizeof(ana)));
	if (reading.shortage != 0)
		s = (struct sysfs_state){ 0 };
	return s;
}

/* The paths of a map follow each other, and the record of the last one says so. */
static int emit_states(const struct native_paths *n, int sysfs,
                       int (*emit)(void *arg, struct found *f), void *arg)
{
	const struct found_entry *entries = n->list.entries;
	int r = 0;

	assert(n->order != NULL || n->list.n == 0);
	for (uint32_t i = 0; r == 0 && i < n->list.n; i++) {
		struct device *d = entries[n->order[i]].device;
		struct found f = {
			.op = FOUND_STATE,
			.device = device_ref(d),
			.state = read_state(sysfs, device_name(d)),
			.last = i + 1 == n->list.n ||
			        strcmp(device_map(d),
			               device_map(entries[n->order[i + 1]].device)) != 0,
		};

		r = emit(arg, &f);
	}
	return r;
}

/* The shortest interval of the heads. INT64_MAX: there are none. */
static int64_t interval_of(const struct found_list *heads)
{
	int64_t us = INT64_MAX;

	for (size_t i = 0; i < heads->n; i++)
		if (heads->entries[i].device->kind == DEVICE_HEAD)
			us = MIN(us, (int64_t)heads->entries[i].settings.interval_us);
	return us;
}

int native_paths_update(struct native_paths *n, int sysfs, const struct found_list *heads,
                        bool gone, int (*emit)(void *arg, struct found *f), void *arg)
{
	int64_t interval_us = interval_of(heads);
	int r = 0;

	n->due = MONO_NEVER;
	if (interval_us < INT64_MAX || n->list.n > 0)
		r = relist(n, sysfs, heads, gone, emit, arg);
	if (r == 0)
		r = emit_states(n, sysfs, emit, arg);
	if (r < 0)
		n->due = mono_add(mono_now(), RETRY_US);
	else if (interval_us < INT64_MAX)
		n->due = mono_add(mono_now(), interval_us);
	return r;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the udev context, the monitor and all that libudev hands out. Runs on the discovery
 * thread, and no libudev object is ever seen by another.
 *
 * Listening begins before the first list is made, so that nothing falls between the two;
 * messages the kernel had to drop show as ENOBUFS, and then everything is listed anew.
 */
#include "checkerd/discovery/udev_watch.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libudev.h>

#include "checkerd/discovery/identity.h"
#include "checkerd/discovery/sysfs.h"
#include "checkerd/discovery/udev_disk.h"
#include "util/shortage.h"

/* What a storm of events from a few thousand disks needs. */
#define MONITOR_BUFFER_BYTES (16 * 1024 * 1024)

struct udev_watch {
	struct udev *udev;
	struct udev_monitor *monitor;
	struct udev_source source;
};

struct udev_watch *udev_watch_free(struct udev_watch *w)
{
	if (w == NULL)
		return NULL;
	udev_monitor_unref(w->monitor);
	udev_unref(w->udev);
	free(w);
	return NULL;
}

int udev_watch_new(struct udev_watch **ret, int sysfs)
{
	/* udevd's own socket: it is running, and its messages come when its rules have. */
	bool with_udevd = access("/run/udev/control", F_OK) == 0;
	const char *group = with_udevd ? "udev" : "kernel";
	struct udev_watch *w;
	int r = -ENOMEM;

	if (!with_udevd && is_shortage(errno))
		return -errno;
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return -ENOMEM;
	w->source = (struct udev_source){ .sysfs = sysfs, .with_udevd = with_udevd };
	w->udev = udev_new();
	if (w->udev == NULL)
		goto fail;
	w->monitor = udev_monitor_new_from_netlink(w->udev, group);
	if (w->monitor == NULL)
		goto fail;
	r = udev_monitor_filter_add_match_subsystem_devtype(w->monitor, "block", NULL);
	if (r < 0)
		goto fail;
	/* Without CAP_NET_ADMIN the usual size has to do: an overrun is seen and made good. */
	(void)udev_monitor_set_receive_buffer_size(w->monitor, MONITOR_BUFFER_BYTES);
	r = udev_monitor_enable_receiving(w->monitor);
	if (r < 0)
		goto fail;
	*ret = w;
	return 0;
fail:
	udev_watch_free(w);
	return r;
}

int udev_watch_fd(const struct udev_watch *w)
{
	return udev_monitor_get_fd(w->monitor);
}

/* The entry as it was reported, once more. */
static struct found_entry copy_entry(const struct found_entry *reported)
{
	struct found_entry e = *reported;

	(void)device_ref(e.device);
	return e;
}

/* A disk that was let in stays, whatever is said of it, until it goes or the rules are others. */
static bool stays_included(const struct found_entry *reported,
                           const struct found_entry *now)
{
	return reported != NULL && !found_replaced(reported->device, now->device) &&
	       (!reported->settings.unjudged || now->settings.unjudged);
}

struct listing {
	struct udev_watch *w;
	const struct config *config;
	bool reload;
	struct found_list *list;
	uint32_t excluded;
};

static const struct found_entry *reported_before(const struct listing *l,
                                                 const char *sysname)
{
	size_t at;

	if (l->list->before == NULL)
		return NULL;
	at = found_list_find(l->list->before, sysname);
	return at < l->list->before->n ? &l->list->before->entries[at] : NULL;
}

/* Puts one device that is there on the list, or counts it as left out. */
static int list_device(struct listing *l, struct udev_device *dev, const char *sysname)
{
	const struct found_entry *reported = reported_before(l, sysname);
	struct found_entry entry = { 0 };
	int r = udev_disk_is_ready(&l->w->source, dev);

	if (r < 0)
		return r;
	if (r == 0) {
		if (reported == NULL)
			return 0;
		entry = copy_entry(reported);
		return found_list_append(l->list, entry.device, &entry.settings);
	}
	r = udev_disk_consider(&l->w->source, l->config, dev, reported, &entry);
	if (r < 0)
		return r;
	if (r == UDEV_DISK_EXCLUDED && !l->reload && stays_included(reported, &entry)) {
		(void)device_unref(entry.device); /* NULL, always */
		entry = copy_entry(reported);
		r = UDEV_DISK_INCLUDED;
	} else if (r == UDEV_DISK_EXCLUDED) {
		(void)device_unref(entry.device); /* NULL, always */
	}
	l->excluded += r != UDEV_DISK_INCLUDED;
	if (r != UDEV_DISK_INCLUDED)
		return 0;
	r = found_list_append(l->list, entry.device, &entry.settings);
	if (r == 0)
		l->list->entries[l->list->n - 1].settings.unjudged =
		        entry.settings.unjudged &&
		        (l->reload || (reported != NULL && reported->settings.unjudged));
	return r;
}

static int list_one(struct listing *l, const char *sysname)
{
	char syspath[sizeof("/sys/class/block/") + NAME_MAX];
	struct udev_device *dev;
	int r;

	(void)snprintf(syspath, sizeof(syspath), "/sys/class/block/%s", sysname);
	errno = 0;
	dev = udev_device_new_from_syspath(l->w->udev, syspath);
	if (dev == NULL)
		return is_shortage(errno) ? -errno : 0; /* gone meanwhile */
	r = list_device(l, dev, sysname);
	udev_device_unref(dev);
	return r;
}

/* Not by udev_enumerate: that looks at all that is above each disk, too, which takes as long as
 * everything else here, and keeps what it has found until the last one. */
int udev_watch_scan(struct udev_watch *w, const struct config *c, bool reload,
                    struct found_list *ret, uint32_t *ret_excluded)
{
	struct listing l = { .w = w, .config = c, .reload = reload, .list = ret };
	const struct dirent *e;
	struct identity reading;
	DIR *all;
	int r = 0;

	identity_init(&reading);
	all = sysfs_entries(&reading, w->source.sysfs, "class/block");
	if (all == NULL)
		return -errno;
	while (r == 0 && (e = sysfs_next(&reading, all)) != NULL)
		if (e->d_name[0] != '.')
			r = list_one(&l, e->d_name);
	if (r == 0)
		r = -reading.shortage;
	if (r == 0)
		*ret_excluded = l.excluded + (uint32_t)found_list_sort(ret);
	closedir(all);
	return r;
}

static bool is_removal(struct udev_device *dev)
{
	const char *action = udev_device_get_action(dev);

	return action != NULL && strcmp(action, "remove") == 0;
}

/*
 * A message about a disk whose name another one has by now, which has been reported. Messages that
 * were left when others were dropped are like that after the devices were listed anew. sysfs
 * cannot be asked instead: a removal is announced before the directory goes.
 */
static bool is_overtaken(struct udev_device *dev, const struct found_list *reported,
                         size_t at)
{
	uint64_t diskseq = udev_disk_diskseq(dev);

	return at < reported->n && diskseq != 0 &&
	       reported->entries[at].device->diskseq > diskseq;
}

/* Its place among those that were reported, by the name it was reported under: made harmless. */
static size_t find_reported(const struct found_list *reported, struct udev_device *dev)
{
	struct identity id;

	identity_init(&id);
	identity_set(&id, &id.spec.name, udev_device_get_sysname(dev));
	return id.spec.name == NULL ? reported->n
	                            : found_list_find(reported, id.spec.name);
}

/*
 * What has become of one device that was reported as that, or was not (NULL). 1: *ret describes it,
 * with a reference; 0: nothing is to be done; -ENOENT: it is not to be reported any more, and
 * *ret_gone says whether it has gone; another negative errno: it could not be looked at.
 */
static int look_at(struct udev_watch *w, const struct config *c, struct udev_device *dev,
                   const struct found_entry *reported, struct found_entry *ret,
                   bool *ret_gone)
{
	int r = is_removal(dev) ? UDEV_DISK_GONE
	                        : udev_disk_consider(&w->source, c, dev, reported, ret);
	bool keep;

	*ret_gone = true;
	if (r == UDEV_DISK_GONE)
		return -ENOENT;
	if (r < 0)
		return r;
	if (r == UDEV_DISK_INCLUDED) {
		ret->settings.unjudged = ret->settings.unjudged && reported != NULL &&
		                         reported->settings.unjudged;
		return 1;
	}
	keep = stays_included(reported, ret);
	/* The rules of a reload are held against its properties only now. */
	if (reported != NULL)
		*ret_gone = found_replaced(reported->device, ret->device);
	ret->device = device_unref(ret->device);
	return keep ? 0 : -ENOENT;
}

/* Makes `reported` agree with what has become of one device. */
static int update_disk(struct udev_watch *w, const struct config *c,
                       struct udev_device *dev, struct found_list *reported,
                       int (*emit)(void *arg, struct found *f), void *arg)
{
	struct found_list before = FOUND_LIST_NULL, after = FOUND_LIST_NULL;
	struct found_entry entry = { 0 };
	size_t at = find_reported(reported, dev);
	bool gone;
	int r;

	if (is_overtaken(dev, reported, at))
		return 0;
	r = look_at(w, c, dev, at < reported->n ? &reported->entries[at] : NULL, &entry,
	            &gone);
	if (r == 0 || (r < 0 && r != -ENOENT))
		return r;
	if (r > 0) {
		entry.device = found_list_share(reported, entry.device);
		after = (struct found_list){ .entries = &entry, .n = 1 };
	}
	if (at < reported->n)
		before = (struct found_list){ .entries = &reported->entries[at], .n = 1 };
	/* A loop device that was detached is gone, too: its disk is. */
	r = found_plan(&before, &after, gone, emit, arg);
	if (at < reported->n && after.n > 0) {
		device_unref(reported->entries[at].device);
		reported->entries[at] = entry;
	} else if (at < reported->n) {
		found_list_remove(reported, at);
	} else if (after.n > 0 && r == 0) {
		r = found_list_add(reported, entry.device, &entry.settings);
	} else if (after.n > 0) {
		device_unref(entry.device);
	}
	return r;
}

struct updating {
	struct udev_watch *w;
	const struct config *config;
	struct found_list *reported;
	int (*emit)(void *arg, struct found *f);
	void *arg;
};

/* One that was reported, as it is now. */
static int update_named(const struct updating *u, const char *sysname)
{
	struct udev_device *dev;
	int r;

	errno = 0;
	dev = udev_device_new_from_subsystem_sysname(u->w->udev, "block", sysname);
	if (dev == NULL)
		return is_shortage(errno) ? -errno : 0; /* its removal is on its way */
	r = udev_disk_is_ready(&u->w->source, dev);
	if (r > 0)
		r = update_disk(u->w, u->config, dev, u->reported, u->emit, u->arg);
	udev_device_unref(dev);
	return r;
}

/* The paths that the map holds now. */
static int update_slaves(const struct updating *u, const char *map)
{
	char folder[DEVICE_NAME_MAX + 64];
	const struct dirent *e;
	struct identity reading;
	DIR *slaves;
	int r = 0;

	identity_init(&reading);
	(void)snprintf(folder, sizeof(folder), "class/block/%s/slaves", map);
	slaves = sysfs_entries(&reading, u->w->source.sysfs, folder);
	if (slaves == NULL)
		return -reading.shortage; /* 0: it has gone */
	while (r == 0 && (e = sysfs_next(&reading, slaves)) != NULL)
		if (found_list_find(u->reported, e->d_name) < u->reported->n)
			r = update_named(u, e->d_name);
	closedir(slaves);
	return r == 0 ? -reading.shortage : r;
}

/* Those that it held when they were reported, and does not hold now. */
static int update_former(const struct updating *u, const char *map, const char *name)
{
	char link[2 * DEVICE_NAME_MAX + 64];
	int r = 0;

	for (size_t i = 0, n; r == 0 && i < u->reported->n; i += u->reported->n == n) {
		const struct device *d = u->reported->entries[i].device;

		n = u->reported->n;
		if (device_map(d) == NULL || strcmp(name, device_map(d)) != 0)
			continue;
		(void)snprintf(link, sizeof(link), "class/block/%s/slaves/%s", map,
		               device_name(d));
		if (faccessat(u->w->source.sysfs, link, F_OK, 0) == 0)
			continue;
		r = is_shortage(errno) ? -errno : update_named(u, device_name(d));
	}
	return r;
}

/* A map came, went or was loaded anew: the paths it holds, or held, may be called otherwise. No
 * other path costs a system call. */
static int update_map(const struct updating *u, struct udev_device *map)
{
	const char *name = udev_device_get_property_value(map, "DM_NAME");
	struct found news = { .op = FOUND_MAP };
	int r = u->emit(u->arg, &news);

	if (r == 0)
		r = update_slaves(u, udev_disk_name(map));
	if (r == 0 && name != NULL)
		r = update_former(u, udev_disk_name(map), name);
	return r;
}

int udev_watch_take(struct udev_watch *w, const struct config *c,
                    struct found_list *reported, int (*emit)(void *arg, struct found *f),
                    void *arg)
{
	const struct updating u = { w, c, reported, emit, arg };

	for (;;) {
		struct udev_device *dev;
		const char *sysname;
		int r = 0;

		errno = 0;
		dev = udev_monitor_receive_device(w->monitor);
		if (dev == NULL)
			return errno == ENOBUFS || is_shortage(errno) ? -errno : 0;
		sysname = udev_disk_name(dev);
		/* A path that failed inside a map says so with a DM_ACTION: nothing new. */
		if (sysname != NULL && strncmp(sysname, "dm-", 3) == 0 &&
		    udev_device_get_property_value(dev, "DM_ACTION") == NULL)
			r = update_map(&u, dev);
		if (r == 0 && sysname != NULL)
			r = update_disk(w, c, dev, reported, emit, arg);
		udev_device_unref(dev);
		if (r < 0)
			return r;
	}
}

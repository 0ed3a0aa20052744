/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the udev context, the monitor, and the objects that libudev returns. Runs on the discovery
 * thread; no other thread sees an object of libudev.
 *
 * Listening begins before the first list is made, so that no change is missed. ENOBUFS means that
 * the kernel dropped messages, and then all devices are listed again. The kernel says it once, and
 * drops more without a word until all messages that wait have been read. So the devices are listed
 * once more then, and now and then before that, because a storm may last.
 */
#include "checkerd/discovery/udev_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libudev.h>

#include "checkerd/discovery/identity.h"
#include "checkerd/discovery/native_paths.h"
#include "checkerd/discovery/sysfs.h"
#include "checkerd/discovery/udev_disk.h"
#include "util/mono.h"
#include "util/shortage.h"

/* Enough for the messages when a few thousand disks change at once. */
#define MONITOR_BUFFER_BYTES (16 * 1024 * 1024)

/* While messages may be dropped, the devices are listed so often. */
#define DROPPING_LIST_US (5 * USEC_PER_SEC)

struct udev_watch {
	struct udev *udev;
	struct udev_monitor *monitor;
	struct udev_source source;
	struct known known;
	bool heard_nvme;    /* there were messages about NVMe controllers or disks */
	bool dropping;      /* the kernel dropped messages, and others still wait */
	struct mono listed; /* with dropping: the last list because of that */
};

struct udev_watch *udev_watch_free(struct udev_watch *w)
{
	if (w == NULL)
		return NULL;
	known_deinit(&w->known);
	udev_monitor_unref(w->monitor);
	udev_unref(w->udev);
	free(w);
	return NULL;
}

int udev_watch_new(struct udev_watch **ret, int sysfs)
{
	/* The socket exists while udevd runs. Then udevd's messages come after its rules. */
	bool with_udevd = access("/run/udev/control", F_OK) == 0;
	const char *group = with_udevd ? "udev" : "kernel";
	struct udev_watch *w;
	int r = -ENOMEM;

	if (!with_udevd && is_shortage(errno))
		return -errno;
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return -ENOMEM;
	w->known = (struct known)KNOWN_NULL;
	w->source = (struct udev_source){ .sysfs = sysfs, .with_udevd = with_udevd };
	w->udev = udev_new();
	if (w->udev == NULL)
		goto fail;
	w->monitor = udev_monitor_new_from_netlink(w->udev, group);
	if (w->monitor == NULL)
		goto fail;
	r = udev_monitor_filter_add_match_subsystem_devtype(w->monitor, "block", NULL);
	/* The paths of native multipathing have no messages, but their controllers have. */
	if (r >= 0)
		r = udev_monitor_filter_add_match_subsystem_devtype(w->monitor, "nvme",
		                                                    NULL);
	if (r < 0)
		goto fail;
	/* Without CAP_NET_ADMIN the buffer has the default size; ENOBUFS is handled. */
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

bool udev_watch_has_udevd(const struct udev_watch *w)
{
	return w->source.with_udevd;
}

bool udev_watch_heard_nvme(struct udev_watch *w)
{
	bool heard = w->heard_nvme;

	w->heard_nvme = false;
	return heard;
}

/* A copy of the entry, with a reference. */
static struct found_entry copy_entry(const struct found_entry *reported)
{
	struct found_entry e = *reported;

	(void)device_ref(e.device);
	return e;
}

/* Does a disk that was included stay included? It does until it is gone or the rules change. */
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

/*
 * Appends the device to the list, or counts it as excluded. result: of the examination; entry: with a
 * reference, which is taken over. *ret_device: what is known of the device refers to this one.
 */
static int list_examined(struct listing *l, const struct found_entry *reported,
                         int result, struct found_entry *entry,
                         struct device **ret_device)
{
	bool unjudged = entry->settings.unjudged &&
	                (l->reload || (reported != NULL && reported->settings.unjudged));
	int r;

	*ret_device = result == UDEV_DISK_EXCLUDED ? device_ref(entry->device) : NULL;
	if (result == UDEV_DISK_EXCLUDED && !l->reload &&
	    stays_included(reported, entry)) {
		(void)device_unref(entry->device); /* NULL, always */
		*entry = copy_entry(reported);
		unjudged = entry->settings.unjudged;
		result = UDEV_DISK_INCLUDED;
	} else if (result == UDEV_DISK_EXCLUDED) {
		(void)device_unref(entry->device); /* NULL, always */
	}
	l->excluded += result != UDEV_DISK_INCLUDED;
	if (result != UDEV_DISK_INCLUDED)
		return 0;
	r = found_list_append(l->list, entry->device, &entry->settings);
	if (r < 0)
		return r;
	l->list->entries[l->list->n - 1].settings.unjudged = unjudged;
	if (*ret_device == NULL)
		*ret_device = device_ref(l->list->entries[l->list->n - 1].device);
	return 0;
}

/* Lists a device without reading what is known of it. */
static int list_known(struct listing *l, const char *sysname, struct known_disk *known)
{
	const struct found_entry *reported = reported_before(l, sysname);
	struct found_entry entry = { 0 };
	struct device *d;
	int r, result = udev_disk_reconsider(&l->w->source, l->config, sysname, known,
	                                     reported, &entry);

	if (result < 0 || result == UDEV_DISK_UNKNOWN)
		return result;
	r = list_examined(l, reported, result, &entry, &d);
	known_listed(&l->w->known, known, d != NULL ? d : known->device,
	             result != UDEV_DISK_INCLUDED);
	(void)device_unref(d); /* NULL, always */
	return r;
}

/* Reads a device and lists it. */
static int list_device(struct listing *l, struct udev_device *dev, const char *sysname,
                       uint64_t inode)
{
	const struct found_entry *reported = reported_before(l, sysname);
	struct found_entry entry = { 0 };
	struct known_facts facts;
	struct device *d;
	int r, result = udev_disk_is_ready(&l->w->source, dev);

	if (result < 0)
		return result;
	if (result == 0) {
		if (reported == NULL)
			return 0;
		entry = copy_entry(reported);
		return found_list_append(l->list, entry.device, &entry.settings);
	}
	result = udev_disk_consider(&l->w->source, l->config, dev, reported, NULL, &facts,
	                            &entry);
	if (result < 0)
		return result;
	r = list_examined(l, reported, result, &entry, &d);
	known_put(&l->w->known, l->config->max_paths, sysname, inode, &facts, d,
	          result == UDEV_DISK_EXCLUDED);
	(void)device_unref(d); /* NULL, always */
	return r;
}

/* inode: of the link with this name, which no other device will have. 0: not known. */
static int list_one(struct listing *l, const char *sysname, uint64_t inode)
{
	struct known_disk *known =
	        l->reload ? known_find(&l->w->known, sysname, inode) : NULL;
	char syspath[sizeof("/sys/class/block/") + NAME_MAX];
	struct udev_device *dev;
	int r = known == NULL ? UDEV_DISK_UNKNOWN : list_known(l, sysname, known);

	if (r != UDEV_DISK_UNKNOWN)
		return r;
	(void)snprintf(syspath, sizeof(syspath), "/sys/class/block/%s", sysname);
	errno = 0;
	dev = udev_device_new_from_syspath(l->w->udev, syspath);
	if (dev == NULL)
		return is_shortage(errno) ? -errno : 0; /* else it is gone */
	r = list_device(l, dev, sysname, inode);
	udev_device_unref(dev);
	return r;
}

/* Without udev_enumerate, which also reads the parents of each disk, keeps all results in
 * memory, and doubles the time. */
int udev_watch_scan(struct udev_watch *w, const struct config *c, bool reload,
                    struct found_list *ret, uint32_t *ret_excluded)
{
	struct listing l = { .w = w, .config = c, .reload = reload, .list = ret };
	const struct dirent *e;
	struct identity reading;
	DIR *all;
	int r = 0;

	/* Messages may be lost, so what they said does not count. */
	if (!reload)
		known_deinit(&w->known);
	identity_init(&reading);
	all = sysfs_entries(&reading, w->source.sysfs, "class/block");
	if (all == NULL)
		return -errno;
	known_begin(&w->known);
	while (r == 0 && (e = sysfs_next(&reading, all)) != NULL)
		if (e->d_name[0] != '.')
			r = list_one(&l, e->d_name, e->d_ino);
	if (r == 0)
		r = -reading.shortage;
	known_end(&w->known, r == 0);
	if (r == 0)
		*ret_excluded = l.excluded + (uint32_t)found_list_sort(ret);
	closedir(all);
	return r;
}

int udev_watch_explain(struct udev_watch *w, const struct config *c, const char *sysname,
                       const struct found_entry *reported, struct judgement *j,
                       struct found_entry *ret)
{
	char syspath[sizeof("/sys/class/block/") + NAME_MAX];
	struct known_facts facts; /* of no use here */
	struct udev_device *dev;
	int r;

	(void)snprintf(syspath, sizeof(syspath), "/sys/class/block/%s", sysname);
	errno = 0;
	dev = udev_device_new_from_syspath(w->udev, syspath);
	if (dev == NULL)
		return is_shortage(errno) ? -errno : UDEV_DISK_GONE;
	r = udev_disk_is_ready(&w->source, dev);
	if (r > 0)
		r = udev_disk_consider(&w->source, c, dev, reported, j, &facts, ret);
	else if (r == 0)
		r = UDEV_DISK_NOT_READY;
	udev_device_unref(dev);
	return r;
}

static bool is_removal(struct udev_device *dev)
{
	const char *action = udev_device_get_action(dev);

	return action != NULL && strcmp(action, "remove") == 0;
}

/*
 * Is the message about an earlier disk, while the one that has its name now was reported? Such
 * messages remain when others were dropped and the devices were listed again. sysfs cannot tell,
 * because a removal is announced before the directory is removed.
 */
static bool is_overtaken(struct udev_device *dev, const struct found_list *reported,
                         size_t at)
{
	uint64_t diskseq = udev_disk_diskseq(dev);

	return at < reported->n && diskseq != 0 &&
	       reported->entries[at].device->diskseq > diskseq;
}

/* The index of the device in the list of reported ones, by its cleaned name. */
static size_t find_reported(const struct found_list *reported, struct udev_device *dev)
{
	struct identity id;

	identity_init(&id);
	identity_set(&id, &id.spec.name, udev_device_get_sysname(dev));
	return id.spec.name == NULL ? reported->n
	                            : found_list_find(reported, id.spec.name);
}

/* The inode of the device's link in sysfs. 0: not known. */
static uint64_t inode_of(const struct udev_watch *w, const char *sysname)
{
	char link[sizeof("class/block/") + NAME_MAX];
	struct stat st;

	(void)snprintf(link, sizeof(link), "class/block/%s", sysname);
	return fstatat(w->source.sysfs, link, &st, AT_SYMLINK_NOFOLLOW) < 0 ? 0
	                                                                    : st.st_ino;
}

/* Examines the device of a message as udev_disk_consider() does, and keeps what it reads. */
static int consider(struct udev_watch *w, const struct config *c, struct udev_device *dev,
                    const struct found_list *list, const struct found_entry *reported,
                    struct found_entry *ret)
{
	const char *sysname = udev_disk_name(dev);
	struct known_facts facts;
	uint64_t inode;
	int r;

	if (sysname == NULL)
		return UDEV_DISK_GONE;
	known_drop(&w->known, sysname);
	if (is_removal(dev))
		return UDEV_DISK_GONE;
	/* Before the reading: a disk that comes meanwhile has another one. */
	inode = inode_of(w, sysname);
	r = udev_disk_consider(&w->source, c, dev, reported, NULL, &facts, ret);
	if (r == UDEV_DISK_INCLUDED)
		ret->device = found_list_share(list, ret->device);
	if (r >= 0)
		known_put(&w->known, c->max_paths, sysname, inode, &facts, ret->device,
		          r == UDEV_DISK_EXCLUDED);
	return r;
}

/*
 * Examines one device. reported: its entry in list, or NULL. 1: *ret describes it, with a reference. 0:
 * nothing changed. -ENOENT: it is to be removed, and *ret_gone says whether it is gone. Another
 * negative errno: it could not be examined.
 */
static int examine(struct udev_watch *w, const struct config *c, struct udev_device *dev,
                   const struct found_list *list, const struct found_entry *reported,
                   struct found_entry *ret, bool *ret_gone)
{
	int r = consider(w, c, dev, list, reported, ret);
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
	/* After a reload without properties the rules are applied only now. */
	if (reported != NULL)
		*ret_gone = found_replaced(reported->device, ret->device);
	ret->device = device_unref(ret->device);
	return keep ? 0 : -ENOENT;
}

/* Makes `reported` agree with one device, and emits the difference. */
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
	r = examine(w, c, dev, reported, at < reported->n ? &reported->entries[at] : NULL,
	            &entry, &gone);
	if (r == 0 || (r < 0 && r != -ENOENT))
		return r;
	if (r > 0)
		after = (struct found_list){ .entries = &entry, .n = 1 };
	if (at < reported->n)
		before = (struct found_list){ .entries = &reported->entries[at], .n = 1 };
	/* A detached loop device counts as gone, because its disk is. */
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

/* Updates one reported device. */
static int update_named(const struct updating *u, const char *sysname)
{
	struct udev_device *dev;
	int r;

	errno = 0;
	dev = udev_device_new_from_subsystem_sysname(u->w->udev, "block", sysname);
	if (dev == NULL)
		return is_shortage(errno) ? -errno : 0; /* else its removal will follow */
	r = udev_disk_is_ready(&u->w->source, dev);
	if (r > 0)
		r = update_disk(u->w, u->config, dev, u->reported, u->emit, u->arg);
	udev_device_unref(dev);
	return r;
}

/* Updates the paths that the map holds now. */
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
		return -reading.shortage; /* 0: the map is gone */
	while (r == 0 && (e = sysfs_next(&reading, slaves)) != NULL) {
		known_drop(&u->w->known, e->d_name);
		if (found_list_find(u->reported, e->d_name) < u->reported->n)
			r = update_named(u, e->d_name);
	}
	closedir(slaves);
	return r == 0 ? -reading.shortage : r;
}

/* Updates the paths that the map held when they were reported, and does not hold now. */
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

/* A map was added, removed or loaded again: the paths that it holds or held may have another
 * map. No other path costs a system call. */
static int update_map(const struct updating *u, struct udev_device *map)
{
	const char *name = udev_device_get_property_value(map, "DM_NAME");
	struct found record = { .op = FOUND_MAP };
	int r = u->emit(u->arg, &record);

	if (name != NULL)
		known_drop_map(&u->w->known, name);
	else
		known_deinit(&u->w->known); /* It is not known whose map it was. */
	if (r == 0)
		r = update_slaves(u, udev_disk_name(map));
	if (r == 0 && name != NULL)
		r = update_former(u, udev_disk_name(map), name);
	return r;
}

/* One message, about the device of that name. */
static int take_message(const struct updating *u, struct udev_device *dev,
                        const char *sysname)
{
	int r = 0;

	u->w->heard_nvme = u->w->heard_nvme || strncmp(sysname, "nvme", 4) == 0;
	if (native_paths_is_controller(sysname)) {
		/* The protocol of a disk is that of all its controllers. */
		known_drop_kind(&u->w->known, "nvme");
		return 0;
	}
	/* DM_ACTION: only a path of the map failed or returned. */
	if (strncmp(sysname, "dm-", 3) == 0 &&
	    udev_device_get_property_value(dev, "DM_ACTION") == NULL)
		r = update_map(u, dev);
	if (r == 0)
		r = update_disk(u->w, u->config, dev, u->reported, u->emit, u->arg);
	return r;
}

/* There was no message, for this reason. Are the devices to be listed? */
static int judge_silence(struct udev_watch *w, int error)
{
	struct pollfd p = { .fd = udev_watch_fd(w), .events = POLLIN };

	if (error == ENOBUFS) {
		w->dropping = true;
		w->listed = mono_now();
		return -ENOBUFS;
	}
	if (is_shortage(error))
		return -error;
	/* libudev also returns nothing for a message that it refuses. */
	if (!w->dropping || poll(&p, 1, 0) > 0)
		return 0;
	w->dropping = false;
	return -ENOBUFS;
}

/* True once in DROPPING_LIST_US. */
static bool storm_lasts(struct udev_watch *w)
{
	struct mono now;

	if (!w->dropping)
		return false;
	now = mono_now();
	if (mono_diff(now, w->listed) < DROPPING_LIST_US)
		return false;
	w->listed = now;
	return true;
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

		if (storm_lasts(w))
			return -ENOBUFS;
		errno = 0;
		dev = udev_monitor_receive_device(w->monitor);
		if (dev == NULL)
			return judge_silence(w, errno);
		sysname = udev_disk_name(dev);
		if (sysname != NULL)
			r = take_message(&u, dev, sysname);
		udev_device_unref(dev);
		if (r < 0)
			return r;
	}
}

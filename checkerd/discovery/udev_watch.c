/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the udev context, the monitor and all that libudev hands out. Runs on the discovery
 * thread, and no libudev object is ever seen by another.
 *
 * Listening begins before the first list is made, so that nothing falls between the two;
 * messages the kernel had to drop show as ENOBUFS, and then everything is listed anew.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libudev.h>

#include "checkerd/discovery/scan.h"
#include "checkerd/discovery/sysfs.h"
#include "util/shortage.h"

/* What a storm of events from a few thousand disks needs. */
#define MONITOR_BUFFER_BYTES (16 * 1024 * 1024)
#define PROPERTIES_MAX       128

struct watch {
	struct udev *udev;
	struct udev_monitor *monitor;
	bool with_udevd; /* messages and properties are udevd's */
	int sysfs;       /* borrowed */
};

struct watch *watch_free(struct watch *w)
{
	if (w == NULL)
		return NULL;
	udev_monitor_unref(w->monitor);
	udev_unref(w->udev);
	free(w);
	return NULL;
}

int watch_new(struct watch **ret, int sysfs)
{
	/* udevd's own socket: it is running, and its messages come when its rules have. */
	bool with_udevd = access("/run/udev/control", F_OK) == 0;
	const char *group = with_udevd ? "udev" : "kernel";
	struct watch *w;
	int r = -ENOMEM;

	if (!with_udevd && is_shortage(errno))
		return -errno;
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return -ENOMEM;
	w->with_udevd = with_udevd;
	w->sysfs = sysfs;
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
	watch_free(w);
	return r;
}

int watch_fd(const struct watch *w)
{
	return udev_monitor_get_fd(w->monitor);
}

static bool starts(const char *s, const char *word)
{
	return strncmp(s, word, strlen(word)) == 0;
}

/* multipathd's built-in blacklist: devnode "!^(sd[a-z]|dasd[a-z]|nvme[0-9])". */
bool watch_left_out(const char *sysname, bool partition)
{
	static const struct {
		const char *prefix;
		char first, last;
	} disks[] = { { "sd", 'a', 'z' }, { "dasd", 'a', 'z' }, { "nvme", '0', '9' } };

	if (partition)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(disks); i++) {
		char next;

		if (!starts(sysname, disks[i].prefix))
			continue;
		next = sysname[strlen(disks[i].prefix)];
		if (next >= disks[i].first && next <= disks[i].last)
			return false;
	}
	return true;
}

bool watch_is_empty(const char *sysname, bool loop_backed, unsigned long long sectors)
{
	if (starts(sysname, "loop"))
		return !loop_backed;
	/* All nodes of nbd are there from the start; one that is not connected is empty. */
	return starts(sysname, "nbd") && sectors == 0;
}

/* The names of its properties, NULL at the end. They live as long as dev. */
static void property_names(struct udev_device *dev, const char **names)
{
	struct udev_list_entry *e;
	size_t n = 0;

	udev_list_entry_foreach(e, udev_device_get_properties_list_entry(dev))
	{
		if (n == PROPERTIES_MAX)
			break;
		names[n++] = udev_list_entry_get_name(e);
	}
	names[n] = NULL;
}

static void set_property(struct identity *id, const char **field, struct udev_device *dev,
                         const char *property)
{
	if (*field == NULL)
		identity_set(id, field, udev_device_get_property_value(dev, property));
}

static const char *kernel_name(struct udev_device *dev)
{
	const char *path = udev_device_get_syspath(dev);
	const char *slash = path == NULL ? NULL : strrchr(path, '/');

	return slash == NULL ? NULL : slash + 1;
}

static bool is_partition(struct udev_device *dev)
{
	const char *type = udev_device_get_devtype(dev);

	return type != NULL && strcmp(type, "partition") == 0;
}

/* No medium is there: nothing can be read, whatever the rules say. */
static bool is_empty(const struct watch *w, struct identity *id, const char *sysname)
{
	char name[DEVICE_NAME_MAX + 64], buf[64];
	const char *sectors;
	bool backed;

	if (!starts(sysname, "loop") && !starts(sysname, "nbd"))
		return false;
	(void)snprintf(name, sizeof(name), "class/block/%s/loop/backing_file", sysname);
	backed = sysfs_has(id, w->sysfs, name);
	(void)snprintf(name, sizeof(name), "class/block/%s/size", sysname);
	sectors = sysfs_attribute(id, w->sysfs, name, buf, sizeof(buf));
	return watch_is_empty(sysname, backed,
	                      sectors == NULL ? 0 : strtoull(sectors, NULL, 10));
}

/* Where udev's rules put the WWID: multipathd's uid_attribute of each kind of device. */
static const char *wwid_property(const char *sysname)
{
	return starts(sysname, "nvme")   ? "ID_WWN"
	       : starts(sysname, "dasd") ? "ID_UID"
	                                 : "ID_SERIAL";
}

/*
 * The unit's serial number, where the kernel has none: with SCSI what udev read of the same
 * page. ID_SERIAL_SHORT of a SCSI disk is no serial number but its WWID, unless it is an ATA
 * disk's.
 */
static void set_serial(struct identity *id, struct udev_device *dev)
{
	const char *bus = udev_device_get_property_value(dev, "ID_BUS");

	set_property(id, &id->spec.serial, dev, "ID_SCSI_SERIAL");
	set_property(id, &id->spec.serial, dev, "SCSI_IDENT_SERIAL");
	if (id->spec.hcil == NULL || (bus != NULL && strcmp(bus, "scsi") != 0))
		set_property(id, &id->spec.serial, dev, "ID_SERIAL_SHORT");
	if (id->spec.hcil == NULL)
		set_property(id, &id->spec.serial, dev, "ID_SERIAL");
}

/* Fills in what udev and sysfs know. -ENOENT: the device is gone meanwhile. */
static int identify(const struct watch *w, struct udev_device *dev, const char *sysname,
                    struct identity *id)
{
	const char *node = udev_device_get_devnode(dev);
	int r;

	if (node == NULL)
		return -ENOENT;
	identity_set(id, &id->spec.name, udev_device_get_sysname(dev));
	r = identity_set_exact(id, &id->spec.node, node);
	if (r < 0)
		return r;
	set_property(id, &id->spec.wwid, dev, wwid_property(sysname));
	id->spec.udev_wwid = id->spec.wwid != NULL;
	r = identity_read_sysfs(id, w->sysfs, sysname);
	if (r < 0)
		return r;
	set_serial(id, dev);
	set_property(id, &id->spec.vendor, dev, "ID_VENDOR");
	set_property(id, &id->spec.product, dev, "ID_MODEL");
	set_property(id, &id->spec.revision, dev, "ID_REVISION");
	return 0;
}

/* The sequence number of the disk it speaks of; 0: not known, before Linux 5.15. */
static uint64_t message_diskseq(struct udev_device *dev)
{
	const char *value = udev_device_get_property_value(dev, "DISKSEQ");

	return value == NULL ? 0 : strtoull(value, NULL, 10);
}

/* Its properties are of the disk that was there, and sysfs shows the one that is there now:
 * another message is on its way. */
static bool is_outdated(struct udev_device *dev, const struct identity *id)
{
	uint64_t diskseq = message_diskseq(dev);

	return diskseq != 0 && id->spec.diskseq != 0 && diskseq != id->spec.diskseq;
}

/* The same disk as far as the kernel knows: what udev says of it may be missing for a moment. */
static bool is_same_disk(const struct device *told, const struct identity *id)
{
	uint64_t diskseq = id->spec.diskseq, kernel_id = id->spec.kernel_id;

	return told->devt_major == id->spec.devt_major &&
	       told->devt_minor == id->spec.devt_minor &&
	       (diskseq == 0 || told->diskseq == 0 || diskseq == told->diskseq) &&
	       (kernel_id == 0 || told->kernel_id == 0 || kernel_id == told->kernel_id);
}

/*
 * A path that does not answer has no properties when udev looks at it then. What they said
 * before is what counts. True: they are missing.
 */
static bool lacks_properties(struct identity *id, const struct found_entry *told)
{
	if (told == NULL || !told->device->udev_wwid || id->spec.udev_wwid ||
	    !is_same_disk(told->device, id))
		return false;
	identity_set(id, &id->spec.wwid, device_wwid(told->device));
	id->spec.udev_wwid = true;
	if (id->spec.serial == NULL)
		identity_set(id, &id->spec.serial, device_serial(told->device));
	return true;
}

/* What the rules make of a device. */
enum considered {
	CONSIDERED_GONE,     /* it is not there, or is not a disk */
	CONSIDERED_LET_IN,   /* described, with a reference */
	CONSIDERED_LEFT_OUT, /* it is there: described, too */
};

/* told: as it was told before, or NULL. One of the above; -ENOMEM, -EMFILE, -ENFILE. */
static int consider(const struct watch *w, const struct config *c,
                    struct udev_device *dev, const struct found_entry *told,
                    struct found_entry *ret)
{
	const char *properties[PROPERTIES_MAX + 1], *why, *alias;
	const char *sysname = kernel_name(dev);
	struct config_subject subject = { .devnode = sysname };
	struct identity id;
	bool lacking, left_out;
	int r;

	if (sysname == NULL || strlen(sysname) >= DEVICE_NAME_MAX)
		return CONSIDERED_GONE;
	identity_init(&id);
	subject.partition = is_partition(dev);
	if (watch_left_out(sysname, subject.partition) && !filter_excepts(c, &subject))
		return CONSIDERED_GONE;
	if (is_empty(w, &id, sysname))
		return -id.shortage;
	r = identify(w, dev, sysname, &id);
	if (is_shortage(-r))
		return r;
	if (r < 0 || is_outdated(dev, &id))
		return CONSIDERED_GONE;
	lacking = lacks_properties(&id, told);
	property_names(dev, properties);
	/* Without udevd nobody has given it any: their absence says nothing. */
	subject.properties = w->with_udevd && !lacking ? properties : NULL;
	subject.wwid = id.spec.wwid;
	subject.protocol = id.spec.protocol;
	subject.vendor = id.spec.vendor;
	subject.product = id.spec.product;
	subject.revision = id.spec.revision;
	left_out = filter_excludes(c, &subject, &why);
	alias = id.spec.wwid == NULL ? NULL : filter_map_alias(c, id.spec.wwid);
	if (id.spec.map == NULL && alias != NULL)
		identity_set(&id, &id.spec.map, alias);
	scan_settings(c, &subject, &ret->settings);
	ret->settings.unjudged = lacking;
	r = device_new(&ret->device, &id.spec);
	if (r < 0)
		return r == -ENOMEM ? r : CONSIDERED_GONE;
	return left_out ? CONSIDERED_LEFT_OUT : CONSIDERED_LET_IN;
}

/*
 * Has udevd been through with it? Before that it has no properties, and its message comes. 1: yes;
 * 0; -ENOMEM, -EMFILE, -ENFILE.
 *
 * libudev reads each of a device's two files once, whatever comes of it. Who asks for the
 * properties first has both read, or is told why not; whoever asks for something else first
 * may get what a device without them would answer, and so does all that is asked later.
 */
static int is_ready(const struct watch *w, struct udev_device *dev)
{
	errno = 0;
	if (udev_device_get_properties_list_entry(dev) == NULL && is_shortage(errno))
		return -errno;
	return !w->with_udevd || udev_device_get_is_initialized(dev) > 0;
}

/* The entry as it was told, once more. */
static struct found_entry again(const struct found_entry *told)
{
	struct found_entry e = *told;

	(void)device_ref(e.device);
	return e;
}

/* A disk that was let in stays, whatever is said of it, until it goes or the rules are others. */
static bool stays(const struct found_entry *told, const struct found_entry *now)
{
	return told != NULL && !found_replaced(told->device, now->device) &&
	       (!told->settings.unjudged || now->settings.unjudged);
}

struct listing {
	struct watch *w;
	const struct config *config;
	bool reload;
	struct found_list *list;
	uint32_t left_out;
};

static const struct found_entry *told_before(const struct listing *l, const char *sysname)
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
	const struct found_entry *told = told_before(l, sysname);
	struct found_entry entry = { 0 };
	int r = is_ready(l->w, dev);

	if (r < 0)
		return r;
	if (r == 0) {
		if (told == NULL)
			return 0;
		entry = again(told);
		return found_list_append(l->list, entry.device, &entry.settings);
	}
	r = consider(l->w, l->config, dev, told, &entry);
	if (r < 0)
		return r;
	if (r == CONSIDERED_LEFT_OUT && !l->reload && stays(told, &entry)) {
		(void)device_unref(entry.device); /* NULL, always */
		entry = again(told);
		r = CONSIDERED_LET_IN;
	} else if (r == CONSIDERED_LEFT_OUT) {
		(void)device_unref(entry.device); /* NULL, always */
	}
	l->left_out += r != CONSIDERED_LET_IN;
	if (r != CONSIDERED_LET_IN)
		return 0;
	r = found_list_append(l->list, entry.device, &entry.settings);
	if (r == 0)
		l->list->entries[l->list->n - 1].settings.unjudged =
		        entry.settings.unjudged &&
		        (l->reload || (told != NULL && told->settings.unjudged));
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
int watch_scan(struct watch *w, const struct config *c, bool reload,
               struct found_list *ret, uint32_t *ret_left_out)
{
	struct listing l = { .w = w, .config = c, .reload = reload, .list = ret };
	const struct dirent *e;
	struct identity reading;
	DIR *all;
	int r = 0;

	identity_init(&reading);
	all = sysfs_entries(&reading, w->sysfs, "class/block");
	if (all == NULL)
		return -errno;
	while (r == 0 && (e = sysfs_next(&reading, all)) != NULL)
		if (e->d_name[0] != '.')
			r = list_one(&l, e->d_name);
	if (r == 0)
		r = -reading.shortage;
	if (r == 0)
		*ret_left_out = l.left_out + (uint32_t)found_list_sort(ret);
	closedir(all);
	return r;
}

static bool is_removal(struct udev_device *dev)
{
	const char *action = udev_device_get_action(dev);

	return action != NULL && strcmp(action, "remove") == 0;
}

/*
 * A message about a disk whose name another one has by now, which has been told. Messages that
 * were left when others were dropped are like that after the devices were listed anew. sysfs
 * cannot be asked instead: a removal is announced before the directory goes.
 */
static bool is_overtaken(struct udev_device *dev, const struct found_list *told,
                         size_t at)
{
	uint64_t diskseq = message_diskseq(dev);

	return at < told->n && diskseq != 0 &&
	       told->entries[at].device->diskseq > diskseq;
}

/* Its place among those that were told, by the name it was told under: made harmless. */
static size_t find_told(const struct found_list *told, struct udev_device *dev)
{
	struct identity id;

	identity_init(&id);
	identity_set(&id, &id.spec.name, udev_device_get_sysname(dev));
	return id.spec.name == NULL ? told->n : found_list_find(told, id.spec.name);
}

/*
 * What has become of one device that was told as that, or was not (NULL). 1: *ret describes it,
 * with a reference; 0: nothing is to be done; -ENOENT: it is not to be told any more, and
 * *ret_gone says whether it has gone; another negative errno: it could not be looked at.
 */
static int look_at(struct watch *w, const struct config *c, struct udev_device *dev,
                   const struct found_entry *told, struct found_entry *ret,
                   bool *ret_gone)
{
	int r = is_removal(dev) ? CONSIDERED_GONE : consider(w, c, dev, told, ret);
	bool keep;

	*ret_gone = true;
	if (r == CONSIDERED_GONE)
		return -ENOENT;
	if (r < 0)
		return r;
	if (r == CONSIDERED_LET_IN) {
		ret->settings.unjudged =
		        ret->settings.unjudged && told != NULL && told->settings.unjudged;
		return 1;
	}
	keep = stays(told, ret);
	/* The rules of a reload are held against its properties only now. */
	if (told != NULL)
		*ret_gone = found_replaced(told->device, ret->device);
	ret->device = device_unref(ret->device);
	return keep ? 0 : -ENOENT;
}

/* Makes `told` agree with what has become of one device. */
static int update(struct watch *w, const struct config *c, struct udev_device *dev,
                  struct found_list *told, int (*emit)(void *arg, struct found *f),
                  void *arg)
{
	struct found_list before = FOUND_LIST_NULL, after = FOUND_LIST_NULL;
	struct found_entry entry = { 0 };
	size_t at = find_told(told, dev);
	bool gone;
	int r;

	if (is_overtaken(dev, told, at))
		return 0;
	r = look_at(w, c, dev, at < told->n ? &told->entries[at] : NULL, &entry, &gone);
	if (r == 0 || (r < 0 && r != -ENOENT))
		return r;
	if (r > 0) {
		entry.device = found_list_share(told, entry.device);
		after = (struct found_list){ .entries = &entry, .n = 1 };
	}
	if (at < told->n)
		before = (struct found_list){ .entries = &told->entries[at], .n = 1 };
	/* A loop device that was detached is gone, too: its disk is. */
	r = found_plan(&before, &after, gone, emit, arg);
	if (at < told->n && after.n > 0) {
		device_unref(told->entries[at].device);
		told->entries[at] = entry;
	} else if (at < told->n) {
		found_list_remove(told, at);
	} else if (after.n > 0 && r == 0) {
		r = found_list_add(told, entry.device, &entry.settings);
	} else if (after.n > 0) {
		device_unref(entry.device);
	}
	return r;
}

struct updating {
	struct watch *w;
	const struct config *config;
	struct found_list *told;
	int (*emit)(void *arg, struct found *f);
	void *arg;
};

/* One that was told, as it is now. */
static int update_named(const struct updating *u, const char *sysname)
{
	struct udev_device *dev;
	int r;

	errno = 0;
	dev = udev_device_new_from_subsystem_sysname(u->w->udev, "block", sysname);
	if (dev == NULL)
		return is_shortage(errno) ? -errno : 0; /* its removal is on its way */
	r = is_ready(u->w, dev);
	if (r > 0)
		r = update(u->w, u->config, dev, u->told, u->emit, u->arg);
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
	slaves = sysfs_entries(&reading, u->w->sysfs, folder);
	if (slaves == NULL)
		return -reading.shortage; /* 0: it has gone */
	while (r == 0 && (e = sysfs_next(&reading, slaves)) != NULL)
		if (found_list_find(u->told, e->d_name) < u->told->n)
			r = update_named(u, e->d_name);
	closedir(slaves);
	return r == 0 ? -reading.shortage : r;
}

/* Those that it held when they were told, and does not hold now. */
static int update_former(const struct updating *u, const char *map, const char *name)
{
	char link[2 * DEVICE_NAME_MAX + 64];
	int r = 0;

	for (size_t i = 0, n; r == 0 && i < u->told->n; i += u->told->n == n) {
		const struct device *d = u->told->entries[i].device;

		n = u->told->n;
		if (device_map(d) == NULL || strcmp(name, device_map(d)) != 0)
			continue;
		(void)snprintf(link, sizeof(link), "class/block/%s/slaves/%s", map,
		               device_name(d));
		if (faccessat(u->w->sysfs, link, F_OK, 0) == 0)
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
		r = update_slaves(u, kernel_name(map));
	if (r == 0 && name != NULL)
		r = update_former(u, kernel_name(map), name);
	return r;
}

int watch_take(struct watch *w, const struct config *c, struct found_list *told,
               int (*emit)(void *arg, struct found *f), void *arg)
{
	const struct updating u = { w, c, told, emit, arg };

	for (;;) {
		struct udev_device *dev;
		const char *sysname;
		int r = 0;

		errno = 0;
		dev = udev_monitor_receive_device(w->monitor);
		if (dev == NULL)
			return errno == ENOBUFS || is_shortage(errno) ? -errno : 0;
		sysname = kernel_name(dev);
		/* A path that failed inside a map says so with a DM_ACTION: nothing new. */
		if (sysname != NULL && starts(sysname, "dm-") &&
		    udev_device_get_property_value(dev, "DM_ACTION") == NULL)
			r = update_map(&u, dev);
		if (r == 0 && sysname != NULL)
			r = update(w, c, dev, told, emit, arg);
		udev_device_unref(dev);
		if (r < 0)
			return r;
	}
}

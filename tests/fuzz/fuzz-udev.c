/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/fuzz-udev.h"

#include <errno.h>
#include <libudev.h>
#include <stdio.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "util/macro.h"

#define PROPERTIES_MAX 160 /* more than discovery reads */
#define DEVICES_MAX    16

/* An entry of a list of properties or of devices' paths. */
struct udev_list_entry {
	struct udev_list_entry *next;
	char *name, *value;
};

struct udev_device {
	unsigned refs;
	struct udev_list_entry properties[PROPERTIES_MAX];
	unsigned n_properties;
	char *syspath, *sysname, *devnode;
	/* unreadable: the device was made while memory was short; asked: its files were
	 * read. */
	bool unreadable, asked;
};

/* One object each, without content. */
struct udev {
	int unused;
};
struct udev_monitor {
	int unused;
};

static struct udev_device *being_made, *to_receive, *known[DEVICES_MAX];
static struct udev udev;
static struct udev_monitor monitor;
static bool without_memory, dropped;

/* --- what the target does --- */

static char *join(const char *a, const char *b)
{
	char *s = malloc(strlen(a) + strlen(b) + 1);

	REQUIRE(s, "no memory");
	strcpy(s, a);
	strcat(s, b);
	return s;
}

void fuzz_udev_property(const char *line)
{
	size_t n = strcspn(line, "=");
	struct udev_device *d = being_made;
	struct udev_list_entry *p;

	if (n == 0 || line[n] != '=')
		return;
	if (!d) {
		d = being_made = calloc(1, sizeof(*d));
		REQUIRE(d, "no memory");
		d->refs = 1;
	}
	if (d->n_properties == PROPERTIES_MAX)
		return;
	p = &d->properties[d->n_properties];
	p->name = strndup(line, n);
	p->value = strdup(line + n + 1);
	REQUIRE(p->name && p->value, "no memory");
	if (d->n_properties++ > 0)
		p[-1].next = p;
}

static void remember(struct udev_device *d)
{
	const char *action = udev_device_get_action(d);
	unsigned i = 0;

	while (i < DEVICES_MAX && known[i] && strcmp(known[i]->syspath, d->syspath) != 0)
		i++;
	if (i == DEVICES_MAX)
		return;
	if (known[i])
		udev_device_unref(known[i]);
	known[i] = NULL;
	if (!action || strcmp(action, "remove") != 0) {
		known[i] = udev_device_ref(d);
		return;
	}
	for (unsigned last = DEVICES_MAX - 1; last > i; last--)
		if (known[last]) {
			known[i] = known[last];
			known[last] = NULL;
			break;
		}
}

void fuzz_udev_begin(const char *action, const char *folder, const char *name)
{
	char line[128];

	(void)snprintf(line, sizeof(line), "ACTION=%s", action);
	fuzz_udev_property(line);
	(void)snprintf(line, sizeof(line), "DEVPATH=%s/%s", folder, name);
	fuzz_udev_property(line);
	(void)snprintf(line, sizeof(line), "DEVNAME=%s", name);
	fuzz_udev_property(line);
}

void fuzz_udev_message(void)
{
	struct udev_device *d = being_made;
	const char *path, *node, *slash;

	being_made = NULL;
	if (!d)
		return;
	path = udev_device_get_property_value(d, "DEVPATH");
	node = udev_device_get_property_value(d, "DEVNAME");
	slash = path ? strrchr(path, '/') : NULL;
	/* libudev rejects others. */
	if (!slash || path[0] != '/' || slash[1] == '\0') {
		udev_device_unref(d);
		return;
	}
	d->syspath = join("/sys", path);
	d->sysname = join("", slash + 1);
	for (char *c = d->sysname; *c; c++)
		*c = *c == '!' ? '/' : *c;
	if (node)
		d->devnode = join(strncmp(node, "/dev/", 5) == 0 ? "" : "/dev/", node);
	remember(d);
	to_receive = d;
}

void fuzz_udev_without_memory(bool without)
{
	without_memory = without;
}

void fuzz_udev_drop(void)
{
	dropped = true;
}

void fuzz_udev_reset(void)
{
	without_memory = dropped = false;
	udev_device_unref(being_made);
	udev_device_unref(to_receive);
	being_made = to_receive = NULL;
	for (unsigned i = 0; i < DEVICES_MAX; i++) {
		udev_device_unref(known[i]);
		known[i] = NULL;
	}
}

/* --- what libudev does --- */

struct udev *udev_new(void)
{
	return &udev;
}

struct udev *udev_unref(struct udev *u)
{
	(void)u;
	return NULL;
}

struct udev_monitor *udev_monitor_new_from_netlink(struct udev *u, const char *name)
{
	(void)u;
	(void)name;
	return &monitor;
}

struct udev_monitor *udev_monitor_unref(struct udev_monitor *m)
{
	(void)m;
	return NULL;
}

int udev_monitor_filter_add_match_subsystem_devtype(struct udev_monitor *m,
                                                    const char *subsystem,
                                                    const char *devtype)
{
	(void)m;
	(void)subsystem;
	(void)devtype;
	return 0;
}

int udev_monitor_set_receive_buffer_size(struct udev_monitor *m, int size)
{
	(void)m;
	(void)size;
	return 0;
}

int udev_monitor_enable_receiving(struct udev_monitor *m)
{
	(void)m;
	return 0;
}

int udev_monitor_get_fd(struct udev_monitor *m)
{
	(void)m;
	return -1;
}

struct udev_device *udev_monitor_receive_device(struct udev_monitor *m)
{
	struct udev_device *d = dropped ? NULL : to_receive;

	(void)m;
	errno = dropped ? ENOBUFS : EAGAIN;
	if (!dropped)
		to_receive = NULL;
	dropped = false;
	return d;
}

struct udev_device *udev_device_ref(struct udev_device *d)
{
	d->refs++;
	return d;
}

struct udev_device *udev_device_unref(struct udev_device *d)
{
	if (!d || --d->refs > 0)
		return NULL;
	for (unsigned i = 0; i < d->n_properties; i++) {
		free(d->properties[i].name);
		free(d->properties[i].value);
	}
	free(d->syspath);
	free(d->sysname);
	free(d->devnode);
	free(d);
	return NULL;
}

/* The device as sysfs has it: another object than the message's. */
static struct udev_device *found(struct udev_device *d)
{
	d->unreadable = without_memory;
	d->asked = false;
	return udev_device_ref(d);
}

/*
 * Returns true if the device has no readable properties. Only the first caller gets the
 * reason.
 */
static bool cannot_read(struct udev_device *d)
{
	if (d->unreadable)
		errno = d->asked ? ENODATA : ENOMEM;
	d->asked = true;
	return d->unreadable;
}

/* Resolves the links below class/block. */
struct udev_device *udev_device_new_from_syspath(struct udev *u, const char *syspath)
{
	const char *name = strrchr(syspath, '/');

	(void)u;
	for (unsigned i = 0; name && i < DEVICES_MAX && known[i]; i++)
		if (strcmp(strrchr(known[i]->syspath, '/'), name) == 0)
			return found(known[i]);
	return NULL;
}

struct udev_device *udev_device_new_from_subsystem_sysname(struct udev *u,
                                                           const char *subsystem,
                                                           const char *sysname)
{
	(void)u;
	(void)subsystem;
	for (unsigned i = 0; i < DEVICES_MAX && known[i]; i++)
		if (strcmp(known[i]->sysname, sysname) == 0)
			return found(known[i]);
	return NULL;
}

const char *udev_device_get_property_value(struct udev_device *d, const char *key)
{
	/* The last value of a property counts. */
	for (unsigned i = d->n_properties; i > 0; i--)
		if (strcmp(d->properties[i - 1].name, key) == 0)
			return d->properties[i - 1].value;
	return NULL;
}

struct udev_list_entry *udev_device_get_properties_list_entry(struct udev_device *d)
{
	return !cannot_read(d) && d->n_properties > 0 ? d->properties : NULL;
}

const char *udev_device_get_syspath(struct udev_device *d)
{
	return d->syspath;
}

const char *udev_device_get_sysname(struct udev_device *d)
{
	return d->sysname;
}

const char *udev_device_get_devnode(struct udev_device *d)
{
	return cannot_read(d) ? NULL : d->devnode;
}

const char *udev_device_get_devtype(struct udev_device *d)
{
	return udev_device_get_property_value(d, "DEVTYPE");
}

const char *udev_device_get_action(struct udev_device *d)
{
	return udev_device_get_property_value(d, "ACTION");
}

int udev_device_get_is_initialized(struct udev_device *d)
{
	return !cannot_read(d);
}

struct udev_list_entry *udev_list_entry_get_next(struct udev_list_entry *e)
{
	return e->next;
}

const char *udev_list_entry_get_name(struct udev_list_entry *e)
{
	return e->name;
}

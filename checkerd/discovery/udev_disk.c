/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing: reads what libudev and sysfs say of one device. Runs on the discovery thread,
 * which is the only one that touches libudev's objects.
 */
#include "checkerd/discovery/udev_disk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkerd/discovery/blacklist.h"
#include "checkerd/discovery/identity.h"
#include "checkerd/discovery/settings.h"
#include "checkerd/discovery/sysfs.h"
#include "checkerd/discovery/sysfs_block.h"
#include "util/shortage.h"

static bool starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* The names of the device's properties, NULL at the end. They live as long as dev. */
static void property_names(struct udev_device *dev, const char **names)
{
	struct udev_list_entry *e;
	size_t n = 0;

	udev_list_entry_foreach(e, udev_device_get_properties_list_entry(dev))
	{
		if (n == KNOWN_PROPERTIES_MAX)
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

const char *udev_disk_name(struct udev_device *dev)
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

/* Has the device no medium? Then no rule includes it. */
static bool is_empty(const struct udev_source *source, struct identity *id,
                     const char *sysname)
{
	char name[DEVICE_NAME_MAX + 64], buf[64];
	const char *sectors;

	if (starts(sysname, "loop")) {
		(void)snprintf(name, sizeof(name), "class/block/%s/loop/backing_file",
		               sysname);
		return blacklist_is_empty(sysname, sysfs_has(id, source->sysfs, name), 0);
	}
	if (!starts(sysname, "nbd"))
		return false;
	(void)snprintf(name, sizeof(name), "class/block/%s/size", sysname);
	sectors = sysfs_attribute(id, source->sysfs, name, buf, sizeof(buf));
	return blacklist_is_empty(sysname, false,
	                          sectors == NULL ? 0 : strtoull(sectors, NULL, 10));
}

/* The property with the WWID; "": none. The text is in buf, or the configuration's. */
static const char *uid_attribute(const struct config *c, const struct identity *id,
                                 const char *sysname,
                                 char buf[static FILTER_ATTRIBUTE_SIZE])
{
	const struct config_subject subject = {
		.devnode = sysname,
		.protocol = id->spec.protocol,
		.vendor = id->spec.vendor,
		.product = id->spec.product,
		.revision = id->spec.revision,
	};

	return filter_uid_attribute(c, &subject, buf);
}

/*
 * Sets udev's WWID instead of the kernel's. The kernel's counts where udev has none, but not where the
 * administrator chose another property: that disk has no WWID, as for multipathd.
 */
static void set_wwid(struct identity *id, struct udev_device *dev, const char *sysname,
                     const char *attribute)
{
	const char *usual = filter_usual_uid_attribute(sysname), *wwid = NULL;

	if (*attribute == '\0')
		return;
	identity_set(id, &wwid, udev_device_get_property_value(dev, attribute));
	id->spec.udev_wwid = wwid != NULL;
	if (wwid != NULL || strcmp(attribute, usual) != 0)
		id->spec.wwid = wwid;
}

/*
 * Sets the unit's serial number, if the kernel has none. For SCSI, udev has read the same page.
 * ID_SERIAL_SHORT of a SCSI disk is its WWID, unless it is an ATA disk.
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

/* Sets the names that the kernel does not have. Returns true if there are any. */
static bool set_names(struct identity *id, struct udev_device *dev)
{
	const struct device_spec before = id->spec;

	set_property(id, &id->spec.vendor, dev, "ID_VENDOR");
	set_property(id, &id->spec.product, dev, "ID_MODEL");
	set_property(id, &id->spec.revision, dev, "ID_REVISION");
	return id->spec.vendor != before.vendor || id->spec.product != before.product ||
	       id->spec.revision != before.revision;
}

/* Fills in what udev and sysfs know. -ENOENT: the device is gone. */
static int identify(const struct udev_source *source, const struct config *c,
                    struct udev_device *dev, const char *sysname, struct identity *id,
                    struct known_facts *facts)
{
	const char *node = udev_device_get_devnode(dev), *attribute;
	char buf[FILTER_ATTRIBUTE_SIZE];
	int r;

	if (node == NULL)
		return -ENOENT;
	identity_set(id, &id->spec.name, udev_device_get_sysname(dev));
	r = identity_set_exact(id, &id->spec.node, node);
	if (r < 0)
		return r;
	r = sysfs_block_identify(id, source->sysfs, sysname);
	if (r < 0)
		return r;
	attribute = uid_attribute(c, id, sysname, buf);
	set_wwid(id, dev, sysname, attribute);
	set_serial(id, dev);
	facts->scsi = id->scsi;
	facts->named = id->spec.map == NULL;
	/* uid_attribute() did not see udev's names, so udev_disk_reconsider() could not tell. */
	if (!set_names(id, dev) && strlen(attribute) < sizeof(facts->attribute)) {
		strcpy(facts->attribute, attribute);
		facts->extent = KNOWN_DISK;
	}
	return 0;
}

uint64_t udev_disk_diskseq(struct udev_device *dev)
{
	const char *value = udev_device_get_property_value(dev, "DISKSEQ");

	return value == NULL ? 0 : strtoull(value, NULL, 10);
}

/* Do the properties belong to an earlier disk than the one in sysfs? Then another message
 * follows. */
static bool is_outdated(struct udev_device *dev, const struct identity *id)
{
	uint64_t diskseq = udev_disk_diskseq(dev);

	return diskseq != 0 && id->spec.diskseq != 0 && diskseq != id->spec.diskseq;
}

/* Is it the same disk for the kernel? udev's properties may be missing for a moment. */
static bool is_same_disk(const struct device *reported, const struct identity *id)
{
	uint64_t diskseq = id->spec.diskseq, kernel_id = id->spec.kernel_id;

	return reported->devt_major == id->spec.devt_major &&
	       reported->devt_minor == id->spec.devt_minor &&
	       (diskseq == 0 || reported->diskseq == 0 || diskseq == reported->diskseq) &&
	       (kernel_id == 0 || reported->kernel_id == 0 ||
	        kernel_id == reported->kernel_id);
}

/*
 * Does the device lack the properties that it had? udev finds none when the path does not answer.
 * Then the earlier WWID and serial number count.
 */
static bool lacks_properties(struct identity *id, const struct found_entry *reported)
{
	if (reported == NULL || !reported->device->udev_wwid || id->spec.udev_wwid ||
	    !is_same_disk(reported->device, id))
		return false;
	identity_set(id, &id->spec.wwid, device_wwid(reported->device));
	id->spec.udev_wwid = true;
	if (id->spec.serial == NULL)
		identity_set(id, &id->spec.serial, device_serial(reported->device));
	return true;
}

/*
 * Is it the disk of a namespace with native multipathing, whose paths the kernel chooses? A disk
 * that a map of device-mapper holds is a path of that map instead.
 */
static bool is_head(const struct config *c, const struct identity *id)
{
	return c->native_nvme && id->spec.map == NULL && id->spec.host != NULL &&
	       starts(id->spec.host, "nvme-subsys");
}

static void note(struct judgement *j, enum judgement_step step)
{
	if (j != NULL)
		j->step = step;
}

/* Is it a device that may be a path, whatever its rules say? 1, 0, or -errno. */
static int may_be_path(const struct udev_source *source, const struct config *c,
                       const struct config_subject *subject, struct identity *id,
                       struct judgement *j)
{
	const struct pattern *exception = NULL;

	if (blacklist_excludes(subject->devnode, subject->partition)) {
		exception = filter_exception(c, subject);
		note(j, JUDGEMENT_KIND);
		if (j != NULL) {
			j->partition = subject->partition;
			j->kind_exception = exception;
		}
		if (exception == NULL)
			return 0;
	}
	note(j, JUDGEMENT_EMPTY);
	if (is_empty(source, id, subject->devnode))
		return -id->shortage;
	return 1;
}

/* What the rules see of the device. properties: NULL: it has none that count. */
static struct config_subject subject_of(const struct identity *id, const char *sysname,
                                        bool partition, const char *const *properties)
{
	return (struct config_subject){
		.devnode = sysname,
		.other_devnode = id->spec.name,
		.partition = partition,
		.properties = properties,
		.wwid_of_udev = id->spec.udev_wwid,
		.wwid = id->spec.wwid,
		.protocol = id->spec.protocol,
		.vendor = id->spec.vendor,
		.product = id->spec.product,
		.revision = id->spec.revision,
	};
}

/* Applies the rules to an identified device. */
static int apply_rules(const struct config *c, const struct config_subject *subject,
                       struct identity *id, struct judgement *j, struct found_entry *ret)
{
	const char *alias = filter_map_alias(c, id->spec.wwid);
	struct filter_verdict verdict;
	int r;

	filter_judge(c, subject, &verdict);
	if (id->spec.map == NULL && alias != NULL)
		identity_set(id, &id->spec.map, alias);
	settings_of(c, subject, id, &ret->settings, j);
	note(j, JUDGEMENT_RULES);
	if (j != NULL)
		j->verdict = verdict;
	r = device_new(&ret->device, &id->spec);
	if (r < 0)
		return r == -ENOMEM ? r : UDEV_DISK_GONE;
	return verdict.excluded ? UDEV_DISK_EXCLUDED : UDEV_DISK_INCLUDED;
}

/* Reads and judges a device that may be a path. */
static int consider_disk(const struct udev_source *source, const struct config *c,
                         struct udev_device *dev, const struct found_entry *reported,
                         struct judgement *j, struct identity *id,
                         struct known_facts *facts, struct found_entry *ret)
{
	const char *sysname = udev_disk_name(dev);
	struct config_subject subject;
	bool lacking;
	int r;

	note(j, JUDGEMENT_NO_DISK);
	r = identify(source, c, dev, sysname, id, facts);
	if (is_shortage(-r))
		return r;
	if (r < 0)
		return UDEV_DISK_GONE;
	note(j, JUDGEMENT_OUTDATED);
	if (is_outdated(dev, id))
		return UDEV_DISK_GONE;
	if (is_head(c, id))
		id->spec.kind = DEVICE_HEAD;
	lacking = lacks_properties(id, reported);
	property_names(dev, facts->properties);
	/* Without udevd no device has properties, so the property rules do not apply. */
	subject = subject_of(id, sysname, facts->partition,
	                     source->with_udevd && !lacking ? facts->properties : NULL);
	r = apply_rules(c, &subject, id, j, ret);
	ret->settings.unjudged = lacking;
	return r;
}

int udev_disk_consider(const struct udev_source *source, const struct config *c,
                       struct udev_device *dev, const struct found_entry *reported,
                       struct judgement *j, struct known_facts *facts,
                       struct found_entry *ret)
{
	const char *sysname = udev_disk_name(dev);
	struct config_subject subject;
	struct identity id;
	int r;

	facts->extent = KNOWN_NOTHING;
	/* With KNOWN_KIND nothing else is read, and these are kept as they are. */
	facts->named = false;
	facts->scsi = (struct identity_scsi){ 0 };
	note(j, JUDGEMENT_NO_DISK);
	if (sysname == NULL || strlen(sysname) >= DEVICE_NAME_MAX)
		return UDEV_DISK_GONE;
	identity_init(&id);
	facts->partition = is_partition(dev);
	subject = (struct config_subject){ .devnode = sysname,
		                           .other_devnode = udev_device_get_sysname(dev),
		                           .partition = facts->partition };
	r = may_be_path(source, c, &subject, &id, j);
	if (r == 0 && blacklist_excludes(sysname, facts->partition))
		facts->extent = KNOWN_KIND;
	if (r <= 0)
		return r < 0 ? r : UDEV_DISK_GONE;
	r = consider_disk(source, c, dev, reported, j, &id, facts, ret);
	if ((r != UDEV_DISK_INCLUDED && r != UDEV_DISK_EXCLUDED) ||
	    ret->settings.unjudged)
		facts->extent = KNOWN_NOTHING;
	return r;
}

/* The disk's description, without what the rules made of it. */
static void describe(const struct known_disk *known, struct identity *id)
{
	const struct device *d = known->device;

	id->scsi = known->scsi;
	id->spec = (struct device_spec){
#define X(text) .text = device_##text(d),
		DEVICE_TEXTS(X)
#undef X
		        .devt_major = d->devt_major,
		.devt_minor = d->devt_minor,
		.host_key = d->host_key,
		.diskseq = d->diskseq,
		.kernel_id = d->kernel_id,
		.udev_wwid = d->udev_wwid,
	};
	if (known->named)
		id->spec.map = NULL;
}

/* The name in /dev, where '!' in the kernel's name is '/'. */
static void other_name(const char *sysname, char ret[static DEVICE_NAME_MAX])
{
	(void)snprintf(ret, DEVICE_NAME_MAX, "%s", sysname);
	for (char *c = ret; *c != '\0'; c++)
		*c = *c == '!' ? '/' : *c;
}

int udev_disk_reconsider(const struct udev_source *source, const struct config *c,
                         const char *sysname, const struct known_disk *known,
                         const struct found_entry *reported, struct found_entry *ret)
{
	char other[DEVICE_NAME_MAX], buf[FILTER_ATTRIBUTE_SIZE];
	struct config_subject subject = { .devnode = sysname,
		                          .other_devnode = other,
		                          .partition = known->partition };
	struct identity id;
	int r;

	other_name(sysname, other);
	identity_init(&id);
	r = may_be_path(source, c, &subject, &id, NULL);
	if (r <= 0)
		return r < 0 ? r : UDEV_DISK_GONE;
	if (known->device == NULL)
		return UDEV_DISK_UNKNOWN;
	describe(known, &id);
	r = sysfs_block_renew(&id, source->sysfs, sysname);
	if (is_shortage(-r))
		return r;
	if (r < 0 || id.spec.kernel_id != known->device->kernel_id ||
	    strcmp(uid_attribute(c, &id, sysname, buf), known_attribute(known)) != 0)
		return UDEV_DISK_UNKNOWN;
	if (is_head(c, &id))
		id.spec.kind = DEVICE_HEAD;
	if (lacks_properties(&id, reported))
		return UDEV_DISK_UNKNOWN;
	subject = subject_of(&id, sysname, known->partition,
	                     source->with_udevd ? known_properties(known) : NULL);
	return apply_rules(c, &subject, &id, NULL, ret);
}

/*
 * libudev reads each of a device's two files once, and keeps the result of a failed read. So this
 * asks for the properties first, which needs both files and reports the error. Another question
 * would return what a device without these files would return.
 */
int udev_disk_is_ready(const struct udev_source *source, struct udev_device *dev)
{
	errno = 0;
	if (udev_device_get_properties_list_entry(dev) == NULL && is_shortage(errno))
		return -errno;
	return !source->with_udevd || udev_device_get_is_initialized(dev) > 0;
}

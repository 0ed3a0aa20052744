/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_FILTER_H
#define CHECKERD_CONFIG_FILTER_H

/* What the filters and rules of the configuration say of one device. Pure; any thread. */
#include "checkerd/config/keywords.h"
#include "checkerd/config/pattern.h"

#define FILTER_ATTRIBUTE_SIZE 128 /* of a name of a udev property in uid_attrs */

/* One device. NULL: not known. */
struct config_subject {
	const char *devnode;       /* "sda", "cciss!c0d0" */
	const char *other_devnode; /* "cciss/c0d0": its name in /dev. NULL: the same */
	const char *wwid, *protocol, *vendor, *product, *revision;
	const char *const *properties; /* names of its udev properties, NULL at the end */
	bool wwid_of_udev;             /* one of them has the WWID */
	bool partition;                /* see filter_excepts() */
};

/* A rule that matched a device. */
struct filter_rule {
	const char *section; /* "blacklist", "devices", …; NULL: there is no rule */
	const char *keyword; /* "devnode", …, "device", "product_blacklist" */
	/* The expressions of a device subsection, or the only one. NULL: the section has none. */
	const struct pattern *vendor, *pattern;
};

/* What the filters say of a device, and why. */
struct filter_verdict {
	bool excluded;
	const char *why; /* with excluded: as of filter_excludes() */
	/* The rule of a blacklist. No rule: it is built in. */
	struct filter_rule rule;
	/* The exception that wins over `rule`, or that lets a property rule pass. */
	struct filter_rule exception;
	/* The udev property that decided about the property rules. NULL: none matches. */
	const char *property;
};

void filter_judge(const struct config *c, const struct config_subject *s,
                  struct filter_verdict *ret);

/*
 * Is the device excluded? *ret_why: the keyword that decided, a static word. The criteria apply in
 * multipathd's order: devnode, USB, property, device, protocol, wwid. What is not known of a device
 * has multipathd's text for it: "", "UNKNOWN" or "undef".
 *
 * Rules that are built in, as in multipathd: a USB disk needs allow_usb_devices, and a disk whose WWID
 * is udev's needs a property SCSI_IDENT_… or ID_WWN…, or one that an exception names. Units of arrays
 * that are no disks need a device of the exceptions: hardware_is_excluded().
 */
bool filter_excludes(const struct config *c, const struct config_subject *s,
                     const char **ret_why);
/*
 * Does a devnode of blacklist_exceptions name the device? Then discovery considers it, although
 * its kind (loop, ram, dm, …) is excluded by default. Only devnode counts, because a partition
 * shares all other criteria with its disk. For a partition the expression has to match the whole
 * name, because the usual "^sd[a-z]" matches every partition. An expression that matches every name
 * does not count, and neither does one with '!'.
 */
bool filter_excepts(const struct config *c, const struct config_subject *s);
/* The expression of filter_excepts(); NULL: none. */
const struct pattern *filter_exception(const struct config *c,
                                       const struct config_subject *s);

/* Where each setting of a device comes from, by the rows of keyword_table. */
struct filter_origins {
	struct {
		const char *section; /* NULL: the default is built in */
		struct config_origin at;
	} of[KEYWORDS_MAX];
};

/* filter_settings(), and where the settings come from. */
void filter_settings_from(const struct config *c, const struct config_subject *s,
                          struct config_settings *ret, struct filter_origins *ret_from);
/* The settings of one device, after defaults, devices and overrides. */
void filter_settings(const struct config *c, const struct config_subject *s,
                     struct config_settings *ret);
/*
 * The udev property with the WWID of the device: multipathd's order is uid_attrs, overrides, devices
 * (the last that matches), the built-in property of NVMe disks and DASDs, defaults. "": none. The text
 * is in buf, or the configuration's.
 */
const char *filter_uid_attribute(const struct config *c, const struct config_subject *s,
                                 char buf[static FILTER_ATTRIBUTE_SIZE]);
/* The property that is built in for a device of this name, an NVMe disk, a DASD or another. */
const char *filter_usual_uid_attribute(const char *devnode);
/* The alias that a multipaths section gives this WWID, or NULL. Valid as long as c. */
const char *filter_map_alias(const struct config *c, const char *wwid);

#endif

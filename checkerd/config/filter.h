/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_FILTER_H
#define CHECKERD_CONFIG_FILTER_H

/* What the filters and rules of the configuration say of one device. Pure; any thread. */
#include "checkerd/config/config.h"

/* One device. NULL: not known. */
struct config_subject {
	const char *devnode; /* "sda" */
	const char *wwid, *protocol, *vendor, *product, *revision;
	const char *const *properties; /* names of its udev properties, NULL at the end */
	bool partition;                /* see filter_excepts() */
};

/*
 * Is the device excluded? *ret_why: the keyword that decided, a static word. The criteria apply in
 * the order of multipath.conf(5): property, devnode, device, protocol, wwid.
 *
 * Two rules apply by default, as in multipathd. SCSI and NVMe disks need a property SCSI_IDENT_…
 * or ID_WWN…, unless blacklist_exceptions has a property rule. USB disks need an exception by
 * devnode or protocol.
 */
bool filter_excludes(const struct config *c, const struct config_subject *s,
                     const char **ret_why);
/*
 * Does a devnode of blacklist_exceptions name the device? Then discovery considers it, although
 * its kind (loop, ram, dm, …) is excluded by default. Only devnode counts, because a partition
 * shares all other criteria with its disk. For a partition the expression has to match the whole
 * name, because the usual "^sd[a-z]" matches every partition. An expression with '!' never counts.
 */
bool filter_excepts(const struct config *c, const struct config_subject *s);

/* The settings of one device, after defaults, devices and overrides. */
void filter_settings(const struct config *c, const struct config_subject *s,
                     struct config_settings *ret);
/* The alias that a multipaths section gives this WWID, or NULL. Valid as long as c. */
const char *filter_map_alias(const struct config *c, const char *wwid);

#endif

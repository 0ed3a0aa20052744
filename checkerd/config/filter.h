/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_FILTER_H
#define CHECKERD_CONFIG_FILTER_H

/* What the filters and rules of the configuration say of one device. Pure; any thread. */
#include "checkerd/config/keywords.h"
#include "checkerd/config/pattern.h"

/* One device. NULL: not known. */
struct config_subject {
	const char *devnode; /* "sda" */
	const char *wwid, *protocol, *vendor, *product, *revision;
	const char *const *properties; /* names of its udev properties, NULL at the end */
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
};

void filter_judge(const struct config *c, const struct config_subject *s,
                  struct filter_verdict *ret);

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
/* The alias that a multipaths section gives this WWID, or NULL. Valid as long as c. */
const char *filter_map_alias(const struct config *c, const char *wwid);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing; the filters and rules are immutable, so any thread may call this.
 *
 * Order and precedence are those of multipath.conf(5), "blacklist and blacklist_exceptions
 * sections": the first criterion that excludes a device decides, and within a criterion an
 * exception wins.
 */
#include "checkerd/config/filter.h"

#include <string.h>

#include "checkerd/config/rules.h"
#include "checkerd/config/value.h"

static bool any_matches(const struct filter *f, enum criterion c, const char *subject)
{
	for (size_t i = 0; i < f->n_patterns[c]; i++)
		if (pattern_match(f->patterns[c][i], subject))
			return true;
	return false;
}

static bool any_property(const struct filter *f, const char *const *properties)
{
	for (; *properties != NULL; properties++)
		if (any_matches(f, CRITERION_PROPERTY, *properties))
			return true;
	return false;
}

/* A pattern that the section does not give matches every subject. */
static bool matches(const struct pattern *p, const char *subject)
{
	return p == NULL || pattern_match(p, subject);
}

static bool device_matches(const struct filter *f, const struct config_subject *s)
{
	for (size_t i = 0; i < f->n_devices; i++)
		if (matches(f->devices[i].vendor, s->vendor) &&
		    matches(f->devices[i].product, s->product))
			return true;
	return false;
}

/* A product_blacklist of a device section means the same as a device section of the blacklist. */
static bool product_blacklisted(const struct config_rules *rules,
                                const struct config_subject *s)
{
	for (size_t i = 0; i < rules->n_devices; i++) {
		const struct device_rule *r = &rules->devices[i];

		if (r->product_blacklist != NULL && matches(r->vendor, s->vendor) &&
		    pattern_match(r->product_blacklist, s->product))
			return true;
	}
	return false;
}

static bool starts(const char *s, const char *prefix)
{
	return s != NULL && strncmp(s, prefix, strlen(prefix)) == 0;
}

/*
 * multipathd's built-in exception: property "(SCSI_IDENT_|ID_WWN)". udev gives these properties
 * to SCSI and NVMe disks only, so other disks do not need them.
 */
static bool lacks_default_property(const struct config_subject *s)
{
	if (!starts(s->devnode, "sd") && !starts(s->devnode, "nvme"))
		return false;
	for (const char *const *p = s->properties; *p != NULL; p++)
		if (starts(*p, "SCSI_IDENT_") || starts(*p, "ID_WWN"))
			return false;
	return true;
}

static bool property_excludes(const struct config_filters *f,
                              const struct config_subject *s, const char **ret_why)
{
	if (s->properties == NULL || any_property(&f->exceptions, s->properties))
		return false;
	if (any_property(&f->blacklist, s->properties)) {
		*ret_why = "property";
		return true;
	}
	/* A disk without a WWID has not been probed yet: its properties will come. */
	if (s->wwid == NULL || (f->exceptions.n_patterns[CRITERION_PROPERTY] == 0 &&
	                        !lacks_default_property(s)))
		return false;
	*ret_why = "property missing";
	return true;
}

static bool list_excludes(const struct config_filters *f, enum criterion c,
                          const char *subject)
{
	return any_matches(&f->blacklist, c, subject) &&
	       !any_matches(&f->exceptions, c, subject);
}

/* multipathd's allow_usb_devices is off by default, because a USB stick is no path. */
static bool is_excluded_usb(const struct config *c, const struct config_subject *s)
{
	return s->protocol != NULL && strcmp(s->protocol, "scsi:usb") == 0 &&
	       !any_matches(&c->filters->exceptions, CRITERION_PROTOCOL, s->protocol) &&
	       !filter_excepts(c, s);
}

bool filter_excludes(const struct config *c, const struct config_subject *s,
                     const char **ret_why)
{
	const struct config_filters *f = c->filters;

	if (property_excludes(f, s, ret_why))
		return true;
	if (list_excludes(f, CRITERION_DEVNODE, s->devnode))
		*ret_why = "devnode";
	else if (is_excluded_usb(c, s))
		*ret_why = "usb";
	else if ((device_matches(&f->blacklist, s) || product_blacklisted(c->rules, s)) &&
	         !device_matches(&f->exceptions, s))
		*ret_why = "device";
	else if (list_excludes(f, CRITERION_PROTOCOL, s->protocol))
		*ret_why = "protocol";
	else if (list_excludes(f, CRITERION_WWID, s->wwid))
		*ret_why = "wwid";
	else
		return false;
	return true;
}

bool filter_excepts(const struct config *c, const struct config_subject *s)
{
	const struct filter *f = &c->filters->exceptions;

	for (size_t i = 0; i < f->n_patterns[CRITERION_DEVNODE]; i++) {
		const struct pattern *p = f->patterns[CRITERION_DEVNODE][i];

		if (p->negated)
			continue;
		if (s->partition ? pattern_match_whole(p, s->devnode)
		                 : pattern_match(p, s->devnode))
			return true;
	}
	return false;
}

static void overlay_apply(const struct overlay *o, struct config_settings *settings)
{
	for (size_t i = 0; i < keyword_count; i++) {
		const struct keyword *k = &keyword_table[i];

		if ((o->set & UINT64_C(1) << i) == 0)
			continue;
		memcpy((char *)settings + k->in_settings,
		       (const char *)&o->settings + k->in_settings, value_size(k));
	}
}

void filter_settings(const struct config *c, const struct config_subject *s,
                     struct config_settings *ret)
{
	struct config_settings settings = {
		.checker = c->path_checker,
		.detect_checker = c->detect_checker,
		.polling_interval_us = c->polling_interval_us,
		.max_polling_interval_us = c->max_polling_interval_us,
		.checker_timeout_us = c->checker_timeout_us,
		.fail_checks = c->fail_checks,
		.recover_checks = c->recover_checks,
		.read_every = c->read_every,
		.keep_open = c->keep_open,
		.purge_disconnected = c->purge_disconnected,
	};

	for (size_t i = 0; i < c->rules->n_devices; i++) {
		const struct device_rule *r = &c->rules->devices[i];

		if (matches(r->vendor, s->vendor) && matches(r->product, s->product) &&
		    matches(r->revision, s->revision))
			overlay_apply(&r->overlay, &settings);
	}
	overlay_apply(&c->rules->overrides, &settings);
	for (size_t i = 0; i < c->rules->n_protocols; i++) {
		const struct protocol_rule *r = &c->rules->protocols[i];

		if (strcmp(r->type, s->protocol != NULL ? s->protocol : "undef") == 0)
			overlay_apply(&r->overlay, &settings);
	}
	/* A section may have raised polling_interval above another one's max_polling_interval. */
	settings.max_polling_interval_us =
	        MAX(settings.max_polling_interval_us, settings.polling_interval_us);
	*ret = settings;
}

const char *filter_map_alias(const struct config *c, const char *wwid)
{
	if (wwid == NULL)
		return NULL;
	for (size_t i = c->rules->n_maps; i > 0; i--)
		if (strcmp(c->rules->maps[i - 1].wwid, wwid) == 0)
			return c->rules->maps[i - 1].alias;
	return NULL;
}

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

#define BLACKLIST  "blacklist"
#define EXCEPTIONS "blacklist_exceptions"

static const struct pattern *first_match(const struct filter *f, enum criterion c,
                                         const char *subject)
{
	for (size_t i = 0; i < f->n_patterns[c]; i++)
		if (pattern_match(f->patterns[c][i], subject))
			return f->patterns[c][i];
	return NULL;
}

static const struct pattern *first_property(const struct filter *f,
                                            const char *const *properties)
{
	const struct pattern *p = NULL;

	for (; p == NULL && *properties != NULL; properties++)
		p = first_match(f, CRITERION_PROPERTY, *properties);
	return p;
}

/* A pattern that the section does not give matches every subject. */
static bool matches(const struct pattern *p, const char *subject)
{
	return p == NULL || pattern_match(p, subject);
}

static struct filter_rule rule_of(const char *section, const char *keyword,
                                  const struct pattern *p)
{
	return (struct filter_rule){ .section = p != NULL ? section : NULL,
		                     .keyword = keyword,
		                     .pattern = p };
}

static struct filter_rule device_rule_of(const char *section, const struct filter *f,
                                         const struct config_subject *s)
{
	for (size_t i = 0; i < f->n_devices; i++)
		if (matches(f->devices[i].vendor, s->vendor) &&
		    matches(f->devices[i].product, s->product))
			return (struct filter_rule){ section, "device",
				                     f->devices[i].vendor,
				                     f->devices[i].product };
	return (struct filter_rule){ .section = NULL };
}

/* A product_blacklist of a device section means the same as a device section of the blacklist. */
static struct filter_rule product_rule(const struct config_rules *rules,
                                       const struct config_subject *s)
{
	for (size_t i = 0; i < rules->n_devices; i++) {
		const struct device_rule *r = &rules->devices[i];

		if (r->product_blacklist != NULL && matches(r->vendor, s->vendor) &&
		    pattern_match(r->product_blacklist, s->product))
			return (struct filter_rule){ "devices", "product_blacklist",
				                     r->vendor, r->product_blacklist };
	}
	return (struct filter_rule){ .section = NULL };
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

/* Does a rule apply, and no exception? Notes both. */
static bool exclude_unless(struct filter_verdict *v, const char *why,
                           struct filter_rule rule, struct filter_rule exception)
{
	if (rule.section == NULL)
		return false;
	v->rule = rule;
	v->exception = exception;
	v->excluded = exception.section == NULL;
	v->why = v->excluded ? why : NULL;
	return v->excluded;
}

/* A built-in rule applies. */
static bool exclude_built_in(struct filter_verdict *v, const char *why)
{
	*v = (struct filter_verdict){ .excluded = true, .why = why };
	return true;
}

static bool property_excludes(const struct config_filters *f,
                              const struct config_subject *s, struct filter_verdict *v)
{
	const struct pattern *exception;

	if (s->properties == NULL)
		return false;
	exception = first_property(&f->exceptions, s->properties);
	v->exception = rule_of(EXCEPTIONS, "property", exception);
	if (exclude_unless(v, "property",
	                   rule_of(BLACKLIST, "property",
	                           first_property(&f->blacklist, s->properties)),
	                   v->exception) ||
	    exception != NULL)
		return v->excluded;
	/* A disk without a WWID has not been probed yet: its properties will come. */
	if (s->wwid == NULL || (f->exceptions.n_patterns[CRITERION_PROPERTY] == 0 &&
	                        !lacks_default_property(s)))
		return false;
	return exclude_built_in(v, "property missing");
}

static bool list_excludes(const struct config_filters *f, enum criterion c,
                          const char *keyword, const char *subject,
                          struct filter_verdict *v)
{
	const struct pattern *p = first_match(&f->blacklist, c, subject);

	return p != NULL &&
	       exclude_unless(v, keyword, rule_of(BLACKLIST, keyword, p),
	                      rule_of(EXCEPTIONS, keyword,
	                              first_match(&f->exceptions, c, subject)));
}

/* multipathd's allow_usb_devices is off by default, because a USB stick is no path. */
static bool is_excluded_usb(const struct config *c, const struct config_subject *s,
                            struct filter_verdict *v)
{
	const struct pattern *exception;
	const char *keyword = "protocol";

	if (s->protocol == NULL || strcmp(s->protocol, "scsi:usb") != 0)
		return false;
	exception = first_match(&c->filters->exceptions, CRITERION_PROTOCOL, s->protocol);
	if (exception == NULL) {
		exception = filter_exception(c, s);
		keyword = "devnode";
	}
	if (exception == NULL)
		return exclude_built_in(v, "usb");
	v->exception = rule_of(EXCEPTIONS, keyword, exception);
	return false;
}

static bool device_excludes(const struct config *c, const struct config_subject *s,
                            struct filter_verdict *v)
{
	struct filter_rule rule = device_rule_of(BLACKLIST, &c->filters->blacklist, s);

	if (rule.section == NULL)
		rule = product_rule(c->rules, s);
	return rule.section != NULL &&
	       exclude_unless(v, "device", rule,
	                      device_rule_of(EXCEPTIONS, &c->filters->exceptions, s));
}

void filter_judge(const struct config *c, const struct config_subject *s,
                  struct filter_verdict *ret)
{
	const struct config_filters *f = c->filters;

	*ret = (struct filter_verdict){ .excluded = false };
	/* The first criterion that excludes the device decides. */
	(void)(property_excludes(f, s, ret) ||
	       list_excludes(f, CRITERION_DEVNODE, "devnode", s->devnode, ret) ||
	       is_excluded_usb(c, s, ret) || device_excludes(c, s, ret) ||
	       list_excludes(f, CRITERION_PROTOCOL, "protocol", s->protocol, ret) ||
	       list_excludes(f, CRITERION_WWID, "wwid", s->wwid, ret));
}

bool filter_excludes(const struct config *c, const struct config_subject *s,
                     const char **ret_why)
{
	struct filter_verdict v;

	filter_judge(c, s, &v);
	if (v.excluded)
		*ret_why = v.why;
	return v.excluded;
}

const struct pattern *filter_exception(const struct config *c,
                                       const struct config_subject *s)
{
	const struct filter *f = &c->filters->exceptions;

	for (size_t i = 0; i < f->n_patterns[CRITERION_DEVNODE]; i++) {
		const struct pattern *p = f->patterns[CRITERION_DEVNODE][i];

		if (p->negated)
			continue;
		if (s->partition ? pattern_match_whole(p, s->devnode)
		                 : pattern_match(p, s->devnode))
			return p;
	}
	return NULL;
}

bool filter_excepts(const struct config *c, const struct config_subject *s)
{
	return filter_exception(c, s) != NULL;
}

/* The settings of a device while they are collected. */
struct collection {
	struct config_settings settings;
	struct filter_origins *from; /* NULL: nobody asks */
};

static void overlay_apply(const struct overlay *o, const char *section,
                          struct collection *to)
{
	for (size_t i = 0; i < keyword_count; i++) {
		const struct keyword *k = &keyword_table[i];

		if ((o->set & UINT64_C(1) << i) == 0)
			continue;
		memcpy((char *)&to->settings + k->in_settings,
		       (const char *)&o->settings + k->in_settings, value_size(k));
		if (to->from == NULL)
			continue;
		to->from->of[i].section = section;
		to->from->of[i].at = o->at[i];
	}
}

static void apply_defaults_origins(const struct config *c, struct filter_origins *from)
{
	*from = (struct filter_origins){ 0 };
	for (size_t i = 0; i < keyword_count; i++) {
		from->of[i].at = c->defaults_at[i];
		if (c->defaults_at[i].file != 0)
			from->of[i].section = "defaults";
	}
}

static void collect(const struct config *c, const struct config_subject *s,
                    struct config_settings *ret, struct filter_origins *from)
{
	struct collection to = { .from = from };

	to.settings = (struct config_settings){
		.checker = c->path_checker,
		.detect_checker = c->detect_checker,
		.polling_interval_us = c->polling_interval_us,
		.max_polling_interval_us = c->max_polling_interval_us,
		.checker_timeout_us = c->checker_timeout_us,
		.fail_checks = c->fail_checks,
		.recover_checks = c->recover_checks,
		.read_every = c->read_every,
		.keep_open = c->keep_open,
		.slow_path = c->slow_path,
		.purge_disconnected = c->purge_disconnected,
		.holds = c->holds,
	};
	if (from != NULL)
		apply_defaults_origins(c, from);
	for (size_t i = 0; i < c->rules->n_devices; i++) {
		const struct device_rule *r = &c->rules->devices[i];

		if (matches(r->vendor, s->vendor) && matches(r->product, s->product) &&
		    matches(r->revision, s->revision))
			overlay_apply(&r->overlay, "devices", &to);
	}
	overlay_apply(&c->rules->overrides, "overrides", &to);
	for (size_t i = 0; i < c->rules->n_protocols; i++) {
		const struct protocol_rule *r = &c->rules->protocols[i];

		if (strcmp(r->type, s->protocol != NULL ? s->protocol : "undef") == 0)
			overlay_apply(&r->overlay, "protocol", &to);
	}
	/* A section may have raised polling_interval above another one's max_polling_interval. */
	to.settings.max_polling_interval_us =
	        MAX(to.settings.max_polling_interval_us, to.settings.polling_interval_us);
	*ret = to.settings;
}

void filter_settings(const struct config *c, const struct config_subject *s,
                     struct config_settings *ret)
{
	collect(c, s, ret, NULL);
}

void filter_settings_from(const struct config *c, const struct config_subject *s,
                          struct config_settings *ret, struct filter_origins *ret_from)
{
	collect(c, s, ret, ret_from);
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing; the filters and rules are immutable, so any thread may call this.
 *
 * Expressions match what multipathd's match: libmultipath/blacklist.c, pathinfo() of discovery.c, and
 * find_hwe() of config.c, from 0.9.4 to 0.14.3. The first criterion that excludes a device decides,
 * and within a criterion an exception wins.
 */
#include "checkerd/config/filter.h"

#include <stdio.h>
#include <string.h>

#include "checkerd/config/hardware.h"
#include "checkerd/config/rules.h"
#include "checkerd/config/value.h"

#define BLACKLIST  "blacklist"
#define EXCEPTIONS "blacklist_exceptions"

static bool starts(const char *s, const char *prefix)
{
	return s != NULL && strncmp(s, prefix, strlen(prefix)) == 0;
}

/*
 * multipathd has a text for what it does not know: "UNKNOWN" for a SCSI disk without a vendor or
 * product, "" for other disks and for a WWID. Expressions match these texts, and "!" inverts that.
 */
static const char *text_of(const struct config_subject *s, const char *text)
{
	return text != NULL ? text : starts(s->protocol, "scsi:") ? "UNKNOWN" : "";
}

/* The word that multipathd has for a protocol that only checkerd tells apart. NULL: the same word. */
static const char *wider_protocol(const char *protocol)
{
	if (strcmp(protocol, "virtio") == 0)
		return "undef";
	if (strcmp(protocol, "scsi:spi") == 0 || strcmp(protocol, "scsi:srp") == 0)
		return "scsi:unspec";
	return NULL;
}

/* A criterion's value of one device. */
struct value_of_criterion {
	const char *text, *other; /* the second name of the same thing; NULL: none */
};

static const struct pattern *first_match(const struct filter *f, enum criterion c,
                                         struct value_of_criterion v)
{
	for (size_t i = 0; i < f->n_patterns[c]; i++)
		if (pattern_match_either(f->patterns[c][i], v.text, v.other))
			return f->patterns[c][i];
	return NULL;
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
		if (matches(f->devices[i].vendor, text_of(s, s->vendor)) &&
		    matches(f->devices[i].product, text_of(s, s->product)))
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

		if (r->product_blacklist != NULL &&
		    matches(r->vendor, text_of(s, s->vendor)) &&
		    pattern_match(r->product_blacklist, text_of(s, s->product)))
			return (struct filter_rule){ "devices", "product_blacklist",
				                     r->vendor, r->product_blacklist };
	}
	return (struct filter_rule){ .section = NULL };
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

/* multipathd's built-in exception, which its user's exceptions come before: "(SCSI_IDENT_|ID_WWN)". */
static bool is_built_in_property(const char *name)
{
	return strstr(name, "SCSI_IDENT_") != NULL || strstr(name, "ID_WWN") != NULL;
}

/* What the property rules say of one device. */
struct property_match {
	const char *name; /* that decides; NULL: no expression matches any name */
	const struct pattern *exception, *rule;
};

/*
 * The first name that an expression of either list matches decides, and the exceptions are asked
 * first. multipathd has libudev's list of the names, which is sorted.
 */
static struct property_match match_properties(const struct config_filters *f,
                                              const char *const *names)
{
	struct property_match m = { .name = NULL };

	for (; *names != NULL; names++) {
		const struct value_of_criterion v = { .text = *names };
		const struct pattern *exception, *rule = NULL;

		if (m.name != NULL && strcmp(*names, m.name) >= 0)
			continue;
		exception = first_match(&f->exceptions, CRITERION_PROPERTY, v);
		if (exception == NULL && !is_built_in_property(*names)) {
			rule = first_match(&f->blacklist, CRITERION_PROPERTY, v);
			if (rule == NULL)
				continue;
		}
		m = (struct property_match){ *names, exception, rule };
	}
	return m;
}

static bool property_excludes(const struct config_filters *f,
                              const struct config_subject *s, struct filter_verdict *v)
{
	struct property_match m;
	struct filter_rule exception;

	if (s->properties == NULL)
		return false;
	m = match_properties(f, s->properties);
	exception = rule_of(EXCEPTIONS, "property", m.exception);
	v->property = m.name;
	if (exception.section != NULL && v->rule.section == NULL)
		v->exception = exception;
	if (m.name != NULL)
		return exclude_unless(v, "property",
		                      rule_of(BLACKLIST, "property", m.rule), exception);
	/*
	 * A disk without the property that has its WWID was not readable for udev. udev gives no
	 * DASD one of the other properties, and so none counts for a DASD.
	 */
	if (!s->wwid_of_udev || starts(s->devnode, "dasd"))
		return false;
	return exclude_built_in(v, "property missing");
}

static bool list_excludes(const struct config_filters *f, enum criterion c,
                          const char *keyword, struct value_of_criterion value,
                          struct filter_verdict *v)
{
	const struct pattern *p = first_match(&f->blacklist, c, value);

	return p != NULL &&
	       exclude_unless(v, keyword, rule_of(BLACKLIST, keyword, p),
	                      rule_of(EXCEPTIONS, keyword,
	                              first_match(&f->exceptions, c, value)));
}

static bool devnode_excludes(const struct config_filters *f,
                             const struct config_subject *s, struct filter_verdict *v)
{
	const struct value_of_criterion value = { s->devnode, s->other_devnode };

	return s->devnode != NULL &&
	       list_excludes(f, CRITERION_DEVNODE, "devnode", value, v);
}

static bool protocol_excludes(const struct config_filters *f,
                              const struct config_subject *s, struct filter_verdict *v)
{
	const char *protocol = s->protocol != NULL ? s->protocol : "undef";
	const struct value_of_criterion value = { protocol, wider_protocol(protocol) };

	return list_excludes(f, CRITERION_PROTOCOL, "protocol", value, v);
}

static bool wwid_excludes(const struct config_filters *f, const struct config_subject *s,
                          struct filter_verdict *v)
{
	const struct value_of_criterion value = { .text = s->wwid != NULL ? s->wwid
		                                                          : "" };

	return list_excludes(f, CRITERION_WWID, "wwid", value, v);
}

/* No exception includes a USB disk: only allow_usb_devices does. */
static bool usb_excludes(const struct config *c, const struct config_subject *s,
                         struct filter_verdict *v)
{
	return s->protocol != NULL && strcmp(s->protocol, "scsi:usb") == 0 &&
	       !c->allow_usb_devices && exclude_built_in(v, "usb");
}

static bool device_excludes(const struct config *c, const struct config_subject *s,
                            struct filter_verdict *v)
{
	struct filter_rule rule = device_rule_of(BLACKLIST, &c->filters->blacklist, s);
	struct filter_rule exception;

	if (rule.section == NULL)
		rule = product_rule(c->rules, s);
	if (rule.section == NULL && !hardware_is_excluded(s->vendor, s->product))
		return false;
	exception = device_rule_of(EXCEPTIONS, &c->filters->exceptions, s);
	if (rule.section != NULL)
		return exclude_unless(v, "device", rule, exception);
	if (exception.section == NULL)
		return exclude_built_in(v, "product");
	v->exception = exception;
	return false;
}

void filter_judge(const struct config *c, const struct config_subject *s,
                  struct filter_verdict *ret)
{
	const struct config_filters *f = c->filters;

	*ret = (struct filter_verdict){ .excluded = false };
	/* The first criterion that excludes the device decides. */
	(void)(devnode_excludes(f, s, ret) || usb_excludes(c, s, ret) ||
	       property_excludes(f, s, ret) || device_excludes(c, s, ret) ||
	       protocol_excludes(f, s, ret) || wwid_excludes(f, s, ret));
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

/* Does it match every name? Then it names no kind of device. */
static bool matches_all(const struct pattern *p)
{
	return pattern_match(p, "");
}

const struct pattern *filter_exception(const struct config *c,
                                       const struct config_subject *s)
{
	const struct filter *f = &c->filters->exceptions;

	for (size_t i = 0; i < f->n_patterns[CRITERION_DEVNODE]; i++) {
		const struct pattern *p = f->patterns[CRITERION_DEVNODE][i];

		if (p->negated || matches_all(p))
			continue;
		if (s->partition ? pattern_match_whole(p, s->devnode)
		                 : pattern_match_either(p, s->devnode, s->other_devnode))
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
	for (size_t i = 0; i < KEYWORDS_OVERLAY_BITS; i++) {
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

/*
 * Only disks with a vendor or product have entries. multipathd compares the revision of SCSI disks
 * only, so an entry with a revision is an entry for every NVMe disk of the product.
 */
static bool device_rule_applies(const struct device_rule *r,
                                const struct config_subject *s)
{
	if (s->vendor == NULL && s->product == NULL)
		return false;
	return matches(r->vendor, text_of(s, s->vendor)) &&
	       matches(r->product, text_of(s, s->product)) &&
	       (starts(s->protocol, "nvme:") ||
	        matches(r->revision, text_of(s, s->revision)));
}

/* What is built in for a kind of device wins over a path_checker that multipathd has as a default. */
static enum checker_kind default_checker(const struct config *c,
                                         const struct config_subject *s)
{
	if ((c->path_checker & CHECKER_UNLESS_DETECTED) != 0 &&
	    (starts(s->protocol, "nvme") || hardware_find(s->vendor, s->product) != NULL))
		return CHECKER_AUTO;
	return c->path_checker;
}

static void collect(const struct config *c, const struct config_subject *s,
                    struct config_settings *ret, struct filter_origins *from)
{
	struct collection to = { .from = from };

	to.settings = (struct config_settings){
		.checker = default_checker(c, s),
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

		if (device_rule_applies(r, s))
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

const char *filter_usual_uid_attribute(const char *devnode)
{
	return starts(devnode, "nvme")   ? "ID_WWN"
	       : starts(devnode, "dasd") ? "ID_UID"
	                                 : "ID_SERIAL";
}

/*
 * The property of the first record "PREFIX:PROPERTY" whose prefix begins the name. NULL: there is none.
 * Records are separated by blanks, and the last ':' of a record counts.
 */
static const char *find_uid_attrs(const char *records, const char *devnode,
                                  char buf[static FILTER_ATTRIBUTE_SIZE])
{
	for (const char *r = records; *r != '\0';) {
		size_t size = strcspn(r, " \t");
		const char *colon = memrchr(r, ':', size);

		if (colon != NULL && strncmp(devnode, r, (size_t)(colon - r)) == 0) {
			size -= (size_t)(colon + 1 - r);
			(void)snprintf(buf, FILTER_ATTRIBUTE_SIZE, "%.*s", (int)size,
			               colon + 1);
			return buf;
		}
		r += size;
		r += strspn(r, " \t");
	}
	return NULL;
}

const char *filter_uid_attribute(const struct config *c, const struct config_subject *s,
                                 char buf[static FILTER_ATTRIBUTE_SIZE])
{
	const struct config_rules *rules = c->rules;
	const char *usual = filter_usual_uid_attribute(s->devnode), *found = NULL;

	if (c->uid_attrs != NULL)
		found = find_uid_attrs(c->uid_attrs, s->devnode, buf);
	if (found == NULL)
		found = rules->overrides_uid_attribute;
	for (size_t i = rules->n_devices; found == NULL && i > 0; i--)
		if (device_rule_applies(&rules->devices[i - 1], s))
			found = rules->devices[i - 1].uid_attribute;
	if (found == NULL && strcmp(usual, "ID_SERIAL") == 0)
		found = c->uid_attribute;
	return found != NULL ? found : usual;
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

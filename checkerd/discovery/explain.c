/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing. Runs on the discovery thread. The functions that choose the paths also leave their
 * judgement, so an explanation cannot differ from what was done.
 */
#include "checkerd/discovery/explain.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "checkerd/config/value.h"
#include "checkerd/discovery/native_paths.h"
#include "checkerd/discovery/static.h"
#include "checkerd/discovery/udev_disk.h"
#include "util/shortage.h"

static_assert(KEYWORDS_OVERLAY_BITS <= EXPLANATION_SETTINGS_MAX,
              "all settings have room");

static void set_why(struct explanation *e, const char *format, ...) _printf_(2, 3);
static void set_why(struct explanation *e, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(e->why, sizeof(e->why), format, args);
	va_end(args);
}

static void set_place(struct explanation_place *to, const struct config *c,
                      struct config_origin at)
{
	const char *file = config_origin_file(c, at);

	(void)snprintf(to->file, sizeof(to->file), "%s", file == NULL ? "" : file);
	to->line = at.line;
}

/* --- rules --- */

static void set_rule(struct explanation_rule *to, const struct config *c,
                     const struct filter_rule *rule)
{
	const struct pattern *first = rule->vendor != NULL ? rule->vendor : rule->pattern;

	if (rule->section == NULL)
		return;
	to->section = rule->section;
	to->keyword = rule->keyword;
	if (rule->vendor != NULL && rule->pattern != NULL)
		(void)snprintf(to->expression, sizeof(to->expression), "%s, %s",
		               rule->vendor->text, rule->pattern->text);
	else
		(void)snprintf(to->expression, sizeof(to->expression), "%s", first->text);
	set_place(&to->at, c, first->at);
}

static void set_devnode_rule(struct explanation_rule *to, const struct config *c,
                             const struct pattern *p)
{
	const struct filter_rule rule = { .section = "blacklist_exceptions",
		                          .keyword = "devnode",
		                          .pattern = p };

	set_rule(to, c, &rule);
}

static void explain_excluded(const struct judgement *j, struct explanation *e)
{
	const char *why = j->verdict.why;

	if (strcmp(why, "property") == 0)
		set_why(e,
		        "the rule property of %s excludes it by its udev property "
		        "%s",
		        e->rule.section, j->verdict.property);
	else if (e->rule.section != NULL)
		set_why(e, "the rule %s of %s excludes it", e->rule.keyword,
		        e->rule.section);
	else if (strcmp(why, "product") == 0)
		set_why(e, "it is a unit of its array that is no disk: only a device of "
		           "blacklist_exceptions includes it");
	else if (strcmp(why, "usb") == 0)
		set_why(e, "it is a USB disk, which only allow_usb_devices yes includes");
	else
		set_why(e,
		        "it has no udev property SCSI_IDENT_... or ID_WWN..., and none "
		        "that a property of blacklist_exceptions matches");
}

static void explain_verdict(const struct config *c, const struct judgement *j,
                            struct explanation *e)
{
	set_rule(&e->rule, c, &j->verdict.rule);
	set_rule(&e->exception, c, &j->verdict.exception);
	if (j->verdict.excluded) {
		explain_excluded(j, e);
		return;
	}
	if (j->kind_exception != NULL && e->exception.section == NULL)
		set_devnode_rule(&e->exception, c, j->kind_exception);
	if (e->exception.section == NULL)
		set_why(e, "no rule excludes it");
	else if (e->rule.section == NULL)
		set_why(e, "an exception includes it");
	else
		set_why(e, "an exception wins over the rule that excludes it");
}

static void explain_step(const struct config *c, const struct judgement *j,
                         struct explanation *e)
{
	switch (j->step) {
	case JUDGEMENT_NO_DISK:
		set_why(e, "it has no device node, or is gone");
		return;
	case JUDGEMENT_KIND:
		set_why(e,
		        j->partition
		                ? "it is a partition, which only a devnode of "
		                  "blacklist_exceptions includes that matches its whole "
		                  "name"
		                : "it is no SCSI, NVMe or DASD disk: only a devnode of "
		                  "blacklist_exceptions includes it");
		return;
	case JUDGEMENT_EMPTY:
		set_why(e, "it has no medium");
		return;
	case JUDGEMENT_OUTDATED:
		set_why(e, "udev still describes an earlier disk of this name");
		return;
	case JUDGEMENT_RULES:
		explain_verdict(c, j, e);
		return;
	}
}

/* --- settings --- */

/* The value that counts, where the device decides about it. */
static const char *value_of(const struct keyword *k, const struct judgement *j,
                            struct explanation_setting *s)
{
	static const size_t timeout =
	        offsetof(struct config_settings, checker_timeout_us);
	char buf[VALUE_TEXT_SIZE];
	int64_t us = j->path.timeout_us;

	if (k->in_settings == timeout && j->settings.checker_timeout_us == 0) {
		if (j->timeout_s > 0)
			s->section = "device";
		(void)snprintf(s->value, sizeof(s->value), "auto: %s",
		               value_format(k, &us, buf));
		return s->value;
	}
	(void)snprintf(s->value, sizeof(s->value), "%s",
	               value_format(k, (const char *)&j->settings + k->in_settings, buf));
	return s->value;
}

static bool is_setting(const struct keyword *k)
{
	return (k->sections & 1U << SECTION_OVERRIDES) != 0 &&
	       keywords_is_setting(SECTION_OVERRIDES, k);
}

static void explain_settings(const struct config *c, const struct judgement *j,
                             struct explanation *e)
{
	for (size_t i = 0; i < keyword_count; i++) {
		const struct keyword *k = &keyword_table[i];
		struct explanation_setting *s = &e->settings[e->n_settings];

		if (!is_setting(k))
			continue;
		s->keyword = k->name;
		s->section = j->from.of[i].section;
		(void)value_of(k, j, s);
		set_place(&s->at, c, j->from.of[i].at);
		e->n_settings++;
	}
}

static void explain_checker(const struct judgement *j, struct explanation *e)
{
	enum checker_why why = (enum checker_why)j->path.checker_why;

	e->checker = checker_kind_name((enum checker_kind)j->path.checker);
	if (why == CHECKER_WHY_HARDWARE && j->hardware != NULL)
		(void)snprintf(e->checker_why, sizeof(e->checker_why),
		               "hardware table: vendor %s, product %s...",
		               j->hardware->vendor, j->hardware->product);
	else
		(void)snprintf(e->checker_why, sizeof(e->checker_why), "%s",
		               checker_why_text(why));
}

/* --- devices --- */

static bool has_text(const char *text, const char *asked)
{
	return text != NULL && strcmp(text, asked) == 0;
}

/* A file has no number. */
static bool is_number(const struct device *d, const char *asked)
{
	char number[24];

	(void)snprintf(number, sizeof(number), "%u:%u", d->devt_major, d->devt_minor);
	return (d->devt_major != 0 || d->devt_minor != 0) && strcmp(number, asked) == 0;
}

/* The entry that is meant; NULL: none is. */
static const struct found_entry *find_entry(const struct found_list *l, const char *asked)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct device *d = l->entries[i].device;

		if (has_text(device_name(d), asked) || has_text(device_node(d), asked) ||
		    has_text(device_alias(d), asked) || is_number(d, asked))
			return &l->entries[i];
	}
	return NULL;
}

/* The kernel's name: of "8:0" by the link in sysfs, of a node by its own name. */
static void find_name(const struct explain_source *x, struct explanation *e)
{
	char place[EXPLANATION_NAME_MAX + 16], link[PATH_MAX];
	const char *name = e->asked;
	ssize_t n;

	(void)snprintf(place, sizeof(place), "dev/block/%s", name);
	n = strchr(name, '/') != NULL
	            ? -1
	            : readlinkat(x->sysfs, place, link, sizeof(link) - 1);
	if (n > 0) {
		link[n] = '\0';
		name = strrchr(link, '/') == NULL ? link : strrchr(link, '/') + 1;
	} else if (strncmp(name, "/dev/", 5) == 0) {
		name += 5;
	}
	(void)snprintf(e->name, sizeof(e->name), "%.*s", EXPLANATION_NAME_MAX - 1, name);
	/* sysfs has "cciss!c0d0" for /dev/cciss/c0d0. */
	for (char *c = e->name; *c != '\0'; c++)
		if (*c == '/')
			*c = '!';
}

static bool is_in_sysfs(const struct explain_source *x, const char *name)
{
	char place[EXPLANATION_NAME_MAX + 16];

	(void)snprintf(place, sizeof(place), "class/block/%s", name);
	return name[0] != '.' && faccessat(x->sysfs, place, F_OK, 0) == 0;
}

static void explain_static(const struct explain_source *x,
                           const struct found_entry *reported, struct explanation *e)
{
	const struct config *c = x->config;
	struct found_entry entry = { 0 };
	struct judgement j = { 0 };
	size_t i = 0;
	int r;

	set_why(e,
	        "discovery is static, and no path of the section paths is this device");
	if (reported == NULL)
		return;
	while (i < c->n_paths &&
	       !has_text(c->paths[i].device, device_node(reported->device)))
		i++;
	if (i == c->n_paths)
		return;
	r = static_describe(c, x->sysfs, &c->paths[i], device_name(reported->device), &j,
	                    &entry);
	if (r < 0) {
		set_why(e, "it cannot be described: %s", strerrordesc_np(-r));
		return;
	}
	e->device = entry.device;
	e->watched = true;
	set_why(e, "the section paths lists it");
	e->rule.section = "paths";
	e->rule.keyword = "device";
	(void)snprintf(e->rule.expression, sizeof(e->rule.expression), "%.*s",
	               EXPLANATION_TEXT_MAX - 1, c->paths[i].device);
	set_place(&e->rule.at, c, c->paths_at[i]);
	explain_settings(c, &j, e);
	explain_checker(&j, e);
}

/* A disk of native multipathing is no path: its paths are. */
static void explain_head(const struct config *c, struct explanation *e)
{
	e->watched = false;
	set_why(e,
	        "it is the disk of a namespace with native NVMe multipathing: its paths "
	        "are watched instead, because native_nvme is %s",
	        c->native_nvme ? "yes" : "no");
}

static void explain_udev(const struct explain_source *x,
                         const struct found_entry *reported, struct explanation *e)
{
	const struct config *c = x->config;
	struct found_entry entry = { 0 };
	struct judgement j = { 0 };
	int r = udev_watch_explain(x->watch, c, e->name, reported, &j, &entry);

	e->watched = reported != NULL;
	if (r < 0) {
		set_why(e, "it cannot be described: %s", strerrordesc_np(-r));
		return;
	}
	if (r == UDEV_DISK_NOT_READY) {
		set_why(e, "udevd has not processed the device yet");
		return;
	}
	explain_step(c, &j, e);
	if (j.step != JUDGEMENT_RULES)
		return;
	e->device = entry.device;
	explain_settings(c, &j, e);
	explain_checker(&j, e);
	if (r == UDEV_DISK_INCLUDED && entry.device->kind == DEVICE_HEAD)
		explain_head(c, e);
	if (r == UDEV_DISK_EXCLUDED && e->watched)
		set_why(e, "it was included, and stays until it is gone or the "
		           "configuration changes; now a rule excludes it");
}

/* A path of native multipathing has the rules and settings of its disk. */
static void explain_observed(const struct explain_source *x,
                             const struct found_entry *path, struct explanation *e)
{
	char head[DEVICE_NAME_MAX], name[EXPLANATION_NAME_MAX];
	const struct found_entry *entry;

	memcpy(name, e->name, sizeof(name));
	if (native_paths_head(name, head)) {
		(void)snprintf(e->name, sizeof(e->name), "%s", head);
		entry = find_entry(x->reported, head);
		explain_udev(x, entry, e);
		e->device = device_unref(e->device);
		memcpy(e->name, name, sizeof(name));
	}
	e->device = device_ref(path->device);
	e->watched = true;
	e->checker = "ana";
	(void)snprintf(e->checker_why, sizeof(e->checker_why),
	               "the kernel's state of the path, without a check");
	set_why(e, "it is a path of native NVMe multipathing, and native_nvme is yes");
}

static void set_name(struct explanation *e, const struct device *d)
{
	static_assert(DEVICE_NAME_MAX <= EXPLANATION_NAME_MAX, "a name fits");
	memcpy(e->name, device_name(d), strlen(device_name(d)) + 1);
}

void explain_device(const struct explain_source *x, struct explanation *e)
{
	const struct found_entry *observed = find_entry(x->observed, e->asked);
	const struct found_entry *reported = find_entry(x->reported, e->asked);

	find_name(x, e);
	if (observed == NULL)
		observed = find_entry(x->observed, e->name);
	if (reported == NULL && x->watch != NULL)
		reported = find_entry(x->reported, e->name);
	if (observed != NULL)
		set_name(e, observed->device);
	else if (reported != NULL)
		set_name(e, reported->device);
	e->found = observed != NULL || reported != NULL || is_in_sysfs(x, e->name);
	if (!e->found)
		return;
	if (observed != NULL)
		explain_observed(x, observed, e);
	else if (x->watch == NULL)
		explain_static(x, reported, e);
	else
		explain_udev(x, reported, e);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing. Runs on the loader thread, and in main() before the loop starts.
 *
 * Invariant: reading the printed text gives the same configuration, and no problem that the first
 * text did not have.
 */
#include "checkerd/config/dump.h"

#include <string.h>

#include "checkerd/config/rules.h"
#include "checkerd/config/value.h"

static void dump_text(FILE *out, const char *indent, const char *keyword,
                      const char *text)
{
	if (text == NULL)
		return;
	fprintf(out, "%s%s ", indent, keyword);
	value_print_text(text, out);
	putc('\n', out);
}

static void dump_pattern(FILE *out, const char *indent, const char *keyword,
                         const struct pattern *p)
{
	dump_text(out, indent, keyword, p != NULL ? p->text : NULL);
}

static void dump_string(FILE *out, const struct keyword *k, const struct config *c)
{
	const char *text;

	memcpy(&text, (const char *)c + k->in_config, sizeof(text));
	if (text != NULL)
		dump_text(out, "\t", k->name, text);
	else
		fprintf(out, "\t%s %s\n", k->name, k->fallback);
}

/* given_only: without the settings that no file has. */
static void dump_defaults(FILE *out, const struct config *c, bool given_only)
{
	fputs("defaults {\n", out);
	for (size_t i = 0; i < keyword_count; i++) {
		const struct keyword *k = &keyword_table[i];

		if ((k->sections & 1U << SECTION_DEFAULTS) == 0)
			continue;
		if (given_only && c->defaults_at[i].file == 0 && k->type != VALUE_FILE)
			continue;
		if (k->type == VALUE_FILE) {
			/* What the file says is in what is printed here. */
			dump_text(out, "\t", k->name, "");
			continue;
		}
		if (k->type == VALUE_GROUP) {
			dump_text(out, "\t", k->name,
			          c->socket_group != NULL ? c->socket_group : "");
			continue;
		}
		if (k->type == VALUE_STRING) {
			dump_string(out, k, c);
			continue;
		}
		fprintf(out, "\t%s ", k->name);
		value_print(k, (const char *)c + k->in_config, out);
		putc('\n', out);
	}
	fputs("}\n", out);
}

static void dump_paths(FILE *out, const struct config *c)
{
	if (c->n_paths == 0)
		return;
	fputs("paths {\n", out);
	for (size_t i = 0; i < c->n_paths; i++) {
		fputs("\tpath {\n", out);
		dump_text(out, "\t\t", "device", c->paths[i].device);
		dump_text(out, "\t\t", "alias", c->paths[i].alias);
		dump_text(out, "\t\t", "map", c->paths[i].map);
		fputs("\t}\n", out);
	}
	fputs("}\n", out);
}

static const char *criterion_name(enum criterion criterion)
{
	for (size_t i = 0; i < keyword_count; i++) {
		const struct keyword *k = &keyword_table[i];

		if ((k->sections & 1U << SECTION_BLACKLIST) != 0 &&
		    k->criterion == criterion)
			return k->name;
	}
	assert(!"every criterion has its keyword");
	return NULL;
}

static void dump_filter(FILE *out, const char *name, const struct filter *f)
{
	size_t n = f->n_devices;

	for (unsigned c = 0; c < CRITERION_COUNT_; c++)
		n += f->n_patterns[c];
	if (n == 0)
		return;
	fprintf(out, "%s {\n", name);
	for (unsigned c = 0; c < CRITERION_COUNT_; c++)
		for (size_t i = 0; i < f->n_patterns[c]; i++)
			dump_pattern(out, "\t", criterion_name((enum criterion)c),
			             f->patterns[c][i]);
	for (size_t i = 0; i < f->n_devices; i++) {
		fputs("\tdevice {\n", out);
		dump_pattern(out, "\t\t", "vendor", f->devices[i].vendor);
		dump_pattern(out, "\t\t", "product", f->devices[i].product);
		fputs("\t}\n", out);
	}
	fputs("}\n", out);
}

static void dump_overlay(FILE *out, const char *indent, const struct overlay *o)
{
	for (size_t i = 0; i < KEYWORDS_OVERLAY_BITS; i++) {
		const struct keyword *k = &keyword_table[i];

		if ((o->set & UINT64_C(1) << i) == 0)
			continue;
		fprintf(out, "%s%s ", indent, k->name);
		value_print(k, (const char *)&o->settings + k->in_settings, out);
		putc('\n', out);
	}
}

static void dump_overrides(FILE *out, const struct config_rules *rules)
{
	if (rules->overrides.set == 0 && rules->n_protocols == 0 &&
	    rules->overrides_uid_attribute == NULL)
		return;
	fputs("overrides {\n", out);
	dump_text(out, "\t", "uid_attribute", rules->overrides_uid_attribute);
	dump_overlay(out, "\t", &rules->overrides);
	for (size_t i = 0; i < rules->n_protocols; i++) {
		fputs("\tprotocol {\n", out);
		dump_text(out, "\t\t", "type", rules->protocols[i].type);
		dump_overlay(out, "\t\t", &rules->protocols[i].overlay);
		fputs("\t}\n", out);
	}
	fputs("}\n", out);
}

static void dump_rules(FILE *out, const struct config_rules *rules)
{
	if (rules->n_devices > 0)
		fputs("devices {\n", out);
	for (size_t i = 0; i < rules->n_devices; i++) {
		const struct device_rule *r = &rules->devices[i];

		fputs("\tdevice {\n", out);
		dump_pattern(out, "\t\t", "vendor", r->vendor);
		dump_pattern(out, "\t\t", "product", r->product);
		dump_pattern(out, "\t\t", "revision", r->revision);
		dump_pattern(out, "\t\t", "product_blacklist", r->product_blacklist);
		dump_text(out, "\t\t", "uid_attribute", r->uid_attribute);
		dump_overlay(out, "\t\t", &r->overlay);
		fputs("\t}\n", out);
	}
	if (rules->n_devices > 0)
		fputs("}\n", out);
	dump_overrides(out, rules);
	if (rules->n_maps > 0)
		fputs("multipaths {\n", out);
	for (size_t i = 0; i < rules->n_maps; i++) {
		fputs("\tmultipath {\n", out);
		dump_text(out, "\t\t", "wwid", rules->maps[i].wwid);
		dump_text(out, "\t\t", "alias", rules->maps[i].alias);
		fputs("\t}\n", out);
	}
	if (rules->n_maps > 0)
		fputs("}\n", out);
}

static void dump_window(FILE *out, const struct maintenance_window *w)
{
	char buf[CALENDAR_TEXT_SIZE];

	fputs("\twindow {\n", out);
	if (w->when.year != 0)
		fprintf(out, "\t\tdate %04u-%02u-%02u\n", w->when.year, w->when.month,
		        w->when.day);
	else
		dump_text(out, "\t\t", "days", calendar_format_days(w->when.days, buf));
	dump_text(out, "\t\t", "from", calendar_format_minute(w->when.from, buf));
	dump_text(out, "\t\t", "to", calendar_format_minute(w->when.to, buf));
	dump_text(out, "\t\t", "host", w->host);
	dump_text(out, "\t\t", "target", w->target);
	dump_text(out, "\t\t", "map", w->map);
	dump_pattern(out, "\t\t", "devnode", w->devnode);
	dump_text(out, "\t\t", "fail", w->fail ? "yes" : "no");
	dump_text(out, "\t\t", "force", w->force ? "yes" : "no");
	fputs("\t}\n", out);
}

static void dump_maintenance(FILE *out, const struct maintenance *m)
{
	if (m->n == 0)
		return;
	fputs("maintenance {\n", out);
	for (size_t i = 0; i < m->n; i++)
		dump_window(out, &m->windows[i]);
	fputs("}\n", out);
}

static void dump(const struct config *c, bool given_only, FILE *out)
{
	dump_defaults(out, c, given_only);
	dump_paths(out, c);
	dump_filter(out, "blacklist", &c->filters->blacklist);
	dump_filter(out, "blacklist_exceptions", &c->filters->exceptions);
	dump_rules(out, c->rules);
	dump_maintenance(out, &c->rules->maintenance);
}

void dump_config(const struct config *c, FILE *out)
{
	dump(c, false, out);
}

void dump_given(const struct config *c, FILE *out)
{
	dump(c, true, out);
}

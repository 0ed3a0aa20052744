/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing. Runs on the loader thread, and in main() before the loop starts. */
#include "checkerd/config/rules_text.h"

#include <inttypes.h>
#include <string.h>

#include "checkerd/config/hardware.h"
#include "checkerd/config/rules.h"
#include "util/utf8.h"

/* What a text of the configuration may have: any byte. JSON has UTF-8. */
static void put_string(FILE *out, const char *s)
{
	putc('"', out);
	while (*s != '\0') {
		size_t n = utf8_length(s, SIZE_MAX);
		unsigned char byte = (unsigned char)*s;

		if (n == 0)
			fputs("\xef\xbf\xbd", out);
		else if (byte == '"' || byte == '\\')
			fprintf(out, "\\%c", byte);
		else if (byte < 0x20)
			fprintf(out, "\\u%04x", byte);
		else
			fwrite(s, 1, n, out);
		s += n > 0 ? n : 1;
	}
	putc('"', out);
}

static void put_member(FILE *out, const char *before, const char *key, const char *value)
{
	fprintf(out, "%s\"%s\":", before, key);
	put_string(out, value);
}

/* One rule. file NULL: it is built in. second: the product of a device subsection; NULL: none. */
static void put_rule(FILE *out, bool *first, const char *section, const char *keyword,
                     const char *expression, const char *second, const char *file,
                     uint32_t line)
{
	put_member(out, *first ? "{" : ",{", "section", section);
	put_member(out, ",", "keyword", keyword);
	if (second != NULL) {
		char both[2048];

		(void)snprintf(both, sizeof(both), "%s, %s", expression, second);
		put_member(out, ",", "expression", both);
	} else {
		put_member(out, ",", "expression", expression);
	}
	if (file != NULL) {
		put_member(out, ",", "file", file);
		fprintf(out, ",\"line\":%" PRIu32 "}", line);
	} else {
		fputs(",\"file\":null,\"line\":null}", out);
	}
	*first = false;
}

static void put_built_in(FILE *out, const struct config *c, bool *first)
{
	put_rule(out, first, "blacklist", "devnode", "!^(sd[a-z]|dasd[a-z]|nvme[0-9])",
	         NULL, NULL, 0);
	put_rule(out, first, "blacklist_exceptions", "property", "(SCSI_IDENT_|ID_WWN)",
	         NULL, NULL, 0);
	for (size_t i = 0; i < hardware_excluded_count; i++)
		put_rule(out, first, "blacklist", "device",
		         hardware_excluded_table[i].vendor,
		         hardware_excluded_table[i].product, NULL, 0);
	if (!c->allow_usb_devices)
		put_rule(out, first, "defaults", "allow_usb_devices", "no", NULL, NULL,
		         0);
}

static void put_filter(FILE *out, const struct config *c, const char *section,
                       const struct filter *f, bool *first)
{
	static const char *const keywords[] = {
		[CRITERION_PROPERTY] = "property",
		[CRITERION_DEVNODE] = "devnode",
		[CRITERION_PROTOCOL] = "protocol",
		[CRITERION_WWID] = "wwid",
	};

	static_assert(ARRAY_LEN(keywords) == CRITERION_COUNT_, "each has its keyword");
	for (unsigned k = 0; k < CRITERION_COUNT_; k++)
		for (size_t i = 0; i < f->n_patterns[k]; i++) {
			const struct pattern *p = f->patterns[k][i];

			put_rule(out, first, section, keywords[k], p->text, NULL,
			         config_origin_file(c, p->at), p->at.line);
		}
	for (size_t i = 0; i < f->n_devices; i++) {
		const struct pattern *vendor = f->devices[i].vendor;
		const struct pattern *product = f->devices[i].product;
		const struct pattern *p = vendor != NULL ? vendor : product;

		put_rule(out, first, section, "device",
		         vendor != NULL ? vendor->text : ".*",
		         product != NULL ? product->text : ".*",
		         config_origin_file(c, p->at), p->at.line);
	}
}

void rules_text_print(const struct config *c, FILE *out)
{
	bool first = true;

	fputs("{\"filters\":[", out);
	put_built_in(out, c, &first);
	put_filter(out, c, "blacklist", &c->filters->blacklist, &first);
	put_filter(out, c, "blacklist_exceptions", &c->filters->exceptions, &first);
	fputs("],\"hardware\":[", out);
	for (size_t i = 0; i < hardware_count; i++) {
		put_member(out, i > 0 ? ",{" : "{", "vendor", hardware_table[i].vendor);
		put_member(out, ",", "product", hardware_table[i].product);
		put_member(out, ",", "checker",
		           checker_kind_name(hardware_table[i].checker));
		putc('}', out);
	}
	fputs("]}", out);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which rule decides about a device, where each setting comes from, and where both are written. */
#include "tests/unit/unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "checkerd/config/filter.h"
#include "checkerd/config/rules.h"
#include "checkerd/config/rules_text.h"
#include "tests/unit/config/config-text.h"

/* "FILE:LINE", or "built in". */
static const char *place(const struct config *c, struct config_origin at)
{
	static char text[256];
	const char *file = config_origin_file(c, at);

	if (file == NULL)
		return "built in";
	(void)snprintf(text, sizeof(text), "%s:%u", file, at.line);
	return text;
}

/* "blacklist devnode test.conf:2", or "none". */
static const char *rule_text(const struct config *c, const struct filter_rule *r)
{
	static char texts[2][512];
	static unsigned next;
	char *text = texts[next++ % 2];
	const struct pattern *p = r->pattern != NULL ? r->pattern : r->vendor;

	if (r->section == NULL)
		return "none";
	(void)snprintf(text, sizeof(texts[0]), "%s %s %s", r->section, r->keyword,
	               place(c, p->at));
	return text;
}

static void judge(const struct config *c, const struct config_subject *s, bool excluded,
                  const char *rule, const char *exception)
{
	struct filter_verdict v;

	filter_judge(c, s, &v);
	assert_int_equal(v.excluded, excluded);
	assert_string_equal(rule_text(c, &v.rule), rule);
	assert_string_equal(rule_text(c, &v.exception), exception);
	assert_true(excluded == (v.why != NULL));
}

static void the_rule_that_decides(void **state _unused_)
{
	static const char *const usb[] = { "ID_USB", NULL };
	static const char *const wwn[] = { "ID_WWN", NULL };
	struct config *c = text_parse("blacklist {\n"            /* 1 */
	                              "	devnode ^loop\n"         /* 2 */
	                              "	devnode ^sd\n"           /* 3 */
	                              "	wwid ^36\n"              /* 4 */
	                              "	property USB\n"          /* 5 */
	                              "	protocol nvme:tcp\n"     /* 6 */
	                              "	device {\n"              /* 7 */
	                              "		vendor ATA\n"    /* 8 */
	                              "	}\n"                     /* 9 */
	                              "}\n"                      /* 10 */
	                              "blacklist_exceptions {\n" /* 11 */
	                              "	devnode \"^sd[ab]$\"\n"  /* 12 */
	                              "	wwid 3600a\n"            /* 13 */
	                              "}\n"                      /* 14 */
	                              "devices { device {\n"     /* 15 */
	                              "	vendor ACME\n"           /* 16 */
	                              "	product_blacklist CD\n"  /* 17 */
	                              "} }\n");

	judge(c, &(struct config_subject){ .devnode = "vda" }, false, "none", "none");
	judge(c, &(struct config_subject){ .devnode = "sdc" }, true,
	      "blacklist devnode test.conf:3", "none");
	judge(c, &(struct config_subject){ .devnode = "sda" }, false,
	      "blacklist devnode test.conf:3",
	      "blacklist_exceptions devnode test.conf:12");
	/* The rule that an exception beats gives way to one that decides. */
	judge(c, &(struct config_subject){ .devnode = "sda", .wwid = "36b" }, true,
	      "blacklist wwid test.conf:4", "none");
	judge(c, &(struct config_subject){ .devnode = "sda", .wwid = "3600a" }, false,
	      "blacklist wwid test.conf:4", "blacklist_exceptions wwid test.conf:13");
	judge(c, &(struct config_subject){ .devnode = "sda", .properties = usb }, true,
	      "blacklist property test.conf:5", "none");
	judge(c, &(struct config_subject){ .devnode = "nvme0n1", .protocol = "nvme:tcp" },
	      true, "blacklist protocol test.conf:6", "none");
	judge(c, &(struct config_subject){ .devnode = "vda", .vendor = "ATA" }, true,
	      "blacklist device test.conf:8", "none");
	judge(c, &(struct config_subject){ .vendor = "ACME", .product = "CD1" }, true,
	      "devices product_blacklist test.conf:17", "none");
	/* Rules that are built in. */
	judge(c,
	      &(struct config_subject){
	              .devnode = "nvme1n1", .properties = usb + 1, .wwid_of_udev = true },
	      true, "none", "none");
	judge(c,
	      &(struct config_subject){
	              .devnode = "sda", .protocol = "scsi:usb", .properties = wwn },
	      true, "none", "none");
	judge(c, &(struct config_subject){ .devnode = "vdx", .protocol = "scsi:usb" },
	      true, "none", "none");
	assert_string_equal(
	        place(c, filter_exception(c, &(struct config_subject){ .devnode = "sdb" })
	                         ->at),
	        "test.conf:12");
	config_free(c);
}

static const char *origin(const struct config *c, const struct config_subject *s,
                          const char *keyword)
{
	static char text[512];
	struct config_settings settings, plain;
	struct filter_origins from;

	filter_settings_from(c, s, &settings, &from);
	filter_settings(c, s, &plain);
	assert_int_equal(settings.checker_timeout_us, plain.checker_timeout_us);
	for (size_t i = 0; i < keyword_count; i++) {
		if (strcmp(keyword_table[i].name, keyword) != 0)
			continue;
		(void)snprintf(text, sizeof(text), "%s %s",
		               from.of[i].section == NULL ? "-" : from.of[i].section,
		               place(c, from.of[i].at));
		return text;
	}
	fail_msg("no keyword %s", keyword);
	return NULL;
}

static void the_section_of_a_setting(void **state _unused_)
{
	struct config *c = text_parse("defaults {\n"                    /* 1 */
	                              "	polling_interval 2\n"           /* 2 */
	                              "	polling_interval 3\n"           /* 3 */
	                              "	checker_timeout 10\n"           /* 4 */
	                              "}\n"                             /* 5 */
	                              "devices {\n"                     /* 6 */
	                              "	device { vendor IBM\n"          /* 7 */
	                              "		fail_checks 3 }\n"      /* 8 */
	                              "	device { vendor IBM\n"          /* 9 */
	                              "		fail_checks 4\n"        /* 10 */
	                              "		checker_timeout 60 }\n" /* 11 */
	                              "}\n"                             /* 12 */
	                              "overrides {\n"                   /* 13 */
	                              "	recover_checks 7\n"             /* 14 */
	                              "	protocol { type scsi:fcp\n"     /* 15 */
	                              "		checker_timeout 5 }\n"  /* 16 */
	                              "}\n");
	const struct config_subject other = { .vendor = "HP" }, ibm = { .vendor = "IBM" };
	const struct config_subject fc = { .vendor = "IBM", .protocol = "scsi:fcp" };

	assert_string_equal(origin(c, &other, "polling_interval"),
	                    "defaults test.conf:3");
	assert_string_equal(origin(c, &other, "read_every"), "- built in");
	assert_string_equal(origin(c, &other, "fail_checks"), "- built in");
	assert_string_equal(origin(c, &other, "checker_timeout"), "defaults test.conf:4");
	assert_string_equal(origin(c, &ibm, "fail_checks"), "devices test.conf:10");
	assert_string_equal(origin(c, &ibm, "checker_timeout"), "devices test.conf:11");
	assert_string_equal(origin(c, &ibm, "recover_checks"), "overrides test.conf:14");
	assert_string_equal(origin(c, &fc, "checker_timeout"), "protocol test.conf:16");
	config_free(c);
}

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(name, 0644), 0);
}

/* Each drop-in has its name, also when a later file has the same line. */
static void the_file_of_a_rule(void **state _unused_)
{
	char dir[] = "/tmp/test-origin-XXXXXX", name[64], dropin[128], folder[96],
	     text[200];
	struct config *c = NULL;

	assert_non_null(mkdtemp(dir));
	(void)snprintf(name, sizeof(name), "%s/c.conf", dir);
	(void)snprintf(folder, sizeof(folder), "%s.d", name);
	(void)snprintf(dropin, sizeof(dropin), "%s/a.conf", folder);
	write_file(name, "overrides { fail_checks 2\n}\n"
	                 "paths {\n path {\n device /dev/x\n }\n}\n"
	                 "multipaths { multipath { wwid 3600\n alias a\n } }\n");
	assert_int_equal(mkdir(folder, 0755), 0);
	write_file(dropin, "overrides { read_every 2\n}\n");
	assert_int_equal(load_file(name, &c), 0);
	(void)snprintf(text, sizeof(text), "overrides %s:1", name);
	assert_string_equal(origin(c, &(struct config_subject){ 0 }, "fail_checks"),
	                    text);
	(void)snprintf(text, sizeof(text), "overrides %s:1", dropin);
	assert_string_equal(origin(c, &(struct config_subject){ 0 }, "read_every"), text);
	(void)snprintf(text, sizeof(text), "%s:5", name);
	assert_string_equal(place(c, c->paths_at[0]), text);
	(void)snprintf(text, sizeof(text), "%s:9", name);
	assert_string_equal(place(c, c->rules->maps[0].at), text);
	config_free(c);
	assert_int_equal(unlink(dropin), 0);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(unlink(name), 0);
	assert_int_equal(rmdir(dir), 0);
}

/* What show blacklist lists: built-in rules first, then those of the files, in UTF-8. */
static void the_list_of_rules(void **state _unused_)
{
	struct config *c = text_parse("blacklist {\n"                /* 1 */
	                              "	devnode \"^sd\"\n"           /* 2 */
	                              "	wwid \"a\\\\b\"\n"           /* 3 */
	                              "	device {\n"                  /* 4 */
	                              "		product \"S/390\"\n" /* 5 */
	                              "	}\n"                         /* 6 */
	                              "}\n"                          /* 7 */
	                              "blacklist_exceptions {\n"     /* 8 */
	                              "	protocol scsi:fcp\n"         /* 9 */
	                              "}\n"                          /* 10 */
	                              "defaults {\n"                 /* 11 */
	                              "	allow_usb_devices yes\n"     /* 12 */
	                              "}\n");
	static const char *const rules[] = {
		"{\"filters\":[{\"section\":\"blacklist\",\"keyword\":\"devnode\","
		"\"expression\":\"!^(sd[a-z]|dasd[a-z]|nvme[0-9])\",\"file\":null,"
		"\"line\":null},",
		"\"expression\":\"(SCSI_IDENT_|ID_WWN)\",\"file\":null,\"line\":null},",
		"\"expression\":\"^DGC, LUNZ\",\"file\":null,\"line\":null},",
		"{\"section\":\"blacklist\",\"keyword\":\"devnode\",\"expression\":"
		"\"^sd\",\"file\":\"test.conf\",\"line\":2}",
		"\"expression\":\"a\\\\\\\\b\",\"file\":\"test.conf\",\"line\":"
		"3}",
		"{\"section\":\"blacklist\",\"keyword\":\"device\",\"expression\":"
		"\".*, S/390\",\"file\":\"test.conf\",\"line\":5}",
		"{\"section\":\"blacklist_exceptions\",\"keyword\":\"protocol\","
		"\"expression\":\"scsi:fcp\",\"file\":\"test.conf\",\"line\":9}],",
		"\"hardware\":[{\"vendor\":\"IBM\",\"product\":\"1722\",\"checker\":"
		"\"rdac\"},",
	};
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	rules_text_print(c, out);
	assert_int_equal(fclose(out), 0);
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (strstr(text, rules[i]) == NULL)
			fail_msg("%s is not in %s", rules[i], text);
	assert_null(strstr(text, "allow_usb_devices"));
	assert_string_equal(text + size - 2, "]}");
	free(text);
	config_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rule_that_decides),
		cmocka_unit_test(the_section_of_a_setting),
		cmocka_unit_test(the_file_of_a_rule),
		cmocka_unit_test(the_list_of_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

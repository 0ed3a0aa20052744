/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What blacklists and device rules say of a device, by the rules of multipath.conf(5). */
#include "tests/unit/unit.h"

#include <errno.h>

#include "checkerd/config/filter.h"
#include "checkerd/config/rules.h"
#include "tests/unit/config/config-text.h"

#define SECOND INT64_C(1000000)

/* NULL: taken. */
static const char *excluded(const struct config *c, const struct config_subject *s)
{
	const char *why = NULL;

	if (!filter_excludes(c, s, &why)) {
		assert_null(why);
		return NULL;
	}
	assert_non_null(why);
	return why;
}

static void without_filters_all_are_taken(void **state)
{
	struct config *c = text_parse("");

	(void)state; /* no fixture */
	assert_null(excluded(c, &(struct config_subject){ .devnode = "sda" }));
	assert_null(excluded(c, &(struct config_subject){ 0 }));
	assert_false(filter_excepts(c, &(struct config_subject){ .devnode = "loop0" }));
	config_free(c);
}

static void each_criterion(void **state)
{
	static const char *const properties[] = { "ID_PATH", "ID_USB_MODEL", NULL };
	struct config *c = text_parse("blacklist {\n"
	                              "	property ID_USB\n"
	                              "	devnode \"^sd[ab]$\"\n"
	                              "	protocol scsi:ata\n"
	                              "	wwid ^3600\n"
	                              "	device { vendor ATA product SSD }\n"
	                              "	device { product \"^CD\" }\n"
	                              "}\n");

	(void)state; /* no fixture */
	assert_string_equal(
	        excluded(c, &(struct config_subject){ .properties = properties }),
	        "property");
	assert_string_equal(excluded(c, &(struct config_subject){ .devnode = "sda" }),
	                    "devnode");
	assert_null(excluded(c, &(struct config_subject){ .devnode = "sdc" }));
	assert_null(excluded(c, &(struct config_subject){ .devnode = "sdab" }));
	assert_string_equal(
	        excluded(c, &(struct config_subject){ .protocol = "scsi:ata" }),
	        "protocol");
	assert_string_equal(excluded(c, &(struct config_subject){ .wwid = "3600a" }),
	                    "wwid");
	assert_null(excluded(c, &(struct config_subject){ .wwid = "23600a" }));
	assert_string_equal(excluded(c, &(struct config_subject){ .vendor = "ATA",
	                                                          .product = "X SSD" }),
	                    "device");
	assert_null(
	        excluded(c, &(struct config_subject){ .vendor = "ATA", .product = "X" }));
	assert_null(excluded(c, &(struct config_subject){ .vendor = "ATA" }));
	assert_null(excluded(c, &(struct config_subject){ .product = "SSD" }));
	assert_string_equal(excluded(c, &(struct config_subject){ .product = "CD-ROM" }),
	                    "device");
	config_free(c);
}

static void an_exception_wins_within_its_criterion_only(void **state)
{
	struct config *c = text_parse("blacklist {\n"
	                              "	devnode .*\n"
	                              "	wwid ^3\n"
	                              "	protocol .\n"
	                              "	device { vendor . }\n"
	                              "}\n"
	                              "blacklist_exceptions {\n"
	                              "	devnode ^sd\n"
	                              "	wwid ^36\n"
	                              "	protocol fcp\n"
	                              "	device { vendor IBM product 2145 }\n"
	                              "}\n");

	(void)state; /* no fixture */
	const struct config_subject taken = { .devnode = "sda",
		                              .wwid = "36",
		                              .protocol = "scsi:fcp",
		                              .vendor = "IBM",
		                              .product = "2145" };
	struct config_subject s = taken;

	assert_null(excluded(c, &s));
	s.wwid = "35";
	assert_string_equal(excluded(c, &s), "wwid");
	s = taken;
	s.devnode = "nvme0n1";
	assert_string_equal(excluded(c, &s), "devnode");
	s = taken;
	s.protocol = "scsi:sas";
	assert_string_equal(excluded(c, &s), "protocol");
	s = taken;
	s.product = "1";
	assert_string_equal(excluded(c, &s), "device");
	config_free(c);
}

/* devnode, property, device, protocol, wwid: the first that leaves it out is named. */
static void the_order_of_the_criteria(void **state)
{
	static const char *const properties[] = { "P", NULL };
	struct config *c =
	        text_parse("blacklist { wwid . protocol . devnode . property . "
	                   "device { vendor . } }\n");
	struct config_subject s = { .devnode = "d",
		                    .wwid = "w",
		                    .protocol = "p",
		                    .vendor = "v",
		                    .properties = properties };

	(void)state; /* no fixture */
	assert_string_equal(excluded(c, &s), "devnode");
	s.devnode = NULL;
	assert_string_equal(excluded(c, &s), "property");
	s.properties = NULL;
	assert_string_equal(excluded(c, &s), "device");
	s.vendor = NULL;
	/* A protocol always has a word. */
	assert_string_equal(excluded(c, &s), "protocol");
	config_free(c);
	c = text_parse("blacklist { wwid . }");
	assert_string_equal(excluded(c, &s), "wwid");
	config_free(c);
}

static void negated(void **state)
{
	struct config *c = text_parse("blacklist {\n"
	                              "	devnode \"!^(sd|nvme)\"\n"
	                              "	device { vendor \"!^IBM\" }\n"
	                              "	wwid \"\\!\"\n"
	                              "}\n");

	(void)state; /* no fixture */
	assert_null(excluded(
	        c, &(struct config_subject){ .devnode = "sda", .vendor = "IBM" }));
	assert_string_equal(excluded(c, &(struct config_subject){ .devnode = "loop0" }),
	                    "devnode");
	/* A vendor that is not known is "" for multipathd, which is the opposite of ^IBM. */
	assert_string_equal(excluded(c, &(struct config_subject){ 0 }), "device");
	assert_null(excluded(c, &(struct config_subject){ .vendor = "IBM" }));
	assert_string_equal(excluded(c, &(struct config_subject){ .vendor = "HP" }),
	                    "device");
	assert_string_equal(
	        excluded(c, &(struct config_subject){ .vendor = "IBM", .wwid = "a!" }),
	        "wwid");
	assert_null(
	        excluded(c, &(struct config_subject){ .vendor = "IBM", .wwid = "a" }));
	config_free(c);
}

/* multipathd has "" for an unknown WWID, vendor and product: expressions are asked about that. */
static void what_is_not_known(void **state)
{
	struct config *all = text_parse("blacklist { wwid \".*\" }\n"
	                                "blacklist_exceptions { wwid ^3600a }\n");
	struct config *some = text_parse("blacklist { wwid \".+\" device { vendor . } "
	                                 "device { product \"^UNKNOWN$\" } }");
	struct config *not = text_parse("blacklist { wwid \"!^3600a\" }");
	struct config *device = text_parse("blacklist { device { vendor \".*\" } }");
	struct config *vendor =
	        text_parse("blacklist_exceptions { device { vendor \"^UNKNOWN$\" } }\n"
	                   "blacklist { device { vendor \".*\" } }");
	struct config_subject s = { .devnode = "sda" };

	(void)state; /* no fixture */
	assert_string_equal(excluded(all, &s), "wwid");
	assert_string_equal(excluded(not, &s), "wwid");
	assert_string_equal(excluded(device, &s), "device");
	assert_null(excluded(some, &s));
	s.wwid = "3600a09";
	assert_null(excluded(all, &s));
	assert_null(excluded(not, &s));
	/* A SCSI disk without a vendor or a product has "UNKNOWN". */
	s.protocol = "scsi:fcp";
	assert_string_equal(excluded(some, &s), "device");
	assert_null(excluded(vendor, &s));
	config_free(all);
	config_free(some);
	config_free(not );
	config_free(device);
	config_free(vendor);
}

/* multipathd's words for protocols that only checkerd tells apart match, too. */
static void protocols(void **state)
{
	static const struct {
		const char *expression, *protocol;
		bool excluded;
	} cases[] = {
		{ "undef", NULL, true },
		{ "undef", "virtio", true },
		{ "^virtio$", "virtio", true },
		{ "!^(virtio)$", "virtio", false },
		{ "!^undef$", "virtio", false },
		{ "!^undef$", NULL, false },
		{ "!^scsi:", "virtio", true },
		{ "!^scsi:", NULL, true },
		{ "scsi:unspec", "scsi:spi", true },
		{ "scsi:unspec", "scsi:srp", true },
		{ "scsi:spi", "scsi:spi", true },
		{ "!scsi:unspec", "scsi:spi", false },
		{ "scsi:unspec", "scsi:sas", false },
		{ "undef", "scsi:sas", false },
		{ "scsi", "scsi:sas", true },
	};

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[128];
		struct config *c;

		snprintf(text, sizeof(text), "blacklist { protocol \"%s\" }",
		         cases[i].expression);
		c = text_parse(text);
		if ((excluded(c, &(struct config_subject){ .protocol =
		                                                   cases[i].protocol }) !=
		     NULL) != cases[i].excluded)
			fail_msg("%s", text);
		config_free(c);
	}
}

/* The kernel's name of a cciss disk has a '!', and its node a '/'. */
static void two_names(void **state)
{
	struct config *c = text_parse("blacklist { devnode \"^cciss!c0\" }\n"
	                              "blacklist_exceptions { devnode ^cciss/c0d1$ }");
	struct config *not = text_parse("blacklist { devnode \"!^(sd|cciss/)\" }");
	struct config_subject s = { .devnode = "cciss!c0d0",
		                    .other_devnode = "cciss/c0d0" };

	(void)state; /* no fixture */
	assert_string_equal(excluded(c, &s), "devnode");
	assert_false(filter_excepts(c, &s));
	assert_null(excluded(not, &s));
	s = (struct config_subject){ .devnode = "cciss!c0d1",
		                     .other_devnode = "cciss/c0d1" };
	assert_null(excluded(c, &s));
	assert_true(filter_excepts(c, &s));
	config_free(c);
	config_free(not );
}

/* The first property by name that an expression matches decides; exceptions are asked first. */
static void the_first_property_decides(void **state)
{
	static const char *const disk[] = { "ID_SERIAL", "ID_WWN", "SCSI_IDENT_SERIAL",
		                            "ID_ATA", NULL };
	static const struct {
		const char *text, *why, *property;
	} cases[] = {
		{ "", NULL, "ID_WWN" },
		{ "blacklist { property ID_ATA }", "property", "ID_ATA" },
		/* The built-in exception has decided before. */
		{ "blacklist { property SCSI_IDENT }", NULL, "ID_WWN" },
		{ "blacklist { property ID_WWN }", NULL, "ID_WWN" },
		{ "blacklist { property ID }", "property", "ID_ATA" },
		{ "blacklist { property ID } blacklist_exceptions { property ID_ATA }",
		  NULL, "ID_ATA" },
		{ "blacklist { property ID } blacklist_exceptions { property ID_SERIAL }",
		  "property", "ID_ATA" },
		{ "blacklist { property ID_SERIAL } "
		  "blacklist_exceptions { property ID_ATA }",
		  NULL, "ID_ATA" },
		{ "blacklist { property \"!ID_ATA\" }", "property", "ID_SERIAL" },
		{ "blacklist_exceptions { property NONE }", NULL, "ID_WWN" },
	};
	const struct config_subject s = {
		.devnode = "sda", .wwid = "1", .wwid_of_udev = true, .properties = disk
	};

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct config *c = text_parse(cases[i].text);
		struct filter_verdict v;

		filter_judge(c, &s, &v);
		if (v.excluded != (cases[i].why != NULL) || v.property == NULL ||
		    strcmp(v.property, cases[i].property) != 0)
			fail_msg("%s: %s by %s", cases[i].text,
			         v.excluded ? "excluded" : "taken",
			         v.property == NULL ? "none" : v.property);
		if (v.excluded)
			assert_string_equal(v.why, cases[i].why);
		config_free(c);
	}
}

static void a_missing_property(void **state)
{
	static const char *const one[] = { "ID_WWN", "ID_BUS", NULL };
	static const char *const other[] = { "ID_BUS", NULL };
	struct config *c =
	        text_parse("blacklist_exceptions { property \"(SCSI_IDENT_|ID_WWN)\" }\n"
	                   "blacklist { property ID_BUS }\n");
	struct config *plain = text_parse("blacklist { property ID_X }");

	(void)state; /* no fixture */
	struct config_subject s = {
		.devnode = "sda", .wwid = "1", .wwid_of_udev = true, .properties = one
	};

	/* ID_BUS comes before ID_WWN. */
	assert_string_equal(excluded(c, &s), "property");
	s.properties = &one[0] + 2; /* none */
	assert_string_equal(excluded(c, &s), "property missing");
	s.properties = other;
	assert_string_equal(excluded(c, &s), "property");
	assert_string_equal(excluded(plain, &s), "property missing");
	/* Any disk that has the property with its WWID needs another one. */
	s.devnode = "vda";
	assert_string_equal(excluded(plain, &s), "property missing");
	/* Otherwise udev could not read the disk: nothing can be said of it. */
	s.wwid_of_udev = false;
	assert_null(excluded(plain, &s));
	s.wwid_of_udev = true;
	s.properties = NULL; /* without udevd, or while the disk does not answer */
	assert_null(excluded(c, &s));
	config_free(c);
	config_free(plain);
}

/* What multipathd leaves out without any rule. */
static void the_built_in_rules(void **state)
{
	static const char *const bare[] = { "ID_BUS", "ID_SERIAL", NULL };
	static const char *const wwn[] = { "ID_BUS", "ID_WWN_WITH_EXTENSION", NULL };
	static const char *const ident[] = { "SCSI_IDENT_SERIAL", NULL };
	struct config *none = text_parse("");
	struct config *own = text_parse("blacklist_exceptions { property ID_BUS }");
	struct config *usb = text_parse("defaults { allow_usb_devices yes }");
	struct config *named =
	        text_parse("blacklist_exceptions { protocol scsi:usb devnode ^sdu }");
	struct config_subject s = {
		.devnode = "sda", .wwid = "1", .wwid_of_udev = true, .properties = bare
	};

	(void)state; /* no fixture */
	assert_string_equal(excluded(none, &s), "property missing");
	assert_null(excluded(own, &s));
	s.devnode = "nvme0n1";
	assert_string_equal(excluded(none, &s), "property missing");
	s.devnode = "dasda";
	assert_null(excluded(none, &s));
	s.devnode = "sda";
	s.properties = wwn;
	assert_null(excluded(none, &s));
	s.properties = ident;
	assert_null(excluded(none, &s));
	s.properties = NULL; /* the properties are unknown */
	assert_null(excluded(none, &s));
	s.devnode = "sdu";
	s.protocol = "scsi:usb";
	assert_string_equal(excluded(none, &s), "usb");
	assert_null(excluded(usb, &s));
	assert_string_equal(excluded(named, &s), "usb");
	config_free(none);
	config_free(own);
	config_free(usb);
	config_free(named);
}

static void product_blacklists(void **state)
{
	struct config *c = text_parse(
	        "devices { device { vendor DGC product . product_blacklist \"LUNZ\" } }\n"
	        "blacklist_exceptions { device { product \"LUNZ2\" } }\n");

	(void)state; /* no fixture */
	assert_string_equal(excluded(c, &(struct config_subject){ .vendor = "DGC",
	                                                          .product = "LUNZ" }),
	                    "device");
	assert_null(excluded(
	        c, &(struct config_subject){ .vendor = "IBM", .product = "LUNZ" }));
	assert_null(excluded(
	        c, &(struct config_subject){ .vendor = "DGC", .product = "RAID" }));
	assert_null(excluded(
	        c, &(struct config_subject){ .vendor = "DGC", .product = "LUNZ2" }));
	config_free(c);
	c = text_parse("devices { device { vendor DGC product_blacklist \"!RAID\" } }");
	assert_null(excluded(
	        c, &(struct config_subject){ .vendor = "DGC", .product = "RAID" }));
	assert_string_equal(excluded(c, &(struct config_subject){ .vendor = "DGC",
	                                                          .product = "LUNZ" }),
	                    "device");
	config_free(c);
}

/* The units of arrays that multipathd's own table excludes. */
static void units_that_are_no_disks(void **state)
{
	struct config *c = text_parse("");
	struct config *named =
	        text_parse("blacklist_exceptions { device { vendor DGC product LUNZ } }");
	struct config_subject s = { .protocol = "scsi:fcp",
		                    .vendor = "DGC",
		                    .product = "LUNZ" };

	(void)state; /* no fixture */
	assert_string_equal(excluded(c, &s), "product");
	assert_null(excluded(named, &s));
	s.vendor = "XDGC";
	assert_null(excluded(c, &s));
	s.vendor = "EMC";
	assert_string_equal(excluded(c, &s), "product");
	s.product = "SYMMETRIX";
	assert_null(excluded(c, &s));
	s.vendor = "IBM";
	s.product = "Universal Xport";
	assert_string_equal(excluded(c, &s), "product");
	s.vendor = "ACME";
	assert_null(excluded(c, &s));
	config_free(c);
	config_free(named);
}

static void asked_for_by_name(void **state)
{
	struct config *c = text_parse("blacklist_exceptions {\n"
	                              "	devnode ^loop\n"
	                              "	devnode ^sd[a-z]\n"
	                              "	devnode ^vdb[12]\n"
	                              "	devnode vdd[0-9]\n"
	                              "	devnode \"!^dm-\"\n"
	                              "	devnode \".*\"\n" /* of every kind, so of none */
	                              "	wwid .\n"
	                              "	device { vendor . }\n"
	                              "}\n");

	(void)state; /* no fixture */
	assert_true(filter_excepts(c, &(struct config_subject){ .devnode = "loop7" }));
	assert_false(filter_excepts(c, &(struct config_subject){ .devnode = "ram0" }));
	assert_false(filter_excepts(c, &(struct config_subject){ .devnode = "sr0",
	                                                         .wwid = "1",
	                                                         .vendor = "v" }));
	/* A partition by its whole name only. */
	assert_true(filter_excepts(c, &(struct config_subject){ .devnode = "sda" }));
	assert_false(filter_excepts(
	        c, &(struct config_subject){ .devnode = "sda1", .partition = true }));
	assert_true(filter_excepts(
	        c, &(struct config_subject){ .devnode = "vdb2", .partition = true }));
	assert_false(filter_excepts(
	        c, &(struct config_subject){ .devnode = "vdb3", .partition = true }));
	assert_false(filter_excepts(
	        c, &(struct config_subject){ .devnode = "xvdb1", .partition = true }));
	assert_false(filter_excepts(
	        c, &(struct config_subject){ .devnode = "xvdd1", .partition = true }));
	assert_true(filter_excepts(
	        c, &(struct config_subject){ .devnode = "vdd1", .partition = true }));
	assert_false(filter_excepts(c, &(struct config_subject){ 0 }));
	config_free(c);
}

static void settings(void **state)
{
	struct config *c =
	        text_parse("defaults { polling_interval 2 checker_timeout 10 }\n"
	                   "devices {\n"
	                   "	device { vendor IBM checker_timeout 60 fail_checks 3 }\n"
	                   "	device { vendor IBM product 2145 fail_checks 4 }\n"
	                   "	device { vendor HP revision ^1 path_checker none }\n"
	                   "}\n"
	                   "overrides { recover_checks 7 polling_interval 30 }\n");
	struct config_settings s;

	(void)state; /* no fixture */
	filter_settings(c, &(struct config_subject){ .vendor = "X" }, &s);
	assert_int_equal(s.checker, CHECKER_AUTO);
	assert_int_equal(s.polling_interval_us, 30 * SECOND);
	/* 8 s would be less than the interval that overrides gives. */
	assert_int_equal(s.max_polling_interval_us, 30 * SECOND);
	assert_int_equal(s.checker_timeout_us, 10 * SECOND);
	assert_int_equal(s.fail_checks, 1);
	assert_int_equal(s.recover_checks, 7);

	filter_settings(c, &(struct config_subject){ .vendor = "IBM", .product = "1" },
	                &s);
	assert_int_equal(s.checker_timeout_us, 60 * SECOND);
	assert_int_equal(s.fail_checks, 3);
	filter_settings(c, &(struct config_subject){ .vendor = "IBM", .product = "2145" },
	                &s);
	assert_int_equal(s.checker_timeout_us, 60 * SECOND);
	assert_int_equal(s.fail_checks, 4);

	filter_settings(c, &(struct config_subject){ .vendor = "HP", .revision = "1" },
	                &s);
	assert_int_equal(s.checker, CHECKER_NONE);
	filter_settings(c, &(struct config_subject){ .vendor = "HP", .revision = "2" },
	                &s);
	assert_int_equal(s.checker, CHECKER_AUTO);
	filter_settings(c, &(struct config_subject){ .vendor = "HP" }, &s);
	assert_int_equal(s.checker, CHECKER_AUTO);
	config_free(c);
}

/* multipathd gives find_hwe() no revision of an NVMe disk, and what is not given matches. */
static void the_revision_of_an_nvme_disk(void **state)
{
	struct config *c = text_parse("devices { device { vendor NVME product . "
	                              "revision ^9 fail_checks 7 } device { product "
	                              "\".*\" recover_checks 5 } }");
	struct config_subject s = {
		.protocol = "scsi:fcp", .vendor = "NVME", .product = "x", .revision = "1"
	};
	struct config_settings settings;

	(void)state; /* no fixture */
	filter_settings(c, &s, &settings);
	assert_int_equal(settings.fail_checks, 1);
	assert_int_equal(settings.recover_checks, 5);
	s.protocol = "nvme:tcp";
	filter_settings(c, &s, &settings);
	assert_int_equal(settings.fail_checks, 7);
	/* Other disks have no entry of multipathd's. */
	filter_settings(c, &(struct config_subject){ .protocol = "virtio" }, &settings);
	assert_int_equal(settings.recover_checks, 1);
	config_free(c);
}

static void assert_uid_attribute(const char *text, const struct config_subject *s,
                                 const char *wanted)
{
	struct config *c = text_parse(text);
	char buf[FILTER_ATTRIBUTE_SIZE];

	assert_int_equal(c->n_problems, 0);
	assert_string_equal(filter_uid_attribute(c, s, buf), wanted);
	config_free(c);
}

/* uid_attrs, overrides, devices, what is built in for NVMe disks and DASDs, defaults. */
static void uid_attributes(void **state)
{
#define DEFAULT   "defaults { uid_attribute D }\n"
#define DEVICE    "devices { device { vendor ^V uid_attribute A } }\n"
#define LATER     "devices { device { product P uid_attribute B } }\n"
#define OVERRIDES "overrides { uid_attribute O }\n"
#define ATTRS     "defaults { uid_attrs \"nv:N  sda:S:T sd:U bad\" }\n"
	const struct config_subject sda = {
		.devnode = "sda", .protocol = "scsi:fcp", .vendor = "V", .product = "P"
	};
	const struct config_subject sdb = {
		.devnode = "sdb", .protocol = "scsi:fcp", .vendor = "V", .product = "Q"
	};
	const struct config_subject nvme = { .devnode = "nvme0n1",
		                             .protocol = "nvme:tcp",
		                             .vendor = "NVME",
		                             .product = "Q" };
	const struct config_subject dasd = { .devnode = "dasda", .protocol = "ccw" };

	(void)state; /* no fixture */
	assert_uid_attribute("", &sda, "ID_SERIAL");
	assert_uid_attribute("", &nvme, "ID_WWN");
	assert_uid_attribute("", &dasd, "ID_UID");
	assert_uid_attribute(DEFAULT, &sda, "D");
	assert_uid_attribute(DEFAULT, &nvme, "ID_WWN");
	assert_uid_attribute(DEFAULT, &dasd, "ID_UID");
	assert_uid_attribute(DEFAULT DEVICE, &sda, "A");
	assert_uid_attribute(DEFAULT DEVICE LATER, &sda, "B");
	assert_uid_attribute(DEFAULT DEVICE LATER, &sdb, "A");
	assert_uid_attribute(DEFAULT DEVICE LATER, &nvme, "ID_WWN");
	assert_uid_attribute(DEFAULT DEVICE OVERRIDES, &sda, "O");
	assert_uid_attribute(OVERRIDES, &nvme, "O");
	assert_uid_attribute(OVERRIDES ATTRS, &sda, "U");
	assert_uid_attribute(OVERRIDES ATTRS, &sdb, "U");
	assert_uid_attribute(OVERRIDES ATTRS, &nvme, "N");
	assert_uid_attribute(ATTRS, &dasd, "ID_UID");
	assert_uid_attribute("defaults { uid_attribute \"\" }", &sda, "");
	assert_uid_attribute("overrides { uid_attribute \"\" }", &nvme, "");
#undef DEFAULT
#undef DEVICE
#undef LATER
#undef OVERRIDES
#undef ATTRS
}

/* A switch of a section replaces only itself, and lasts until the next section. */
static void purge_disconnected(void **state)
{
	struct config *c = text_parse(
	        "devices {\n"
	        "	device { vendor A purge_disconnected yes }\n"
	        "	device { vendor A product b purge_disconnected no fail_checks 3 "
	        "}\n"
	        "}\n"
	        "multipaths { multipath { wwid 3 purge_disconnected yes alias m } }\n");
	struct config *all = text_parse("overrides { purge_disconnected yes }\n"
	                                "devices { device { vendor A "
	                                "purge_disconnected no keep_open yes } }\n");
	struct config_settings s;

	(void)state; /* no fixture */
	assert_int_equal(c->n_problems, 1);
	assert_contains(c->problems[0].message, "purge_disconnected has no meaning here");
	assert_string_equal(filter_map_alias(c, "3"), "m");
	filter_settings(c, &(struct config_subject){ .vendor = "B" }, &s);
	assert_false(s.purge_disconnected);
	filter_settings(c, &(struct config_subject){ .vendor = "A" }, &s);
	assert_true(s.purge_disconnected);
	assert_int_equal(s.fail_checks, 1);
	filter_settings(c, &(struct config_subject){ .vendor = "A", .product = "b" }, &s);
	assert_false(s.purge_disconnected);
	assert_int_equal(s.fail_checks, 3);
	filter_settings(all, &(struct config_subject){ .vendor = "A" }, &s);
	assert_true(s.purge_disconnected);
	assert_int_equal(s.keep_open, KEEP_OPEN_YES);
	config_free(c);
	config_free(all);
}

/* In devices a '!' is a character: only the filters invert. */
static void devices_do_not_negate(void **state)
{
	struct config *c =
	        text_parse("devices { device { vendor \"!A\" fail_checks 9 } }");
	struct config_settings s;

	(void)state; /* no fixture */
	filter_settings(c, &(struct config_subject){ .vendor = "B" }, &s);
	assert_int_equal(s.fail_checks, 1);
	filter_settings(c, &(struct config_subject){ .vendor = "!A" }, &s);
	assert_int_equal(s.fail_checks, 9);
	config_free(c);
}

static void expressions_that_are_too_much(void **state)
{
	static const struct {
		const char *text;
		int result;
	} rows[] = {
		{ "[0-9a-f]{16}:[0-9a-f]{16}:[0-9a-f]{16}", 0 },
		{ "a{8192}", 0 },
		{ "a{8193}", -E2BIG },
		{ "(a{90}){90}", 0 },
		{ "(a{91}){91}", -E2BIG },
		{ "(()*){126}", 0 },
		{ "(()*){127}", -E2BIG },
		{ "(a|b){234}", 0 },
		{ "(a|b){235}", -E2BIG },
		{ "x.{0,240}", 0 },
		{ "x.{0,255}", -E2BIG },
		{ "(((((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)", -E2BIG },
		{ "[]a{9999}]x", 0 },
		{ "[^]{9999}]x", 0 },
		{ "[[:alpha:]{9999}]", 0 },
		{ "\\(\\(\\(\\(\\(\\(\\(\\(\\(\\(\\(\\(\\(\\(\\(\\(\\(\\(\\(\\(", 0 },
		{ "((((((((((((((((a))))))))))))))))", 0 },
		{ "(((((((((((((((((a)))))))))))))))))", -E2BIG },
		{ "(a)\\1", -E2BIG },
		{ "a{99999999999999999999999999}", -E2BIG },
		{ "a{2,}b{,3}c{1,2}", 0 },
		{ "[", -EINVAL },
		{ "[[:", -EINVAL },
		{ "a\\", -EINVAL },
	};

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct pattern *p = NULL;
		char error[256] = "";
		int r = pattern_new(&p, rows[i].text, false, error, sizeof(error));

		if (r != rows[i].result)
			fail_msg("%s: %d %s", rows[i].text, r, error);
		assert_int_equal(r < 0, error[0] != '\0');
		pattern_free(p);
	}
}

/* As many identifiers as the longest value has room for. */
static void a_list_of_identifiers(void **state)
{
	static const char wwid[] = "36001405f0000000000000000000000|";
	char text[4096] = "^(", error[256] = "";
	struct pattern *p = NULL;

	(void)state; /* no fixture */
	while (strlen(text) + sizeof(wwid) + 3 < sizeof(text))
		strcat(text, wwid);
	strcat(text, "x)$");
	assert_int_equal(pattern_new(&p, text, false, error, sizeof(error)), 0);
	assert_true(pattern_match(p, "x"));
	assert_false(pattern_match(p, "36001405"));
	pattern_free(p);
}

/* The number-th text over an alphabet, "" first. */
static void enumerate(unsigned number, const char *alphabet, char *text)
{
	for (; number > 0; number = (number - 1) / (unsigned)strlen(alphabet))
		*text++ = alphabet[(number - 1) % strlen(alphabet)];
	*text = '\0';
}

static bool regex_matches(const char *expression, const char *subject, bool *whole)
{
	regmatch_t match;
	regex_t regex;
	bool found;

	assert_int_equal(regcomp(&regex, expression, REG_EXTENDED), 0);
	found = regexec(&regex, subject, 1, &match, 0) == 0;
	*whole = found && match.rm_so == 0 && subject[match.rm_eo] == '\0';
	regfree(&regex);
	return found;
}

/* What is compared without the C library matches what the C library would. */
static void literals(void **state)
{
	unsigned compared = 0;

	(void)state; /* no fixture */
	for (unsigned i = 1; i < 341; i++) {
		struct pattern *p = NULL;
		char text[8], error[256] = "";

		enumerate(i, "ab^$", text);
		assert_int_equal(pattern_new(&p, text, false, error, sizeof(error)), 0);
		for (unsigned j = 0; p->literal && j < 31; j++) {
			char subject[8];
			bool whole, found;

			enumerate(j, "ab", subject);
			found = regex_matches(text, subject, &whole);
			if (pattern_match(p, subject) != found ||
			    pattern_match_whole(p, subject) != whole)
				fail_msg("%s and %s", text, subject);
			compared++;
		}
		pattern_free(p);
	}
	assert_true(compared > 2000);
}

/* The number of literals has no limit, since they are not compiled. Other expressions have one. */
static void the_number_of_expressions(void **state)
{
	(void)state; /* no fixture */
	for (unsigned more = 0; more <= 1; more++) {
		char *text = NULL, *problems;
		size_t size = 0;
		FILE *out = open_memstream(&text, &size);
		struct config *c = NULL;

		assert_non_null(out);
		fputs("blacklist {\n", out);
		for (int i = 0; i < 3000; i++)
			fprintf(out, "wwid ^3600%d$\n", i);
		for (unsigned i = 0; i < CONFIG_EXPRESSIONS_MAX + more; i++)
			fputs("devnode ^sd[a-z]\n", out);
		fputs("}\n", out);
		fclose(out);
		assert_int_equal(load_text(TEST_NAME, text, size, &c),
		                 more ? -EINVAL : 0);
		problems = text_problems(c);
		assert_string_equal(problems,
		                    more ? "test.conf:4026:9: error: more than 1024 "
		                           "regular expressions: join some with '|'\n"
		                         : "");
		free(problems);
		free(text);
		config_free(c);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_filters_all_are_taken),
		cmocka_unit_test(each_criterion),
		cmocka_unit_test(an_exception_wins_within_its_criterion_only),
		cmocka_unit_test(the_order_of_the_criteria),
		cmocka_unit_test(negated),
		cmocka_unit_test(what_is_not_known),
		cmocka_unit_test(protocols),
		cmocka_unit_test(two_names),
		cmocka_unit_test(the_first_property_decides),
		cmocka_unit_test(a_missing_property),
		cmocka_unit_test(the_built_in_rules),
		cmocka_unit_test(product_blacklists),
		cmocka_unit_test(units_that_are_no_disks),
		cmocka_unit_test(asked_for_by_name),
		cmocka_unit_test(settings),
		cmocka_unit_test(the_revision_of_an_nvme_disk),
		cmocka_unit_test(uid_attributes),
		cmocka_unit_test(purge_disconnected),
		cmocka_unit_test(devices_do_not_negate),
		cmocka_unit_test(expressions_that_are_too_much),
		cmocka_unit_test(a_list_of_identifiers),
		cmocka_unit_test(literals),
		cmocka_unit_test(the_number_of_expressions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

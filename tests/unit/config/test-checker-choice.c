/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which checker a device gets, and why. */
#include "tests/unit/unit.h"

#include "checkerd/config/checker_choice.h"
#include "checkerd/config/filter.h"
#include "checkerd/config/hardware.h"
#include "checkerd/config/keywords.h"
#include "tests/unit/config/config-text.h"

static const struct config_settings usual = { .checker = CHECKER_AUTO,
	                                      .detect_checker = true };

static void assert_chosen(const struct config_settings *s, const struct checker_facts *f,
                          enum checker_kind kind, enum checker_why why)
{
	enum checker_why found = CHECKER_WHY_COUNT_;

	assert_string_equal(checker_kind_name(checker_choose(s, f, &found)),
	                    checker_kind_name(kind));
	assert_string_equal(checker_why_text(found), checker_why_text(why));
}

#define FACTS(protocol, vendor, product, tpgs)                        \
	{                                                             \
		(protocol), (vendor), (product), (tpgs), false, false \
	}

static void auto_takes_what_is_detected(void **state)
{
	static const struct {
		struct checker_facts facts;
		enum checker_kind kind;
		enum checker_why why;
	} rows[] = {
		/* Not known to sysfs: a file, or a loop device. */
		{ { .protocol = NULL }, CHECKER_DIRECTIO, CHECKER_WHY_DEFAULT },
		{ FACTS("virtio", NULL, NULL, 1), CHECKER_DIRECTIO, CHECKER_WHY_DEFAULT },
		{ FACTS("ccw", NULL, NULL, 0), CHECKER_DIRECTIO, CHECKER_WHY_DEFAULT },
		{ FACTS("scsi:fcp", "ACME", "Disk", 0), CHECKER_DIRECTIO,
		  CHECKER_WHY_DEFAULT },
		{ FACTS("scsi:fcp", NULL, NULL, 1), CHECKER_ALUA, CHECKER_WHY_TPGS },
		{ FACTS("scsi:iscsi", NULL, NULL, 2), CHECKER_ALUA, CHECKER_WHY_TPGS },
		{ FACTS("nvme:tcp", NULL, NULL, 0), CHECKER_NVME, CHECKER_WHY_NVME },
		{ { .protocol = "scsi:sas", .rdac_handler = true },
		  CHECKER_RDAC,
		  CHECKER_WHY_RDAC },
		/* In ALUA mode the array has target port groups, too. */
		{ { "scsi:fcp", "NETAPP", "INF-01-00", 1, false, true },
		  CHECKER_RDAC,
		  CHECKER_WHY_RDAC },
		/* Another vendor's page C9h. */
		{ { "scsi:fcp", "ACME", "Disk", 1, false, true },
		  CHECKER_ALUA,
		  CHECKER_WHY_TPGS },
		{ FACTS("scsi:fcp", "DGC", "VRAID", 0), CHECKER_EMC_CLARIION,
		  CHECKER_WHY_HARDWARE },
		{ FACTS("scsi:fcp", "DGC", "VRAID", 3), CHECKER_ALUA, CHECKER_WHY_TPGS },
		{ FACTS("scsi:fcp", "HP", "MSA1000 VOLUME", 0), CHECKER_HP_SW,
		  CHECKER_WHY_HARDWARE },
	};

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_chosen(&usual, &rows[i].facts, rows[i].kind, rows[i].why);
}

static void without_detection_the_table_counts(void **state)
{
	const struct config_settings s = { .checker = CHECKER_AUTO };
	const struct checker_facts groups = { .protocol = "scsi:fcp", .tpgs = 3 };
	const struct checker_facts rdac = { "scsi:fcp", "IBM", "1818      FAStT",
		                            1,          true,  true };
	const struct checker_facts nvme = { .protocol = "nvme:tcp" };

	(void)state; /* no fixture */
	assert_chosen(&s, &groups, CHECKER_DIRECTIO, CHECKER_WHY_DEFAULT);
	assert_chosen(&s, &rdac, CHECKER_RDAC, CHECKER_WHY_HARDWARE);
	assert_chosen(&s, &nvme, CHECKER_DIRECTIO, CHECKER_WHY_DEFAULT);
}

static void what_is_configured_is_used_where_it_can_be(void **state)
{
	const struct checker_facts scsi = { "scsi:fcp", "DGC", "VRAID", 3, true, true };
	const struct checker_facts nvme = { .protocol = "nvme:tcp" };
	const struct checker_facts other = { .protocol = NULL };

	(void)state; /* no fixture */
	for (enum checker_kind k = CHECKER_DIRECTIO; k < CHECKER_AUTO; k++) {
		const struct config_settings s = { .checker = k, .detect_checker = true };
		bool any = k == CHECKER_DIRECTIO || k == CHECKER_NONE;

		if (k != CHECKER_NVME)
			assert_chosen(&s, &scsi, k, CHECKER_WHY_CONFIGURED);
		else
			assert_chosen(&s, &scsi, CHECKER_DIRECTIO, CHECKER_WHY_NO_NVME);
		if (any || k == CHECKER_NVME)
			assert_chosen(&s, &nvme, k, CHECKER_WHY_CONFIGURED);
		else
			assert_chosen(&s, &nvme, CHECKER_DIRECTIO, CHECKER_WHY_NO_SCSI);
		if (any)
			assert_chosen(&s, &other, k, CHECKER_WHY_CONFIGURED);
		else
			assert_chosen(&s, &other, CHECKER_DIRECTIO,
			              k == CHECKER_NVME ? CHECKER_WHY_NO_NVME
			                                : CHECKER_WHY_NO_SCSI);
	}
}

/* Each section decides over those before it. */
static void where_the_configured_one_comes_from(void **state)
{
	struct config *c = text_parse(
	        "defaults { path_checker tur detect_checker no read_every 7 }\n"
	        "devices { device { vendor A path_checker auto detect_checker yes } }\n"
	        "overrides {\n"
	        "	protocol { type scsi:sas path_checker tur+directio read_every 60 "
	        "}\n"
	        "	checker_timeout 4\n"
	        "	protocol { type nvme:tcp path_checker nvme checker_timeout auto "
	        "}\n"
	        "	protocol { type nvme:tcp fast_io_fail_tmo 5 }\n"
	        "	protocol { type undef fail_checks 9 }\n"
	        "}\n");
	struct config_subject subject = { .vendor = "B", .protocol = "scsi:fcp" };
	struct config_settings s;

	(void)state; /* no fixture */
	filter_settings(c, &subject, &s);
	assert_int_equal(s.checker, CHECKER_TUR);
	assert_false(s.detect_checker);
	assert_int_equal(s.read_every, 7);
	assert_int_equal(s.checker_timeout_us, 4000000);
	subject.vendor = "A";
	filter_settings(c, &subject, &s);
	assert_int_equal(s.checker, CHECKER_AUTO);
	assert_true(s.detect_checker);
	subject.protocol = "scsi:sas";
	filter_settings(c, &subject, &s);
	assert_int_equal(s.checker, CHECKER_TUR_DIRECTIO);
	assert_int_equal(s.read_every, 60);
	subject.protocol = "nvme:tcp";
	filter_settings(c, &subject, &s);
	assert_int_equal(s.checker, CHECKER_NVME);
	assert_int_equal(s.checker_timeout_us, 0);
	assert_int_equal(s.fail_checks, 1);
	subject.protocol = NULL;
	filter_settings(c, &subject, &s);
	assert_int_equal(s.checker, CHECKER_AUTO);
	assert_int_equal(s.fail_checks, 9);
	config_free(c);
}

static void the_table_of_arrays_is_sound(void **state)
{
	(void)state; /* no fixture */
	for (size_t i = 0; i < hardware_count; i++) {
		const struct hardware *h = &hardware_table[i];

		/* Vendor and product of the INQUIRY data have 8 and 16 characters. */
		assert_in_range(strlen(h->vendor), 1, 8);
		assert_in_range(strlen(h->product), 1, 16);
		assert_true(h->checker == CHECKER_RDAC ||
		            h->checker == CHECKER_EMC_CLARIION ||
		            h->checker == CHECKER_HP_SW);
		/* No row is hidden by one before it. */
		assert_ptr_equal(hardware_find(h->vendor, h->product), h);
	}
	assert_null(hardware_find(NULL, "RAID"));
	assert_null(hardware_find("DGC", NULL));
	assert_null(hardware_find("DGC", "LUNZ"));
	assert_null(hardware_find("XDGC", "RAID"));
}

static void every_checker_has_its_word(void **state)
{
	const struct keyword *k = keywords_find(SECTION_DEFAULTS, "path_checker");
	unsigned n = 0;

	(void)state; /* no fixture */
	for (const struct word *w = k->words; w->name; w++) {
		bool soft = (w->number & CHECKER_UNLESS_DETECTED) != 0;
		enum checker_kind kind =
		        (enum checker_kind)(w->number & ~CHECKER_UNLESS_DETECTED);

		assert_int_equal(strncmp(w->name, "auto:", 5) == 0, soft);
		assert_string_equal(checker_kind_name(kind), w->name + (soft ? 5 : 0));
		n += soft ? 0 : 1;
	}
	assert_int_equal(n, CHECKER_AUTO + 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(auto_takes_what_is_detected),
		cmocka_unit_test(without_detection_the_table_counts),
		cmocka_unit_test(what_is_configured_is_used_where_it_can_be),
		cmocka_unit_test(where_the_configured_one_comes_from),
		cmocka_unit_test(the_table_of_arrays_is_sound),
		cmocka_unit_test(every_checker_has_its_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sizes of numbers that a reason tells apart, and their words. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "checkerd/core/reason.h"
#include "checkerd/core/reason_packed.h"
#include "util/macro.h"
#include "util/mono.h"

/* Each number is larger than the one before it. */
static const struct {
	uint32_t n;
	const char *text;
} sizes[] = {
	{ 0, "" },
	{ 1, "new: 1 error" },
	{ 2, "new: 2 errors" },
	{ 3, "new: 3+ errors" },
	{ 9, "new: 3+ errors" },
	{ 10, "new: 10+ errors" },
	{ 99, "new: 10+ errors" },
	{ 100, "new: 100+ errors" },
	{ 999, "new: 100+ errors" },
	{ 1000, "new: 1000+ errors" },
	{ 9999, "new: 1000+ errors" },
	{ 10000, "new: 10000+ errors" },
	{ UINT32_MAX, "new: 10000+ errors" },
};

static void assert_text(uint16_t counts, size_t size, const char *want)
{
	char buf[128];

	memset(buf, 'x', sizeof(buf));
	assert_int_equal(nvme_counts_format(counts, buf, size), strlen(want));
	assert_string_equal(buf, want);
	assert_int_equal(buf[size], 'x');
}

static void numbers_have_sizes(void **state)
{
	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		const uint32_t grown[NVME_COUNTS] = { [NVME_ERRORS] = sizes[i].n };

		assert_text(nvme_counts(grown), 100, sizes[i].text);
	}
}

static const uint32_t each[NVME_COUNTS] = {
	[NVME_RESETS] = 1,     [NVME_RECONNECTS] = 12, [NVME_FAILOVERS] = 2,
	[NVME_ERRORS] = 12345, [NVME_RETRIES] = 1,
};

static void each_has_its_word(void **state)
{
	(void)state; /* no fixture */
	assert_text(nvme_counts(each), 100,
	            "new: 1 reset, 10+ reconnects, 2 failovers, 10000+ errors, 1 retry");
	for (unsigned i = 0; i < NVME_COUNTS; i++) {
		uint32_t one[NVME_COUNTS] = { 0 };

		one[i] = UINT32_MAX;
		assert_int_equal(nvme_counts(one), 7U << 3 * i);
	}
}

/* A number without its end would be another number. */
static void words_stay_whole(void **state)
{
	const uint16_t counts = nvme_counts(each);

	(void)state; /* no fixture */
	assert_text(counts, 66,
	            "new: 1 reset, 10+ reconnects, 2 failovers, 10000+ errors, 1 retry");
	assert_text(counts, 65,
	            "new: 1 reset, 10+ reconnects, 2 failovers, 10000+ errors");
	assert_text(counts, 20, "new: 1 reset");
	/* What is shorter may still fit. */
	assert_text(counts, 26, "new: 1 reset, 2 failovers");
	assert_text(counts, 25, "new: 1 reset, 1 retry");
	assert_text(counts, 13, "new: 1 reset");
	assert_text(counts, 12, "");
	assert_text(counts, 1, "");
}

static void assert_reason(struct reason r, const char *want)
{
	char buf[REASON_TEXT_MAX];

	assert_string_equal(reason_format(&r, buf, sizeof(buf)), want);
}

static void a_reason_ends_in_them(void **state)
{
	const uint32_t some[NVME_COUNTS] = { [NVME_RESETS] = 1, [NVME_ERRORS] = 12 };
	struct reason r = { .kind = OUTCOME_FAILED,
		            .stage = STAGE_READ,
		            .error = EIO,
		            .counts = nvme_counts(some) };

	(void)state; /* no fixture */
	assert_reason(r, "read: Input/output error (EIO); new: 1 reset, 10+ errors");
	r.sysfs.device = sysfs_word(SYSFS_CONTROLLER, "connecting");
	assert_reason(r, "read: Input/output error (EIO); controller connecting; "
	                 "new: 1 reset, 10+ errors");
	r.error = 0;
	assert_reason(r, "controller connecting; new: 1 reset, 10+ errors");
	r.kind = OUTCOME_SILENT;
	r.timeout_us = 30 * USEC_PER_SEC;
	assert_reason(r, "no answer to a read in 30 s; controller connecting; "
	                 "new: 1 reset, 10+ errors");
	/* The device itself answered, or nothing is said. */
	r = (struct reason){ .kind = OUTCOME_GONE, .counts = nvme_counts(some) };
	assert_reason(r, "the device was removed");
	r.kind = OUTCOME_OK;
	assert_reason(r, "");
}

/* With the longest of all else, the text has its limit and the words are whole. */
static void the_longest_reason_fits(void **state)
{
	struct reason r = { .kind = OUTCOME_SILENT,
		            .stage = STAGE_OPEN,
		            .timeout_us = 1234567891,
		            .counts = (1U << NVME_COUNTS_BITS) - 1 };

	(void)state; /* no fixture */
	r.sysfs.device = sysfs_word(SYSFS_CONTROLLER, "deleting (no IO)");
	r.sysfs.access = sysfs_word(SYSFS_ANA, "persistent-loss");
	assert_reason(r, "no answer to an open in 1234.567891 s; controller deleting (no "
	                 "IO), ANA state persistent-loss; new: 10000+ resets");
}

static void assert_comes_back(struct reason r)
{
	const struct reason_packed p = reason_pack(&r);
	struct reason got;

	assert_true(reason_unpack(&p, &got));
	assert_int_equal(got.counts, r.counts);
	assert_int_equal(got.kind, r.kind);
	assert_int_equal(got.stage, r.stage);
	assert_int_equal(got.error, r.error);
	if (reason_is_silence(&r))
		assert_int_equal(got.timeout_us, r.timeout_us);
	else
		assert_int_equal(got.sense.code, r.sense.code);
}

static void a_successor_has_them_too(void **state)
{
	(void)state; /* no fixture */
	for (unsigned kind = 0; kind < OUTCOME_KIND_COUNT_; kind++)
		for (unsigned bit = 0; bit <= NVME_COUNTS_BITS; bit++) {
			struct reason r = {
				.kind = (enum outcome_kind)kind,
				.stage = STAGE_READ,
				.error = REASON_ERROR_MAX,
				.counts = (1U << bit) - 1,
			};

			if (reason_is_silence(&r))
				r.timeout_us = 3600 * USEC_PER_SEC;
			else
				r.sense = (struct reason_sense){ 255, 255, 255 };
			assert_comes_back(r);
		}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_have_sizes),
		cmocka_unit_test(each_has_its_word),
		cmocka_unit_test(words_stay_whole),
		cmocka_unit_test(a_reason_ends_in_them),
		cmocka_unit_test(the_longest_reason_fits),
		cmocka_unit_test(a_successor_has_them_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sense data, byte by byte, in memory that ends where the data do; and what is no SCSI device.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcheck/checkers/scsi.h"

/* In a block of its own, so that a sanitizer sees a read past it. */
static bool gone(const uint8_t *sense, size_t size)
{
	uint8_t *copy = malloc(size + (size == 0));
	struct sense s;
	bool r;

	assert_non_null(copy);
	memcpy(copy, sense, size);
	s = sense_read(copy, size);
	r = sense_is_unit_gone(&s);
	free(copy);
	return r;
}

/* As LIO and scsi_debug send it. */
static const uint8_t fixed[18] = {
	0x70, 0, 0x05, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x25, 0x00
};
static const uint8_t descriptor[8] = { 0x72, 0x05, 0x25, 0x00 };

static void both_formats(void **state)
{
	(void)state; /* no fixture */
	assert_true(gone(fixed, sizeof(fixed)));
	assert_true(gone(fixed, 14));
	assert_true(gone(descriptor, sizeof(descriptor)));
	assert_true(gone(descriptor, 4));
}

/* Too few bytes for what is looked at, whatever a length in them says. */
static void cut_short(void **state)
{
	(void)state; /* no fixture */
	for (size_t n = 0; n < 14; n++)
		assert_false(gone(fixed, n));
	for (size_t n = 0; n < 4; n++)
		assert_false(gone(descriptor, n));
}

static void with_other_bytes(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
		bool gone;
	} cases[] = {
		{ 0, 0xf0, true },  /* VALID: the information field is set */
		{ 0, 0x71, false }, /* a deferred error */
		{ 0, 0x73, false },  { 0, 0x7f, false }, /* vendor specific */
		{ 0, 0x00, false },  { 2, 0xe5, true },  /* FILEMARK, EOM, ILI */
		{ 2, 0x02, false },  { 2, 0x06, false },
		{ 7, 0, true }, /* lengths say what they like */
		{ 7, 255, true },    { 12, 0x24, false },
		{ 13, 0x01, false },
	};

	(void)state; /* no fixture */
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t sense[sizeof(fixed)];

		memcpy(sense, fixed, sizeof(fixed));
		sense[cases[i].at] = cases[i].value;
		assert_int_equal(gone(sense, sizeof(sense)), cases[i].gone);
	}
}

static void what_is_read(void **state)
{
	struct sense s;

	(void)state; /* no fixture */
	s = sense_read(fixed, sizeof(fixed));
	assert_true(s.valid);
	assert_int_equal(s.key, 5);
	assert_int_equal(s.code, 0x25);
	assert_int_equal(s.qualifier, 0);
	s = sense_read((const uint8_t[]){ 0x72, 0xf6, 0x29, 0x07 }, 4);
	assert_true(s.valid);
	assert_int_equal(s.key, 6);
	assert_int_equal(s.code, 0x29);
	assert_int_equal(s.qualifier, 7);
}

/* --- page 83h --- */

static int wwid(const uint8_t *page, size_t size, char text[static VPD_TEXT_MAX])
{
	uint8_t *copy = malloc(size + (size == 0));
	int r;

	assert_non_null(copy);
	memcpy(copy, page, size);
	r = scsi_read_wwid(copy, size, text);
	free(copy);
	return r;
}

/* An NAA designator, as most disks have. */
static const uint8_t naa[] = { 0x00, 0x83, 0x00, 0x0c, 0x01, 0x03, 0x00, 0x08,
	                       0x50, 0x01, 0x40, 0x52, 0x3b, 0x01, 0x02, 0x03 };

static void a_page_is_read(void **state)
{
	char text[VPD_TEXT_MAX];

	(void)state; /* no fixture */
	assert_int_equal(wwid(naa, sizeof(naa), text), 0);
	assert_string_equal(text, "3500140523b010203");
	/* What was cut, whatever its length says. */
	for (size_t n = 4; n < sizeof(naa); n++)
		assert_int_equal(wwid(naa, n, text), -ENODATA);
	for (size_t n = 0; n < 4; n++)
		assert_int_equal(wwid(naa, n, text), -EIO);
}

static void pages_with_other_bytes(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
		int r;
	} cases[] = {
		{ 0, 0x20, -EIO }, /* the target could have a unit there, and has none */
		{ 0, 0x7f, -EIO }, /* it cannot have one there */
		{ 0, 0x05, 0 },    /* of another type */
		{ 1, 0x00, -ENODATA }, { 3, 0x00, -ENODATA }, { 3, 0xff, 0 },
		{ 5, 0x13, -ENODATA }, /* a port's, not the unit's */
	};

	(void)state; /* no fixture */
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t page[sizeof(naa)];
		char text[VPD_TEXT_MAX];

		memcpy(page, naa, sizeof(naa));
		page[cases[i].at] = cases[i].value;
		assert_int_equal(wwid(page, sizeof(page), text), cases[i].r);
	}
}

static void what_is_no_scsi_device(void **state)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	char text[VPD_TEXT_MAX];
	struct sense s;

	(void)state; /* no fixture */
	assert_true(fd >= 0);
	assert_int_equal(scsi_test_unit(fd, &s), -EOPNOTSUPP);
	assert_int_equal(scsi_test_unit(-1, &s), -EBADF);
	assert_int_equal(scsi_ask_wwid(fd, text), -ENODATA);
	assert_int_equal(scsi_ask_wwid(-1, text), -EIO);
	close(fd);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_formats),
		cmocka_unit_test(cut_short),
		cmocka_unit_test(with_other_bytes),
		cmocka_unit_test(what_is_read),
		cmocka_unit_test(a_page_is_read),
		cmocka_unit_test(pages_with_other_bytes),
		cmocka_unit_test(what_is_no_scsi_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Identification pages as disks write them, and as they should not. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/vpd.h"

/* A page in memory of its own, so that a sanitizer sees a byte read beyond it. */
static uint8_t *page_of(const void *bytes, size_t size)
{
	uint8_t *page = malloc(size > 0 ? size : 1);

	assert_non_null(page);
	memcpy(page, bytes, size);
	return page;
}

static void assert_serial(const char *bytes, size_t size, const char *want)
{
	uint8_t *page = page_of(bytes, size);
	char text[VPD_TEXT_MAX];
	int r = vpd_serial(page, size, text);

	if (want == NULL) {
		assert_int_equal(r, -ENODATA);
	} else {
		assert_int_equal(r, 0);
		assert_string_equal(text, want);
	}
	free(page);
}

#define BYTES(text) (text), sizeof(text) - 1

static void serials(void **state)
{
	(void)state;
	assert_serial(BYTES("\0\x80\0\x04"
	                    "2000"),
	              "2000");
	assert_serial(BYTES("\0\x80\0\x0a"
	                    "   WD-12  "),
	              "WD-12");
	assert_serial(BYTES("\0\x80\0\x04"
	                    "a\0b\0"),
	              "a b");
	assert_serial(BYTES("\0\x80\0\x00"), NULL);
	assert_serial(BYTES("\0\x80\0\x03"
	                    "   "),
	              NULL);
	assert_serial(BYTES("\0\x80\0\xff"
	                    "ab"),
	              "ab"); /* it says more than there is */
	assert_serial(BYTES("\0\x80\0"), NULL);
	assert_serial(BYTES(""), NULL);
}

static void a_long_serial_is_cut(void **state)
{
	char bytes[4 + 600] = { 0, (char)0x80, 600 >> 8, (char)(600 & 0xff) };
	uint8_t *page;
	char text[VPD_TEXT_MAX];

	(void)state;
	memset(bytes + 4, 'x', 600);
	page = page_of(bytes, sizeof(bytes));
	assert_int_equal(vpd_serial(page, sizeof(bytes), text), 0);
	assert_int_equal(strlen(text), VPD_TEXT_MAX - 1);
	free(page);
}

/* Pages are put together from designators. */
#define NAA6 \
	"\x01\x03\0\x10\x60\x01\x40\x5a\x12\x34\x56\x78\x9a\xbc\xde\xf0\x11\x22\x33\x44"
#define NAA5 "\x01\x03\0\x08\x50\x01\x40\x5a\x12\x34\x56\x78"
#define NAA3 "\x01\x03\0\x08\x33\x33\x33\x30\0\0\x07\xd0"
#define EUI  "\x01\x02\0\x08\x00\x25\x38\x5b\x71\xb0\x12\x34"
#define T10              \
	"\x02\x01\0\x14" \
	"Linux   scsi debug  "
#define NAME             \
	"\x03\x08\0\x14" \
	"naa.5000C500A1B2C3D4"
#define IQN              \
	"\x03\x08\0\x18" \
	"iqn.2003-01.org:t1,L,0x1"
#define PORT "\x61\x93\0\x08\x52\x22\x22\x20\0\0\x07\xce" /* the target port's */

static void assert_wwid(const char *designators, size_t size, const char *want)
{
	uint8_t bytes[512] = { 0, 0x83, (uint8_t)(size >> 8), (uint8_t)size };
	char text[VPD_TEXT_MAX];
	uint8_t *page;
	int r;

	memcpy(bytes + 4, designators, size);
	page = page_of(bytes, 4 + size);
	r = vpd_wwid(page, 4 + size, text);
	if (want == NULL) {
		assert_int_equal(r, -ENODATA);
	} else {
		assert_int_equal(r, 0);
		assert_string_equal(text, want);
	}
	free(page);
}

static void each_kind_has_its_form(void **state)
{
	(void)state;
	assert_wwid(BYTES(NAA6), "36001405a123456789abcdef011223344");
	assert_wwid(BYTES(NAA5), "35001405a12345678");
	assert_wwid(BYTES(NAA3), "333333330000007d0");
	assert_wwid(BYTES(EUI), "20025385b71b01234");
	assert_wwid(BYTES(T10), "1Linux_scsi_debug");
	assert_wwid(BYTES(NAME), "35000c500a1b2c3d4");
	assert_wwid(BYTES(IQN), "8iqn.2003-01.org:t1_L_0x1");
}

/* As read from Linux 6.1: a unit of LIO's, and one of scsi_debug's with its target port's. */
static void pages_of_the_kernels_own_disks(void **state)
{
	static const char lio[] =
	        "\x01\x03\0\x10\x60\x01\x40\x59\xd1\xb2\xa4\x45\xc9\xe4\xa3\xf8\xf0\xe0"
	        "\xb8"
	        "\xf8"
	        "\x02\x01\0\x39"
	        "LIO-ORG RAMDISK-MCP:9d1b2a44-5c9e-4a3f-8f0e-0b8f8c7d6e5a\0"
	        "\x51\x94\0\x04\0\0\0\x01"
	        "\x51\x95\0\x04\0\0\0\0"
	        "\x01\x06\0\x04\0\0\0\0"
	        "\x53\xa8\0\x1c"
	        "iqn.2003-01.org.checkerd:t1\0";
	static const char debug[] = "\x02\x01\0\x1c"
	                            "Linux   scsi_debug      6000"
	                            "\x01\x03\0\x08\x33\x33\x33\0\0\0\x17\x70"
	                            "\x61\x94\0\x04\0\0\0\x01"
	                            "\x61\x93\0\x08\x32\x22\x22\x20\0\0\x17\x6e"
	                            "\x63\xa8\0\x18"
	                            "naa.32222220000176D\0\0\0\0\0";

	(void)state;
	assert_wwid(BYTES(lio), "360014059d1b2a445c9e4a3f8f0e0b8f8");
	assert_wwid(BYTES(debug), "1Linux_scsi_debug_6000");
}

static void the_best_one_counts(void **state)
{
	(void)state;
	assert_wwid(BYTES(T10 NAA3 PORT NAA6), "36001405a123456789abcdef011223344");
	assert_wwid(BYTES(NAA5 NAA6), "36001405a123456789abcdef011223344");
	assert_wwid(BYTES(NAA6 NAA5), "36001405a123456789abcdef011223344");
	assert_wwid(BYTES(T10 EUI), "20025385b71b01234");
	assert_wwid(BYTES(NAA3 T10), "1Linux_scsi_debug");
	assert_wwid(BYTES(PORT NAA3), "333333330000007d0");
	assert_wwid(BYTES(PORT), NULL);
	assert_wwid(BYTES(""), NULL);
}

static void a_text_becomes_fit_for_a_name(void **state)
{
	(void)state;
	assert_wwid(BYTES("\x02\x01\0\x0f"
	                  "A  b/c\x1b[;\xff"
	                  "\"d\0  "),
	            "1A_b_c_____d");
	assert_wwid(BYTES("\x02\x01\0\x08"
	                  "        "),
	            NULL);
}

static void what_is_malformed_is_left_out(void **state)
{
	(void)state;
	assert_wwid(BYTES("\x01\x03\0\x07\x60\x01\x40\x5a\x12\x34\x56"),
	            NULL); /* short */
	assert_wwid(BYTES("\x01\x03\0\0" NAA5), "35001405a12345678");
	assert_wwid(BYTES(NAA5 "\x01\x03\0\x10\x60\x01"),
	            "35001405a12345678"); /* cut off */
	assert_wwid(BYTES(NAA5 "\x01\x03"), "35001405a12345678");
	assert_wwid(BYTES("\x02\x03\0\x08"
	                  "50014050"),
	            NULL); /* NAA in letters */
	assert_wwid(BYTES("\x01\x0f\0\x08"
	                  "abcdefgh"),
	            NULL); /* no kind there is */
}

static void a_page_says_more_than_there_is(void **state)
{
	uint8_t *page = page_of("\0\x83\xff\xff" NAA5, 4 + 12);
	char text[VPD_TEXT_MAX];

	(void)state;
	assert_int_equal(vpd_wwid(page, 4 + 12, text), 0);
	assert_string_equal(text, "35001405a12345678");
	for (size_t n = 0; n < 4 + 12; n++)
		assert_int_equal(vpd_wwid(page, n, text), -ENODATA);
	free(page);
}

/* Any bytes at all: an answer or none, and nothing read beyond the page. */
static void noise(void **state)
{
	uint64_t x = 88172645463325252;
	char text[VPD_TEXT_MAX];

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		uint8_t bytes[64], *page;
		size_t size;

		for (size_t i = 0; i < sizeof(bytes); i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			bytes[i] = (uint8_t)(round % 2 ? x : x % 9);
		}
		size = x % (sizeof(bytes) + 1);
		page = page_of(bytes, size);
		if (vpd_wwid(page, size, text) == 0)
			assert_in_range(strlen(text), 2, VPD_TEXT_MAX - 1);
		if (vpd_serial(page, size, text) == 0)
			assert_in_range(strlen(text), 1, VPD_TEXT_MAX - 1);
		free(page);
	}
}

static void the_kernels_own_form(void **state)
{
	static const struct {
		const char *attribute, *want;
	} cases[] = {
		{ "naa.600c0ff0003c1a2b", "3600c0ff0003c1a2b" },
		{ "naa.600C0FF0003C1A2B", "3600c0ff0003c1a2b" },
		{ "eui.0025385b71b01234", "20025385b71b01234" },
		{ "t10.ATA     QEMU HARDDISK                           QM00001",
		  "1ATA_QEMU_HARDDISK_QM00001" },
		{ "iqn.2003-01.org:t1", "8iqn.2003-01.org:t1" },
		{ "naa.", "8naa." },
		{ "t10.", NULL },
		{ "", NULL },
	};
	char text[VPD_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int r = vpd_wwid_from_attribute(cases[i].attribute, text);

		assert_int_equal(r, cases[i].want == NULL ? -ENODATA : 0);
		if (cases[i].want != NULL)
			assert_string_equal(text, cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(serials),
		cmocka_unit_test(a_long_serial_is_cut),
		cmocka_unit_test(each_kind_has_its_form),
		cmocka_unit_test(pages_of_the_kernels_own_disks),
		cmocka_unit_test(the_best_one_counts),
		cmocka_unit_test(a_text_becomes_fit_for_a_name),
		cmocka_unit_test(what_is_malformed_is_left_out),
		cmocka_unit_test(a_page_says_more_than_there_is),
		cmocka_unit_test(noise),
		cmocka_unit_test(the_kernels_own_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

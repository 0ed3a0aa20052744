/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each length of two bytes and more that a device or a file has: every value of two bytes, with every
 * end of the data. Under the address sanitizer a read behind the end is seen, because each block is
 * exactly as large as what is there. A length that says more than there is must lead to the same result
 * as one that ends with the data; a shorter one, to the same as data that end there.
 */
#include <errno.h>
#include <string.h>

#include "checkerd/store/stored_map.h"
#include "checkerd/store/stored_path.h"
#include "libcheck/checkers/checker.h"
#include "libcheck/checkers/port_groups.h"
#include "libcheck/checkers/scsi_page.h"
#include "tests/fuzz/fuzz.h"
#include "util/macro.h"
#include "util/vpd.h"

#define HEADER   4 /* of a page: its length is in bytes 2 and 3 */
#define DATA_MAX 64
#define VALUES   (UINT16_MAX + 1U)

static unsigned long n_values;

void fuzz_begin(void)
{
}

void fuzz_one(const uint8_t *data, size_t size)
{
	(void)data;
	(void)size;
}

static uint8_t *block_of(const uint8_t *data, size_t size)
{
	uint8_t *block = malloc(size > 0 ? size : 1);

	REQUIRE(block != NULL, "no memory");
	memcpy(block, data, size);
	return block;
}

/* Big-endian, as far as the block has these bytes. */
static void put16(uint8_t *block, size_t size, size_t at, unsigned value)
{
	if (at < size)
		block[at] = (uint8_t)(value >> 8);
	if (at + 1 < size)
		block[at + 1] = (uint8_t)value;
}

/* --- pages of vital product data --- */

/* Two designators: NAA 6 of the unit, and its relative port's group. */
static const uint8_t page_83[] = { 0,   0x83, 0,   0,   1,   3,    0,    16,   0x60,
	                           5,   0,    1,   2,   3,   4,    5,    6,    7,
	                           8,   9,    10,  11,  12,  13,   0x61, 0x15, 0,
	                           4,   0,    0,   0,   7,   0x02, 0x01, 0,    8,
	                           'v', 'e',  'n', 'd', 'o', 'r',  ' ',  'x' };
static const uint8_t page_80[] = { 0,   0x80, 0,   0,   ' ', 'a', 'b',
	                           'c', ' ',  'd', '1', '2', ' ', ' ' };
/* Of a CLARiiON, and of an RDAC array. */
static const uint8_t page_c0[] = {
	[1] = 0xc0, [4] = 2, [27] = 3, [28] = 6, [30] = 0x04, [52] = 0
};
static const uint8_t page_c9[] = { [1] = 0xc9, [4] = 'v', [8] = 1, [10] = 0, [20] = 0 };

/* What a reader says of a page: a number, and a text. */
struct said {
	int number;
	char text[VPD_TEXT_MAX];
};

static struct said say_wwid(const uint8_t *page, size_t size)
{
	struct said s = { 0 };

	s.number = vpd_wwid(page, size, s.text);
	return s;
}

static struct said say_serial(const uint8_t *page, size_t size)
{
	struct said s = { 0 };

	s.number = vpd_serial(page, size, s.text);
	return s;
}

/* The bytes that belong to the page by its header. */
static struct said say_size(const uint8_t *page, size_t size)
{
	const struct checker_answer a = { .data = page, .scsi.got = (uint16_t)size };
	struct said s = { 0 };
	size_t is = 0;

	s.number = (int)scsi_page_read(&a, size > 1 ? page[1] : 0, &is);
	if (s.number == SCSI_PAGE_READ) {
		REQUIRE(is <= size, "%zu of %zu bytes", is, size);
		s.number = 1000 + (int)is;
	}
	return s;
}

static struct said say_own_group(const uint8_t *page, size_t size)
{
	const struct checker_answer a = { .data = page, .scsi.got = (uint16_t)size };
	struct said s = { -1000, "" };
	size_t is = 0;

	if (scsi_page_read(&a, 0x83, &is) == SCSI_PAGE_READ)
		s.number = port_groups_own(page, is);
	return s;
}

/* What each checker that has SCSI commands makes of the answer, in each of its steps. */
static struct said say_judgements(const uint8_t *page, size_t size)
{
	struct said s = { 0 };
	unsigned sum = 0;
	int at = 0;

	for (unsigned i = 0; i < PATHCHECK_CHECKERS; i++)
		for (uint8_t step = 0; step < 4 && checker_table[i]->command != NULL;
		     step++) {
			const struct checker_answer a = { .step = step,
				                          .block = 512,
				                          .memory = step,
				                          .data = page,
				                          .scsi.got = (uint16_t)size };
			struct checker_judgement j = checker_table[i]->judge(&a);

			s.text[at++] = (char)(1 + (int)j.verdict * 8 + (int)j.next);
			s.text[at++] = (char)(1 + j.said);
			sum = sum * 31 + j.memory + (unsigned)j.error * 7;
		}
	REQUIRE(at < VPD_TEXT_MAX, "%d", at);
	s.number = (int)(sum & INT32_MAX);
	return s;
}

static bool is_same(const struct said *a, const struct said *b)
{
	return a->number == b->number &&
	       (a->number < 0 || memcmp(a->text, b->text, sizeof(a->text)) == 0);
}

/* ends: 1: the data end at each byte; else at each of the first ones, and at each so manieth. */
static void try_page(const char *what, const uint8_t *data, size_t whole, size_t ends,
                     struct said (*say)(const uint8_t *page, size_t size))
{
	struct said expected[DATA_MAX + 1];

	REQUIRE(whole <= DATA_MAX, "%zu bytes", whole);
	for (size_t size = 0; size <= whole; size++) {
		uint8_t *block = block_of(data, size);

		put16(block, size, 2, size > HEADER ? (unsigned)(size - HEADER) : 0);
		expected[size] = say(block, size);
		for (unsigned value = 0;
		     value < VALUES &&
		     (size <= HEADER + 1 || size == whole || size % ends == 0);
		     value++) {
			size_t part = MIN(size, (size_t)HEADER + value);
			struct said s;

			put16(block, size, 2, value);
			s = say(block, size);
			n_values++;
			REQUIRE(size < HEADER || is_same(&s, &expected[part]),
			        "%s: length %u, %zu bytes: %d and %d", what, value, size,
			        s.number, expected[part].number);
		}
		free(block);
	}
}

/* --- groups of ports --- */

/* Two groups with one port and none. */
static const uint8_t groups[] = { 0, 0, 0, 0, 0x01, 0, 0, 3, 0, 0, 0, 1,
	                          0, 0, 0, 9, 0x02, 0, 0, 7, 0, 0, 0, 0 };

static int expected_state(size_t size, uint64_t length, unsigned group)
{
	size_t part = (size_t)MIN((uint64_t)size, HEADER + length);

	if (size < HEADER)
		return -EMSGSIZE;
	if (group == 3 && part >= 12)
		return 1;
	/* After the port of the first one. */
	if (group == 7 && part >= 24)
		return 2;
	return HEADER + length > size ? -EMSGSIZE : -ENODATA;
}

static void try_groups(unsigned shift, unsigned other)
{
	for (size_t size = 0; size <= sizeof(groups); size++) {
		uint8_t *block = block_of(groups, size);

		for (unsigned value = 0; value < VALUES; value++) {
			uint64_t length = (uint64_t)value << shift | other;

			put16(block, size, 0, (unsigned)(length >> 16));
			put16(block, size, 2, (unsigned)length & UINT16_MAX);
			n_values++;
			for (uint16_t group = 3; group <= 11; group += 4) {
				int state = port_groups_state(block, size, group);

				REQUIRE(state == expected_state(size, length, group),
				        "length %lu, %zu bytes, group %u: %d",
				        (unsigned long)length, size, group, state);
			}
		}
		free(block);
	}
}

/* --- records of the state file --- */

static const struct mono now = { INT64_C(1) << 40 };

static void make_record(struct record *r)
{
	const struct device_spec spec = { .name = "sda", .node = "/dev/sda" };
	static const struct stored_marks marks;
	struct path p = { .status.since = { 1 }, .last = { 1 }, .good = { 1 } };

	REQUIRE(device_new(&p.device, &spec) == 0, "no memory");
	memset(r, 0, sizeof(*r));
	stored_path_write(r, &p, &marks, (struct mono){ 1 });
	device_unref(p.device);
}

static void look_at_record(const struct record *r)
{
	struct stored_path p;
	struct stored_map m;
	char name[MAP_UUID_MAX];

	n_values++;
	if (!record_is_good(r, now))
		return;
	REQUIRE(r->head.bytes <= sizeof(r->sections), "%u bytes", r->head.bytes);
	if (stored_path_name(r, name))
		REQUIRE(strlen(name) < DEVICE_NAME_MAX, "name");
	if (stored_path_read(r, now, &p))
		REQUIRE(strcmp(p.name, "sda") == 0, "%s", p.name);
	REQUIRE(!stored_map_read(r, &m), "a path is a map");
}

/* The sum is right for every length that a record can have. */
static void try_records(void)
{
	struct record *r = malloc(sizeof(*r)), first;

	REQUIRE(r != NULL, "no memory");
	make_record(&first);
	memcpy(r, &first, sizeof(first));
	for (unsigned value = 0; value < VALUES; value++) {
		r->head.bytes = (uint16_t)value;
		if (value <= sizeof(r->sections))
			record_seal(r);
		look_at_record(r);
		REQUIRE(value <= sizeof(r->sections) || !record_is_good(r, now), "%u",
		        value);
	}
	/* Each section's length: each value, in a whole record, and with each end around it. */
	memcpy(r, &first, sizeof(first));
	for (size_t at = 0; at + 4 <= first.head.bytes;) {
		uint16_t bytes, changed;

		memcpy(&bytes, first.sections + at + 2, sizeof(bytes));
		for (unsigned value = 0; value < VALUES; value++) {
			changed = (uint16_t)value;
			memcpy(r->sections + at + 2, &changed, sizeof(changed));
			record_seal(r);
			look_at_record(r);
		}
		for (unsigned value = 0; value <= sizeof(r->sections); value++) {
			changed = (uint16_t)value;
			memcpy(r->sections + at + 2, &changed, sizeof(changed));
			for (uint16_t end = 0; end < first.head.bytes; end++) {
				r->head.bytes = end;
				record_seal(r);
				look_at_record(r);
			}
			r->head.bytes = first.head.bytes;
		}
		memcpy(r, &first, sizeof(first));
		at += 4U + bytes;
	}
	free(r);
}

int main(void)
{
	try_page("serial number", page_80, sizeof(page_80), 1, say_serial);
	try_page("WWID", page_83, sizeof(page_83), 1, say_wwid);
	try_page("size of a page", page_83, sizeof(page_83), 1, say_size);
	try_page("own group", page_83, sizeof(page_83), 1, say_own_group);
	try_page("checkers, 83", page_83, sizeof(page_83), 11, say_judgements);
	try_page("checkers, c0", page_c0, sizeof(page_c0), 11, say_judgements);
	try_page("checkers, c9", page_c9, sizeof(page_c9), 11, say_judgements);
	try_groups(0, 0);
	try_groups(16, 0);
	try_groups(16, 24);
	try_groups(16, UINT16_MAX);
	try_records();
	printf("%lu lengths\n", n_values);
	return 0;
}

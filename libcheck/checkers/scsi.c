/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sends SCSI commands and reads their answers: scsi.h. Commands run on rescuers. */
#include "libcheck/checkers/scsi.h"

#include <errno.h>
#include <string.h>

#include "libcheck/checkers/scsi_device.h"
#include "libcheck/region/limits.h"

/* As scsi_device_send(). */
static int send_command(int fd, const uint8_t cdb[static 6], uint8_t *data, uint16_t size,
                        struct scsi_answer *ret)
{
	struct scsi_exchange x = {
		.command = { .cdb_size = 6, .data_size = size },
		.timeout_ms = KERNEL_TIMEOUT_LEAST_US / USEC_PER_MSEC,
	};
	int r;

	memcpy(x.command.cdb, cdb, 6);
	r = scsi_device_send(fd, &x, data);
	*ret = x.answer;
	return r;
}

/* It ended without sense data, and the way had no error. */
static bool is_good(const struct scsi_answer *a)
{
	return a->host == 0 && a->driver == 0 && a->status == SCSI_GOOD &&
	       !a->sense.valid;
}

int scsi_test_unit(int fd, struct sense *ret)
{
	static const uint8_t cdb[6] = { 0x00 };
	struct scsi_answer a;
	int r = send_command(fd, cdb, NULL, 0, &a);

	*ret = a.sense;
	return r;
}

/* --- the identity --- */

#define PAGE_DEVICE_IDENTIFICATION 0x83
#define PAGE_HEADER                4

/* Every device gives this much, and most need no more. A longer page is asked for again. */
#define PAGE_FIRST 252

int scsi_read_wwid(const uint8_t *page, size_t size, char ret[static VPD_TEXT_MAX])
{
	if (size < PAGE_HEADER)
		return -EIO;
	/*
	 * SPC-4 table 175: a peripheral qualifier that is not 0: no unit can be reached there.
	 */
	if (page[0] >> 5 != 0)
		return -EIO;
	/* Some devices answer any INQUIRY with their standard data. */
	if (page[1] != PAGE_DEVICE_IDENTIFICATION)
		return -ENODATA;
	return vpd_wwid(page, size, ret);
}

/* SPC-4 6.4.1: the device does not have that page. */
static bool has_no_such_page(const struct scsi_answer *a)
{
	return a->sense.valid && a->sense.key == SENSE_ILLEGAL_REQUEST &&
	       (a->sense.code == 0x24 || a->sense.code == 0x20);
}

/* Bytes of the page; -ENODATA, -EIO as above. */
static int ask_page(int fd, uint8_t *page, uint16_t size)
{
	const uint8_t cdb[6] = { 0x12, 0x01, PAGE_DEVICE_IDENTIFICATION,
		                 (uint8_t)(size >> 8), (uint8_t)size };
	struct scsi_answer a;
	int r = send_command(fd, cdb, page, size, &a);

	if (r == -EOPNOTSUPP)
		return -ENODATA;
	if (r < 0 || !is_good(&a))
		return r == 0 && has_no_such_page(&a) ? -ENODATA : -EIO;
	return a.got;
}

int scsi_ask_wwid(int fd, char ret[static VPD_TEXT_MAX])
{
	uint8_t page[VPD_PAGE_MAX] = { 0 };
	unsigned whole;
	int n = ask_page(fd, page, PAGE_FIRST);

	if (n < 0)
		return n;
	whole = PAGE_HEADER + ((unsigned)page[2] << 8 | page[3]);
	if (n == PAGE_FIRST && whole > PAGE_FIRST) {
		n = ask_page(fd, page, (uint16_t)MIN(whole, (unsigned)sizeof(page)));
		if (n < 0)
			return n;
	}
	return scsi_read_wwid(page, (size_t)n, ret);
}

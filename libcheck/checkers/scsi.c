/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sends SCSI commands and reads their answers: scsi.h. Commands run on rescuers. */
#include "libcheck/checkers/scsi.h"

#include <errno.h>
#include <scsi/sg.h>
#include <string.h>
#include <sys/ioctl.h>

#include "libcheck/checkers/again.h"

/*
 * After this time the kernel aborts the command, and may reset the unit, the target and the
 * HBA. A check ends long before, at its own deadline.
 */
#define COMMAND_TIMEOUT_MS 60000

#define SENSE_BYTES 64

/* SAM-5 5.3.1; the other bits of the byte are reserved or of older versions. */
#define STATUS_MASK            0x3e
#define STATUS_CHECK_CONDITION 0x02

/* What a command came to. */
struct outcome {
	int error;  /* of the ioctl: the command was not sent; 0: it was */
	bool good;  /* status GOOD, and no error of the transport */
	size_t got; /* bytes of data */
	struct sense sense;
};

static struct outcome send_command(int fd, uint8_t *command, uint8_t command_size,
                                   uint8_t *data, unsigned size)
{
	struct outcome o = { .error = 0 };
	uint8_t sense[SENSE_BYTES];
	struct sg_io_hdr h = {
		.interface_id = 'S',
		.dxfer_direction = size > 0 ? SG_DXFER_FROM_DEV : SG_DXFER_NONE,
		.cmd_len = command_size,
		.mx_sb_len = sizeof(sense),
		.dxfer_len = size,
		.dxferp = data,
		.cmdp = command,
		.sbp = sense,
		.timeout = COMMAND_TIMEOUT_MS,
	};
	unsigned tries = 0;
	int r;

	do
		r = ioctl(fd, SG_IO, &h);
	while (r < 0 && again(&tries));
	if (r < 0) {
		o.error = errno;
		return o;
	}
	o.good = (h.info & SG_INFO_OK_MASK) == SG_INFO_OK;
	o.got = size - MIN((unsigned)MAX(h.resid, 0), size);
	if ((h.status & STATUS_MASK) == STATUS_CHECK_CONDITION)
		o.sense = sense_read(sense, MIN((size_t)h.sb_len_wr, sizeof(sense)));
	return o;
}

/* Most drivers that know no SCSI commands answer ENOTTY. */
static bool is_no_scsi(int error)
{
	return error == ENOTTY || error == EINVAL || error == EOPNOTSUPP;
}

int scsi_test_unit(int fd, struct sense *ret)
{
	uint8_t command[6] = { 0x00 };
	struct outcome o = send_command(fd, command, sizeof(command), NULL, 0);

	if (is_no_scsi(o.error))
		return -EOPNOTSUPP;
	*ret = o.sense;
	return -o.error;
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
static bool has_no_such_page(const struct outcome *o)
{
	return o->sense.valid && o->sense.key == SENSE_ILLEGAL_REQUEST &&
	       (o->sense.code == 0x24 || o->sense.code == 0x20);
}

/* Bytes of the page; -ENODATA, -EIO as above. */
static int ask_page(int fd, uint8_t *page, uint16_t size)
{
	uint8_t command[6] = { 0x12, 0x01, PAGE_DEVICE_IDENTIFICATION,
		               (uint8_t)(size >> 8), (uint8_t)size };
	struct outcome o = send_command(fd, command, sizeof(command), page, size);

	if (is_no_scsi(o.error))
		return -ENODATA;
	if (o.error != 0 || !o.good)
		return o.error == 0 && has_no_such_page(&o) ? -ENODATA : -EIO;
	return (int)o.got;
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

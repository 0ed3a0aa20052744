/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "libcheck/checkers/scsi.h"

#include <errno.h>
#include <scsi/sg.h>
#include <string.h>
#include <sys/ioctl.h>

#include "libcheck/checkers/again.h"

/*
 * When this has passed the kernel aborts the command, and may reset the unit, the target and the
 * HBA. A check gives up long before, by its own deadline.
 */
#define COMMAND_TIMEOUT_MS 60000

#define SENSE_BYTES 64

/* SAM-5 5.3.1; the other bits of the byte are reserved or of older versions. */
#define STATUS_MASK            0x3e
#define STATUS_CHECK_CONDITION 0x02

/* SPC-4 4.5.1, table 28: what the sense data are of. */
#define SENSE_FIXED_CURRENT      0x70
#define SENSE_DESCRIPTOR_CURRENT 0x72

#define KEY_ILLEGAL_REQUEST 0x05

bool scsi_sense_read(const uint8_t *sense, size_t size, struct scsi_sense *ret)
{
	if (size < 1)
		return false;
	switch (sense[0] & 0x7f) {
	case SENSE_FIXED_CURRENT:
		/* SPC-4 4.5.3: key in byte 2, code in 12 and 13, whatever byte 7 says. */
		if (size < 14)
			return false;
		*ret = (struct scsi_sense){ sense[2] & 0x0f, sense[12], sense[13] };
		return true;
	case SENSE_DESCRIPTOR_CURRENT:
		/* SPC-4 4.5.2: all three in front of the descriptors. */
		if (size < 4)
			return false;
		*ret = (struct scsi_sense){ sense[1] & 0x0f, sense[2], sense[3] };
		return true;
	default:
		/* Deferred errors, 71h and 73h, are of a command before this one. */
		return false;
	}
}

bool scsi_sense_unit_gone(const uint8_t *sense, size_t size)
{
	struct scsi_sense s;

	return scsi_sense_read(sense, size, &s) && s.key == KEY_ILLEGAL_REQUEST &&
	       s.code == 0x25 && s.qualifier == 0x00;
}

/* What a command came to. */
struct outcome {
	int error;  /* of the ioctl: the command was not sent; 0: it was */
	bool good;  /* status GOOD, and nothing went wrong on the way */
	size_t got; /* bytes of data */
	uint8_t sense[SENSE_BYTES];
	size_t sense_size;
};

static struct outcome send(int fd, uint8_t *command, uint8_t command_size, uint8_t *data,
                           unsigned size)
{
	struct outcome o = { .error = 0 };
	struct sg_io_hdr h = {
		.interface_id = 'S',
		.dxfer_direction = size > 0 ? SG_DXFER_FROM_DEV : SG_DXFER_NONE,
		.cmd_len = command_size,
		.mx_sb_len = sizeof(o.sense),
		.dxfer_len = size,
		.dxferp = data,
		.cmdp = command,
		.sbp = o.sense,
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
		o.sense_size = MIN((size_t)h.sb_len_wr, sizeof(o.sense));
	return o;
}

/* Most drivers that know no SCSI commands say ENOTTY. */
static bool is_no_scsi(int error)
{
	return error == ENOTTY || error == EINVAL || error == EOPNOTSUPP;
}

enum scsi_unit scsi_ask_unit(int fd)
{
	uint8_t command[6] = { 0x00 };
	struct outcome o = send(fd, command, sizeof(command), NULL, 0);

	if (is_no_scsi(o.error))
		return SCSI_UNIT_NO_SCSI;
	return o.error == 0 && scsi_sense_unit_gone(o.sense, o.sense_size)
	               ? SCSI_UNIT_GONE
	               : SCSI_UNIT_NOT_GONE;
}

/* --- who it is --- */

#define PAGE_DEVICE_IDENTIFICATION 0x83
#define PAGE_HEADER                4

/* What every device gives, and what most need; more is asked for when the page says so. */
#define PAGE_FIRST 252

int scsi_read_wwid(const uint8_t *page, size_t size, char ret[static VPD_TEXT_MAX])
{
	if (size < PAGE_HEADER)
		return -EIO;
	/* SPC-4 table 175: a peripheral qualifier that is not 0: no unit can be reached there. */
	if (page[0] >> 5 != 0)
		return -EIO;
	/* Some devices answer any INQUIRY with their standard data. */
	if (page[1] != PAGE_DEVICE_IDENTIFICATION)
		return -ENODATA;
	return vpd_wwid(page, size, ret);
}

/* SPC-4 6.4.1: a page that it does not have. */
static bool has_no_such_page(const struct outcome *o)
{
	struct scsi_sense s;

	return scsi_sense_read(o->sense, o->sense_size, &s) &&
	       s.key == KEY_ILLEGAL_REQUEST && (s.code == 0x24 || s.code == 0x20);
}

/* Bytes of the page; -ENODATA, -EIO as above. */
static int ask_page(int fd, uint8_t *page, uint16_t size)
{
	uint8_t command[6] = { 0x12, 0x01, PAGE_DEVICE_IDENTIFICATION,
		               (uint8_t)(size >> 8), (uint8_t)size };
	struct outcome o = send(fd, command, sizeof(command), page, size);

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

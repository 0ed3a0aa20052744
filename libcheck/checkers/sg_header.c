/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fills and reads the kernel's header of a SCSI command: sg_header.h. Pure; any thread. */
#include "libcheck/checkers/sg_header.h"

#include "util/macro.h"

/* The driver byte, and its bit for sense data: the sense data themselves are read. */
#define DRIVER_MASK  0x0f
#define DRIVER_SENSE 0x08

void sg_header_fill(struct sg_io_hdr *h, struct scsi_command *command, void *data,
                    uint8_t *sense, uint32_t timeout_ms)
{
	*h = (struct sg_io_hdr){
		.interface_id = 'S',
		.dxfer_direction =
		        command->data_size > 0 ? SG_DXFER_FROM_DEV : SG_DXFER_NONE,
		.cmd_len = command->cdb_size,
		.mx_sb_len = SG_SENSE_BYTES,
		.dxfer_len = command->data_size,
		.dxferp = command->data_size > 0 ? data : NULL,
		.cmdp = command->cdb,
		.sbp = sense,
		.timeout = timeout_ms,
	};
}

void sg_header_read(const struct sg_io_hdr *h, const struct scsi_command *command,
                    const uint8_t *sense, struct scsi_answer *ret)
{
	unsigned missing = MIN((unsigned)MAX(h->resid, 0), (unsigned)command->data_size);
	unsigned driver = h->driver_status & DRIVER_MASK;

	*ret = (struct scsi_answer){
		.got = (uint16_t)(command->data_size - missing),
		.host = (uint8_t)MIN(h->host_status, UINT8_MAX),
		.driver = driver == DRIVER_SENSE ? 0 : (uint8_t)driver,
		.status = h->status & SCSI_STATUS_MASK,
	};
	/* Older kernels set the driver byte, and not always the status. */
	if (ret->status == SCSI_CHECK_CONDITION || driver == DRIVER_SENSE)
		ret->sense = sense_read(
		        sense, MIN((size_t)h->sb_len_wr, (size_t)SG_SENSE_BYTES));
}

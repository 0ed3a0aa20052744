/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Builds SCSI commands: scsi_cdb.h. Pure; any thread. */
#include "libcheck/checkers/scsi_cdb.h"

#include "libcheck/pathcheck.h"
#include "libcheck/region/limits.h"

static_assert(SCSI_PAGE_BYTES <= BUFFER_SMALL, "a page fits every buffer");

/* SPC-4 6.47: 00h. */
void scsi_cdb_test_unit(struct scsi_command *ret)
{
	*ret = (struct scsi_command){ .cdb_size = 6,
		                      .request = PATHCHECK_REQUEST_TEST_UNIT };
}

/* SPC-4 6.4.1: 12h, EVPD, the page, the allocation length in bytes 3 and 4. */
void scsi_cdb_inquiry(struct scsi_command *ret, uint8_t page)
{
	*ret = (struct scsi_command){
		.cdb = { 0x12, 0x01, page, SCSI_PAGE_BYTES >> 8, SCSI_PAGE_BYTES & 0xff },
		.cdb_size = 6,
		.request = PATHCHECK_REQUEST_INQUIRY,
		.data_size = SCSI_PAGE_BYTES,
	};
}

/*
 * SPC-4 6.37: A3h with the service action 0Ah, the header with the length only, and the allocation
 * length in bytes 6 to 9.
 */
void scsi_cdb_port_groups(struct scsi_command *ret)
{
	*ret = (struct scsi_command){
		.cdb = { 0xa3, 0x0a, [8] = SCSI_PAGE_BYTES >> 8, SCSI_PAGE_BYTES & 0xff },
		.cdb_size = 12,
		.request = PATHCHECK_REQUEST_PORT_GROUPS,
		.data_size = SCSI_PAGE_BYTES,
	};
}

/* SBC-3 5.11: 28h, block 0, one block in bytes 7 and 8. */
void scsi_cdb_read10(struct scsi_command *ret, uint32_t block)
{
	*ret = (struct scsi_command){
		.cdb = { 0x28, [8] = 1 },
		.cdb_size = 10,
		.request = PATHCHECK_REQUEST_SCSI_READ,
		.data_size = (uint16_t)block,
	};
}

/* SBC-3 5.13: 88h, block 0, one block in bytes 10 to 13. */
void scsi_cdb_read16(struct scsi_command *ret, uint32_t block)
{
	*ret = (struct scsi_command){
		.cdb = { 0x88, [13] = 1 },
		.cdb_size = 16,
		.request = PATHCHECK_REQUEST_SCSI_READ,
		.data_size = (uint16_t)block,
	};
}

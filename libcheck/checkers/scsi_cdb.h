/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_CHECKERS_SCSI_CDB_H
#define LIBCHECK_CHECKERS_SCSI_CDB_H

/* The SCSI commands of the checkers. Pure. */
#include "libcheck/checkers/scsi_command.h"

/* Bytes that are asked for of a page: they fit the smallest buffer of a request. */
#define SCSI_PAGE_BYTES 448

void scsi_cdb_test_unit(struct scsi_command *ret);
/* INQUIRY of a page of vital product data. */
void scsi_cdb_inquiry(struct scsi_command *ret, uint8_t page);
void scsi_cdb_port_groups(struct scsi_command *ret);
/* The first block, which has so many bytes. */
void scsi_cdb_read10(struct scsi_command *ret, uint32_t block);
void scsi_cdb_read16(struct scsi_command *ret, uint32_t block);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_CHECKERS_SCSI_COMMAND_H
#define LIBCHECK_CHECKERS_SCSI_COMMAND_H

/* A SCSI command and the answer to it, as checkers and backends know them. */
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "libcheck/checkers/sense.h"

#define SCSI_CDB_MAX 16

struct scsi_command {
	uint8_t cdb[SCSI_CDB_MAX];
	uint8_t cdb_size;
	uint8_t request;    /* enum pathcheck_request */
	uint16_t data_size; /* bytes that are asked for; at most BUFFER_LARGE */
};

/* SAM-5 5.3.1: all codes are even; in older versions bit 0 is the vendor's. */
#define SCSI_STATUS_MASK 0xfe

enum scsi_status {
	SCSI_GOOD = 0x00,
	SCSI_CHECK_CONDITION = 0x02,
	SCSI_CONDITION_MET = 0x04,
	SCSI_BUSY = 0x08,
	SCSI_RESERVATION_CONFLICT = 0x18,
	SCSI_TASK_SET_FULL = 0x28,
	SCSI_ACA_ACTIVE = 0x30,
	SCSI_TASK_ABORTED = 0x40
};

struct scsi_answer {
	uint16_t got; /* bytes of data, never more than were asked for */
	uint8_t host; /* Linux's host byte: DID_…; 0: the command reached the device */
	uint8_t driver; /* Linux's driver byte, without the bit for sense data */
	uint8_t status; /* enum scsi_status */
	struct sense sense;
};

/* What a SCSI command is on its way to a backend and back. */
struct scsi_exchange {
	struct scsi_command command;
	struct scsi_answer answer;
	uint32_t timeout_ms; /* after this the kernel starts its error handling */
	int32_t number;      /* of this command among those of its context */
};
static_assert(sizeof(struct scsi_exchange) <= 64, "a backend's request has room for it");

#endif

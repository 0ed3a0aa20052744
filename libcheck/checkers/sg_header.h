/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_CHECKERS_SG_HEADER_H
#define LIBCHECK_CHECKERS_SG_HEADER_H

/* The header in which the kernel takes a SCSI command and gives the answer: <scsi/sg.h>. Pure. */
#include <scsi/sg.h>
#include <stddef.h>

#include "libcheck/checkers/scsi_command.h"

#define SG_SENSE_BYTES 64

/* sense has SG_SENSE_BYTES, data has command->data_size; both stay until the answer is there. */
void sg_header_fill(struct sg_io_hdr *h, struct scsi_command *command, void *data,
                    uint8_t *sense, uint32_t timeout_ms);
/* What the kernel has written. No length in it is trusted. */
void sg_header_read(const struct sg_io_hdr *h, const struct scsi_command *command,
                    const uint8_t *sense, struct scsi_answer *ret);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_REASON_SCSI_H
#define CHECKERD_CORE_REASON_SCSI_H

/* The words for what a SCSI or NVMe device said. Pure; any thread. */
#include "checkerd/core/reason.h"

/* "TEST UNIT READY". */
const char *reason_request_name(enum reason_request r);
/*
 * Writes for example "not ready, standby (02/04/0b)", "port is standby", or "transport disrupted
 * (host byte 0x0e)". "": the answer said nothing. Returns buf.
 */
const char *reason_said_format(enum reason_said said, struct reason_sense sense,
                               char *buf, size_t size);

#endif

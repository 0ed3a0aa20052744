/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the words for SCSI's codes. Any thread.
 *
 * The tables have what paths meet; the numbers stand beside the words, for all the others. Sense
 * keys: SPC-4 4.5.6; additional sense codes: SPC-4 annex F.2; host bytes: the kernel's
 * include/scsi/scsi_status.h; status: SAM-5 5.3.1.
 */
#include "checkerd/core/reason_scsi.h"

#include <stdio.h>

#include "util/macro.h"

static const char *const sense_keys[16] = {
	[0x0] = "no sense",       [0x1] = "recovered error", [0x2] = "not ready",
	[0x3] = "medium error",   [0x4] = "hardware error",  [0x5] = "illegal request",
	[0x6] = "unit attention", [0x7] = "data protect",    [0x8] = "blank check",
	[0x9] = "vendor's error", [0xa] = "copy aborted",    [0xb] = "aborted command",
	[0xd] = "overflow",       [0xe] = "miscompare",      [0xf] = "completed",
};

struct code_words {
	uint8_t code, qualifier;
	const char *words;
};

static const struct code_words sense_codes[] = {
	{ 0x04, 0x01, "becoming ready" },
	{ 0x04, 0x02, "to be started" },
	{ 0x04, 0x03, "manual help needed" },
	{ 0x04, 0x04, "format in progress" },
	{ 0x04, 0x09, "self-test in progress" },
	{ 0x04, 0x0a, "access state changes" },
	{ 0x04, 0x0b, "standby" },
	{ 0x04, 0x0c, "unavailable" },
	{ 0x04, 0x12, "offline" },
	{ 0x04, 0x14, "space allocation in progress" },
	{ 0x04, 0x1b, "sanitize in progress" },
	{ 0x08, 0x00, "unit does not communicate" },
	{ 0x08, 0x01, "unit timed out" },
	{ 0x10, 0x01, "guard check failed" },
	{ 0x10, 0x02, "application tag wrong" },
	{ 0x10, 0x03, "reference tag wrong" },
	{ 0x11, 0x00, "unrecovered read error" },
	{ 0x20, 0x00, "command not supported" },
	{ 0x21, 0x00, "block out of range" },
	{ 0x24, 0x00, "invalid field in command" },
	{ 0x25, 0x00, "unit not supported" },
	{ 0x26, 0x00, "invalid parameter" },
	{ 0x27, 0x00, "write protected" },
	{ 0x27, 0x07, "space allocation failed" },
	{ 0x28, 0x00, "medium may have changed" },
	{ 0x29, 0x00, "power on or reset" },
	{ 0x29, 0x01, "power on" },
	{ 0x29, 0x02, "bus reset" },
	{ 0x29, 0x03, "target reset" },
	{ 0x29, 0x07, "I_T nexus loss" },
	{ 0x2a, 0x06, "access state changed" },
	{ 0x2a, 0x07, "access state change failed" },
	{ 0x31, 0x00, "medium format corrupted" },
	{ 0x3a, 0x00, "no medium" },
	{ 0x3e, 0x00, "not configured yet" },
	{ 0x3e, 0x01, "unit failure" },
	{ 0x3e, 0x02, "unit timed out" },
	{ 0x3f, 0x03, "inquiry data changed" },
	{ 0x3f, 0x0e, "list of units changed" },
	{ 0x44, 0x00, "internal target failure" },
	{ 0x47, 0x00, "parity error" },
	{ 0x55, 0x00, "system resource failure" },
	{ 0x5d, 0x00, "failure predicted" },
	{ 0x94, 0x01, "other controller owns it" }, /* LSI's */
};

/* The qualifier is not used. */
static const struct code_words host_bytes[] = {
	{ 0x01, 0, "no connection" },
	{ 0x02, 0, "bus busy" },
	{ 0x03, 0, "timed out" },
	{ 0x04, 0, "bad target" },
	{ 0x05, 0, "aborted" },
	{ 0x06, 0, "parity error" },
	{ 0x07, 0, "HBA error" },
	{ 0x08, 0, "reset" },
	{ 0x09, 0, "bad interrupt" },
	{ 0x0b, 0, "soft error" },
	{ 0x0c, 0, "to be retried" },
	{ 0x0d, 0, "requeued" },
	{ 0x0e, 0, "transport disrupted" },
	{ 0x0f, 0, "transport failed fast" },
	{ 0x10, 0, "target failure" },
	{ 0x11, 0, "nexus failure" },
	{ 0x12, 0, "allocation failure" },
	{ 0x13, 0, "medium error" },
	{ 0x14, 0, "transport marginal" },
};

static const struct code_words statuses[] = {
	{ 0x02, 0, "check condition" },      { 0x08, 0, "busy" },
	{ 0x18, 0, "reservation conflict" }, { 0x28, 0, "task set full" },
	{ 0x30, 0, "ACA active" },           { 0x40, 0, "task aborted" },
};

static const char *find_words(const struct code_words *list, size_t n, uint8_t code,
                              uint8_t qualifier)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].code == code && list[i].qualifier == qualifier)
			return list[i].words;
	return NULL;
}

const char *reason_request_name(enum reason_request r)
{
	static const char *const names[REQUEST_COUNT_] = {
		[REQUEST_READ] = "read",
		[REQUEST_TEST_UNIT] = "TEST UNIT READY",
		[REQUEST_PORT_GROUPS] = "REPORT TARGET PORT GROUPS",
		[REQUEST_INQUIRY] = "INQUIRY",
		[REQUEST_SCSI_READ] = "READ",
	};

	assert(r < REQUEST_COUNT_);
	return names[r];
}

static void format_sense(struct reason_sense s, char *buf, size_t size)
{
	const char *key = s.key < ARRAY_LEN(sense_keys) ? sense_keys[s.key] : NULL;
	const char *code =
	        find_words(sense_codes, ARRAY_LEN(sense_codes), s.code, s.qualifier);

	(void)snprintf(buf, size, "%s%s%s (%02x/%02x/%02x)",
	               key != NULL ? key : "unknown sense key", code != NULL ? ", " : "",
	               code != NULL ? code : "", s.key, s.code, s.qualifier);
}

/* What needs no number. */
static const char *words_of(enum reason_said said)
{
	static const char *const words[SAID_COUNT_] = {
		[SAID_BAD_DATA] = "its data are invalid",
		[SAID_OPTIMIZED] = "port is active/optimized",
		[SAID_NON_OPTIMIZED] = "port is active/non-optimized",
		[SAID_STANDBY] = "port is standby",
		[SAID_UNAVAILABLE] = "port is unavailable",
		[SAID_LBA_DEPENDENT] = "port is LBA-dependent",
		[SAID_OFFLINE] = "port is offline",
		[SAID_TRANSITIONING] = "port is transitioning",
		[SAID_NO_GROUP] = "port is in no group",
		[SAID_NOT_OWNED] = "the other controller owns the unit",
		[SAID_IN_SERVICE] = "controller is in service mode",
		[SAID_NOT_BOUND] = "unit is not bound",
		[SAID_SNAPSHOT] = "inactive snapshot",
		[SAID_NVME_STATE] = "controller is not live",
		[SAID_INACCESSIBLE] = "ANA state inaccessible",
		[SAID_PERSISTENT_LOSS] = "ANA state persistent-loss",
		[SAID_CHANGE] = "ANA state change",
	};

	assert(said < SAID_COUNT_);
	return words[said] != NULL ? words[said] : "";
}

const char *reason_said_format(enum reason_said said, struct reason_sense sense,
                               char *buf, size_t size)
{
	const char *words;

	if (said == SAID_SENSE) {
		format_sense(sense, buf, size);
	} else if (said == SAID_STATUS) {
		words = find_words(statuses, ARRAY_LEN(statuses), sense.code, 0);
		(void)snprintf(buf, size, "%s (status 0x%02x)",
		               words != NULL ? words : "unknown status", sense.code);
	} else if (said == SAID_TRANSPORT) {
		words = find_words(host_bytes, ARRAY_LEN(host_bytes), sense.code, 0);
		(void)snprintf(buf, size, "%s (host byte 0x%02x)",
		               words != NULL ? words : "transport failed", sense.code);
	} else {
		(void)snprintf(buf, size, "%s", words_of(said));
	}
	return buf;
}

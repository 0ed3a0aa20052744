/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words for a reason. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "checkerd/core/event.h"
#include "util/macro.h"

static_assert(REASON_TEXT_MAX <= EVENT_REASON_MAX, "an event holds every reason");

static void assert_reason(struct reason r, const char *want)
{
	char buf[REASON_TEXT_MAX];

	assert_ptr_equal(reason_format(&r, buf, sizeof(buf)), buf);
	assert_string_equal(buf, want);
}

static struct reason failed(enum outcome_stage stage, int error)
{
	return (struct reason){ .kind = OUTCOME_FAILED, .stage = stage, .error = error };
}

static struct reason silent(enum outcome_stage stage, int64_t timeout_us)
{
	return (struct reason){ .kind = OUTCOME_TIMED_OUT,
		                .stage = stage,
		                .error = ETIMEDOUT,
		                .timeout_us = timeout_us };
}

static void failures(void **state)
{
	(void)state; /* no fixture */
	assert_reason(failed(STAGE_READ, EIO), "read: Input/output error (EIO)");
	assert_reason(failed(STAGE_OPEN, ENOENT),
	              "open: No such file or directory (ENOENT)");
	assert_reason(failed(STAGE_READ, ENOLINK),
	              "read: The transport failed (ENOLINK)");
	assert_reason(failed(STAGE_READ, 3711), "read: error 3711");
}

static void silences(void **state)
{
	struct reason still = { .kind = OUTCOME_SILENT,
		                .stage = STAGE_READ,
		                .timeout_us = 5 * USEC_PER_SEC };

	(void)state; /* no fixture */
	assert_reason(silent(STAGE_READ, 30 * USEC_PER_SEC),
	              "no answer to a read in 30 s");
	assert_reason(silent(STAGE_OPEN, 100 * USEC_PER_SEC),
	              "no answer to an open in 100 s");
	assert_reason(silent(STAGE_READ, 500 * USEC_PER_MSEC),
	              "no answer to a read in 0.5 s");
	assert_reason(silent(STAGE_READ, 1250001), "no answer to a read in 1.250001 s");
	assert_reason(silent(STAGE_READ, 2 * USEC_PER_SEC + 50 * USEC_PER_MSEC),
	              "no answer to a read in 2.05 s");
	assert_reason(still, "no answer to a read in 5 s");
}

static void others(void **state)
{
	struct path_status fresh;

	(void)state; /* no fixture */
	path_status_init(&fresh, (struct mono){ 1 });
	assert_reason(fresh.reason, "");
	assert_reason((struct reason){ .kind = OUTCOME_OK }, "");
	assert_reason((struct reason){ .kind = OUTCOME_DEFERRED }, "");
	assert_reason((struct reason){ .kind = OUTCOME_GONE }, "the device was removed");
}

/* What no check can read: the reason says what it is, and what to do. */
static void what_is_no_disk(void **state)
{
	struct reason of_a_file_system = failed(STAGE_OPEN, EINVAL);

	(void)state; /* no fixture */
	assert_reason(failed(STAGE_OPEN, ENOTBLK),
	              "open: Not a disk (ENOTBLK): name a block device");
	of_a_file_system.kind = OUTCOME_NOT_JUDGED;
	assert_reason(of_a_file_system,
	              "open: It has no direct I/O (EINVAL): use another file system");
	assert_reason(failed(STAGE_READ, ENODATA),
	              "read: Empty, or smaller than one block (ENODATA): look at its "
	              "size");
}

static void short_buffer(void **state)
{
	struct reason r = failed(STAGE_READ, EIO);
	char buf[8];

	(void)state; /* no fixture */
	assert_string_equal(reason_format(&r, buf, sizeof(buf)), "read: I");
	assert_string_equal(reason_format(&r, buf, 1), "");
}

static struct reason with_state(struct reason r, const char *device,
                                enum sysfs_layer layer, const char *transport)
{
	r.sysfs.device = sysfs_word(SYSFS_DEVICE, device);
	r.sysfs.transport = sysfs_word(layer, transport);
	return r;
}

static void what_the_kernel_thinks(void **state)
{
	const struct reason read_failed = failed(STAGE_READ, EIO);
	struct reason controller = failed(STAGE_READ, EAGAIN);

	(void)state; /* no fixture */
	assert_reason(with_state(read_failed, "offline", SYSFS_NONE, NULL),
	              "read: Input/output error (EIO); device offline");
	assert_reason(with_state(silent(STAGE_READ, 5 * USEC_PER_SEC), "blocked",
	                         SYSFS_SESSION, "FAILED"),
	              "no answer to a read in 5 s; device blocked, session FAILED");
	assert_reason(with_state(read_failed, "running", SYSFS_PORT, "Online"),
	              "read: Input/output error (EIO)");
	controller.sysfs.device = sysfs_word(SYSFS_CONTROLLER, "connecting");
	assert_reason(controller, "read: Would block (EAGAIN); controller connecting");
	/* Nothing was read. */
	controller.error = 0;
	assert_reason(controller, "controller connecting");
	/* A device that is gone has no state. */
	assert_reason(with_state((struct reason){ .kind = OUTCOME_GONE }, "offline",
	                         SYSFS_NONE, NULL),
	              "the device was removed");
}

static void every_room_is_enough(void **state)
{
	const struct reason r = with_state(failed(STAGE_READ, EIO), "transport-offline",
	                                   SYSFS_PORT, "Not Present");
	char buf[REASON_TEXT_MAX], whole[REASON_TEXT_MAX];

	(void)state; /* no fixture */
	reason_format(&r, whole, sizeof(whole));
	for (size_t size = 1; size <= strlen(whole); size++) {
		memset(buf, 'x', sizeof(buf));
		assert_true(strlen(reason_format(&r, buf, size)) < size);
		assert_memory_equal(buf, whole, strlen(buf));
		assert_int_equal(buf[size], 'x');
	}
}

/* Every number there is: it fits, and a name it has stands in brackets at the end. */
static void every_error_fits(void **state)
{
	char buf[2 * REASON_TEXT_MAX];

	(void)state; /* no fixture */
	for (int e = 0; e < 4096; e++) {
		struct reason r = with_state(failed(STAGE_OPEN, e), "0123456789012345678",
		                             SYSFS_SESSION, "0123456789012345678");
		const char *name = reason_errno_name(e);

		assert_true(strlen(reason_format(&r, buf, sizeof(buf))) <
		            REASON_TEXT_MAX);
		if (name)
			assert_non_null(strstr(buf, name));
	}
	assert_string_equal(reason_errno_name(ENODEV), "ENODEV");
	assert_null(reason_errno_name(0));
}

static struct reason answered(enum outcome_kind kind, enum reason_request request,
                              enum reason_said said, struct reason_sense sense)
{
	return (struct reason){
		.kind = kind,
		.stage = STAGE_READ,
		.error = kind == OUTCOME_PASSIVE || kind == OUTCOME_PENDING ? 0 : EIO,
		.request = request,
		.said = said,
		.sense = sense
	};
}

static void what_a_scsi_device_said(void **state)
{
	static const struct {
		enum outcome_kind kind;
		enum reason_request request;
		enum reason_said said;
		struct reason_sense sense;
		const char *words;
	} rows[] = {
		{ OUTCOME_PASSIVE,
		  REQUEST_TEST_UNIT,
		  SAID_SENSE,
		  { 2, 4, 0xb },
		  "TEST UNIT READY: not ready, standby (02/04/0b)" },
		{ OUTCOME_PENDING,
		  REQUEST_TEST_UNIT,
		  SAID_SENSE,
		  { 2, 4, 0xa },
		  "TEST UNIT READY: not ready, access state changes (02/04/0a)" },
		{ OUTCOME_PASSIVE,
		  REQUEST_PORT_GROUPS,
		  SAID_STANDBY,
		  { 0 },
		  "REPORT TARGET PORT GROUPS: port is standby" },
		{ OUTCOME_FAILED,
		  REQUEST_PORT_GROUPS,
		  SAID_UNAVAILABLE,
		  { 0 },
		  "REPORT TARGET PORT GROUPS: port is unavailable" },
		{ OUTCOME_FAILED,
		  REQUEST_PORT_GROUPS,
		  SAID_BAD_DATA,
		  { 0 },
		  "REPORT TARGET PORT GROUPS: its data are invalid" },
		{ OUTCOME_PASSIVE,
		  REQUEST_INQUIRY,
		  SAID_NOT_OWNED,
		  { 0 },
		  "INQUIRY: the other controller owns the unit" },
		{ OUTCOME_FAILED,
		  REQUEST_SCSI_READ,
		  SAID_SENSE,
		  { 0xc, 0xff, 0xfe },
		  "READ: unknown sense key (0c/ff/fe)" },
		{ OUTCOME_FAILED,
		  REQUEST_SCSI_READ,
		  SAID_SENSE,
		  { 0xff, 0x25, 0 },
		  "READ: unknown sense key, unit not supported (ff/25/00)" },
		{ OUTCOME_FAILED,
		  REQUEST_TEST_UNIT,
		  SAID_TRANSPORT,
		  { 0, 0xe, 0 },
		  "TEST UNIT READY: transport disrupted (host byte 0x0e)" },
		{ OUTCOME_FAILED,
		  REQUEST_TEST_UNIT,
		  SAID_TRANSPORT,
		  { 0, 0xee, 0 },
		  "TEST UNIT READY: transport failed (host byte 0xee)" },
		{ OUTCOME_FAILED,
		  REQUEST_TEST_UNIT,
		  SAID_STATUS,
		  { 0, 0x28, 0 },
		  "TEST UNIT READY: task set full (status 0x28)" },
		{ OUTCOME_FAILED,
		  REQUEST_TEST_UNIT,
		  SAID_STATUS,
		  { 0, 0x77, 0 },
		  "TEST UNIT READY: unknown status (status 0x77)" },
		{ OUTCOME_FAILED,
		  REQUEST_TEST_UNIT,
		  SAID_NOTHING,
		  { 0 },
		  "TEST UNIT READY: Input/output error (EIO)" },
		{ OUTCOME_DEVICE_ERROR,
		  REQUEST_TEST_UNIT,
		  SAID_SENSE,
		  { 4, 0x44, 0 },
		  "TEST UNIT READY: the device answered: hardware error, internal target "
		  "failure (04/44/00)" },
		{ OUTCOME_DISCONNECTED,
		  REQUEST_TEST_UNIT,
		  SAID_SENSE,
		  { 5, 0x25, 0 },
		  "TEST UNIT READY: the target has no such unit (05/25/00)" },
		{ OUTCOME_DISCONNECTED,
		  REQUEST_READ,
		  SAID_NOTHING,
		  { 0 },
		  "the target has no such unit" },
		{ OUTCOME_PASSIVE,
		  REQUEST_READ,
		  SAID_INACCESSIBLE,
		  { 0 },
		  "read: ANA state inaccessible" },
		{ OUTCOME_FAILED,
		  REQUEST_READ,
		  SAID_NVME_STATE,
		  { 0 },
		  "read: Input/output error (EIO); controller is not live" },
	};

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_reason(answered(rows[i].kind, rows[i].request, rows[i].said,
		                       rows[i].sense),
		              rows[i].words);
}

/* What the kernel thinks is added where it explains the answer, and said once. */
static void what_explains_an_answer(void **state)
{
	struct reason r = answered(OUTCOME_FAILED, REQUEST_TEST_UNIT, SAID_SENSE,
	                           (struct reason_sense){ 2, 4, 0xc });

	(void)state; /* no fixture */
	r = with_state(r, "blocked", SYSFS_PORT, "Blocked");
	r.sysfs.access = sysfs_word(SYSFS_ACCESS, "unavailable");
	assert_reason(r, "TEST UNIT READY: not ready, unavailable (02/04/0c); access "
	                 "unavailable");
	r.said = SAID_TRANSPORT;
	assert_reason(r, "TEST UNIT READY: bad target (host byte 0x04); device blocked, "
	                 "port Blocked");
	r.said = SAID_UNAVAILABLE;
	assert_reason(r, "TEST UNIT READY: port is unavailable");
	r = with_state(answered(OUTCOME_FAILED, REQUEST_READ, SAID_NVME_STATE,
	                        (struct reason_sense){ 0 }),
	               NULL, SYSFS_NONE, NULL);
	r.sysfs.device = sysfs_word(SYSFS_CONTROLLER, "connecting");
	assert_reason(r, "read: Input/output error (EIO); controller connecting");
	r = silent(STAGE_READ, 30 * USEC_PER_SEC);
	r.request = REQUEST_TEST_UNIT;
	assert_reason(r, "no answer to TEST UNIT READY in 30 s");
	r.stage = STAGE_OPEN;
	assert_reason(r, "no answer to an open in 30 s");
}

/* Every code there is, with all that can be added. */
static void every_answer_fits(void **state)
{
	char buf[2 * REASON_TEXT_MAX];

	(void)state; /* no fixture */
	for (unsigned request = 0; request < REQUEST_COUNT_; request++)
		for (unsigned said = 0; said < SAID_COUNT_; said++)
			for (unsigned code = 0; code < 0x10000; code++) {
				struct reason r = answered(
				        OUTCOME_FAILED, (enum reason_request)request,
				        (enum reason_said)said,
				        (struct reason_sense){ 6, (uint8_t)(code >> 8),
				                               (uint8_t)code });

				r = with_state(r, "transport-offline", SYSFS_PORT,
				               "Not Present");
				r.sysfs.access =
				        sysfs_word(SYSFS_ACCESS, "transitioning");
				assert_true(strlen(reason_format(&r, buf, sizeof(buf))) <
				            REASON_TEXT_MAX);
				r.kind = OUTCOME_DEVICE_ERROR;
				assert_true(strlen(reason_format(&r, buf, sizeof(buf))) <
				            REASON_TEXT_MAX);
				if (said < SAID_SENSE || said > SAID_TRANSPORT)
					break;
			}
}

static void longest_silence_fits(void **state)
{
	struct reason r = with_state(silent(STAGE_OPEN, INT64_MAX), "0123456789012345678",
	                             SYSFS_SESSION, "0123456789012345678");
	char buf[2 * REASON_TEXT_MAX];

	(void)state; /* no fixture */
	assert_true(strlen(reason_format(&r, buf, sizeof(buf))) < REASON_TEXT_MAX);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(failures),
		cmocka_unit_test(silences),
		cmocka_unit_test(others),
		cmocka_unit_test(what_the_kernel_thinks),
		cmocka_unit_test(every_room_is_enough),
		cmocka_unit_test(what_is_no_disk),
		cmocka_unit_test(short_buffer),
		cmocka_unit_test(every_error_fits),
		cmocka_unit_test(what_a_scsi_device_said),
		cmocka_unit_test(what_explains_an_answer),
		cmocka_unit_test(every_answer_fits),
		cmocka_unit_test(longest_silence_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an error does to a path's state, and which reason the path has then. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "tests/unit/core/state-story.h"
#include "util/macro.h"

static void no_device_errors(void **state)
{
	static const int errors[] = { ENODEV, ENXIO, ENOENT };

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		struct story t = begin(5, 1);

		step(&t, good);
		step(&t, (struct outcome){ .kind = OUTCOME_FAILED,
		                           .stage = STAGE_READ,
		                           .error = errors[i] });
		assert_state(&t, PATH_SHAKY); /* it may be offline and come back */
		step(&t, (struct outcome){ .kind = OUTCOME_FAILED,
		                           .stage = STAGE_OPEN,
		                           .error = errors[i] });
		assert_state(&t, PATH_REMOVED);
	}
}

/* Offline, and the prober was replaced meanwhile: it cannot be opened, but it is there. */
static void offline_when_opened(void **state)
{
	struct outcome o = { .kind = OUTCOME_FAILED,
		             .stage = STAGE_OPEN,
		             .error = ENXIO };
	struct story t = begin(1, 1);

	(void)state; /* no fixture */
	o.sysfs.device = sysfs_word(SYSFS_DEVICE, "offline");
	step(&t, o);
	assert_state(&t, PATH_DOWN);
	o.sysfs.device = sysfs_word(SYSFS_DEVICE, "deleted");
	step(&t, o);
	assert_state(&t, PATH_REMOVED);
	o.sysfs.device = sysfs_word(SYSFS_DEVICE, "offline");
	step(&t, o);
	assert_state(&t, PATH_DOWN);
}

/* KERNEL.md, "Whose fault an error is": what each verdict with its errno comes to. */
static const struct {
	enum outcome_kind kind;
	enum outcome_stage stage;
	int error;
	bool known;
	const char *device, *access; /* in sysfs */
	const char *state;           /* of a path that was up */
	const char *reason;
} fault[] = {
	{ OUTCOME_FAILED, STAGE_READ, EIO, true, NULL, NULL, "down",
	  "read: Input/output error (EIO)" },
	{ OUTCOME_FAILED, STAGE_READ, ENOLINK, true, NULL, NULL, "down",
	  "read: The transport failed (ENOLINK)" },
	{ OUTCOME_FAILED, STAGE_READ, ETIMEDOUT, true, NULL, NULL, "down",
	  "read: The transport timed out (ETIMEDOUT)" },
	{ OUTCOME_FAILED, STAGE_READ, ENODEV, true, "offline", NULL, "down",
	  "read: No such device (ENODEV); device offline" },
	{ OUTCOME_FAILED, STAGE_READ, ENODATA, true, NULL, NULL, "down",
	  "read: Empty, or smaller than one block (ENODATA): look at its size" },
	{ OUTCOME_DEVICE_ERROR, STAGE_READ, ENODATA, true, NULL, NULL, "up",
	  "read: the device answered: Medium error (ENODATA)" },
	{ OUTCOME_DEVICE_ERROR, STAGE_READ, EILSEQ, true, NULL, NULL, "up",
	  "read: the device answered: Protection information does not match (EILSEQ)" },
	{ OUTCOME_DEVICE_ERROR, STAGE_READ, ENOSPC, true, NULL, NULL, "up",
	  "read: the device answered: No space left (ENOSPC)" },
	{ OUTCOME_DEVICE_ERROR, STAGE_READ, EBADE, true, NULL, NULL, "up",
	  "read: the device answered: Reservation conflict (EBADE)" },
	{ OUTCOME_DEVICE_ERROR, STAGE_READ, EOPNOTSUPP, true, NULL, NULL, "up",
	  "read: the device answered: Read not supported (EOPNOTSUPP)" },
	{ OUTCOME_DEVICE_ERROR, STAGE_READ, EREMOTEIO, true, NULL, NULL, "up",
	  "read: the device answered: Target error (EREMOTEIO)" },
	{ OUTCOME_DISCONNECTED, STAGE_READ, EREMOTEIO, true, NULL, NULL, "disconnected",
	  "the target has no such unit" },
	{ OUTCOME_NOT_JUDGED, STAGE_OPEN, EACCES, true, NULL, NULL, "up", "" },
	{ OUTCOME_NOT_JUDGED, STAGE_OPEN, EPERM, true, NULL, NULL, "up", "" },
	{ OUTCOME_NOT_JUDGED, STAGE_OPEN, ELOOP, true, NULL, NULL, "up", "" },
	{ OUTCOME_NOT_JUDGED, STAGE_READ, EINVAL, true, NULL, NULL, "up", "" },
	{ OUTCOME_DEFERRED, STAGE_OPEN, EMFILE, true, NULL, NULL, "up", "" },
	{ OUTCOME_DEFERRED, STAGE_OPEN, ENFILE, true, NULL, NULL, "up", "" },
	{ OUTCOME_DEFERRED, STAGE_OPEN, ENOMEM, true, NULL, NULL, "up", "" },
	{ OUTCOME_FAILED, STAGE_OPEN, ENOENT, true, NULL, NULL, "up", "" },
	{ OUTCOME_FAILED, STAGE_OPEN, ENOENT, false, "running", NULL, "up", "" },
	{ OUTCOME_FAILED, STAGE_OPEN, ENOENT, true, "deleted", NULL, "removed",
	  "open: No such file or directory (ENOENT); device deleted" },
	{ OUTCOME_FAILED, STAGE_OPEN, ENOENT, false, NULL, NULL, "removed",
	  "open: No such file or directory (ENOENT)" },
	{ OUTCOME_FAILED, STAGE_OPEN, ENXIO, true, "offline", NULL, "down",
	  "open: No such device or address (ENXIO); device offline" },
	{ OUTCOME_FAILED, STAGE_READ, EIO, true, "running", "standby", "ghost",
	  "read: Input/output error (EIO); access standby" },
	{ OUTCOME_FAILED, STAGE_READ, EIO, true, "running", "passive", "ghost",
	  "read: Input/output error (EIO); access passive" },
	{ OUTCOME_FAILED, STAGE_READ, EIO, true, "running", "transitioning", "up", "" },
	{ OUTCOME_TIMED_OUT, STAGE_READ, ETIMEDOUT, true, "running", "transitioning",
	  "up", "" },
	{ OUTCOME_FAILED, STAGE_READ, EIO, true, "running", "unavailable", "down",
	  "read: Input/output error (EIO); access unavailable" },
	{ OUTCOME_FAILED, STAGE_READ, EIO, true, "running", "offline", "down",
	  "read: Input/output error (EIO); access offline" },
	{ OUTCOME_FAILED, STAGE_READ, EIO, true, "running", "active/non-optimized",
	  "down", "read: Input/output error (EIO)" },
	/* A device that is offline explains the failure, not its passive port. */
	{ OUTCOME_FAILED, STAGE_READ, EIO, true, "offline", "standby", "down",
	  "read: Input/output error (EIO); device offline, access standby" },
	{ OUTCOME_FAILED, STAGE_READ, EIO, true, "offline", "transitioning", "down",
	  "read: Input/output error (EIO); device offline, access transitioning" },
};

static void whose_fault_an_error_is(void **state)
{
	char reason[REASON_TEXT_MAX];

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(fault); i++) {
		struct story t = begin(1, 1);
		struct outcome o = { .kind = fault[i].kind,
			             .stage = fault[i].stage,
			             .error = fault[i].error,
			             .known = fault[i].known };

		o.sysfs.device = sysfs_word(SYSFS_DEVICE, fault[i].device);
		o.sysfs.access = sysfs_word(SYSFS_ACCESS, fault[i].access);
		step(&t, good);
		step(&t, o);
		assert_string_equal(path_state_name(t.status.state), fault[i].state);
		assert_string_equal(
		        reason_format(&t.status.reason, reason, sizeof(reason)),
		        fault[i].reason);
	}
}

static void a_device_error_is_news_once(void **state)
{
	struct outcome o = { .kind = OUTCOME_DEVICE_ERROR,
		             .stage = STAGE_READ,
		             .error = ENODATA };
	struct story t = begin(1, 2);

	(void)state; /* no fixture */
	step(&t, good);
	assert_true(step(&t, o) & ACTION_DEVICE_ERROR);
	assert_int_equal(step(&t, o), ACTION_SUCCESS | ACTION_BACK_OFF);
	o.error = EBADE;
	assert_true(step(&t, o) & ACTION_DEVICE_ERROR);
	step(&t, good);
	assert_int_equal(t.status.reason.kind, OUTCOME_OK);
	assert_true(step(&t, o) & ACTION_DEVICE_ERROR);
	/* It counts towards recovery, and the reason of the failure stays until then. */
	step(&t, bad);
	assert_false(step(&t, o) & ACTION_DEVICE_ERROR);
	assert_state(&t, PATH_DELAYED);
	assert_int_equal(t.status.reason.error, EIO);
	assert_true(step(&t, o) & ACTION_REINSTATE);
	assert_state(&t, PATH_UP);
	assert_int_equal(t.status.reason.error, EBADE);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(whose_fault_an_error_is),
		cmocka_unit_test(a_device_error_is_news_once),
		cmocka_unit_test(no_device_errors),
		cmocka_unit_test(offline_when_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

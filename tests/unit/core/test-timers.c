/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each rule about the kernel's timers: when it applies, and when it does not. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "checkerd/core/timers.h"

#define S      USEC_PER_SEC
#define NO_ONE TIMER_RULE_COUNT_

static const struct timer_names names = { .name = {
	                                          [TIMER_OF_DISK] = "sda",
	                                          [TIMER_OF_HOST] = "host3",
	                                          [TIMER_OF_PORT] = "rport-3:0-1",
	                                          [TIMER_OF_SRP_PORT] = "port-3:1",
	                                          [TIMER_OF_SESSION] = "session2",
	                                          [TIMER_OF_CONNECTION] = "connection2:0",
	                                          [TIMER_OF_CONTROLLER] = "nvme1",
	                                  } };

/* Pairs of a timer and its value; the rest is unknown. */
struct given {
	enum timer_id timer;
	int64_t us;
};

#define GIVEN_MAX 8

static struct timers timers_of(const struct given *g)
{
	struct timers t;

	timers_init(&t);
	t.us[TIMER_CHECKER] = 30 * S;
	for (unsigned i = 0; i < GIVEN_MAX && (g[i].us != 0 || g[i].timer != 0); i++)
		t.us[g[i].timer] = g[i].us;
	return t;
}

/* One row a rule at least: the rules that apply, and no other one. */
static const struct {
	const char *what;
	struct given given[GIVEN_MAX];
	enum timer_rule rules[3];
	const char *object, *text; /* of the first; a part of its text */
} rows[] = {
	{ "a port without fast_io_fail_tmo",
	  { { TIMER_FC_FAST_IO_FAIL, TIMER_OFF }, { TIMER_FC_DEV_LOSS, 60 * S } },
	  { TIMER_RULE_FAST_IO_FAIL_OFF, NO_ONE },
	  "rport-3:0-1",
	  "/sys/class/fc_remote_ports/rport-3:0-1/fast_io_fail_tmo is off, dev_loss_tmo "
	  "is "
	  "60 s, checker_timeout of sda is 30 s: " },
	{ "dev_loss_tmo ends first",
	  { { TIMER_FC_FAST_IO_FAIL, TIMER_OFF }, { TIMER_FC_DEV_LOSS, 30 * S } },
	  { NO_ONE },
	  NULL,
	  NULL },
	{ "what multipathd sets",
	  { { TIMER_FC_FAST_IO_FAIL, 5 * S }, { TIMER_FC_DEV_LOSS, 600 * S } },
	  { NO_ONE },
	  NULL,
	  NULL },
	{ "a shorter checker_timeout",
	  { { TIMER_FC_FAST_IO_FAIL, 5 * S }, { TIMER_CHECKER, 2500000 } },
	  { TIMER_RULE_FAST_IO_FAIL_LONG, NO_ONE },
	  "rport-3:0-1",
	  "fast_io_fail_tmo is 5 s, checker_timeout of sda is 2.5 s: " },
	{ "SRP without fast_io_fail_tmo",
	  { { TIMER_SRP_FAST_IO_FAIL, TIMER_OFF }, { TIMER_SRP_DEV_LOSS, TIMER_OFF } },
	  { TIMER_RULE_SRP_FAST_IO_FAIL_OFF, NO_ONE },
	  "port-3:1",
	  "/sys/class/srp_remote_ports/port-3:1/fast_io_fail_tmo is off, dev_loss_tmo is "
	  "off" },
	{ "SRP, longer",
	  { { TIMER_SRP_FAST_IO_FAIL, 31 * S }, { TIMER_SRP_DEV_LOSS, 600 * S } },
	  { TIMER_RULE_SRP_FAST_IO_FAIL_LONG, NO_ONE },
	  "port-3:1",
	  "is 31 s" },
	{ "the kernel's default of SRP",
	  { { TIMER_SRP_FAST_IO_FAIL, 15 * S }, { TIMER_SRP_DEV_LOSS, 600 * S } },
	  { NO_ONE },
	  NULL,
	  NULL },
	{ "the default of open-iscsi",
	  { { TIMER_RECOVERY, 120 * S },
	    { TIMER_NOOP_INTERVAL, 5 * S },
	    { TIMER_NOOP_TIMEOUT, 5 * S } },
	  { TIMER_RULE_ISCSI_RECOVERY_LONG, NO_ONE },
	  "session2",
	  "/sys/class/iscsi_session/session2/recovery_tmo is 120 s, checker_timeout of "
	  "sda "
	  "is 30 s: " },
	{ "a session for multipath",
	  { { TIMER_RECOVERY, 5 * S },
	    { TIMER_NOOP_INTERVAL, 5 * S },
	    { TIMER_NOOP_TIMEOUT, 5 * S } },
	  { NO_ONE },
	  NULL,
	  NULL },
	{ "a session that never fails",
	  { { TIMER_RECOVERY, TIMER_OFF } },
	  { TIMER_RULE_ISCSI_RECOVERY_OFF, NO_ONE },
	  "session2",
	  "recovery_tmo is off" },
	{ "no NOP-Out",
	  { { TIMER_RECOVERY, 5 * S },
	    { TIMER_NOOP_TIMEOUT, 5 * S },
	    { TIMER_NOOP_INTERVAL, 0 } },
	  { TIMER_RULE_ISCSI_NOOP_OFF, NO_ONE },
	  "connection2:0",
	  "/sys/class/iscsi_connection/connection2:0/recv_tmo is 0 s, ping_tmo is 5 "
	  "s: " },
	{ "the default of nvme-cli",
	  { { TIMER_NVME_FAST_IO_FAIL, TIMER_OFF },
	    { TIMER_CTRL_LOSS, 600 * S },
	    { TIMER_RECONNECT_DELAY, 10 * S },
	    { TIMER_KEEP_ALIVE, 5 * S },
	    { TIMER_NVME_TIMEOUT, 30 * S } },
	  { TIMER_RULE_NVME_IO_WAITS, TIMER_RULE_NVME_CTRL_LOSS, NO_ONE },
	  "nvme1",
	  "/sys/class/nvme/nvme1/fast_io_fail_tmo is off, ctrl_loss_tmo is 600 s" },
	{ "a controller for multipath",
	  { { TIMER_NVME_FAST_IO_FAIL, 5 * S },
	    { TIMER_CTRL_LOSS, TIMER_OFF },
	    { TIMER_RECONNECT_DELAY, 10 * S },
	    { TIMER_KEEP_ALIVE, 5 * S } },
	  { NO_ONE },
	  NULL,
	  NULL },
	{ "a local NVMe disk",
	  { { TIMER_NVME_TIMEOUT, 30 * S }, { TIMER_KEEP_ALIVE, 0 } },
	  { NO_ONE },
	  NULL,
	  NULL },
	{ "fast_io_fail_tmo that cannot end",
	  { { TIMER_NVME_FAST_IO_FAIL, 20 * S },
	    { TIMER_CTRL_LOSS, 10 * S },
	    { TIMER_RECONNECT_DELAY, 2 * S } },
	  { TIMER_RULE_NVME_FAST_IO_FAIL_UNUSED, TIMER_RULE_NVME_CTRL_LOSS, NO_ONE },
	  "nvme1",
	  "fast_io_fail_tmo is 20 s, ctrl_loss_tmo is 10 s" },
	{ "one attempt",
	  { { TIMER_CTRL_LOSS, 10 * S }, { TIMER_RECONNECT_DELAY, 10 * S } },
	  { TIMER_RULE_NVME_RECONNECT_ONCE, TIMER_RULE_NVME_CTRL_LOSS, NO_ONE },
	  "nvme1",
	  "reconnect_delay is 10 s, ctrl_loss_tmo is 10 s" },
	{ "no keep-alive",
	  { { TIMER_CTRL_LOSS, TIMER_OFF }, { TIMER_KEEP_ALIVE, 0 } },
	  { TIMER_RULE_NVME_KEEP_ALIVE_OFF, NO_ONE },
	  "nvme1",
	  "/sys/class/nvme/nvme1/kato is 0 s: " },
	{ "the default of a SCSI disk",
	  { { TIMER_SCSI_TIMEOUT, 30 * S } },
	  { NO_ONE },
	  NULL,
	  NULL },
	{ "a SCSI disk, later than its check",
	  { { TIMER_SCSI_TIMEOUT, 30 * S }, { TIMER_CHECKER, 5 * S } },
	  { TIMER_RULE_SCSI_TIMEOUT_LONG, NO_ONE },
	  "sda",
	  "/sys/class/block/sda/device/timeout is 30 s, checker_timeout of sda is 5 "
	  "s: " },
	{ "an NVMe disk, later than its check",
	  { { TIMER_NVME_TIMEOUT, 4294967 * S } },
	  { TIMER_RULE_NVME_TIMEOUT_LONG, NO_ONE },
	  "sda",
	  "/sys/class/block/sda/queue/io_timeout is 4294967 s" },
	{ "the default of a host",
	  { { TIMER_EH_DEADLINE, TIMER_OFF } },
	  { TIMER_RULE_EH_DEADLINE_OFF, NO_ONE },
	  "host3",
	  "/sys/class/scsi_host/host3/eh_deadline is off: " },
	{ "a late host",
	  { { TIMER_EH_DEADLINE, 60 * S } },
	  { TIMER_RULE_EH_DEADLINE_LONG, NO_ONE },
	  "host3",
	  "eh_deadline is 60 s, checker_timeout of sda is 30 s" },
	{ "a host with a deadline",
	  { { TIMER_EH_DEADLINE, 10 * S } },
	  { NO_ONE },
	  NULL,
	  NULL },
	{ "a window that is too short",
	  { { TIMER_INTERVAL, 5 * S }, { TIMER_DOUBLE_FAILED, 5 * S } },
	  { TIMER_RULE_MARGINAL_WINDOW_SHORT, NO_ONE },
	  "sda",
	  "marginal_path_double_failed_time of sda is 5 s, polling_interval of sda is 5 "
	  "s: " },
	{ "a window",
	  { { TIMER_INTERVAL, 5 * S }, { TIMER_DOUBLE_FAILED, 6 * S } },
	  { NO_ONE },
	  NULL,
	  NULL },
	{ "a path that is only observed",
	  { { TIMER_CHECKER, TIMER_UNKNOWN },
	    { TIMER_NVME_FAST_IO_FAIL, TIMER_OFF },
	    { TIMER_CTRL_LOSS, TIMER_OFF },
	    { TIMER_RECONNECT_DELAY, 10 * S } },
	  { NO_ONE },
	  NULL,
	  NULL },
};

static bool expected(unsigned row, enum timer_rule rule)
{
	for (unsigned i = 0; i < ARRAY_LEN(rows[row].rules); i++) {
		if (rows[row].rules[i] == NO_ONE)
			return false;
		if (rows[row].rules[i] == rule)
			return true;
	}
	return false;
}

static void each_rule(void **state _unused_)
{
	bool visited[TIMER_RULE_COUNT_] = { false };

	for (unsigned row = 0; row < ARRAY_LEN(rows); row++) {
		struct timers t = timers_of(rows[row].given);
		struct timer_report *r = timer_report_new();
		bool first = true;

		timer_report_add(r, "sda", &names, &t);
		for (enum timer_rule i = 0; i < TIMER_RULE_COUNT_; i++) {
			struct finding f;
			bool found = timer_report_finding(r, i, &f);

			if (found != expected(row, i))
				fail_msg("%s: rule %u", rows[row].what, (unsigned)i);
			if (!found)
				continue;
			visited[i] = true;
			assert_int_equal(f.count, 1);
			assert_true(strlen(f.remedy) > 0);
			assert_true(strlen(f.text) < sizeof(f.text) - 1);
			assert_true(strlen(f.remedy) < sizeof(f.remedy) - 1);
			if (!first)
				continue;
			first = false;
			assert_string_equal(f.object, rows[row].object);
			if (strstr(f.text, rows[row].text) == NULL)
				fail_msg("%s: %s", rows[row].what, f.text);
		}
		assert_null(timer_report_unref(r));
	}
	for (unsigned i = 0; i < TIMER_RULE_COUNT_; i++)
		if (!visited[i])
			fail_msg("no row for rule %u", i);
}

/* Eight disks behind two ports are two ports. */
static void an_object_counts_once(void **state _unused_)
{
	const struct given given[GIVEN_MAX] = { { TIMER_FC_FAST_IO_FAIL, TIMER_OFF },
		                                { TIMER_FC_DEV_LOSS, 60 * S } };
	struct timers t = timers_of(given);
	struct timer_report *r = timer_report_new();
	char text[512];
	struct finding f;

	for (unsigned i = 0; i < 8; i++) {
		struct timer_names n = names;
		char disk[8];

		(void)snprintf(disk, sizeof(disk), "sd%c", 'a' + (char)i);
		(void)snprintf(n.name[TIMER_OF_PORT], TIMER_NAME_MAX, "rport-3:0-%u",
		               i / 4);
		timer_report_add(r, disk, &n, &t);
	}
	assert_true(timer_report_finding(r, TIMER_RULE_FAST_IO_FAIL_OFF, &f));
	assert_int_equal(f.count, 2);
	assert_string_equal(f.object, "rport-3:0-0");
	assert_string_equal(f.id, "fast-io-fail-off");
	assert_int_equal(f.severity, FINDING_WARNING);
	(void)finding_format(&f, text, sizeof(text));
	assert_int_equal(strncmp(text, "rport-3:0-0 and 1 more: /sys/class/fc_rem", 40),
	                 0);
	/* A second reference keeps it. */
	assert_ptr_equal(timer_report_ref(r), r);
	assert_null(timer_report_unref(r));
	assert_true(timer_report_finding(r, TIMER_RULE_FAST_IO_FAIL_OFF, &f));
	assert_null(timer_report_unref(r));
	assert_null(timer_report_unref(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule),
		cmocka_unit_test(an_object_counts_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

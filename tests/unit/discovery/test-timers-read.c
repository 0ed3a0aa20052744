/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which timers are read for which path, from a sysfs made for the test. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkerd/core/policy_rules.h"
#include "checkerd/discovery/timers_read.h"

static char root[] = "/tmp/test-timers-read-XXXXXX";
static int sysfs;

/* Writes a file, and makes the folders before it. */
static void file(const char *name, const char *text)
{
	char part[256];
	int fd;

	for (const char *c = strchr(name, '/'); c != NULL; c = strchr(c + 1, '/')) {
		(void)snprintf(part, sizeof(part), "%.*s", (int)(c - name), name);
		assert_true(mkdirat(sysfs, part, 0755) == 0 || errno == EEXIST);
	}
	fd = openat(sysfs, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void add(struct found_list *l, const char *name, const char *protocol,
                const char *host, const char *transport, uint32_t timeout_us)
{
	char node[64];
	const struct device_spec spec = { .name = name,
		                          .node = node,
		                          .protocol = protocol,
		                          .host = host,
		                          .transport = transport };
	const struct path_settings settings = { .interval_us = 5000000,
		                                .timeout_us = timeout_us,
		                                .checker = timeout_us == 0
		                                                   ? CHECKER_NONE
		                                                   : CHECKER_DIRECTIO };
	struct device *d;

	(void)snprintf(node, sizeof(node), "/dev/%s", name);
	assert_int_equal(device_new(&d, &spec), 0);
	assert_int_equal(found_list_append(l, d, &settings), 0);
}

/* How many objects each rule has found, as "id count object;". */
static const char *found_text(const struct timer_report *r)
{
	static char text[1024];
	struct finding f;

	text[0] = '\0';
	for (enum timer_rule i = 0; i < TIMER_RULE_COUNT_; i++) {
		size_t used = strlen(text);

		if (timer_report_finding(r, i, &f))
			(void)snprintf(text + used, sizeof(text) - used, "%s %u %s;",
			               f.id, f.count, f.object);
	}
	return text;
}

static void expect(struct found_list *l, const char *expected)
{
	struct found_list none = FOUND_LIST_NULL;
	struct timer_report *r = timer_report_new();

	assert_int_equal(timers_read(sysfs, l, &none, r), 0);
	assert_string_equal(found_text(r), expected);
	/* The list of observed paths counts in the same way. */
	assert_null(timer_report_unref(r));
	r = timer_report_new();
	assert_int_equal(timers_read(sysfs, &none, l, r), 0);
	assert_string_equal(found_text(r), expected);
	assert_null(timer_report_unref(r));
	found_list_deinit(l);
}

static void fibre_channel(void **state _unused_)
{
	struct found_list l = FOUND_LIST_NULL;

	file("class/fc_remote_ports/rport-3:0-1/fast_io_fail_tmo", "off\n");
	file("class/fc_remote_ports/rport-3:0-1/dev_loss_tmo", "60\n");
	file("class/fc_remote_ports/rport-3:0-2/fast_io_fail_tmo", "off\n");
	file("class/fc_remote_ports/rport-3:0-2/dev_loss_tmo", "2147483647\n");
	file("class/fc_remote_ports/rport-4:0-1/fast_io_fail_tmo", "5\n");
	file("class/fc_remote_ports/rport-4:0-1/dev_loss_tmo", "600\n");
	file("class/scsi_host/host3/eh_deadline", "off\n");
	file("class/scsi_host/host4/eh_deadline", "10\n");
	/* The names do not follow the ports. */
	add(&l, "sda", "scsi:fcp", "host3", "rport-3:0-2", 30000000);
	add(&l, "sdb", "scsi:fcp", "host3", "rport-3:0-1", 30000000);
	add(&l, "sdc", "scsi:fcp", "host4", "rport-4:0-1", 30000000);
	add(&l, "sdd", "scsi:fcp", "host3", "rport-3:0-2", 30000000);
	add(&l, "sde", "scsi:fcp", "host3", "rport-3:0-1", 30000000);
	expect(&l, "fast-io-fail-off 2 rport-3:0-1;eh-deadline-off 1 host3;");
}

static void iscsi(void **state _unused_)
{
	struct found_list l = FOUND_LIST_NULL;

	file("class/iscsi_session/session1/recovery_tmo", "120\n");
	file("class/iscsi_session/session2/recovery_tmo", "off\n");
	file("class/iscsi_session/session3/recovery_tmo", "-7\n");
	file("class/iscsi_connection/connection1:0/recv_tmo", "5\n");
	file("class/iscsi_connection/connection1:0/ping_tmo", "5\n");
	file("class/iscsi_connection/connection2:0/recv_tmo", "0\n");
	/* Its hosts have an eh_deadline, but only one target. */
	file("class/scsi_host/host7/eh_deadline", "off\n");
	add(&l, "sdf", "scsi:iscsi", "host7", "session1", 30000000);
	add(&l, "sdg", "scsi:iscsi", "host8", "session2", 30000000);
	add(&l, "sdh", "scsi:iscsi", "host9", "session3", 30000000);
	add(&l, "sdi", "scsi:iscsi", "host9", "session4", 30000000); /* gone */
	expect(&l, "iscsi-recovery-off 2 session2;iscsi-recovery-long 1 session1;"
	           "iscsi-noop-off 1 connection2:0;");
}

static void disks(void **state _unused_)
{
	struct found_list l = FOUND_LIST_NULL;

	file("class/block/sdj/device/timeout", "30\n");
	file("class/block/sdk/device/timeout", "30\n");
	file("class/block/sdl/device/timeout", "junk\n");
	file("class/block/nvme0n1/queue/io_timeout", "30000\n");
	file("class/block/nvme1n1/queue/io_timeout", "4294967295\n");
	file("class/nvme/nvme0/kato", "0\n"); /* no fabric */
	add(&l, "sdj", "scsi:ata", "host0", NULL, 30000000);
	add(&l, "sdk", "scsi:ata", "host1", NULL, 5000000);
	add(&l, "sdl", "scsi:ata", "host2", NULL, 5000000);
	add(&l, "nvme0n1", "nvme:pcie", "nvme0", NULL, 30000000);
	add(&l, "nvme1n1", "nvme:pcie", "nvme1", NULL, 30000000);
	/* The first of these two has the rule. */
	policy_rules_reset();
	add(&l, "sdy", "scsi:ata", "host4", NULL, 30000000);
	l.entries[l.n - 1].settings.rule = policy_rules_add(
	        &(struct policy_rule){ .why = HOLD_MARGINAL_PATH, .forget_time = 50 });
	add(&l, "sdz", "scsi:ata", "host4", NULL, 30000000);
	add(&l, "loop0", NULL, NULL, NULL, 1000000);
	expect(&l, "scsi-timeout-long 1 sdk;nvme-timeout-long 1 nvme1n1;"
	           "marginal-window-short 1 sdy;");
}

static void nvme_fabrics(void **state _unused_)
{
	struct found_list l = FOUND_LIST_NULL;

	file("class/nvme/nvme3/fast_io_fail_tmo", "off\n");
	file("class/nvme/nvme3/ctrl_loss_tmo", "600\n");
	file("class/nvme/nvme3/reconnect_delay", "10\n");
	file("class/nvme/nvme3/kato", "5\n");
	file("class/nvme/nvme4/fast_io_fail_tmo", "off\n");
	file("class/nvme/nvme4/ctrl_loss_tmo", "off\n");
	file("class/nvme/nvme4/reconnect_delay", "10\n");
	file("class/nvme/nvme4/kato", "0\n");
	add(&l, "nvme3n1", "nvme:tcp", "nvme3", NULL, 30000000);
	add(&l, "nvme3n2", "nvme:tcp", "nvme3", NULL, 30000000);
	/* Not checked: nothing that depends on checker_timeout. */
	add(&l, "nvme0c4n1", "nvme:tcp", "nvme4", NULL, 0);
	expect(&l, "nvme-keep-alive-off 1 nvme4;nvme-io-waits 1 nvme3;nvme-ctrl-loss 1 "
	           "nvme3;");
}

static void srp(void **state _unused_)
{
	struct found_list l = FOUND_LIST_NULL;

	file("class/srp_remote_ports/port-12:1/fast_io_fail_tmo", "40\n");
	file("class/srp_remote_ports/port-12:1/dev_loss_tmo", "off\n");
	add(&l, "sdm", "scsi:srp", "host12", NULL, 30000000);
	expect(&l, "srp-fast-io-fail-long 1 port-12:1;");
}

/* Without descriptors nothing is known, which is no finding. */
static void shortage(void **state _unused_)
{
	struct found_list l = FOUND_LIST_NULL, none = FOUND_LIST_NULL;
	struct timer_report *r = timer_report_new();
	struct rlimit before, few;

	add(&l, "sdf", "scsi:iscsi", "host7", "session1", 30000000);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	assert_int_equal(timers_read(sysfs, &l, &none, r), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_null(timer_report_unref(r));
	found_list_deinit(&l);
}

static int set_up(void **state _unused_)
{
	if (mkdtemp(root) == NULL)
		return -1;
	sysfs = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return sysfs < 0;
}

static int tear_down(void **state _unused_)
{
	char command[64];

	close(sysfs);
	(void)snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command); /* NOLINT(concurrency-mt-unsafe): one thread */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fibre_channel), cmocka_unit_test(iscsi),
		cmocka_unit_test(disks),         cmocka_unit_test(nvme_fabrics),
		cmocka_unit_test(srp),           cmocka_unit_test(shortage),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The counters of NVMe paths, from a sysfs made for the test. */
#include "tests/unit/unit.h"

#include <sys/resource.h>

#include "checkerd/discovery/nvme_diag.h"
#include "tests/unit/sysfs_tree.h"

#define UNKNOWN NVME_DIAG_UNKNOWN

static struct sysfs_tree tree;

static int make(void **state)
{
	(void)state;
	sysfs_tree_make(&tree);
	sysfs_tree_namespace(&tree, "nvme0", "nvme0n1", "259:0");
	sysfs_tree_namespace(&tree, "nvme1", "nvme0c1n1", NULL);
	return 0;
}

static int clean(void **state)
{
	(void)state;
	return sysfs_tree_end(&tree);
}

static void path_file(const char *name, const char *text)
{
	char place[128];

	(void)snprintf(place, sizeof(place), "devices/nvme0/nvme0n1/diag/%s", name);
	sysfs_tree_file(&tree, place, text);
}

static void controller_file(const char *name, const char *text)
{
	char place[128];

	(void)snprintf(place, sizeof(place), "devices/nvme0/diag/%s", name);
	sysfs_tree_file(&tree, place, text);
}

static struct device *new_path(const char *name, enum device_kind kind, uint32_t major,
                               const char *protocol)
{
	const struct device_spec spec = {
		.name = name,
		.node = "/dev/nvme0n1",
		.devt_major = major,
		.kind = kind,
		.protocol = protocol,
	};
	struct device *d;

	assert_int_equal(device_new(&d, &spec), 0);
	return d;
}

/* Takes over the reference. */
static bool reads(struct device *d, struct nvme_diag *ret)
{
	bool r = nvme_diag_read(tree.sys_dev_block, d, ret);

	(void)device_unref(d); /* NULL, always */
	return r;
}

static void assert_values(const struct nvme_diag *got, uint32_t resets,
                          uint32_t reconnects, uint32_t failovers, uint32_t errors,
                          uint32_t retries)
{
	const uint32_t want[NVME_COUNTS] = {
		[NVME_RESETS] = resets,       [NVME_RECONNECTS] = reconnects,
		[NVME_FAILOVERS] = failovers, [NVME_ERRORS] = errors,
		[NVME_RETRIES] = retries,
	};

	for (unsigned i = 0; i < NVME_COUNTS; i++)
		assert_int_equal(got->value[i], want[i]);
}

static struct device *usual(void)
{
	return new_path("nvme0n1", DEVICE_READ, 259, "nvme:tcp");
}

/* Before Linux 7.2. Then it has what one kernel after the other brings. */
static void an_older_kernel_has_none(void **state)
{
	struct nvme_diag got;

	(void)state;
	assert_false(reads(usual(), &got));
	controller_file("reset_count", "7\n");
	assert_false(reads(usual(), &got));
	path_file("not_a_counter", "1\n");
	assert_true(reads(usual(), &got));
	assert_values(&got, 7, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN);
	path_file("command_retries_count", "5\n");
	path_file("command_error_count", "4\n");
	assert_true(reads(usual(), &got));
	assert_values(&got, 7, UNKNOWN, UNKNOWN, 4, 5);
	controller_file("reconnect_count", "0\n");
	path_file("multipath_failover_count", "3\n");
	assert_true(reads(usual(), &got));
	assert_values(&got, 7, 0, 3, 4, 5);
	/* Commands of the controller itself are no reads of the path. */
	controller_file("command_error_count", "99\n");
	assert_true(reads(usual(), &got));
	assert_values(&got, 7, 0, 3, 4, 5);
}

static void a_path_without_a_node_has_its_own(void **state)
{
	struct nvme_diag got;

	(void)state;
	assert_false(reads(new_path("nvme0c1n1", DEVICE_OBSERVED, 0, NULL), &got));
	sysfs_tree_file(&tree, "devices/nvme1/nvme0c1n1/diag/multipath_failover_count",
	                "12\n");
	sysfs_tree_file(&tree, "devices/nvme1/diag/reset_count", "1\n");
	assert_true(reads(new_path("nvme0c1n1", DEVICE_OBSERVED, 0, NULL), &got));
	assert_values(&got, 1, UNKNOWN, 12, UNKNOWN, UNKNOWN);
}

static void what_is_no_number_is_not_known(void **state)
{
	static const struct {
		const char *text;
		uint32_t value;
	} cases[] = {
		{ "4\n", 4 },
		{ "0\n", 0 },
		{ "", UNKNOWN },
		{ "\n", UNKNOWN },
		{ "4", UNKNOWN }, /* the kernel ends a number with a newline */
		{ "-1\n", UNKNOWN },
		{ "+1\n", UNKNOWN },
		{ " 4\n", UNKNOWN },
		{ "0x10\n", UNKNOWN },
		{ "4 5\n", UNKNOWN },
		{ "4\n5\n", UNKNOWN },
		{ "many\n", UNKNOWN },
		{ "4294967293\n", 4294967293 },
		{ "4294967294\n", NVME_DIAG_MAX },
		{ "4294967295\n", NVME_DIAG_MAX },
		{ "4294967296\n", NVME_DIAG_MAX },
		{ "18446744073709551615\n", NVME_DIAG_MAX }, /* the largest there is */
		{ "118446744073709551615\n", UNKNOWN },
		{ "0000000000000000000000000000000000000000000000000000004\n", UNKNOWN },
	};
	struct nvme_diag got;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		path_file("command_error_count", cases[i].text);
		assert_true(reads(usual(), &got));
		assert_int_equal(got.value[NVME_ERRORS], cases[i].value);
	}
	path_file("command_error_count", "4\n");
}

static void a_text_without_end_is_not_known(void **state)
{
	char text[8192];
	struct nvme_diag got;

	(void)state;
	memset(text, '1', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	path_file("command_error_count", text);
	assert_true(reads(usual(), &got));
	assert_values(&got, 7, 0, 3, UNKNOWN, 5);
	path_file("command_error_count", "4\n");
}

static void other_devices_have_none(void **state)
{
	struct nvme_diag got;

	(void)state;
	assert_false(reads(new_path("sda", DEVICE_READ, 259, "scsi:fcp"), &got));
	assert_false(reads(new_path("nvme0n1", DEVICE_READ, 259, NULL), &got));
	assert_false(reads(new_path("nvme0n1", DEVICE_READ, 0, "nvme:tcp"), &got));
	assert_false(reads(new_path("nvme9n1", DEVICE_READ, 8, "nvme:tcp"), &got));
}

static void without_a_descriptor_none_is_known(void **state)
{
	struct device *d = usual();
	struct rlimit limit, none;
	struct nvme_diag got;

	(void)state;
	assert_false(nvme_diag_read(-1, d, &got));
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_false(nvme_diag_read(tree.sys_dev_block, d, &got));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_true(reads(d, &got));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_older_kernel_has_none),
		cmocka_unit_test(a_path_without_a_node_has_its_own),
		cmocka_unit_test(what_is_no_number_is_not_known),
		cmocka_unit_test(a_text_without_end_is_not_known),
		cmocka_unit_test(other_devices_have_none),
		cmocka_unit_test(without_a_descriptor_none_is_known),
	};

	return cmocka_run_group_tests(tests, make, clean);
}

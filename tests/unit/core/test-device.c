/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices: copied strings, references, and equality that looks at every field. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "checkerd/core/device.h"

static const struct device_spec full = {
	.devt_major = 8,
	.devt_minor = 16,
	.host_key = 3,
	.name = "sdb",
	.node = "/dev/sdb",
	.alias = "left",
	.map = "mpatha",
	.wwid = "3600a0b80",
	.hcil = "1:0:0:1",
	.vendor = "ACME",
	.product = "Disk",
	.revision = "0001",
	.serial = "S1",
	.protocol = "scsi:fcp",
	.host = "host1",
	.target = "target1:0:0",
	.sysfs_state = "running",
	.transport = "rport-1:0-0",
	.diskseq = 5,
	.kernel_id = 6,
	.udev_wwid = true,
	.kind = DEVICE_OBSERVED,
};

static struct device *make(const struct device_spec *spec)
{
	struct device *d;

	assert_int_equal(device_new(&d, spec), 0);
	return d;
}

static void copies_its_strings(void **state)
{
	char name[] = "sdc", node[] = "/dev/sdc", empty[] = "";
	struct device_spec spec = { .name = name, .node = node, .wwid = empty };
	struct device *d = make(&spec);

	(void)state; /* no fixture */
	memset(name, 'x', sizeof(name) - 1);
	memset(node, 'x', sizeof(node) - 1);
	assert_string_equal(device_name(d), "sdc");
	assert_string_equal(device_node(d), "/dev/sdc");
	assert_string_equal(device_wwid(d), "");
	assert_null(device_alias(d));
	assert_null(device_sysfs_state(d));
	(void)device_unref(d); /* NULL, always */
}

static void keeps_every_field(void **state)
{
	struct device *d = make(&full);

	(void)state; /* no fixture */
	assert_int_equal(d->devt_major, 8);
	assert_int_equal(d->devt_minor, 16);
	assert_int_equal(d->host_key, 3);
	assert_string_equal(device_alias(d), full.alias);
	assert_string_equal(device_map(d), full.map);
	assert_string_equal(device_wwid(d), full.wwid);
	assert_string_equal(device_hcil(d), full.hcil);
	assert_string_equal(device_vendor(d), full.vendor);
	assert_string_equal(device_product(d), full.product);
	assert_string_equal(device_revision(d), full.revision);
	assert_string_equal(device_serial(d), full.serial);
	assert_string_equal(device_protocol(d), full.protocol);
	assert_string_equal(device_host(d), full.host);
	assert_string_equal(device_target(d), full.target);
	assert_string_equal(device_sysfs_state(d), full.sysfs_state);
	assert_string_equal(device_transport(d), full.transport);
	assert_int_equal(d->diskseq, 5);
	assert_int_equal(d->kernel_id, 6);
	assert_true(d->udev_wwid);
	assert_true(device_is_observed(d));
	assert_null(device_unref(d));
}

static void references(void **state)
{
	struct device *d = make(&full);

	(void)state; /* no fixture */
	assert_ptr_equal(device_ref(d), d);
	assert_null(device_unref(d));
	assert_string_equal(device_name(d),
	                    "sdb"); /* still there: the sanitizer build would tell */
	assert_null(device_unref(d));
	assert_null(device_unref(NULL));
}

static void assert_differs(const struct device *d, const struct device_spec *spec)
{
	struct device *other = make(spec);

	assert_false(device_equal(d, other));
	assert_false(device_equal(other, d));
	(void)device_unref(other); /* NULL, always */
}

/* Change one field after the other, strings to something else and to none. */
static void equality_sees_every_field(void **state)
{
	struct device *a = make(&full), *b = make(&full);
	struct device_spec spec;

	(void)state; /* no fixture */
	assert_true(device_equal(a, a));
	assert_true(device_equal(a, b));
	spec = full;
	spec.devt_major++;
	assert_differs(a, &spec);
	spec = full;
	spec.devt_minor++;
	assert_differs(a, &spec);
	spec = full;
	spec.host_key++;
	assert_differs(a, &spec);
	spec = full;
	spec.diskseq++;
	assert_differs(a, &spec);
	spec = full;
	spec.kernel_id++;
	assert_differs(a, &spec);
	spec = full;
	spec.udev_wwid = false;
	assert_differs(a, &spec);
	spec = full;
	spec.kind = DEVICE_READ;
	assert_differs(a, &spec);
	for (size_t at = offsetof(struct device_spec, name); at < sizeof(spec);
	     at += sizeof(spec.name)) {
		const char **field = (const char **)(void *)((char *)&spec + at);

		spec = full;
		*field = "/other";
		assert_differs(a, &spec);
		if (at <= offsetof(struct device_spec, node))
			continue;
		*field = NULL;
		assert_differs(a, &spec);
	}
	(void)device_unref(a); /* NULL, always */
	(void)device_unref(b);
}

/* A name that is the end of the node's is not kept twice; any other is. */
static void shares_its_name(void **state)
{
	static const char *const nodes[] = { "/dev/sda", "/sda", "/dev/sdb", "/sda/x" };

	(void)state; /* no fixture */
	for (unsigned i = 0; i < ARRAY_LEN(nodes); i++) {
		struct device_spec spec = { .name = "sda",
			                    .node = nodes[i],
			                    .wwid = "w" };
		struct device *d = make(&spec);

		assert_string_equal(device_name(d), "sda");
		assert_string_equal(device_node(d), nodes[i]);
		assert_string_equal(device_wwid(d), "w");
		assert_true((device_name(d) > device_node(d)) == (i < 2));
		(void)device_unref(d); /* NULL, always */
	}
}

static void refuses(void **state)
{
	static char huge[UINT16_MAX + 1];
	char name[DEVICE_NAME_MAX + 1];
	struct device_spec spec = { .node = "/dev/x" };
	struct device *d = NULL;

	(void)state; /* no fixture */
	assert_int_equal(device_new(&d, &spec), -EINVAL);
	spec.name = "";
	assert_int_equal(device_new(&d, &spec), -EINVAL);
	spec.name = "x";
	spec.node = NULL;
	assert_int_equal(device_new(&d, &spec), -EINVAL);
	spec.node = "dev/x";
	assert_int_equal(device_new(&d, &spec), -EINVAL);
	memset(name, 'n', DEVICE_NAME_MAX);
	name[DEVICE_NAME_MAX] = '\0';
	spec.node = "/dev/x";
	spec.name = name;
	assert_int_equal(device_new(&d, &spec), -ENAMETOOLONG);
	assert_null(d);
	name[DEVICE_NAME_MAX - 1] = '\0';
	d = make(&spec);
	assert_int_equal(strlen(device_name(d)), DEVICE_NAME_MAX - 1);
	(void)device_unref(d); /* NULL, always */

	memset(huge, 'v', sizeof(huge) - 1);
	spec.vendor = huge;
	d = NULL;
	assert_int_equal(device_new(&d, &spec), -ENAMETOOLONG);
	assert_null(d);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_its_strings),
		cmocka_unit_test(keeps_every_field),
		cmocka_unit_test(shares_its_name),
		cmocka_unit_test(references),
		cmocka_unit_test(equality_sees_every_field),
		cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is read of a device, from a sysfs made for the test. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "checkerd/discovery/identity.h"

static char root[] = "/tmp/test-identity-XXXXXX";
static int sysfs;

#define SCSI "devices/pci0/host3/rport-3:0-1/target3:0:1/3:0:1:5"

static void folder(const char *name)
{
	char part[256];

	for (const char *c = strchr(name, '/');; c = strchr(c + 1, '/')) {
		size_t n = c == NULL ? strlen(name) : (size_t)(c - name);

		memcpy(part, name, n);
		part[n] = '\0';
		assert_true(mkdirat(sysfs, part, 0755) == 0 || errno == EEXIST);
		if (c == NULL)
			return;
	}
}

static void file(const char *name, const char *text)
{
	int fd = openat(sysfs, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static int make(void **state)
{
	(void)state;
	if (mkdtemp(root) == NULL)
		return -1;
	sysfs = open(root, O_PATH | O_DIRECTORY);
	folder(SCSI "/block/sdq/holders");
	file(SCSI "/block/sdq/dev", "65:0\n");
	file(SCSI "/vendor", "HP      \n");
	file(SCSI "/model", "MSA 2050 SAN\n");
	file(SCSI "/rev", "V270\n");
	file(SCSI "/state", "running\n");
	file(SCSI "/wwid", "naa.600c0ff0\n");
	assert_int_equal(symlinkat("../../../3:0:1:5", sysfs, SCSI "/block/sdq/device"),
	                 0);
	folder("class/block/dm-0/dm");
	file("class/block/dm-0/dm/uuid", "mpath-3600c0ff0\n");
	file("class/block/dm-0/dm/name", "mpatha\n");
	file(SCSI "/block/sdq/holders/dm-0", "");
	assert_int_equal(symlinkat("../../" SCSI "/block/sdq", sysfs, "class/block/sdq"),
	                 0);
	folder("class/fc_remote_ports/rport-3:0-1");
	file("class/fc_remote_ports/rport-3:0-1/port_name", "0x500143801234\n");
	folder("class/block/vdx");
	file("class/block/vdx/dev", "254:16\n");
	file("class/block/vdx/serial", "asking for this would ask the disk\n");
	return 0;
}

static int clean(void **state)
{
	char command[64];

	(void)state;
	close(sysfs);
	(void)snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static void a_scsi_disk_is_read(void **state)
{
	struct identity id;

	(void)state;
	identity_init(&id);
	assert_int_equal(identity_read_sysfs(&id, sysfs, "sdq"), 0);
	assert_int_equal(id.spec.devt_major, 65);
	assert_int_equal(id.spec.devt_minor, 0);
	assert_string_equal(id.spec.vendor, "HP");
	assert_string_equal(id.spec.product, "MSA 2050 SAN");
	assert_string_equal(id.spec.revision, "V270");
	assert_string_equal(id.spec.sysfs_state, "running");
	assert_string_equal(id.spec.hcil, "3:0:1:5");
	assert_string_equal(id.spec.host, "host3");
	assert_string_equal(id.spec.protocol, "scsi:fcp");
	assert_string_equal(id.spec.target, "0x500143801234");
	assert_string_equal(id.spec.wwid, "naa.600c0ff0");
	assert_string_equal(id.spec.map, "mpatha");
	assert_int_equal(id.spec.host_key, 4);
}

static void what_is_known_already_stays(void **state)
{
	struct identity id;

	(void)state;
	identity_init(&id);
	identity_set(&id, &id.spec.wwid, "3600c0ff0");
	identity_set(&id, &id.spec.map, "mine");
	assert_int_equal(identity_read_sysfs(&id, sysfs, "sdq"), 0);
	assert_string_equal(id.spec.wwid, "3600c0ff0");
	assert_string_equal(id.spec.map, "mine");
}

static void another_disk_is_not_asked(void **state)
{
	struct identity id;

	(void)state;
	identity_init(&id);
	assert_int_equal(identity_read_sysfs(&id, sysfs, "vdx"), 0);
	assert_int_equal(id.spec.devt_major, 254);
	assert_null(id.spec.serial);
	assert_null(id.spec.vendor);
	assert_int_equal(id.spec.host_key, 0);
	assert_int_equal(identity_read_sysfs(&id, sysfs, "none"), -ENOENT);
}

static void hardware_cannot_speak_to_the_terminal(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "  plain  ", "plain" },
		{ "a\x1b[31mb", "a\\x1b[31mb" },
		{ "tab\there", "tab\\x09here" },
		{ "\xc3\xa4\xe2\x82\xac", "\xc3\xa4\xe2\x82\xac" },
		{ "\xc3(", "\\xc3(" },                 /* half a character */
		{ "\xc0\xaf", "\\xc0\\xaf" },          /* overlong */
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" }, /* a surrogate */
		{ "\xc2\x9b", "\\xc2\\x9b" },          /* a C1 control */
		{ "\xff", "\\xff" },
		{ "\x7f", "\\x7f" },
		{ "   ", NULL },
		{ "", NULL },
		{ NULL, NULL },
	};
	struct identity id;

	(void)state;
	identity_init(&id);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		identity_set(&id, &id.spec.vendor, cases[i].in);
		if (cases[i].out == NULL)
			assert_null(id.spec.vendor);
		else
			assert_string_equal(id.spec.vendor, cases[i].out);
	}
}

static void all_strings_have_one_limit(void **state)
{
	char big[IDENTITY_TEXT_MAX + 1];
	struct identity id;

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	identity_init(&id);
	identity_set(&id, &id.spec.vendor, "fits");
	identity_set(&id, &id.spec.product, big);
	assert_null(id.spec.product);
	assert_int_equal(identity_set_exact(&id, &id.spec.node, big), -ENAMETOOLONG);
	identity_set(&id, &id.spec.product, "fits too");
	assert_string_equal(id.spec.product, "fits too");
	assert_string_equal(id.spec.vendor, "fits");
	/* To the last byte. */
	for (size_t n = 0; n <= IDENTITY_TEXT_MAX; n++) {
		identity_init(&id);
		identity_set(&id, &id.spec.vendor, big + sizeof(big) - 1 - n);
		assert_true(id.used <= sizeof(id.text));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_scsi_disk_is_read),
		cmocka_unit_test(what_is_known_already_stays),
		cmocka_unit_test(another_disk_is_not_asked),
		cmocka_unit_test(hardware_cannot_speak_to_the_terminal),
		cmocka_unit_test(all_strings_have_one_limit),
	};

	return cmocka_run_group_tests(tests, make, clean);
}

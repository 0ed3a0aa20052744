/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is read of a device, from a sysfs made for the test. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkerd/config/load.h"
#include "checkerd/discovery/identity.h"
#include "checkerd/discovery/settings.h"
#include "checkerd/discovery/sysfs_block.h"

static char root[] = "/tmp/test-identity-XXXXXX";
static int sysfs;

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

static void bytes(const char *dir, const char *name, const void *data, size_t size)
{
	char path[256];
	int fd;

	folder(dir);
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = openat(sysfs, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	close(fd);
}

static void file(const char *dir, const char *name, const char *text)
{
	bytes(dir, name, text, strlen(text));
}

#define PAGE(dir, name, text) bytes((dir), (name), (text), sizeof(text) - 1)

/* A disk below `parent`, with its number and its two links. */
static void disk(const char *parent, const char *folder_name, const char *name,
                 const char *number)
{
	const char *last = strrchr(parent, '/') + 1;
	char dir[256], link[300], from[300];

	(void)snprintf(dir, sizeof(dir), "%s%s/%s", parent, folder_name, name);
	file(dir, "dev", number);
	(void)snprintf(link, sizeof(link), "%s%s",
	               folder_name[0] ? "../../../" : "../../", last);
	(void)snprintf(from, sizeof(from), "%s/device", dir);
	assert_int_equal(symlinkat(link, sysfs, from), 0);
	folder("class/block");
	(void)snprintf(link, sizeof(link), "../../%s", dir);
	(void)snprintf(from, sizeof(from), "class/block/%s", name);
	assert_int_equal(symlinkat(link, sysfs, from), 0);
}

static void scsi_disk(const char *parent, const char *name, const char *number)
{
	disk(parent, "/block", name, number);
	file(parent, "vendor", "ACME    \n");
	file(parent, "model", "Disk            \n");
	file(parent, "rev", "1.00\n");
	file(parent, "state", "running\n");
}

/* The last components of each are as the kernel makes them. */
#define PCI     "devices/pci0000:00/0000:00:05.0"
#define FC      PCI "/host3/rport-3:0-1/target3:0:1/3:0:1:5"
#define ISCSI   "devices/platform/host7/session2/target7:0:0/7:0:0:1"
#define SAS     PCI "/host1/port-1:0/end_device-1:0/target1:0:0/1:0:0:0"
#define ATA     PCI "/ata3/host2/target2:0:0/2:0:0:0"
#define USB     PCI "/usb1/1-4/1-4:1.0/host9/target9:0:0/9:0:0:0"
#define SPI     PCI "/host4/target4:0:6/4:0:6:0"
#define DEBUG   "devices/pseudo_0/adapter0/host0/target0:0:0/0:0:0:49409"
#define TCP     "devices/virtual/nvme-fabrics/ctl/nvme3"
#define PCIE    PCI "/nvme/nvme0"
#define SUBSYS  "devices/virtual/nvme-subsystem/nvme-subsys5"
#define VIRTIO  PCI "/virtio2"
#define HOSTILE PCI "/host8/session9/target8:0:0/8:0:0:0"

static void make_fc(void)
{
	scsi_disk(FC, "sdq", "65:0\n");
	file(FC, "vendor", "HP      \n");
	file(FC, "model", "MSA 2050 SAN\n");
	file(FC, "rev", "V270\n");
	file(FC, "wwid", "naa.600c0ff0\n");
	file(FC "/block/sdq", "diskseq", "17\n");
	file("class/block/dm-0/dm", "uuid", "mpath-3600c0ff0\n");
	file("class/block/dm-0/dm", "name", "mpatha\n");
	file(FC "/block/sdq/holders", "dm-0", "");
	file("class/fc_remote_ports/rport-3:0-1", "port_name", "0x500143801234\n");
}

static void make_iscsi(void)
{
	scsi_disk(ISCSI, "sdr", "65:16\n");
	PAGE(ISCSI, "vpd_pg80",
	     "\0\x80\0\x24"
	     "9d1b2a44-5c9e-4a3f-8f0e-0b8f8c7d6e5a");
	PAGE(ISCSI, "vpd_pg83",
	     "\0\x83\0\x2c"
	     "\x02\x01\0\x14"
	     "LIO-ORG disk1:9d1b2a"
	     "\x01\x03\0\x10\x60\x01\x40\x59\xd1\xb2\xa4\x45\xc9\xe4\xa3\xf8\xf0\xe0\xb8"
	     "\xf8");
	file(ISCSI, "wwid", "naa.something-else\n");
	file("class/iscsi_session/session2", "targetname",
	     "iqn.2003-01.org.linux-iscsi:t1\n");
}

static void make_others(void)
{
	scsi_disk(SAS, "sds", "65:32\n");
	file("class/sas_device/end_device-1:0", "sas_address", "0x5000c500a1b2c3d5\n");
	PAGE(SAS, "inquiry", "\0\0\x06\x12\x5b\x30\0\0ACME");
	PAGE(SAS, "vpd_pg0", "\0\0\0\4\0\x80\x83\xc9");
	file(SAS, "dh_state", "rdac\n");
	file(SAS, "timeout", "45\n");
	scsi_disk(ATA, "sdt", "65:48\n");
	file(ATA, "wwid", "t10.ATA     QEMU HARDDISK                 QM00001\n");
	/* What follows the list and the byte with TPGS is something else. */
	PAGE(ATA, "inquiry", "\0\0\x06\x12\x5b\xcf\x30\x30");
	PAGE(ATA, "vpd_pg0", "\0\0\0\2\0\x80\xc9\xc9");
	file(ATA, "dh_state", "detached\n");
	file(ATA, "timeout", "99999999999999\n");
	scsi_disk(USB, "sdu", "65:64\n");
	scsi_disk(SPI, "sdv", "65:80\n");
	folder("class/spi_host/host4");
	scsi_disk(DEBUG, "sdw", "65:96\n");
	disk(VIRTIO, "/block", "vdb", "254:16\n");
	file(VIRTIO, "vendor", "0x1af4\n");
	file(VIRTIO "/block/vdb", "serial", "asking for this would ask the disk\n");
	folder("class/block/bare");
}

static void make_nvme(void)
{
	disk(TCP, "", "nvme3n1", "259:1\n");
	file(TCP, "model", "Linux                                   \n");
	file(TCP, "serial", "3bcd0d9e7f0b2a1c    \n");
	file(TCP, "firmware_rev", "6.1.0-50\n");
	file(TCP, "transport", "tcp\n");
	file(TCP, "state", "live\n");
	file(TCP, "subsysnqn", "nqn.2014-08.org.example:t1\n");
	file(TCP "/nvme3n1", "wwid", "uuid.2f6c9a3e-7a4c-4c1e-9a55-1d2e3f405162\n");
	/* Multipathing is compiled in: the disk is called after its subsystem, number 2. */
	disk(PCIE, "", "nvme2n1", "259:2\n");
	file(PCIE, "transport", "pcie\n");
	file(PCIE, "state", "resetting\n");
	/* A namespace with two controllers, 5 and 6; its paths have no number. */
	disk(SUBSYS, "", "nvme5n1", "259:3\n");
	file(SUBSYS, "subsysnqn", "nqn.2014-08.org.example:t2\n");
	file(SUBSYS "/nvme5", "transport", "tcp\n");
	file(SUBSYS "/nvme6", "transport", "tcp\n");
	file(SUBSYS "/nvme5n1", "wwid", "eui.0025385b71b01234\n");
}

static void make_hostile(void)
{
	char big[3000];

	memset(big, 'x', sizeof(big));
	scsi_disk(HOSTILE, "sdx", "nonsense\n");
	file(HOSTILE, "vendor", "\x1b]0;owned\x07\n");
	file(HOSTILE, "model",
	     "\xff\xfe"
	     "A\0B");
	file(HOSTILE, "rev", "\n\n  \n");
	bytes(HOSTILE, "state", big, sizeof(big));
	PAGE(HOSTILE, "vpd_pg80",
	     "\0\x80\0\x08"
	     "a\x1b[2J\xc3(\n");
	PAGE(HOSTILE, "vpd_pg83",
	     "\0\x83\xff\xff"
	     "\x02\x01\0\xff"
	     "short");
	bytes(HOSTILE, "wwid", big, sizeof(big));
	bytes("class/iscsi_session/session9", "targetname", big, sizeof(big));
	file(HOSTILE "/block/sdx", "diskseq", "-\n");
}

static int make(void **state)
{
	(void)state;
	if (mkdtemp(root) == NULL)
		return -1;
	sysfs = open(root, O_PATH | O_DIRECTORY);
	make_fc();
	make_iscsi();
	make_others();
	make_nvme();
	make_hostile();
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

static void assert_text(const char *is, const char *want)
{
	if (want == NULL)
		assert_null(is);
	else
		assert_string_equal(is, want);
}

static void read_disk(struct identity *id, const char *name)
{
	identity_init(id);
	assert_int_equal(sysfs_block_identify(id, sysfs, name), 0);
}

static void a_scsi_disk_is_read(void **state)
{
	struct identity id;

	(void)state;
	read_disk(&id, "sdq");
	assert_int_equal(id.spec.devt_major, 65);
	assert_int_equal(id.spec.devt_minor, 0);
	assert_int_equal(id.spec.diskseq, 17);
	assert_string_equal(id.spec.vendor, "HP");
	assert_string_equal(id.spec.product, "MSA 2050 SAN");
	assert_string_equal(id.spec.revision, "V270");
	assert_string_equal(id.spec.sysfs_state, "running");
	assert_string_equal(id.spec.hcil, "3:0:1:5");
	assert_string_equal(id.spec.host, "host3");
	assert_string_equal(id.spec.wwid, "3600c0ff0");
	assert_false(id.spec.udev_wwid);
	assert_true(id.spec.kernel_id != 0);
	assert_string_equal(id.spec.map, "mpatha");
	assert_int_equal(id.spec.host_key, 4);
	assert_null(id.spec.serial);
}

/* The pages the kernel keeps say more than its own summary of them. */
static void identification_pages_come_first(void **state)
{
	struct identity id;

	(void)state;
	read_disk(&id, "sdr");
	assert_string_equal(id.spec.wwid, "36001405"
	                                  "9d1b2a445c9e4a3f8f0e0b8f8");
	assert_string_equal(id.spec.serial, "9d1b2a44-5c9e-4a3f-8f0e-0b8f8c7d6e5a");
}

/* What chooses the checker. */
static void the_facts_of_a_scsi_disk(void **state)
{
	struct identity id;

	(void)state;
	read_disk(&id, "sds");
	assert_int_equal(id.scsi.tpgs, 3);
	assert_true(id.scsi.rdac_handler);
	assert_true(id.scsi.rdac_page);
	assert_int_equal(id.scsi.timeout_s, 45);
	read_disk(&id, "sdt");
	assert_int_equal(id.scsi.tpgs, 0);
	assert_false(id.scsi.rdac_handler);
	assert_false(id.scsi.rdac_page);
	assert_int_equal(id.scsi.timeout_s, UINT_MAX);
	read_disk(&id, "sdq");
	assert_int_equal(id.scsi.tpgs, 0);
	assert_false(id.scsi.rdac_handler);
	assert_false(id.scsi.rdac_page);
	assert_int_equal(id.scsi.timeout_s, 0);
}

static void assert_settings(const char *text, const char *name, enum checker_kind checker,
                            enum checker_why why, uint32_t timeout_us)
{
	struct config_subject subject = { .devnode = name };
	struct path_settings settings;
	struct config *c = NULL;
	struct identity id;

	assert_int_equal(load_text("test", text, strlen(text), &c), 0);
	read_disk(&id, name);
	subject.protocol = id.spec.protocol;
	settings_of(c, &subject, &id, &settings, NULL);
	assert_int_equal(settings.checker, checker);
	assert_int_equal(settings.checker_why, why);
	assert_int_equal(settings.timeout_us, timeout_us);
	config_free(c);
}

static void what_a_disk_gets_by_its_facts(void **state)
{
	(void)state;
	assert_settings("", "sds", CHECKER_RDAC, CHECKER_WHY_RDAC, 45000000);
	assert_settings("", "sdt", CHECKER_DIRECTIO, CHECKER_WHY_DEFAULT, 3600000000);
	assert_settings("", "sdq", CHECKER_DIRECTIO, CHECKER_WHY_DEFAULT, 30000000);
	assert_settings("", "nvme3n1", CHECKER_NVME, CHECKER_WHY_NVME, 30000000);
	assert_settings("", "bare", CHECKER_DIRECTIO, CHECKER_WHY_DEFAULT, 30000000);
	assert_settings("defaults { path_checker tur checker_timeout 1 }", "sds",
	                CHECKER_TUR, CHECKER_WHY_CONFIGURED, 1000000);
	assert_settings("defaults { path_checker tur checker_timeout 30 }", "vdb",
	                CHECKER_DIRECTIO, CHECKER_WHY_NO_SCSI, 30000000);
}

/* The longest interval is kept on the schedule's grid, and is never below the interval. */
static void the_longest_interval(void **state)
{
	static const struct {
		uint32_t interval_us;
		int64_t max_us, kept_us;
	} rows[] = {
		{ 5000000, 20000000, 20000000 },
		{ 125000, 129999, 125000 },
		{ 125000, 130001, 130000 },
		{ 3600000000, 86400000000, 86400000000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct path_settings s = {
			.interval_us = rows[i].interval_us,
			.max_interval_grid = path_max_interval_grid(rows[i].max_us),
		};

		assert_true(path_max_interval_us(&s) == rows[i].kept_us);
	}
}

static void each_transport_is_known(void **state)
{
	static const struct {
		const char *name, *protocol, *host, *hcil, *target, *transport;
	} cases[] = {
		{ "sdq", "scsi:fcp", "host3", "3:0:1:5", "0x500143801234",
		  "rport-3:0-1" },
		{ "sdr", "scsi:iscsi", "host7", "7:0:0:1",
		  "iqn.2003-01.org.linux-iscsi:t1", "session2" },
		{ "sds", "scsi:sas", "host1", "1:0:0:0", "0x5000c500a1b2c3d5", NULL },
		{ "sdt", "scsi:ata", "host2", "2:0:0:0", NULL, NULL },
		{ "sdu", "scsi:usb", "host9", "9:0:0:0", NULL, NULL },
		{ "sdv", "scsi:spi", "host4", "4:0:6:0", NULL, NULL },
		{ "sdw", "scsi:unspec", "host0", "0:0:0:49409", NULL, NULL },
		{ "nvme3n1", "nvme:tcp", "nvme3", NULL, "nqn.2014-08.org.example:t1",
		  NULL },
		{ "nvme2n1", "nvme:pcie", "nvme0", NULL, NULL, NULL },
		{ "nvme5n1", "nvme:tcp", "nvme-subsys5", NULL,
		  "nqn.2014-08.org.example:t2", NULL },
		{ "vdb", "virtio", "virtio2", NULL, NULL, NULL },
		{ "bare", NULL, NULL, NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct identity id;

		read_disk(&id, cases[i].name);
		assert_text(id.spec.protocol, cases[i].protocol);
		assert_text(id.spec.host, cases[i].host);
		assert_text(id.spec.hcil, cases[i].hcil);
		assert_text(id.spec.target, cases[i].target);
		assert_text(id.spec.transport, cases[i].transport);
	}
}

static void an_nvme_disk_is_read(void **state)
{
	struct identity id;

	(void)state;
	read_disk(&id, "nvme3n1");
	assert_string_equal(id.spec.vendor, "NVME");
	assert_string_equal(id.spec.product, "Linux");
	assert_string_equal(id.spec.serial, "3bcd0d9e7f0b2a1c");
	assert_string_equal(id.spec.revision, "6.1.0-50");
	assert_string_equal(id.spec.wwid, "uuid.2f6c9a3e-7a4c-4c1e-9a55-1d2e3f405162");
	assert_string_equal(id.spec.sysfs_state, "live");
	assert_int_equal(id.spec.host_key, 1 + 511 + 3);
}

/* The disk's name and its controller's number have nothing to do with each other. */
static void an_nvme_disk_belongs_to_its_controller(void **state)
{
	struct identity id;

	(void)state;
	read_disk(&id, "nvme2n1");
	assert_int_equal(id.spec.host_key, 1 + 511 + 0);
	assert_string_equal(id.spec.sysfs_state, "resetting");
}

static void a_head_has_no_state_of_one_controller(void **state)
{
	struct identity id;

	(void)state;
	read_disk(&id, "nvme5n1");
	assert_null(id.spec.sysfs_state);
	assert_string_equal(id.spec.wwid, "eui.0025385b71b01234");
	file(SUBSYS "/nvme6", "transport", "rdma\n");
	read_disk(&id, "nvme5n1");
	assert_string_equal(id.spec.protocol, "nvme:unspec");
}

static void what_is_known_already_stays(void **state)
{
	struct identity id;

	(void)state;
	identity_init(&id);
	identity_set(&id, &id.spec.wwid, "3600c0ff0-by-udev");
	identity_set(&id, &id.spec.map, "mine");
	assert_int_equal(sysfs_block_identify(&id, sysfs, "sdq"), 0);
	assert_string_equal(id.spec.wwid, "3600c0ff0-by-udev");
	assert_true(id.spec.kernel_id != 0);
	assert_string_equal(id.spec.map, "mine");
}

/* Who cannot read knows nothing, and says that; who finds nothing to read has no shortage. */
static void without_descriptors_it_is_no_disk_without_a_name(void **state)
{
	struct rlimit limit, none;
	struct identity id;
	unsigned refused = 0;

	(void)state;
	identity_init(&id);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = (rlim_t)dup(sysfs); /* the lowest that is free */
	close((int)none.rlim_cur);
	for (int r = -EMFILE; r == -EMFILE; none.rlim_cur++) {
		identity_init(&id);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
		r = sysfs_block_identify(&id, sysfs, "sdq");
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
		assert_true(r == 0 || r == -EMFILE);
		assert_true(r != 0 || id.spec.wwid != NULL);
		refused += r != 0;
	}
	assert_in_range(refused, 2, 10); /* the directory, and what is in it */
	assert_int_equal(id.shortage, 0);
}

static void another_disk_is_not_asked(void **state)
{
	struct identity id;

	(void)state;
	read_disk(&id, "vdb");
	assert_int_equal(id.spec.devt_major, 254);
	assert_null(id.spec.serial);
	assert_null(id.spec.vendor);
	assert_null(id.spec.sysfs_state);
	assert_int_equal(id.spec.host_key, 0);
	assert_int_equal(sysfs_block_identify(&id, sysfs, "none"), -ENOENT);
}

static void nothing_there_is_nothing_known(void **state)
{
	struct identity id;

	(void)state;
	read_disk(&id, "bare");
	assert_int_equal(id.spec.devt_major, 0);
	assert_int_equal(id.spec.diskseq, 0);
	assert_int_equal(id.spec.kernel_id, 0);
	assert_null(id.spec.wwid);
	assert_null(id.spec.map);
	read_disk(&id, "sdw");
	assert_null(id.spec.wwid);
	assert_null(id.spec.serial);
}

/* Whatever is in the files: harmless text, or none. */
static void hostile_hardware(void **state)
{
	struct identity id;

	(void)state;
	read_disk(&id, "sdx");
	assert_int_equal(id.spec.devt_major, 0);
	assert_int_equal(id.spec.diskseq, 0);
	assert_string_equal(id.spec.vendor, "\\x1b]0;owned\\x07");
	assert_string_equal(id.spec.product, "\\xff\\xfeA");
	assert_null(id.spec.revision);
	assert_string_equal(id.spec.serial, "a\\x1b[2J\\xc3(\\x0a");
	assert_true(id.used <= sizeof(id.text));
	assert_true(id.spec.wwid == NULL || strlen(id.spec.wwid) < 256);
	assert_true(id.spec.sysfs_state == NULL || strlen(id.spec.sysfs_state) < 256);
	assert_string_equal(id.spec.protocol, "scsi:iscsi");
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
		cmocka_unit_test(identification_pages_come_first),
		cmocka_unit_test(the_facts_of_a_scsi_disk),
		cmocka_unit_test(what_a_disk_gets_by_its_facts),
		cmocka_unit_test(the_longest_interval),
		cmocka_unit_test(each_transport_is_known),
		cmocka_unit_test(an_nvme_disk_is_read),
		cmocka_unit_test(an_nvme_disk_belongs_to_its_controller),
		cmocka_unit_test(a_head_has_no_state_of_one_controller),
		cmocka_unit_test(what_is_known_already_stays),
		cmocka_unit_test(without_descriptors_it_is_no_disk_without_a_name),
		cmocka_unit_test(another_disk_is_not_asked),
		cmocka_unit_test(nothing_there_is_nothing_known),
		cmocka_unit_test(hostile_hardware),
		cmocka_unit_test(hardware_cannot_speak_to_the_terminal),
		cmocka_unit_test(all_strings_have_one_limit),
	};

	return cmocka_run_group_tests(tests, make, clean);
}

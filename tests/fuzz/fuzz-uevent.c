/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Uevents, and sysfs, as discovery reads both. The input is lines. KEY=VALUE is a property
 * of a message, which an empty line ends. /NAME=VALUE sets an attribute below class/block
 * from then on. The records of all messages together must build the same list that
 * discovery itself holds. All text in the list is safe to show. This file replaces
 * libudev's functions, because its reading of netlink is not under test; sysfs is a
 * directory.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkerd/config/load.h"
#include "checkerd/discovery/native_paths.h"
#include "checkerd/discovery/udev_watch.h"
#include "tests/fuzz/fuzz-udev.h"
#include "tests/fuzz/fuzz.h"

static const char configuration[] =
        "blacklist { devnode \"^sdz\" property ID_LEFT_OUT\n device { vendor EVIL } }\n"
        "blacklist_exceptions { devnode \"^(loop|nbd)\" }\n"
        "devices { device { vendor IBM product \"2145\" fail_checks 3 path_checker none "
        "} }\n"
        "multipaths { multipath { wwid 3600508b400105e21 alias data } }\n";

/* sysfs at the beginning of every input. */
static const char *const folders[] = {
	"class",
	"class/block",
	"class/block/sda",
	"class/block/sda/holders",
	"class/block/sda/holders/dm-0",
	"class/block/sdb",
	"class/block/nvme0n1",
	"class/block/nvme1n1",
	"class/block/nvme1c0n1",
	"class/block/loop0",
	"class/block/loop0/loop",
	"class/block/dm-0",
	"class/block/dm-0/dm",
	"class/block/dm-0/slaves",
	"class/block/dm-0/slaves/sda",
	"class/block/vda",
	"class/block/cciss!c0d0",
	"class/block/s\x1bq\xff",
	"devices",
	"devices/host3",
	"devices/host3/3:0:0:1",
	"devices/host4",
	"devices/host4/4:0:0:1",
	"devices/nvme0",
	"devices/nvme0/nvme1c0n1",
	"devices/nvme-subsys1",
	"class/nvme-subsystem",
	"class/nvme-subsystem/nvme-subsys1",
	"class/fc_host",
	"class/fc_host/host3",
};
static const char *const links[][2] = {
	{ "../../../devices/host3/3:0:0:1", "class/block/sda/device" },
	{ "../../../devices/host4/4:0:0:1", "class/block/sdb/device" },
	{ "../../../devices/nvme0", "class/block/nvme0n1/device" },
	{ "../../../devices/nvme-subsys1", "class/block/nvme1n1/device" },
	{ "../../../devices/nvme0", "class/block/nvme1c0n1/device" },
	{ "../../../devices/nvme0", "class/nvme-subsystem/nvme-subsys1/nvme0" },
};
static const char *const attributes[][2] = {
	{ "sda/dev", "8:0" },
	{ "sda/diskseq", "1" },
	{ "sda/device/vendor", "IBM" },
	{ "sda/device/model", "2145" },
	{ "sda/device/rev", "0000" },
	{ "sda/device/state", "running" },
	{ "sda/device/wwid", "naa.600508b400105e21" },
	{ "sda/device/vpd_pg80", "" },
	{ "sda/device/vpd_pg83", "" },
	{ "sda/device/vpd_pg0", "" },
	{ "sda/device/inquiry", "" },
	{ "sda/device/dh_state", "alua" },
	{ "sda/device/timeout", "30" },
	{ "sdb/dev", "8:16" },
	{ "sdb/diskseq", "2" },
	{ "sdb/device/vendor", "" },
	{ "sdb/device/state", "" },
	{ "sdb/device/wwid", "" },
	{ "nvme0n1/dev", "259:0" },
	{ "nvme0n1/diskseq", "3" },
	{ "nvme0n1/wwid", "eui.0025388b71b0a7e5" },
	{ "nvme0n1/device/model", "disk" },
	{ "nvme0n1/device/serial", "S1" },
	{ "nvme0n1/device/transport", "tcp" },
	{ "nvme0n1/device/state", "live" },
	{ "nvme0n1/device/subsysnqn", "nqn.2014-08.org:x" },
	{ "nvme1n1/wwid", "eui.0025388b71b0a7e6" },
	{ "nvme1c0n1/wwid", "eui.0025388b71b0a7e6" },
	{ "nvme1c0n1/diskseq", "9" },
	{ "nvme1c0n1/ana_state", "optimized" },
	{ "loop0/dev", "7:0" },
	{ "loop0/diskseq", "4" },
	{ "loop0/loop/backing_file", "/x" },
	{ "dm-0/dm/uuid", "mpath-3600508b400105e21" },
	{ "dm-0/dm/name", "data" },
	{ "vda/dev", "254:0" },
	{ "vda/size", "2048" },
};

static char sysfs_name[] = "/tmp/fuzz-uevent-XXXXXX";
static int sysfs, class_block;
static struct config *config;
static struct udev_watch *watch;
static bool changed[ARRAY_LEN(attributes)];

/* --- sysfs --- */

static void write_attribute(size_t i, const char *value)
{
	int fd = openat(class_block, attributes[i][0],
	                O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t n = MIN(strlen(value), (size_t)8192);

	REQUIRE(fd >= 0, "%s: %s", attributes[i][0], strerror(errno));
	REQUIRE(n == 0 || write(fd, value, n) == (ssize_t)n, "no room");
	close(fd);
}

/* "/sda/device/state=offline" */
static void set_attribute(const char *line)
{
	size_t n = strcspn(line, "=");

	for (size_t i = 0; i < ARRAY_LEN(attributes) && line[n] == '='; i++)
		if (strlen(attributes[i][0]) == n &&
		    strncmp(attributes[i][0], line, n) == 0) {
			write_attribute(i, line + n + 1);
			changed[i] = true;
		}
}

static void reset_attributes(bool all)
{
	for (size_t i = 0; i < ARRAY_LEN(attributes); i++) {
		if (all || changed[i])
			write_attribute(i, attributes[i][1]);
		changed[i] = false;
	}
}

static void remove_sysfs(void)
{
	for (size_t i = 0; i < ARRAY_LEN(attributes); i++)
		unlinkat(class_block, attributes[i][0], 0);
	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		unlinkat(sysfs, links[i][1], 0);
	for (size_t i = ARRAY_LEN(folders); i > 0; i--)
		unlinkat(sysfs, folders[i - 1], AT_REMOVEDIR);
	rmdir(sysfs_name);
}

static void make_sysfs(void)
{
	REQUIRE(mkdtemp(sysfs_name), "no folder");
	sysfs = open(sysfs_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		REQUIRE(mkdirat(sysfs, folders[i], 0700) == 0, "%s", folders[i]);
	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		REQUIRE(symlinkat(links[i][0], sysfs, links[i][1]) == 0, "%s",
		        links[i][1]);
	class_block = openat(sysfs, "class/block", O_PATH | O_DIRECTORY | O_CLOEXEC);
	atexit(remove_sysfs);
	reset_attributes(true);
}

/* --- who hears of it --- */

static void look_at_device(const struct device *d)
{
	const char *const texts[] = { device_name(d),      device_alias(d),
		                      device_map(d),       device_wwid(d),
		                      device_hcil(d),      device_vendor(d),
		                      device_product(d),   device_revision(d),
		                      device_serial(d),    device_protocol(d),
		                      device_host(d),      device_target(d),
		                      device_transport(d), device_sysfs_state(d) };

	REQUIRE(device_name(d) && device_name(d)[0] != '\0' &&
	                strlen(device_name(d)) < DEVICE_NAME_MAX,
	        "a name");
	REQUIRE(device_node(d) && device_node(d)[0] == '/', "%s", device_node(d));
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		REQUIRE(fuzz_is_plain_text(texts[i]), "text %zu of %s: %s", i,
		        device_name(d), texts[i]);
}

static int hear(void *arg, struct found *f)
{
	struct found_list *l = arg;
	size_t at;

	if (f->op == FOUND_MAP)
		return 0;
	REQUIRE(f->device->kind != DEVICE_HEAD, "%s is no path", device_name(f->device));
	look_at_device(f->device);
	at = found_list_find(l, device_name(f->device));
	switch (f->op) {
	case FOUND_ADD:
		REQUIRE(at == l->n, "%s was there", device_name(f->device));
		REQUIRE(found_list_add(l, f->device, &f->settings) == 0, "no memory");
		break;
	case FOUND_CHANGE:
		REQUIRE(at < l->n, "%s was not there", device_name(f->device));
		device_unref(l->entries[at].device);
		l->entries[at] = (struct found_entry){
			.device = f->device,
			.settings = f->settings,
		};
		break;
	case FOUND_REMOVE:
		REQUIRE(at < l->n, "%s was not there", device_name(f->device));
		found_list_remove(l, at);
		device_unref(f->device);
		break;
	case FOUND_STATE:
		REQUIRE(at < l->n, "%s was not there", device_name(f->device));
		device_unref(f->device);
		break;
	case FOUND_SYNC:
	case FOUND_MAP:
	case FOUND_TIMERS:
		REQUIRE(false, "who said that?");
	}
	return 0;
}

static void compare(const struct found_list *recorded, const struct found_list *known)
{
	size_t n = 0;

	for (size_t i = 0; i < known->n; i++) {
		const struct device *d = known->entries[i].device;

		REQUIRE(d->kind == DEVICE_HEAD ||
		                (n < recorded->n &&
		                 device_equal(recorded->entries[n].device, d)),
		        "%s", device_name(d));
		n += d->kind != DEVICE_HEAD;
		REQUIRE(i == 0 || strcmp(device_name(known->entries[i - 1].device),
		                         device_name(known->entries[i].device)) < 0,
		        "%s", device_name(d));
	}
	REQUIRE(recorded->n == n, "the records list %zu paths, discovery %zu",
	        recorded->n, n);
}

/* --- all of it --- */

void fuzz_begin(void)
{
	REQUIRE(load_text("uevent.conf", configuration, strlen(configuration), &config) ==
	                0,
	        "the configuration");
	make_sysfs();
	REQUIRE(udev_watch_new(&watch, sysfs) == 0, "no memory");
}

/* The paths of the heads that are known. */
static void list_native(struct native_paths *native, const struct found_list *known,
                        struct found_list *recorded)
{
	REQUIRE(native_paths_update(native, sysfs, known, true, hear, recorded) == 0,
	        "native_paths_update() fails");
	compare(recorded, &native->list);
}

static void list_again(struct found_list *known, struct found_list *recorded)
{
	struct found_list found = FOUND_LIST_NULL;
	uint32_t excluded = 0;
	int r;

	found.before = known;
	r = udev_watch_scan(watch, config, false, &found, &excluded);
	found.before = NULL;

	REQUIRE(r == 0, "%d", r);
	REQUIRE(found_plan(known, &found, true, hear, recorded) == 0,
	        "found_plan() fails");
	found_list_deinit(known);
	*known = found;
	compare(recorded, known);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct found_list known = FOUND_LIST_NULL, recorded = FOUND_LIST_NULL;
	struct found_list recorded_native = FOUND_LIST_NULL;
	struct native_paths native = NATIVE_PATHS_NULL;
	struct fuzz_input in = { data, size };
	unsigned messages = 0;

	while (in.size > 0 && messages < 64) {
		char *line = fuzz_string(&in, '\n');

		if (line[0] == '/')
			set_attribute(line + 1);
		else if (line[0] != '\0')
			fuzz_udev_property(line);
		if (line[0] == '\0' || in.size == 0) {
			int r;

			fuzz_udev_message();
			r = udev_watch_take(watch, config, &known, hear, &recorded);
			REQUIRE(r == 0, "%d", r);
			compare(&recorded, &known);
			if (udev_watch_heard_nvme(watch))
				list_native(&native, &known, &recorded_native);
			messages++;
		}
		free(line);
	}
	list_again(&known, &recorded);
	list_native(&native, &known, &recorded_native);
	native_paths_deinit(&native);
	found_list_deinit(&recorded_native);
	found_list_deinit(&known);
	found_list_deinit(&recorded);
	fuzz_udev_reset();
	reset_attributes(false);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing. Runs on the only thread of checkerd-purger.
 *
 * The directory of the SCSI device is opened first. Everything is read and written through that
 * descriptor. The directory belongs to one device: when that device is gone the directory is empty,
 * also when another device has the same name. So the disk that was examined is the one that is
 * deleted, or none is.
 */
#include "checkerd/purger/purge_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SYSFS_NAME_MAX 64  /* of a disk: "sdaaa" */
#define SYSFS_LINK_MAX 512 /* a link from /sys/dev/block */
#define SYSFS_TEXT_MAX 64  /* a number, or two */

int purge_disk_parse(struct purge_disk *ret, const char *devt, const char *diskseq,
                     const char *hcil)
{
	struct purge_disk d = { 0 };
	unsigned n[4];
	int end = 0;

	if (sscanf(devt, "%" SCNu32 ":%" SCNu32 "%n", &d.devt_major, &d.devt_minor,
	           &end) != 2 ||
	    devt[end] != '\0' || d.devt_major == 0)
		return -EINVAL;
	if (sscanf(diskseq, "%" SCNu64 "%n", &d.diskseq, &end) != 1 ||
	    diskseq[end] != '\0' || d.diskseq == 0)
		return -EINVAL;
	/* The address becomes a part of a file name: only digits and colons. */
	if (sscanf(hcil, "%u:%u:%u:%u%n", &n[0], &n[1], &n[2], &n[3], &end) != 4 ||
	    strspn(hcil, "0123456789:") != strlen(hcil) || hcil[end] != '\0' ||
	    strlen(hcil) >= sizeof(d.hcil))
		return -EINVAL;
	strcpy(d.hcil, hcil); /* NOLINT: the length was checked */
	*ret = d;
	return 0;
}

/* The kernel's name of the disk, from the link "8:16" -> "../../devices/…/block/sdb". */
static int read_name(int sys_dev_block, const char *number, char name[SYSFS_NAME_MAX])
{
	char target[SYSFS_LINK_MAX];
	const char *slash;
	ssize_t n = readlinkat(sys_dev_block, number, target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	slash = strrchr(target, '/');
	if (slash == NULL || slash[1] == '\0' || strlen(slash + 1) >= SYSFS_NAME_MAX)
		return -ESTALE;
	strcpy(name, slash + 1); /* NOLINT: the length was checked */
	return 0;
}

/* Does the attribute have this text? -ESTALE: another one. */
static int compare(int dir, const char *attribute, const char *wanted)
{
	char text[SYSFS_TEXT_MAX];
	int fd = openat(dir, attribute, O_RDONLY | O_CLOEXEC), r = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		r = -errno;
	close(fd);
	if (r < 0)
		return r;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return strcmp(text, wanted) == 0 ? 0 : -ESTALE;
}

/* Is the SCSI device that of the disk? dir: its directory. */
static int verify(int dir, const char *name, const char *number,
                  const struct purge_disk *d)
{
	char file[SYSFS_NAME_MAX + 16], diskseq[24];
	int r;

	(void)snprintf(file, sizeof(file), "scsi_device/%s", d->hcil);
	if (faccessat(dir, file, F_OK, 0) < 0)
		return errno == ENOENT ? -ESTALE : -errno;
	(void)snprintf(file, sizeof(file), "block/%s/dev", name);
	r = compare(dir, file, number);
	if (r < 0)
		return r;
	(void)snprintf(file, sizeof(file), "block/%s/diskseq", name);
	(void)snprintf(diskseq, sizeof(diskseq), "%" PRIu64, d->diskseq);
	return compare(dir, file, diskseq);
}

static int write_delete(int dir)
{
	int fd = openat(dir, "delete", O_WRONLY | O_CLOEXEC), r = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, "1", 1) != 1)
		r = errno == 0 ? -EIO : -errno;
	close(fd);
	return r;
}

int purge_disk_delete(int sys_dev_block, const struct purge_disk *d)
{
	char number[SYSFS_TEXT_MAX], name[SYSFS_NAME_MAX], device[SYSFS_TEXT_MAX + 8];
	int dir, r;

	(void)snprintf(number, sizeof(number), "%u:%u", d->devt_major, d->devt_minor);
	(void)snprintf(device, sizeof(device), "%s/device", number);
	r = read_name(sys_dev_block, number, name);
	if (r < 0)
		return r;
	dir = openat(sys_dev_block, device, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	r = verify(dir, name, number, d);
	if (r == 0)
		r = write_delete(dir);
	close(dir);
	return r;
}

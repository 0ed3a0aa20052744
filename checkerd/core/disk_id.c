/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing. Pure; any thread. */
#include "checkerd/core/disk_id.h"

#include <string.h>

#include "util/hash.h"

/* After a collision the sequence number and the serial number still tell the disks apart. */
uint64_t disk_id_checksum(const char *text)
{
	return hash_wwid(text);
}

struct disk_id disk_id_of(const struct device *d)
{
	const char *wwid = device_wwid(d);

	return (struct disk_id){
		.diskseq = d->diskseq,
		.kernel_id = d->kernel_id,
		.udev_id = d->udev_wwid && wwid != NULL ? disk_id_checksum(wwid) : 0,
	};
}

static enum disk_sameness compare(uint64_t a, uint64_t b)
{
	if (a == 0 || b == 0)
		return DISK_UNKNOWN;
	return a == b ? DISK_SAME : DISK_ANOTHER;
}

enum disk_sameness disk_id_compare(const struct disk_id *a, const struct disk_id *b)
{
	enum disk_sameness kernel = compare(a->kernel_id, b->kernel_id);
	enum disk_sameness udev = compare(a->udev_id, b->udev_id);

	/* One WWID that differs is enough, because the other one may be outdated. */
	if (kernel == DISK_ANOTHER || udev == DISK_ANOTHER)
		return DISK_ANOTHER;
	if (kernel == DISK_SAME || udev == DISK_SAME)
		return DISK_SAME;
	return compare(a->diskseq, b->diskseq);
}

void disk_id_add(struct disk_id *id, const struct disk_id *more)
{
	if (more->diskseq != 0)
		id->diskseq = more->diskseq;
	if (more->kernel_id != 0)
		id->kernel_id = more->kernel_id;
	if (more->udev_id != 0)
		id->udev_id = more->udev_id;
}

/* The length of a WWID that consists of the prefix and 16, 24 or 32 hexadecimal digits. 0: it has
 * another form. */
static size_t hex_form(const char *wwid, const char *prefix)
{
	size_t n = strlen(prefix), digits;

	if (strncmp(wwid, prefix, n) != 0)
		return 0;
	digits = strspn(wwid + n, "0123456789abcdef");
	if (wwid[n + digits] != '\0' || (digits != 16 && digits != 24 && digits != 32))
		return 0;
	return n + digits;
}

/* Are both NAA or EUI-64 of SCSI, or EUI-64 or NGUID of NVMe? */
static bool same_form(const char *a, const char *b)
{
	static const char *const prefixes[] = { "3", "2", "eui." };

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (hex_form(a, prefixes[i]) != 0 &&
		    hex_form(a, prefixes[i]) == hex_form(b, prefixes[i]))
			return true;
	return false;
}

enum disk_sameness disk_id_of_map(const char *map_wwid, const struct device *d)
{
	const char *wwid = device_wwid(d);

	if (map_wwid == NULL || wwid == NULL)
		return DISK_UNKNOWN;
	if (strcmp(map_wwid, wwid) == 0)
		return DISK_SAME;
	return same_form(map_wwid, wwid) ? DISK_ANOTHER : DISK_UNKNOWN;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_DEVICE_H
#define CHECKERD_CORE_DEVICE_H

/*
 * The description of a path's device. It is immutable and counts its references, so that the
 * loop, discovery and the control thread's snapshots share it.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/macro.h"

#define DEVICE_NAME_MAX 64 /* final NUL included */

/* The texts. name: "sda", or a file's last component; unique. node: "/dev/sda", the absolute
 * name to open, or an observed path's directory in sysfs. transport: the remote port or session,
 * "rport-3:0-1" or "session2". */
/* clang-format off */
#define DEVICE_TEXTS(X)                                              \
	X(name) X(node) X(alias) X(map) X(wwid) X(hcil)              \
	X(vendor) X(product) X(revision) X(serial) X(protocol)       \
	X(host) X(target) X(sysfs_state) X(transport)

enum device_text {
#define X(text) DEVICE_TEXT_##text,
	DEVICE_TEXTS(X)
#undef X
	DEVICE_TEXT_COUNT_
};
/* clang-format on */

enum device_kind {
	DEVICE_READ, /* a check reads it */
	/* The disk of a namespace with native NVMe multipathing, which the kernel sends through one
	 * of its paths. It is no path. */
	DEVICE_HEAD,
	/* One of these paths: it has no node, and sysfs has its state. */
	DEVICE_OBSERVED,
};

struct device {
	_Atomic uint32_t refs;           /* [atomic any→any] */
	uint32_t devt_major, devt_minor; /* 0:0 for a regular file */
	uint32_t
	        host_key; /* libpathcheck's number of the HBA or controller; 0: unknown */
	/* The kernel's sequence number of this disk, which is never used again. 0: unknown. */
	uint64_t diskseq;
	uint64_t kernel_id; /* checksum of the WWID that the kernel knows; 0: none */
	bool udev_wwid;     /* wwid comes from udev, not from the kernel */
	uint8_t kind;       /* enum device_kind */
	/* The offset of each text from the beginning of the structure. 0: unknown. A pointer
	 * would take more room than most texts. */
	uint16_t text[DEVICE_TEXT_COUNT_];
};

static inline const char *device_text(const struct device *d, enum device_text which)
{
	uint16_t at = d->text[which];

	return at == 0 ? NULL : (const char *)d + at;
}

/* device_name() and device_node() are never NULL. The others: NULL is unknown. */
#define X(which)                                                         \
	static inline const char *device_##which(const struct device *d) \
	{                                                                \
		return device_text(d, DEVICE_TEXT_##which);              \
	}
DEVICE_TEXTS(X)
#undef X

/* Is it a path whose state is read from sysfs? */
static inline bool device_is_observed(const struct device *d)
{
	return d->kind == DEVICE_OBSERVED;
}

/* The fields of a new device. NULL: unknown. */
struct device_spec {
	uint32_t devt_major, devt_minor, host_key;
	uint64_t diskseq, kernel_id;
	bool udev_wwid;
	enum device_kind kind;
	const char *name, *node, *alias, *map, *wwid, *hcil, *vendor, *product, *revision,
	        *serial, *protocol, *host, *target, *sysfs_state, *transport;
};

/*
 * One reference; the strings are copied. -EINVAL: no name, or a node that is not absolute.
 * -ENAMETOOLONG: the name has DEVICE_NAME_MAX bytes or more, or all strings together have more
 * than 64 KiB. -ENOMEM.
 */
_must_check_ int device_new(struct device **ret, const struct device_spec *spec);
struct device *device_ref(struct device *d);
struct device *device_unref(struct device *d); /* NULL allowed; returns NULL */
/* Compares every field but the references; a NULL string equals only NULL. */
bool device_equal(const struct device *a, const struct device *b);

#endif

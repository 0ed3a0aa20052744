/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_DEVICE_H
#define CHECKERD_CORE_DEVICE_H

/*
 * What a path is, as opposed to how it does: immutable once shared, counted references, so
 * that the loop, discovery and the control thread's snapshots can hold the same one.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/macro.h"

#define DEVICE_NAME_MAX 64 /* final NUL included */

/* What there is of text about it. name: "sda", or a file's last component; unique. node:
 * "/dev/sda", the absolute name to open. transport: what its link hangs on: "rport-3:0-1",
 * "session2". */
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

struct device {
	_Atomic uint32_t refs;           /* [atomic any→any] */
	uint32_t devt_major, devt_minor; /* 0:0 for a regular file */
	uint32_t host_key;               /* libpathcheck's host number, 0: not known */
	uint64_t
	        diskseq; /* the kernel's number of this disk, never used again; 0: not known */
	uint64_t kernel_id; /* checksum of the WWID the kernel knows, 0: it knows none */
	bool udev_wwid;     /* wwid is udev's, not the kernel's */
	/* Where the texts are, from the beginning of the structure; 0: not known. There are as
	 * many of these as paths: a pointer each would take more room than most of the texts. */
	uint16_t text[DEVICE_TEXT_COUNT_];
};

/* device_name(), device_node(): never NULL. device_alias() and so on: NULL: not known. */
#define X(which)                                                         \
	static inline const char *device_##which(const struct device *d) \
	{                                                                \
		uint16_t at = d->text[DEVICE_TEXT_##which];              \
		return at == 0 ? NULL : (const char *)d + at;            \
	}
DEVICE_TEXTS(X)
#undef X

/* The fields to make one from; NULL where not known. */
struct device_spec {
	uint32_t devt_major, devt_minor, host_key;
	uint64_t diskseq, kernel_id;
	bool udev_wwid;
	const char *name, *node, *alias, *map, *wwid, *hcil, *vendor, *product, *revision,
	        *serial, *protocol, *host, *target, *sysfs_state, *transport;
};

/*
 * One reference. -EINVAL: no name, or a node that is not absolute; -ENAMETOOLONG: the name
 * has DEVICE_NAME_MAX bytes or more, or all strings together more than 64 KiB; -ENOMEM. The
 * strings are copied.
 */
_must_check_ int device_new(struct device **ret, const struct device_spec *spec);
struct device *device_ref(struct device *d);
struct device *device_unref(struct device *d); /* NULL allowed; returns NULL */
/* Every field but the references; a NULL string equals only NULL. */
bool device_equal(const struct device *a, const struct device *b);

#endif

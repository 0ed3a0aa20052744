/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DISCOVERY_KNOWN_H
#define CHECKERD_DISCOVERY_KNOWN_H

/*
 * What was read about the block devices, so that a reload applies its rules without libudev. A message
 * about a device replaces or drops what is known of it. Whatever is not known is read again, so a
 * device may be left out at any time. Pure; runs on the discovery thread.
 */
#include "checkerd/config/filter.h"
#include "checkerd/core/device.h"
#include "checkerd/discovery/identity.h"

#define KNOWN_PROPERTIES_MAX 128 /* names of one device that the rules see */
/* Excluded disks, whose descriptions nobody else keeps. */
#define KNOWN_EXCLUDED_MAX 1024

/* What was found out about one device, beside the struct device. */
struct known_facts {
	enum known_extent {
		KNOWN_NOTHING, /* it is to be read again */
		KNOWN_KIND,    /* its kind is excluded: nothing else was read */
		KNOWN_DISK,
	} extent;
	bool partition;
	bool named; /* no map holds it: the configuration may give its map a name */
	struct identity_scsi scsi;
	char attribute
	        [FILTER_ATTRIBUTE_SIZE]; /* the property that was to have the WWID */
	const char *properties[KNOWN_PROPERTIES_MAX + 1]; /* names, NULL at the end */
};

struct known_disk {
	uint64_t name;         /* its hash */
	uint64_t inode;        /* of its link in class/block, which is never used again */
	struct device *device; /* a reference; NULL: KNOWN_KIND */
	struct known_names *properties, *attribute; /* references; NULL: KNOWN_KIND */
	struct identity_scsi scsi;
	bool partition, named, excluded;
	bool listed; /* it is on the list that is being made */
};

struct known {
	struct known_disk *disks; /* the first `sorted` by name */
	size_t n, sorted, capacity;
	unsigned excluded;          /* disks that the rules exclude */
	struct known_names **names; /* lists of names, each once */
	size_t n_names;
	bool listing;
};

#define KNOWN_NULL                                          \
	{                                                   \
		NULL, 0, 0, 0, 0, NULL, 0, .listing = false \
	}

void known_deinit(struct known *k); /* nothing is known then */

/* The names of the disk's properties, NULL at the end. */
const char *const *known_properties(const struct known_disk *d);
/* The property that was to have its WWID; "": none. */
const char *known_attribute(const struct known_disk *d);

/* A list of all devices is being made. Devices that are not on it are dropped in the end. */
void known_begin(struct known *k);
/* all: the list has all devices; else it failed, and nothing is dropped. */
void known_end(struct known *k, bool all);

/* What is known of the device of this name and inode. NULL: nothing. */
struct known_disk *known_find(struct known *k, const char *sysname, uint64_t inode);
/* The device is on the list, as d describes it. d: takes a reference. NULL with KNOWN_KIND. */
void known_listed(struct known *k, struct known_disk *disk, struct device *d,
                  bool excluded);
/*
 * Keeps what was read, instead of what was known. max_paths: limits how many. If there is no room or
 * memory, nothing is known of the device.
 */
void known_put(struct known *k, uint32_t max_paths, const char *sysname, uint64_t inode,
               const struct known_facts *facts, struct device *d, bool excluded);

void known_drop(struct known *k, const char *sysname);
/* Drops the disks that the map of this name holds. */
void known_drop_map(struct known *k, const char *map);
/* Drops the disks whose names begin so. */
void known_drop_kind(struct known *k, const char *prefix);

/* The most bytes. */
uint64_t known_bytes(uint32_t max_paths);

#endif

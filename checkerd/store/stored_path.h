/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_STORE_STORED_PATH_H
#define CHECKERD_STORE_STORED_PATH_H

/*
 * What a successor takes up of a path, and how it is written in a record. Pure; any thread.
 *
 * The name finds the record. The disk proves that it is the same path of the same disk: a disk that
 * came in its place while no daemon ran has another number, WWID or sequence number.
 */
#include "checkerd/core/registry.h"
#include "checkerd/store/record.h"

/* Which path of which disk. */
struct stored_disk {
	uint32_t devt_major, devt_minor;
	uint64_t diskseq; /* 0: not known */
	uint64_t wwid;    /* checksum; 0: not known */
	uint64_t place;   /* checksum of the node, and of the address or transport */
	uint32_t kind;    /* enum device_kind */
	uint32_t unused;
};

/* What an administrator asked for, and what maps need to know. */
struct stored_marks {
	/* checkerctl disable: until then; 0: enabled; MONO_NEVER: until it is enabled. */
	struct mono disabled_until;
	struct mono disabled_since;
	uint8_t empties;   /* checkerctl disable --fail */
	uint8_t forced;    /* checkerctl fail */
	uint8_t even_last; /* with empties or forced: --force */
	uint8_t waived;    /* checkerctl enable ended a maintenance window */
	uint8_t ours;      /* with dm's F: a command of the daemon failed the path */
	uint8_t kept_reported, spared_reported; /* as struct maps_path */
	uint8_t map_reported;                   /* as struct path */
	/* 1 + the state from which the path changed, when the change was not reported yet; 0. */
	uint8_t unreported_from;
	uint8_t released; /* as struct maps_path: checkerctl release, until the next decision */
	uint8_t hold_unreported; /* the hold began, and that was not reported yet */
	uint8_t unused[1];
	uint32_t unreported_lasted_ms; /* how long that state lasted */
	uint32_t map_loss; /* of an observed path: map_loss_stored() of its map */
	uint32_t unused2;
};

struct stored_path {
	char name[DEVICE_NAME_MAX];
	struct stored_disk disk;
	struct path_status status;
	struct mono last, good;
	struct path_counters counters;
	struct histogram latency;
	struct hold hold;
	struct error_share share;
	struct stored_marks marks;
};

struct stored_disk stored_disk_of(const struct device *d);
/* Is it certain enough that both are the same path of the same disk? */
bool stored_disk_same(const struct stored_disk *a, const struct stored_disk *b);

/* Writes the record, not sealed. marks: the path has these. */
void stored_path_write(struct record *r, const struct path *p,
                       const struct stored_marks *marks, struct mono now);
/* Only the name. False: the record is none of a path, or the name is impossible. */
_must_check_ bool stored_path_name(const struct record *r, char ret[DEVICE_NAME_MAX]);
/* A good record. False: a value is out of its range; nothing of it is to be believed. */
_must_check_ bool stored_path_read(const struct record *r, struct mono now,
                                   struct stored_path *ret);

#endif

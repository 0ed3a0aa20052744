/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_SYSFS_STATE_H
#define CHECKERD_CORE_SYSFS_STATE_H

/*
 * The kernel's view of a device, in the words of sysfs: the second half of a reason. It has three
 * bytes, because every remembered change of every path has one. Pure; any thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which part of the kernel the word comes from. */
enum sysfs_layer {
	SYSFS_NONE,       /* unknown */
	SYSFS_DEVICE,     /* a SCSI device: "running", "blocked", "offline", … */
	SYSFS_CONTROLLER, /* an NVMe controller: "live", "resetting", "connecting", … */
	SYSFS_PORT,       /* a Fibre Channel remote port: "Online", "Blocked", … */
	SYSFS_SESSION,    /* an iSCSI session: "LOGGED_IN", "FAILED", "FREE" */
	SYSFS_ACCESS, /* a SCSI device handler's: "active/optimized", "standby", … */
	SYSFS_ANA,    /* an NVMe namespace's: "optimized", "inaccessible", … */
	SYSFS_LAYER_COUNT_
};

#define SYSFS_WORD_MAX 21 /* the longest word and its final NUL */

struct sysfs_word {
	uint8_t layer : 4; /* enum sysfs_layer */
	uint8_t word : 4;  /* index in the layer's list of words */
};

struct sysfs_state {
	struct sysfs_word device;    /* of the device or controller */
	struct sysfs_word transport; /* of the remote port or session */
	struct sysfs_word access;    /* of the target port group, or of the ANA group */
};

/* The word for a text of sysfs. NULL or empty: unknown. A text that no list has: "other", never the
 * text itself. */
struct sysfs_word sysfs_word(enum sysfs_layer layer, const char *text);
/* Is it a value of sysfs_word()? For one that was read from outside. */
bool sysfs_word_is_valid(struct sysfs_word w);
/* The text, static. NULL: unknown. */
const char *sysfs_word_text(struct sysfs_word w);

/* Does the kernel know the device, in a state other than its removal? */
bool sysfs_state_has_device(const struct sysfs_state *s);

/* Is one of the words known, and none of the healthy ones? */
bool sysfs_state_is_bad(const struct sysfs_state *s);

/*
 * Does the target port refuse reads by design? True only when device and transport are healthy,
 * because these explain a failure otherwise.
 */
bool sysfs_state_is_passive(const struct sysfs_state *s);
/* Is it a remote port that the fabric or an administrator calls Marginal? */
bool sysfs_word_is_marginal(struct sysfs_word w);
/* Is the target port changing its access state? */
bool sysfs_state_is_transitioning(const struct sysfs_state *s);

/* Writes the words that are not healthy, "device offline, session FAILED". "": none. Always ends in
 * NUL; returns the length. */
size_t sysfs_state_format(const struct sysfs_state *s, char *buf, size_t size);

#endif

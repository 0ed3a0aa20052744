/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_SYSFS_STATE_H
#define CHECKERD_CORE_SYSFS_STATE_H

/*
 * What the kernel itself thinks of a device, in the words sysfs has for it: the second half of
 * a reason. Three bytes, since every remembered change of every path has one.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whose word it is. */
enum sysfs_layer {
	SYSFS_NONE,       /* nobody's: not known */
	SYSFS_DEVICE,     /* a SCSI device: "running", "blocked", "offline", … */
	SYSFS_CONTROLLER, /* an NVMe controller: "live", "resetting", "connecting", … */
	SYSFS_PORT,       /* a Fibre Channel remote port: "Online", "Blocked", … */
	SYSFS_SESSION,    /* an iSCSI session: "LOGGED_IN", "FAILED", "FREE" */
	SYSFS_ACCESS, /* a SCSI device handler's: "active/optimized", "standby", … */
	SYSFS_LAYER_COUNT_
};

#define SYSFS_WORD_MAX 21 /* the longest word and its final NUL */

struct sysfs_word {
	uint8_t layer : 4; /* enum sysfs_layer */
	uint8_t word : 4;  /* its place in the layer's list of words */
};

struct sysfs_state {
	struct sysfs_word device;    /* the device's, or the controller's */
	struct sysfs_word transport; /* what it hangs on: the port's, or the session's */
	struct sysfs_word access;    /* SCSI access state of the target port group */
};

/* The word for what was read. NULL or empty: not known; one that no kernel had when this was
 * written: "other", never the text itself. */
struct sysfs_word sysfs_word(enum sysfs_layer layer, const char *text);
/* Its text, static; NULL: not known. */
const char *sysfs_word_text(struct sysfs_word w);

/* Does the kernel know the device, in whatever state, and is not about to forget it? */
bool sysfs_state_has_device(const struct sysfs_state *s);

/* Is one of them known, and not as it should be? */
bool sysfs_state_is_bad(const struct sysfs_state *s);

/*
 * Does the target port refuse reads by design? True only when device and transport are as they
 * should be: else these explain the failure.
 */
bool sysfs_state_is_passive(const struct sysfs_state *s);
/* Is the target port changing its access state? */
bool sysfs_state_is_transitioning(const struct sysfs_state *s);

/* Writes "device offline, session FAILED": what is not as it should be, "" when all is or
 * nothing is known. Always ends in NUL; returns the length. */
size_t sysfs_state_format(const struct sysfs_state *s, char *buf, size_t size);

#endif

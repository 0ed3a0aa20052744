/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns: the words of the kernel that mean the end of a path. Any thread. */
#include "checkerd/core/loss.h"

#include <string.h>

#include "util/macro.h"

/*
 * SCSI devices and NVMe controllers that are being removed; a remote port after dev_loss_tmo, and one
 * that the fabric's name server no longer has; an iSCSI session after its logout; a namespace that
 * its controller will not reach again (NVMe 2.0, 8.1.3.5).
 */
static const struct {
	enum sysfs_layer layer;
	const char *word;
} ends[] = {
	{ SYSFS_DEVICE, "cancel" },       { SYSFS_DEVICE, "deleted" },
	{ SYSFS_CONTROLLER, "deleting" }, { SYSFS_CONTROLLER, "deleting (no IO)" },
	{ SYSFS_CONTROLLER, "dead" },     { SYSFS_PORT, "Not Present" },
	{ SYSFS_PORT, "Deleted" },        { SYSFS_SESSION, "FREE" },
	{ SYSFS_ANA, "persistent-loss" },
};

static bool is_end(struct sysfs_word w)
{
	const char *text = sysfs_word_text(w);

	for (size_t i = 0; text != NULL && i < ARRAY_LEN(ends); i++)
		if (w.layer == ends[i].layer && strcmp(text, ends[i].word) == 0)
			return true;
	return false;
}

static bool is_final(const struct reason *why)
{
	return is_end(why->sysfs.device) || is_end(why->sysfs.transport) ||
	       is_end(why->sysfs.access) || why->said == SAID_PERSISTENT_LOSS ||
	       why->said == SAID_NOT_BOUND;
}

enum loss loss_of(enum path_state state, const struct reason *why)
{
	switch (state) {
	case PATH_REMOVED:
	case PATH_DISCONNECTED:
		return LOSS_PERMANENT;
	case PATH_DOWN:
	case PATH_TIMEOUT:
	case PATH_SHAKY:
		return is_final(why) ? LOSS_PERMANENT : LOSS_TRANSIENT;
	case PATH_UNCHECKED:
	case PATH_PENDING:
	case PATH_UP:
	case PATH_GHOST:
	case PATH_DELAYED:
	case PATH_STATE_COUNT_:
		break;
	}
	return LOSS_NONE;
}

const char *loss_name(enum loss l)
{
	static const char *const names[LOSS_COUNT_] = {
		[LOSS_TRANSIENT] = "transient",
		[LOSS_PERMANENT] = "permanent",
	};

	assert(l < LOSS_COUNT_);
	return names[l];
}

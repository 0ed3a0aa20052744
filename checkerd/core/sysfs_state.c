/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns: the lists of words. Pure; any thread. */
#include "checkerd/core/sysfs_state.h"

#include <stdio.h>
#include <string.h>

#include "util/macro.h"

/* The first word of each list is for unknown texts, the second one is the healthy state. */
enum { WORD_OTHER, WORD_GOOD };

#define OTHER "other"

/* drivers/scsi/scsi_sysfs.c: sdev_states[] */
static const char *const device_words[] = {
	OTHER,     "running",         "created", "cancel",
	"deleted", "quiesce",         "offline", "transport-offline",
	"blocked", "created-blocked", NULL,
};

/* drivers/nvme/host/sysfs.c: nvme_sysfs_show_state() */
static const char *const controller_words[] = {
	OTHER,  "live", "new", "resetting", "connecting", "deleting", "deleting (no IO)",
	"dead", NULL,
};

/* drivers/scsi/scsi_transport_fc.c: fc_port_state_names[] */
static const char *const port_words[] = {
	OTHER,      "Online",   "Unknown",     "Not Present", "Offline",
	"Blocked",  "Bypassed", "Diagnostics", "Linkdown",    "Error",
	"Loopback", "Deleted",  "Marginal",    NULL,
};

/* drivers/scsi/scsi_transport_iscsi.c: iscsi_session_state_names[] */
static const char *const session_words[] = {
	OTHER, "LOGGED_IN", "FAILED", "FREE", NULL,
};

/* drivers/scsi/scsi_sysfs.c: sdev_access_states[]; the handlers of some arrays use passive. */
enum {
	ACCESS_OPTIMIZED = WORD_GOOD,
	ACCESS_NON_OPTIMIZED,
	ACCESS_STANDBY,
	ACCESS_PASSIVE,
	ACCESS_UNAVAILABLE,
	ACCESS_LBA_DEPENDENT,
	ACCESS_OFFLINE,
	ACCESS_TRANSITIONING
};

static const char *const access_words[] = {
	[WORD_OTHER] = OTHER,
	[ACCESS_OPTIMIZED] = "active/optimized",
	[ACCESS_NON_OPTIMIZED] = "active/non-optimized",
	[ACCESS_STANDBY] = "standby",
	[ACCESS_PASSIVE] = "passive",
	[ACCESS_UNAVAILABLE] = "unavailable",
	[ACCESS_LBA_DEPENDENT] = "lba-dependent",
	[ACCESS_OFFLINE] = "offline",
	[ACCESS_TRANSITIONING] = "transitioning",
	NULL,
};

/* drivers/nvme/host/multipath.c: nvme_ana_state_names[] */
enum {
	ANA_OPTIMIZED = WORD_GOOD,
	ANA_NON_OPTIMIZED,
	ANA_INACCESSIBLE,
	ANA_PERSISTENT_LOSS,
	ANA_CHANGE
};

static const char *const ana_words[] = {
	[WORD_OTHER] = OTHER,
	[ANA_OPTIMIZED] = "optimized",
	[ANA_NON_OPTIMIZED] = "non-optimized",
	[ANA_INACCESSIBLE] = "inaccessible",
	[ANA_PERSISTENT_LOSS] = "persistent-loss",
	[ANA_CHANGE] = "change",
	NULL,
};

static_assert(ARRAY_LEN(port_words) <= 16,
              "struct sysfs_word has four bits for an index");

static const struct {
	const char *name;
	const char *const *words;
} layers[SYSFS_LAYER_COUNT_] = {
	[SYSFS_DEVICE] = { "device", device_words },
	[SYSFS_CONTROLLER] = { "controller", controller_words },
	[SYSFS_PORT] = { "port", port_words },
	[SYSFS_SESSION] = { "session", session_words },
	[SYSFS_ACCESS] = { "access", access_words },
	[SYSFS_ANA] = { "ANA state", ana_words },
};

struct sysfs_word sysfs_word(enum sysfs_layer layer, const char *text)
{
	struct sysfs_word w = { .layer = SYSFS_NONE };

	assert(layer < SYSFS_LAYER_COUNT_);
	if (layer == SYSFS_NONE || text == NULL || text[0] == '\0')
		return w;
	w.layer = (uint8_t)layer & 0xf;
	for (uint8_t i = WORD_GOOD; layers[layer].words[i] != NULL; i++)
		if (strcmp(layers[layer].words[i], text) == 0)
			w.word = i & 0xf;
	return w;
}

bool sysfs_word_is_valid(struct sysfs_word w)
{
	unsigned n = 0;

	if (w.layer >= SYSFS_LAYER_COUNT_)
		return false;
	if (w.layer == SYSFS_NONE)
		return w.word == 0;
	while (n < w.word && layers[w.layer].words[n] != NULL)
		n++;
	return layers[w.layer].words[n] != NULL;
}

const char *sysfs_word_text(struct sysfs_word w)
{
	assert(w.layer < SYSFS_LAYER_COUNT_);
	return w.layer == SYSFS_NONE ? NULL : layers[w.layer].words[w.word];
}

bool sysfs_state_has_device(const struct sysfs_state *s)
{
	static const char *const leaving[] = { "cancel", "deleted", "deleting",
		                               "deleting (no IO)", "dead" };
	const char *text = sysfs_word_text(s->device);

	for (size_t i = 0; text != NULL && i < ARRAY_LEN(leaving); i++)
		if (strcmp(text, leaving[i]) == 0)
			return false;
	return text != NULL;
}

static bool is_bad(struct sysfs_word w)
{
	if (w.layer == SYSFS_ACCESS)
		return w.word != ACCESS_OPTIMIZED && w.word != ACCESS_NON_OPTIMIZED &&
		       w.word != ACCESS_LBA_DEPENDENT;
	if (w.layer == SYSFS_ANA)
		return w.word != ANA_OPTIMIZED && w.word != ANA_NON_OPTIMIZED;
	return w.layer != SYSFS_NONE && w.word != WORD_GOOD;
}

bool sysfs_state_is_bad(const struct sysfs_state *s)
{
	return is_bad(s->device) || is_bad(s->transport) || is_bad(s->access);
}

bool sysfs_word_is_marginal(struct sysfs_word w)
{
	return w.layer == SYSFS_PORT && strcmp(port_words[w.word], "Marginal") == 0;
}

/* I/O goes on over a port that is Marginal. */
static bool explains_failures(struct sysfs_word w)
{
	return is_bad(w) && !sysfs_word_is_marginal(w);
}

static bool access_is(const struct sysfs_state *s, unsigned word)
{
	return s->access.layer == SYSFS_ACCESS && s->access.word == word;
}

static bool ana_is(const struct sysfs_state *s, unsigned word)
{
	return s->access.layer == SYSFS_ANA && s->access.word == word;
}

bool sysfs_state_is_passive(const struct sysfs_state *s)
{
	return (access_is(s, ACCESS_STANDBY) || access_is(s, ACCESS_PASSIVE) ||
	        ana_is(s, ANA_INACCESSIBLE)) &&
	       !is_bad(s->device) && !explains_failures(s->transport);
}

bool sysfs_state_is_transitioning(const struct sysfs_state *s)
{
	return (access_is(s, ACCESS_TRANSITIONING) || ana_is(s, ANA_CHANGE)) &&
	       !is_bad(s->device) && !explains_failures(s->transport);
}

size_t sysfs_state_format(const struct sysfs_state *s, char *buf, size_t size)
{
	const struct sysfs_word words[] = { s->device, s->transport, s->access };
	size_t n = 0;

	assert(size > 0);
	buf[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!is_bad(words[i]))
			continue;
		(void)snprintf(buf + n, size - n, "%s%s %s", n > 0 ? ", " : "",
		               layers[words[i].layer].name, sysfs_word_text(words[i]));
		n += strlen(buf + n);
	}
	return n;
}

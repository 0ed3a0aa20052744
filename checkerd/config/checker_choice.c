/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing. Pure; any thread.
 *
 * multipathd lets detect_checker win over path_checker. Here path_checker wins, because whoever
 * writes it wants that checker; `auto`, the default, is what detection replaces. `auto:tur` is a
 * path_checker of multipathd, which detection replaces as well.
 */
#include "checkerd/config/checker_choice.h"

#include <string.h>

#include "checkerd/config/hardware.h"

static bool is_scsi(const struct checker_facts *f)
{
	return f->protocol != NULL && strncmp(f->protocol, "scsi:", 5) == 0;
}

static bool is_nvme(const struct checker_facts *f)
{
	return f->protocol != NULL && strncmp(f->protocol, "nvme", 4) == 0;
}

static bool sends_scsi_commands(enum checker_kind kind)
{
	switch (kind) {
	case CHECKER_TUR:
	case CHECKER_READSECTOR0:
	case CHECKER_RDAC:
	case CHECKER_EMC_CLARIION:
	case CHECKER_HP_SW:
	case CHECKER_CCISS_TUR:
	case CHECKER_ALUA:
	case CHECKER_TUR_DIRECTIO:
		return true;
	case CHECKER_DIRECTIO:
	case CHECKER_NVME:
	case CHECKER_NONE:
	case CHECKER_AUTO:
		break;
	}
	return false;
}

/*
 * Other vendors have a page C9h of their own, so the page alone does not make an RDAC array. An
 * array in ALUA mode has both, and its page C9h tells more.
 */
static bool is_rdac(const struct checker_facts *f, const struct hardware *h)
{
	return f->rdac_handler ||
	       (f->rdac_page && h != NULL && h->checker == CHECKER_RDAC);
}

/* False: the device says nothing about its checker. */
static bool detect_scsi(const struct checker_facts *f, const struct hardware *h,
                        enum checker_kind *ret, enum checker_why *ret_why)
{
	if (is_rdac(f, h)) {
		*ret = CHECKER_RDAC;
		*ret_why = CHECKER_WHY_RDAC;
		return true;
	}
	*ret = CHECKER_ALUA;
	*ret_why = CHECKER_WHY_TPGS;
	return f->tpgs != 0;
}

static enum checker_kind choose_scsi(bool detect, const struct checker_facts *f,
                                     enum checker_why *ret_why)
{
	const struct hardware *h = hardware_find(f->vendor, f->product);
	enum checker_kind detected;

	if (detect && detect_scsi(f, h, &detected, ret_why))
		return detected;
	*ret_why = h != NULL ? CHECKER_WHY_HARDWARE : CHECKER_WHY_DEFAULT;
	return h != NULL ? h->checker : CHECKER_DIRECTIO;
}

static enum checker_kind choose_auto(bool detect, const struct checker_facts *f,
                                     enum checker_why *ret_why)
{
	if (is_scsi(f))
		return choose_scsi(detect, f, ret_why);
	*ret_why = CHECKER_WHY_DEFAULT;
	if (!detect || !is_nvme(f))
		return CHECKER_DIRECTIO;
	*ret_why = CHECKER_WHY_NVME;
	return CHECKER_NVME;
}

enum checker_kind checker_choose(const struct config_settings *s,
                                 const struct checker_facts *f, enum checker_why *ret_why)
{
	enum checker_kind kind = s->checker & ~(unsigned)CHECKER_UNLESS_DETECTED,
	                  detected;

	if (kind == CHECKER_AUTO)
		return choose_auto(s->detect_checker, f, ret_why);
	if (kind != s->checker && s->detect_checker && is_scsi(f) &&
	    detect_scsi(f, hardware_find(f->vendor, f->product), &detected, ret_why))
		return detected;
	if (sends_scsi_commands(kind) && !is_scsi(f)) {
		*ret_why = CHECKER_WHY_NO_SCSI;
		return CHECKER_DIRECTIO;
	}
	if (kind == CHECKER_NVME && !is_nvme(f)) {
		*ret_why = CHECKER_WHY_NO_NVME;
		return CHECKER_DIRECTIO;
	}
	*ret_why = CHECKER_WHY_CONFIGURED;
	return kind;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_CHECKER_KIND_H
#define CHECKERD_CORE_CHECKER_KIND_H

/* The checkers, in the words of path_checker, and why a path has its checker. Pure; any thread. */
#include "util/macro.h"

/* clang-format off */
#define CHECKER_KINDS(X)                                           \
	X(DIRECTIO, "directio") X(TUR, "tur")                      \
	X(READSECTOR0, "readsector0") X(RDAC, "rdac")              \
	X(EMC_CLARIION, "emc_clariion") X(HP_SW, "hp_sw")          \
	X(CCISS_TUR, "cciss_tur") X(ALUA, "alua")                  \
	X(TUR_DIRECTIO, "tur+directio") X(NVME, "nvme")            \
	X(NONE, "none")

enum checker_kind {
#define X(kind, word) CHECKER_##kind,
	CHECKER_KINDS(X)
#undef X
	CHECKER_AUTO, /* of the configuration only: a path has one of the others */
};
/* clang-format on */

#define CHECKER_KIND_BITS 4

/* With a checker of the configuration: it is used only where none is detected ("auto:tur"). */
#define CHECKER_UNLESS_DETECTED (1 << CHECKER_KIND_BITS)

/* Why a path has its checker. */
enum checker_why {
	CHECKER_WHY_CONFIGURED, /* path_checker of the configuration */
	CHECKER_WHY_RDAC,       /* detected: the device is part of an RDAC array */
	CHECKER_WHY_TPGS,       /* detected: the device has target port groups */
	CHECKER_WHY_NVME,       /* detected: the device is an NVMe namespace */
	CHECKER_WHY_HARDWARE,   /* the built-in table has the device */
	CHECKER_WHY_DEFAULT,    /* nothing demands a certain checker */
	CHECKER_WHY_NO_SCSI, /* the configured checker sends SCSI commands, which it has not */
	CHECKER_WHY_NO_NVME, /* the configured checker is that of NVMe */
	CHECKER_WHY_COUNT_
};

#define CHECKER_WHY_BITS 3

static_assert(CHECKER_AUTO < 1 << CHECKER_KIND_BITS &&
                      CHECKER_WHY_COUNT_ <= 1 << CHECKER_WHY_BITS,
              "the bits have room for the values");

/* "tur+directio": the word of path_checker. */
const char *checker_kind_name(enum checker_kind k);
/* "detected: TPGS". Of CHECKER_WHY_HARDWARE the caller adds vendor and product. */
const char *checker_why_text(enum checker_why w);

#endif

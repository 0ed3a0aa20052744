/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns: the words. Any thread. */
#include "checkerd/core/checker_kind.h"

const char *checker_kind_name(enum checker_kind k)
{
	static const char *const names[] = {
#define X(kind, word) [CHECKER_##kind] = (word),
		CHECKER_KINDS(X)
#undef X
		        [CHECKER_AUTO] = "auto",
	};

	assert(k < ARRAY_LEN(names));
	return names[k];
}

const char *checker_why_text(enum checker_why w)
{
	static const char *const texts[CHECKER_WHY_COUNT_] = {
		[CHECKER_WHY_CONFIGURED] = "configured",
		[CHECKER_WHY_RDAC] = "detected: RDAC",
		[CHECKER_WHY_TPGS] = "detected: TPGS",
		[CHECKER_WHY_NVME] = "detected: NVMe",
		[CHECKER_WHY_HARDWARE] = "hardware table",
		[CHECKER_WHY_DEFAULT] = "default",
		[CHECKER_WHY_NO_SCSI] = "no SCSI device",
		[CHECKER_WHY_NO_NVME] = "no NVMe device",
	};

	assert(w < CHECKER_WHY_COUNT_);
	return texts[w];
}

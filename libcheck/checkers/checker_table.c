/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The checkers by their numbers. Immutable; any thread. */
#include "libcheck/checkers/checker.h"

const struct checker *const checker_table[PATHCHECK_CHECKERS] = {
	[PATHCHECK_DIRECTIO] = &checker_directio,
	[PATHCHECK_TUR] = &checker_tur,
	[PATHCHECK_ALUA] = &checker_alua,
	[PATHCHECK_TUR_DIRECTIO] = &checker_tur_directio,
	[PATHCHECK_READSECTOR0] = &checker_readsector0,
	[PATHCHECK_RDAC] = &checker_rdac,
	[PATHCHECK_EMC_CLARIION] = &checker_emc_clariion,
	[PATHCHECK_HP_SW] = &checker_hp_sw,
	[PATHCHECK_CCISS_TUR] = &checker_cciss_tur,
	[PATHCHECK_NVME] = &checker_nvme,
};
